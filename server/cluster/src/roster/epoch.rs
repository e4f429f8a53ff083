//! Epochs: every register message is judged by the sender's before anything else (protocol 11.2).

use domain::Run;

use crate::{
    Alarm, Core, Event, MemberId, PeerMessage, Record, Roster, Urgency, live::Peer, turn::Turn,
};
use domain::Serial;

impl Core {
    pub(crate) fn on_peer_up(&mut self, peer: MemberId, epoch: u64, run: Run, turn: &mut Turn<'_>) {
        if self.live.peers.get(&peer).is_some_and(|entry| entry.run != Some(run)) {
            self.end_comparison_with(peer, turn);
        }
        let entry = self.live.peers.entry(peer).or_default();
        if entry.run != Some(run) {
            // Positions in its change log may have been given out again since.
            *entry = Peer { run: Some(run), seen: Serial(0), ..Peer::default() };
        }
        entry.linked = true;
        entry.asked = None;
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
        self.leave_source(peer, turn);
        self.end_comparison_with(peer, turn);
    }

    /// True if a message of that epoch may be handled. If not, whoever is behind gets the roster,
    /// and the message counts as lost.
    pub(crate) fn judge_epoch(&self, from: MemberId, epoch: u64, turn: &mut Turn<'_>) -> bool {
        let mine = self.epoch();
        if epoch < mine {
            self.tell_roster(from, turn);
        } else if epoch > mine {
            turn.send(from, PeerMessage::RosterRequest);
        }
        epoch == mine
    }

    pub(crate) fn tell_roster(&self, to: MemberId, turn: &mut Turn<'_>) {
        if let Some(roster) = &self.durable.roster {
            // Only a durable roster is told: it may not be forgotten again.
            turn.promise(to, PeerMessage::RosterIs { roster: roster.clone() });
        }
    }

    pub(crate) fn on_roster(&mut self, from: MemberId, roster: Roster, turn: &mut Turn<'_>) {
        if let Some(mine) = &self.durable.roster {
            if mine.epoch == roster.epoch && *mine != roster || mine.cluster != roster.cluster {
                return turn.raise(Alarm::TwoRosters { from, epoch: roster.epoch });
            }
            if mine.epoch >= roster.epoch {
                return;
            }
        } else if !roster.names(self.me.node) {
            return;
        }
        self.adopt(roster, turn);
    }

    /// Makes a roster the own one, durably; rounds and fast states of the epoch before are dropped.
    pub(crate) fn adopt(&mut self, roster: Roster, turn: &mut Turn<'_>) {
        self.record(Record::Roster(roster), Urgency::Now, turn);
        let keys: Vec<_> = std::mem::take(&mut self.live.rounds).into_keys().collect();
        self.live.backlog.extend(keys);
        self.live.fast.clear();
        self.live.start_at.clear();
        turn.emit(Event::RosterAdopted);
        self.fill_rounds(turn);
    }
}
