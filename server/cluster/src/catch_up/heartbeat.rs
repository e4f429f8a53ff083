//! Heartbeats: everybody tells its state in short, every second, derived from content.

use domain::{Root, Serial};

use super::Reported;
use crate::{Core, DraftKind, Event, Heartbeat, MemberId, PeerMessage, Timer, turn::Turn};

impl Core {
    pub(crate) fn heartbeat(&mut self, turn: &mut Turn<'_>) {
        self.repair_undecided(turn);
        self.forget_asking(turn.now);
        self.tend_mark();
        self.finish_council(turn);
        self.tend_repair(turn);
        self.wake_wanted(turn);
        self.compare_next(turn);
        let linked = self.live.peers.iter().filter(|(_, peer)| peer.linked).map(|(id, _)| *id);
        for peer in linked.collect::<Vec<_>>() {
            self.send_heartbeat(peer, turn);
        }
        turn.arm(Timer::Heartbeat, self.config.heartbeat.0, self.config.heartbeat.0);
    }

    pub(crate) fn send_heartbeat(&self, peer: MemberId, turn: &mut Turn<'_>) {
        let heartbeat = Heartbeat {
            epoch: self.epoch(),
            phase: self.durable.roster.as_ref().map(|roster| roster.phase),
            serial: self.durable.serial(),
            root: self.durable.root(),
            files: count(self.durable.decided_count()),
            waiting: count(self.durable.draft_count(DraftKind::Held)),
            importing: count(self.durable.draft_count(DraftKind::Import)),
            audit: self.audit_numbers(),
            applied: self.live.peers.get(&peer).and_then(|peer| peer.filled),
            asking: self.asking_here(),
            draining: self.live.draining,
            count: self.told_count(self.live.persisted),
            remembered: self.remembered(&peer),
            rolled_back: self.rolled_back_told(),
        };
        turn.send(peer, PeerMessage::Heartbeat(heartbeat));
    }

    pub(crate) fn on_heartbeat(
        &mut self,
        from: MemberId,
        heartbeat: &Heartbeat,
        turn: &mut Turn<'_>,
    ) {
        if self.finds_itself_rolled_back(heartbeat.remembered, from, turn) {
            return;
        }
        self.note_rolled_back(from, heartbeat.rolled_back, turn);
        self.judge_heartbeat(from, heartbeat, turn);
        self.on_audit_numbers(from, &heartbeat.audit, turn);
        self.note_founded(from, heartbeat, turn);
        let roots = (heartbeat.root, self.durable.root());
        let left = self.has_left(&from);
        let Some(peer) = self.live.peers.get_mut(&from) else {
            return;
        };
        peer.heard = Some((turn.now, heartbeat.root));
        peer.serial = heartbeat.serial;
        peer.files = heartbeat.files;
        peer.waiting = heartbeat.waiting;
        peer.applied = heartbeat.applied;
        peer.asking.clone_from(&heartbeat.asking);
        peer.draining = heartbeat.draining;
        turn.emit(Event::PeerHeard { peer: from });
        if left {
            return self.ask_the_removed(from, turn);
        }
        if roots.0 == roots.1 {
            peer.equal_at = Some(turn.now);
            self.note_equal(from, heartbeat.serial, turn);
        } else {
            self.note_different(from, heartbeat, roots, turn);
        }
    }

    /// Equal roots: the peer's heads are ours, whatever of its change log was lost on the way.
    fn note_equal(&mut self, from: MemberId, serial: Serial, turn: &mut Turn<'_>) {
        let Some(peer) = self.live.peers.get_mut(&from) else {
            return;
        };
        peer.unclear = false;
        peer.differed = None;
        peer.differs_since = None;
        if peer.seen >= serial && peer.heads == Reported::equal() {
            return;
        }
        peer.seen = peer.seen.max(serial);
        peer.asked = None;
        self.replace_reported(from, Reported::equal(), turn);
    }

    /// Another root: the log tells what changed, if it is known up to somewhere; else the tree does.
    fn note_different(
        &mut self,
        from: MemberId,
        heartbeat: &Heartbeat,
        roots: (Root, Root),
        turn: &mut Turn<'_>,
    ) {
        let (retry_after, dispute) = (self.config.fetch_again, self.config.dispute);
        let few = count(self.durable.decided_count()).saturating_mul(2) < heartbeat.files;
        let settled = !self.catching_up() && self.live.rounds.is_empty();
        let room = self.has_room();
        let Some(peer) = self.live.peers.get_mut(&from) else {
            return;
        };
        let stays = peer.differed.replace(roots) == Some(roots);
        let since = *peer.differs_since.get_or_insert(turn.now);
        if turn.now.since(since) >= dispute {
            // Under load roots differ for a moment again and again; not for so long.
            peer.differs_since = Some(turn.now);
            peer.unclear = true;
        }
        let quiet = peer.asked.is_none_or(|asked| turn.now.since(asked) >= retry_after);
        if peer.seen < heartbeat.serial {
            // With few files here most of its log is news, and cheaper to read than its tree.
            if peer.seen == Serial(0) && !few {
                peer.unclear = true;
            } else if quiet && room {
                peer.asked = Some(turn.now);
                turn.send(from, PeerMessage::Since { serial: peer.seen });
            }
        } else if stays && settled && peer.compared != Some(roots) {
            // The log was taken, and something of it was lost.
            peer.unclear = true;
        }
        self.compare_next(turn);
    }

    /// True while there is room for heads whose objects are not here.
    pub(crate) fn has_room(&self) -> bool {
        self.live.wanted.len() < self.config.wanted
    }

    /// Changes of the own log after a position, at most a page.
    pub(crate) fn changes_since(&self, since: Serial) -> PeerMessage {
        let mut upto = self.durable.serial();
        let mut items = Vec::new();
        for (serial, key) in self.durable.changes_after(since) {
            if items.len() == self.config.changes_page {
                break;
            }
            if let Some(change) = self.change_of(key) {
                items.push(change);
                upto = serial;
            }
        }
        PeerMessage::Changes { since, upto, items }
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
