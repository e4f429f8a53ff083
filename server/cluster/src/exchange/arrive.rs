//! Objects that come in: checked by their hash before anything is stored.

use std::collections::BTreeMap;

use domain::{ObjectId, ObjectKind};
use gitty::{Commit, Object};

use crate::{
    Alarm, Bytes, Core, Event, INLINE_BYTES, MemberId, Offence, PeerMessage, Propose, Record,
    Reply, Timer, Urgency, exchange::Transfer, path::Way, turn::Turn,
};

impl Core {
    pub(crate) fn on_announce(
        &mut self,
        from: MemberId,
        id: ObjectId,
        kind: ObjectKind,
        size: u64,
        content: Option<Bytes>,
        turn: &mut Turn<'_>,
    ) {
        // One that comes late, after others were asked too, is as good.
        let late = self.live.wanted.get(&id).is_some_and(|wanted| wanted.tried.contains(&from));
        match content {
            Some(Bytes(content)) if late || self.asked_of(from, id) => {
                self.arrived(from, id, Object::new(kind, content), turn);
            }
            None if self.asked_of(from, id) => self.note_large(from, id, kind, size, turn),
            Some(_) | None => {}
        }
    }

    /// It comes in chunks, when those before it from this peer are here.
    fn note_large(
        &mut self,
        from: MemberId,
        id: ObjectId,
        kind: ObjectKind,
        size: u64,
        turn: &mut Turn<'_>,
    ) {
        let Some(wanted) = self.live.wanted.get_mut(&id).filter(|w| w.transfer.is_none()) else {
            return;
        };
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let limit = usize::try_from(self.config.object_bytes).unwrap_or(usize::MAX);
        let Some(chunks) = (size <= limit).then(|| size.div_ceil(INLINE_BYTES)) else {
            turn.raise(Alarm::WrongObject { from, id });
            return self.ask_elsewhere(from, id, turn);
        };
        let chunks = u32::try_from(chunks).unwrap_or(u32::MAX);
        let got = BTreeMap::new();
        wanted.transfer = Some(Transfer { kind, size, chunks, asked_to: 0, got });
        self.note_progress(from, turn);
        self.next_transfer(from, turn);
    }

    /// Begins the next large object of a peer, if none is coming in from it.
    pub(crate) fn next_transfer(&mut self, from: MemberId, turn: &mut Turn<'_>) {
        let Some(source) = self.live.sources.get_mut(&from).filter(|s| s.transfer.is_none()) else {
            return;
        };
        let wanted = &mut self.live.wanted;
        let large = |id: &ObjectId| wanted.get(id).is_some_and(|wanted| wanted.transfer.is_some());
        let Some(id) = source.asked.iter().copied().find(large) else {
            return;
        };
        source.transfer = Some(id);
        if let Some(transfer) = wanted.get_mut(&id).and_then(|wanted| wanted.transfer.as_mut()) {
            transfer.asked_to = transfer.chunks.min(self.config.chunk_window);
            let count = transfer.asked_to;
            turn.send(from, PeerMessage::RequestChunks { id, first: 0, count });
        }
    }

    pub(crate) fn on_chunk(
        &mut self,
        from: MemberId,
        id: ObjectId,
        number: u32,
        Bytes(content): Bytes,
        turn: &mut Turn<'_>,
    ) {
        if !self.asked_of(from, id) {
            return;
        }
        let wanted = self.live.wanted.get_mut(&id);
        let Some(transfer) = wanted.and_then(|wanted| wanted.transfer.as_mut()) else {
            return;
        };
        if number >= transfer.asked_to || content.len() > INLINE_BYTES {
            return;
        }
        if transfer.got.insert(number, content).is_some() {
            // A chunk that came before is no progress.
            return;
        }
        let got = u32::try_from(transfer.got.len()).unwrap_or(u32::MAX);
        if got == transfer.chunks {
            let object = transfer.object();
            return self.arrived(from, id, object, turn);
        }
        if got == transfer.asked_to {
            let first = transfer.asked_to;
            transfer.asked_to = transfer.chunks.min(first + self.config.chunk_window);
            let count = transfer.asked_to - first;
            turn.send(from, PeerMessage::RequestChunks { id, first, count });
        }
        self.note_progress(from, turn);
    }

    /// An object is here as a whole: stored if its hash is right, else the next peer is asked.
    fn arrived(&mut self, from: MemberId, id: ObjectId, object: Object, turn: &mut Turn<'_>) {
        if object.id().ok() == Some(id) {
            self.live.moved_at = turn.now;
            self.store_object(id, object, Urgency::Soon, turn);
            self.note_progress(from, turn);
            self.next_transfer(from, turn);
        } else {
            turn.raise(Alarm::WrongObject { from, id });
            turn.emit(Event::Offended { peer: from, offence: Offence::WrongBytes });
            if self.asked_of(from, id) {
                self.ask_elsewhere(from, id, turn);
            }
        }
    }

    /// Stores the objects that travelled with a proposal, as far as its path needs them and they
    /// are not here. Others were not asked for.
    pub(crate) fn take_carried(&mut self, propose: &Propose, turn: &mut Turn<'_>) {
        let Propose { key, head, gaps, objects, .. } = propose;
        let decided = self.decided(key);
        // A constructed SHA-1 collision has no id.
        let carried = objects.iter().filter_map(|object| Some((object.id().ok()?, object)));
        let carried: BTreeMap<ObjectId, &Object> = carried.collect();
        let mut way = Way::from(*head);
        loop {
            let missing = way.go_on(turn.objects, key, gaps, |id| Some(*id) == decided);
            let found = missing.iter().filter_map(|id| Some((*id, *carried.get(id)?)));
            let found: Vec<_> = found.collect();
            if found.is_empty() {
                return;
            }
            for (id, object) in found {
                self.store_object(id, object.clone(), Urgency::Now, turn);
                way.came(&id);
            }
        }
    }

    /// Makes an object durable, whose id was computed from its bytes, and goes on with what waited
    /// for it.
    pub(crate) fn store_object(
        &mut self,
        id: ObjectId,
        object: Object,
        urgency: Urgency,
        turn: &mut Turn<'_>,
    ) {
        if !turn.objects.holds(&id) {
            let commit = (object.kind == ObjectKind::Commit)
                .then(|| Commit::parse(&object.content).ok())
                .flatten();
            let link = commit.map(|commit| commit.link());
            self.record(Record::Object { id, object, link }, urgency, turn);
        }
        self.leave_line(id);
        let Some(wanted) = self.live.wanted.remove(&id) else {
            return;
        };
        self.live.tally.arrived += 1;
        for token in wanted.tokens {
            turn.disarm(Timer::Want(token));
            turn.reply(token, Reply::Object(true));
        }
        for key in wanted.keys {
            self.fetched_for(&key, id, turn);
            self.learn_with(&key, id, turn);
        }
    }
}

impl Transfer {
    fn object(&self) -> Object {
        let mut content = Vec::with_capacity(self.size);
        for chunk in self.got.values() {
            content.extend_from_slice(chunk);
        }
        Object::new(self.kind.clone(), content)
    }
}
