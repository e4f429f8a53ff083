//! Epochs: every register message is judged by the sender's before anything else (protocol 11.2).

use domain::Run;

use crate::{
    Alarm, Core, Event, Heartbeat, MemberId, Mutant, PeerMessage, Record, Roster, Timer, Urgency,
    Version, live::Peer, turn::Turn,
};
use domain::Serial;

impl Core {
    /// The Hello of a peer: nothing of it is handled, and nothing sent, before counts are compared.
    pub(crate) fn on_peer_up(
        &mut self,
        peer: MemberId,
        (epoch, run): (u64, Run),
        (count, remembered): (u64, u64),
        turn: &mut Turn<'_>,
    ) {
        self.note_count(peer, count);
        if self.finds_itself_rolled_back(remembered, peer, turn) {
            return;
        }
        if self.live.peers.get(&peer).is_some_and(|entry| entry.run != Some(run)) {
            self.end_comparison_with(peer, turn);
        }
        let entry = self.live.peers.entry(peer).or_default();
        if entry.run != Some(run) {
            // Positions in its change log may have been given out again since.
            *entry = Peer { run: Some(run), seen: Serial(0), ..Peer::default() };
            self.live.mark = None;
        }
        entry.linked = true;
        entry.asked = None;
        self.note_life(peer);
        self.note_compared(peer.node, turn);
        if epoch != self.epoch() {
            self.judge_epoch(peer, epoch, turn);
        }
        if self.is_member(&peer) {
            self.repeat_rounds(peer, turn);
        }
        self.fill_rounds(turn);
        self.ask_newcomer(peer, turn);
        self.send_heartbeat(peer, turn);
    }

    pub(crate) fn on_peer_down(&mut self, peer: MemberId, turn: &mut Turn<'_>) {
        if let Some(entry) = self.live.peers.get_mut(&peer) {
            entry.linked = false;
        }
        self.note_life(peer);
        self.leave_source(peer, turn);
        self.end_comparison_with(peer, turn);
    }

    /// A life of a disk that the roster does not list comes or goes: whose branches are cared for
    /// is another question then.
    fn note_life(&mut self, peer: MemberId) {
        if self.durable.roster.as_ref().is_some_and(|roster| !roster.lists(&peer)) {
            self.live.branches.due_again();
        }
    }

    /// True if a message of that epoch may be handled. If not, whoever is behind gets the roster,
    /// and the message counts as lost.
    pub(crate) fn judge_epoch(&self, from: MemberId, epoch: u64, turn: &mut Turn<'_>) -> bool {
        let mine = self.epoch();
        if epoch < mine && self.config.broken(Mutant::LowerEpochHandled) {
            return true;
        }
        if epoch < mine {
            self.tell_roster(from, turn);
        } else if epoch > mine {
            turn.send(from, PeerMessage::RosterRequest);
        }
        epoch == mine
    }

    /// As [`Core::judge_epoch`], for what is about the next roster.
    pub(crate) fn judge_version(&self, from: MemberId, at: Version, turn: &mut Turn<'_>) -> bool {
        let mine = self.durable.roster.as_ref().map(Roster::version);
        match mine {
            Some(mine) if mine == at => return true,
            Some(mine) if mine > at && self.config.broken(Mutant::LowerEpochHandled) => {}
            Some(mine) if mine > at => self.tell_roster(from, turn),
            Some(_) | None if from == self.me => {}
            Some(_) | None => turn.send(from, PeerMessage::RosterRequest),
        }
        false
    }

    /// Heartbeats carry epoch and phase, so that nobody misses Steady (protocol 11.4).
    pub(crate) fn judge_heartbeat(
        &self,
        from: MemberId,
        heartbeat: &Heartbeat,
        turn: &mut Turn<'_>,
    ) {
        match heartbeat.phase {
            Some(phase) => {
                let at = Version { epoch: heartbeat.epoch, phase };
                self.judge_version(from, at, turn);
            }
            None if self.is_known(&from) => self.tell_roster(from, turn),
            None => {}
        }
    }

    pub(crate) fn tell_roster(&self, to: MemberId, turn: &mut Turn<'_>) {
        if let Some(roster) = &self.durable.roster {
            // Only a durable roster is told: it may not be forgotten again.
            turn.promise(to, PeerMessage::RosterIs { roster: roster.clone() });
        }
    }

    pub(crate) fn on_roster(&mut self, from: MemberId, roster: Roster, turn: &mut Turn<'_>) {
        if self.durable.left.contains(&roster.cluster) {
            // The links refuse its nodes; this is what was on its way.
            return;
        }
        if let Some(mine) = &self.durable.roster {
            let twice = mine.version() == roster.version() && *mine != roster;
            if twice || mine.cluster != roster.cluster {
                return turn.raise(Alarm::TwoRosters { from, epoch: roster.epoch });
            }
            if mine.version() >= roster.version() {
                return;
            }
        } else if !roster.names(self.me.node) {
            return;
        }
        self.adopt(roster, turn);
    }

    /// Makes a roster the own one, durably; rounds and fast states of the epoch before are dropped.
    pub(crate) fn adopt(&mut self, roster: Roster, turn: &mut Turn<'_>) {
        let before = self.epoch();
        self.record(Record::Roster(roster.clone()), Urgency::Now, turn);
        if roster.epoch != before {
            self.leave_epoch(turn);
        }
        self.close_council(&roster, turn);
        turn.emit(Event::RosterAdopted);
        self.open_gate(turn);
        self.tend_repair(turn);
        self.go_on_replacing(turn);
        self.fill_rounds(turn);
    }

    /// Rounds, fast states and proposals that wait for objects belong to the epoch before.
    fn leave_epoch(&mut self, turn: &mut Turn<'_>) {
        let keys: Vec<_> = std::mem::take(&mut self.live.rounds).into_keys().collect();
        for key in &keys {
            turn.disarm(Timer::Round(key.clone()));
        }
        self.live.backlog.extend(keys);
        self.live.backlog.extend(std::mem::take(&mut self.live.start_at).into_keys());
        self.live.fast.clear();
        if !self.config.broken(Mutant::LowerEpochHandled) {
            self.live.parked.clear();
        }
    }
}
