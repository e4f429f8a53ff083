//! Change logs: told when heads are new here, asked for when something was missed.

use domain::{ObjectId, Serial};

use super::Reported;
use crate::{Change, Core, Event, Key, MemberId, PeerMessage, Timer, live::News, turn::Turn};

impl Core {
    /// Tells every linked peer which heads are new here since the last time.
    pub(crate) fn push_changes(&mut self, turn: &mut Turn<'_>) {
        self.live.push_armed = false;
        let message = self.changes_since(self.live.pushed);
        let PeerMessage::Changes { upto, .. } = &message else {
            return;
        };
        self.live.pushed = *upto;
        let linked = self.live.peers.iter().filter(|(_, peer)| peer.linked).map(|(id, _)| *id);
        // A node that was removed gets nothing any more.
        for peer in linked.filter(|id| !self.has_left(id)).collect::<Vec<_>>() {
            // Not before it is durable: a tip that a crash takes back would be looked for in vain.
            turn.promise(peer, message.clone());
        }
        if self.live.pushed < self.durable.serial() {
            self.live.push_armed = true;
            turn.arm(Timer::Push, self.config.push.0, self.config.push.0);
        }
    }

    pub(crate) fn on_since(&mut self, from: MemberId, serial: Serial, turn: &mut Turn<'_>) {
        if self.is_known(&from) {
            turn.promise(from, self.changes_since(serial));
        }
    }

    /// A peer's decided heads: what is new here is learned, the rest is only noted.
    pub(crate) fn on_changes(
        &mut self,
        from: MemberId,
        since: Serial,
        upto: Serial,
        items: Vec<Change>,
        turn: &mut Turn<'_>,
    ) {
        let left = self.has_left(&from);
        if !left && !self.is_known(&from) {
            return;
        }
        let room = self.has_room();
        let Some(peer) = self.live.peers.get_mut(&from) else {
            return;
        };
        if since <= peer.seen {
            peer.seen = peer.seen.max(upto);
            peer.asked = None;
        }
        peer.serial = peer.serial.max(upto);
        // More pages, or some got lost: ask on. From 0 the next heartbeat decides how.
        if peer.seen > Serial(0) && peer.seen < peer.serial && peer.asked.is_none() && room {
            peer.asked = Some(turn.now);
            turn.send(from, PeerMessage::Since { serial: peer.seen });
        }
        if left {
            // Its tips are taken and its heads are not: it may stand in the past.
            items.iter().for_each(|change| self.learn_tips(from, change, turn));
        } else {
            self.take_changes(from, items, turn);
        }
    }

    /// Asks a node that was removed for what of its log is not known here.
    pub(crate) fn ask_the_removed(&mut self, from: MemberId, turn: &mut Turn<'_>) {
        let (retry_after, room) = (self.config.fetch_again, self.has_room());
        let Some(peer) = self.live.peers.get_mut(&from) else { return };
        let quiet = peer.asked.is_none_or(|asked| turn.now.since(asked) >= retry_after);
        if peer.seen < peer.serial && quiet && room {
            peer.asked = Some(turn.now);
            turn.send(from, PeerMessage::Since { serial: peer.seen });
        }
    }

    /// What a peer has of some keys: noted, and learned where it is new.
    pub(crate) fn take_changes(&mut self, from: MemberId, items: Vec<Change>, turn: &mut Turn<'_>) {
        let keys = items.iter().map(|change| change.key.clone()).collect();
        for change in &items {
            self.note_reported(from, &change.key, change.head);
        }
        turn.emit(Event::PeerReported { peer: from, keys });
        self.learn_changes(from, items, turn);
    }

    /// Learns heads and tips of a peer.
    pub(crate) fn learn_changes(
        &mut self,
        holder: MemberId,
        changes: Vec<Change>,
        turn: &mut Turn<'_>,
    ) {
        for change in changes {
            // Tips first: when the head moves, what diverges from it is known.
            self.learn_tips(holder, &change, turn);
            let Change { key, head, gaps, .. } = change;
            if let Some(head) = head {
                self.learn(&key, News { head, gaps, holder }, turn);
            }
        }
    }

    /// What is told of a key; nothing, if it has neither head nor tips.
    pub(crate) fn change_of(&self, key: &Key) -> Option<Change> {
        let state = self.durable.get(key)?;
        let head = state.decided.map(|decided| decided.head);
        let tips: Vec<_> = state.tips.iter().copied().collect();
        (head.is_some() || !tips.is_empty()).then(|| Change {
            key: key.clone(),
            head,
            tips,
            gaps: state.gaps.clone(),
        })
    }

    /// A peer said what its head of a key is.
    pub(crate) fn note_reported(&mut self, from: MemberId, key: &Key, theirs: Option<ObjectId>) {
        let ours = self.decided(key);
        if let Some(peer) = self.live.peers.get_mut(&from) {
            peer.heads.report(key, theirs, ours);
        }
        if let Some(comparison) = &mut self.live.comparison
            && comparison.peer == from
        {
            comparison.heads.report(key, theirs, ours);
        }
    }

    /// All of a peer's heads are known.
    pub(crate) fn replace_reported(
        &mut self,
        from: MemberId,
        heads: Reported,
        turn: &mut Turn<'_>,
    ) {
        let Some(peer) = self.live.peers.get_mut(&from) else {
            return;
        };
        let was_whole = peer.heads.is_whole();
        let keys = peer.heads.replace(heads);
        if !was_whole {
            turn.emit(Event::PeerKnown { peer: from });
        }
        turn.emit(Event::PeerReported { peer: from, keys });
    }

    /// Our own head of a key moved; no peer has said anything.
    pub(crate) fn note_moved(&mut self, key: &Key, from: Option<ObjectId>, to: ObjectId) {
        let peers = self.live.peers.values_mut().map(|peer| &mut peer.heads);
        let compared = self.live.comparison.iter_mut().map(|comparison| &mut comparison.heads);
        for heads in peers.chain(compared) {
            heads.ours_moved(key, from, to);
        }
    }
}
