//! Heartbeats: everybody tells its state in short, every second, derived from content.

use crate::{
    Change, Core, DraftKind, Event, Heartbeat, Key, MemberId, PeerMessage, Timer, turn::Turn,
};

impl Core {
    pub(crate) fn heartbeat(&mut self, turn: &mut Turn<'_>) {
        self.repair_undecided(turn);
        let linked = self.live.peers.iter().filter(|(_, peer)| peer.linked).map(|(id, _)| *id);
        for peer in linked.collect::<Vec<_>>() {
            self.send_heartbeat(peer, turn);
        }
        turn.arm(Timer::Heartbeat, self.config.heartbeat.0, self.config.heartbeat.0);
    }

    pub(crate) fn send_heartbeat(&self, peer: MemberId, turn: &mut Turn<'_>) {
        let waiting = self.durable.drafts().filter(|draft| draft.kind == DraftKind::Waiting);
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let heartbeat = Heartbeat {
            epoch: self.epoch(),
            phase: self.durable.roster.as_ref().map(|roster| roster.phase),
            serial: self.durable.serial(),
            root: self.durable.root(),
            files: count(self.durable.decided_count()),
            waiting: count(waiting.count()),
        };
        turn.send(peer, PeerMessage::Heartbeat(heartbeat));
    }

    pub(crate) fn on_heartbeat(
        &mut self,
        from: MemberId,
        heartbeat: &Heartbeat,
        turn: &mut Turn<'_>,
    ) {
        if heartbeat.epoch != self.epoch() {
            self.judge_epoch(from, heartbeat.epoch, turn);
        }
        let equal = heartbeat.root == self.durable.root();
        let retry_after = self.config.fetch_again;
        let Some(peer) = self.live.peers.get_mut(&from) else {
            return;
        };
        peer.heard = Some((turn.now, heartbeat.root));
        peer.serial = heartbeat.serial;
        peer.files = heartbeat.files;
        peer.waiting = heartbeat.waiting;
        turn.emit(Event::PeerHeard { peer: from });
        if equal {
            peer.equal_at = Some(turn.now);
            self.note_equal(from, heartbeat, turn);
        } else if peer.seen < heartbeat.serial
            && peer.asked.is_none_or(|asked| turn.now.since(asked) >= retry_after)
        {
            peer.asked = Some(turn.now);
            turn.send(from, PeerMessage::Since { serial: peer.seen });
        }
    }

    /// Equal digests: the peer's heads are ours, whatever of its change log was lost on the way.
    fn note_equal(&mut self, from: MemberId, heartbeat: &Heartbeat, turn: &mut Turn<'_>) {
        let Some(peer) = self.live.peers.get_mut(&from) else {
            return;
        };
        if peer.seen >= heartbeat.serial {
            return;
        }
        peer.seen = heartbeat.serial;
        peer.asked = None;
        let heads = self.durable.heads().map(|(key, head)| (key.clone(), head)).collect();
        peer.heads = heads;
        let keys: Vec<Key> = peer.heads.keys().cloned().collect();
        turn.emit(Event::PeerReported { peer: from, keys });
    }

    /// Changes of the own log after a position, at most a page.
    pub(crate) fn changes_since(&self, since: domain::Serial) -> PeerMessage {
        let mut upto = self.durable.serial();
        let mut items = Vec::new();
        for (serial, key) in self.durable.changes_after(since) {
            if items.len() == self.config.changes_page {
                break;
            }
            let Some(state) = self.durable.get(key) else {
                continue;
            };
            if let Some(decided) = state.decided {
                items.push(Change {
                    key: key.clone(),
                    head: decided.head,
                    gaps: state.gaps.clone(),
                });
                upto = serial;
            }
        }
        PeerMessage::Changes { since, upto, items }
    }
}
