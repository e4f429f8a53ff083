//! Change logs: told when heads are new here, asked for when something was missed.

use domain::Serial;

use crate::{Change, Core, Event, MemberId, PeerMessage, Timer, live::News, turn::Turn};

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
        for peer in linked.collect::<Vec<_>>() {
            turn.send(peer, message.clone());
        }
        if self.live.pushed < self.durable.serial() {
            self.live.push_armed = true;
            turn.arm(Timer::Push, self.config.push.0, self.config.push.0);
        }
    }

    pub(crate) fn on_since(&mut self, from: MemberId, serial: Serial, turn: &mut Turn<'_>) {
        if self.is_member(&from) {
            turn.send(from, self.changes_since(serial));
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
        if !self.is_member(&from) {
            return;
        }
        let Some(peer) = self.live.peers.get_mut(&from) else {
            return;
        };
        if since <= peer.seen {
            peer.seen = peer.seen.max(upto);
            peer.asked = None;
        }
        peer.serial = peer.serial.max(upto);
        let keys = items.iter().map(|change| change.key.clone()).collect();
        for change in &items {
            peer.heads.insert(change.key.clone(), change.head);
        }
        // More pages, or some got lost: ask on.
        if peer.seen < peer.serial && peer.asked.is_none() {
            peer.asked = Some(turn.now);
            turn.send(from, PeerMessage::Since { serial: peer.seen });
        }
        turn.emit(Event::PeerReported { peer: from, keys });
        for Change { key, head, gaps } in items {
            let holder = from;
            self.learn(&key, News { head, gaps, holder }, turn);
        }
    }
}
