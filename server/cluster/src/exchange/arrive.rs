//! Objects that come in: checked by their hash before anything is stored.

use domain::{ObjectId, ObjectKind};
use gitty::{Commit, Object};

use crate::{
    Alarm, Bytes, Core, INLINE_BYTES, MemberId, PeerMessage, Record, Reply, Timer, Urgency,
    exchange::Transfer, turn::Turn,
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
        if self.live.wanted.get(&id).is_none_or(|wanted| wanted.asked != Some(from)) {
            return;
        }
        match content {
            Some(Bytes(content)) => self.arrived(from, id, Object::new(kind, content), turn),
            None => self.begin_transfer(from, id, kind, size, turn),
        }
    }

    fn begin_transfer(
        &mut self,
        from: MemberId,
        id: ObjectId,
        kind: ObjectKind,
        size: u64,
        turn: &mut Turn<'_>,
    ) {
        let Some(wanted) = self.live.wanted.get_mut(&id) else {
            return;
        };
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let limit = usize::try_from(self.config.object_bytes).unwrap_or(usize::MAX);
        let Some(chunks) = (size <= limit).then(|| size.div_ceil(INLINE_BYTES)) else {
            return turn.raise(Alarm::WrongObject { from, id });
        };
        let chunks = u32::try_from(chunks).unwrap_or(u32::MAX);
        let asked_to = chunks.min(self.config.chunk_window);
        let got = std::collections::BTreeMap::new();
        wanted.transfer = Some(Transfer { kind, size, chunks, asked_to, got });
        turn.send(from, PeerMessage::RequestChunks { id, first: 0, count: asked_to });
        turn.arm(Timer::Fetch(id), self.config.fetch.0, self.config.fetch.0);
    }

    pub(crate) fn on_chunk(
        &mut self,
        from: MemberId,
        id: ObjectId,
        number: u32,
        Bytes(content): Bytes,
        turn: &mut Turn<'_>,
    ) {
        let Some(wanted) = self.live.wanted.get_mut(&id) else {
            return;
        };
        let Some(transfer) = wanted.transfer.as_mut().filter(|_| wanted.asked == Some(from)) else {
            return;
        };
        if number >= transfer.asked_to || content.len() > INLINE_BYTES {
            return;
        }
        transfer.got.insert(number, content);
        let got = u32::try_from(transfer.got.len()).unwrap_or(u32::MAX);
        turn.arm(Timer::Fetch(id), self.config.fetch.0, self.config.fetch.0);
        if got == transfer.chunks {
            let object = transfer.object();
            self.arrived(from, id, object, turn);
        } else if got == transfer.asked_to {
            let first = transfer.asked_to;
            transfer.asked_to = transfer.chunks.min(first + self.config.chunk_window);
            let count = transfer.asked_to - first;
            turn.send(from, PeerMessage::RequestChunks { id, first, count });
        }
    }

    /// An object is here as a whole: stored if its hash is right, else the next peer is asked.
    fn arrived(&mut self, from: MemberId, id: ObjectId, object: Object, turn: &mut Turn<'_>) {
        if object.id().ok() == Some(id) {
            self.store_object(object, Urgency::Soon, turn);
        } else {
            turn.raise(Alarm::WrongObject { from, id });
            self.fetch_again(id, turn);
        }
    }

    /// Makes an object durable under the hash of its bytes, and goes on with what waited for it.
    /// A constructed SHA-1 collision is never stored.
    pub(crate) fn store_object(&mut self, object: Object, urgency: Urgency, turn: &mut Turn<'_>) {
        let Ok(id) = object.id() else { return };
        if !turn.objects.holds(&id) {
            let commit = (object.kind == ObjectKind::Commit)
                .then(|| Commit::parse(&object.content).ok())
                .flatten();
            let link = commit.map(|commit| commit.link());
            self.record(Record::Object { id, object, link }, urgency, turn);
        }
        let Some(wanted) = self.live.wanted.remove(&id) else {
            return;
        };
        turn.disarm(Timer::Fetch(id));
        for token in wanted.tokens {
            turn.disarm(Timer::Want(token));
            turn.reply(token, Reply::Object(true));
        }
        for key in wanted.keys {
            if let Some(parked) = self.live.parked.remove(&key) {
                self.answer_proposal(parked.from, parked.propose, turn);
            }
            self.learn_again(&key, turn);
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
