//! The gate at the start: nothing is promised, accepted or proposed before this node knows that
//! its disk is not an older one (protocol 2, "Rolled back").

use std::collections::{BTreeSet, VecDeque};

use domain::NodeId;

use crate::{Core, MemberId, PeerMessage, RosterVote, Timer, turn::Turn};

/// Whom this node has compared counts with since its start, and whether that is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Gate {
    /// Closed until there were enough comparisons.
    closed: bool,
    /// Whether the time for those that do not answer is over.
    waited: bool,
    compared: BTreeSet<NodeId>,
    /// What members asked meanwhile, in order.
    asked: VecDeque<(MemberId, PeerMessage)>,
}

impl Gate {
    /// Closed, if there is somebody to compare with or to wait for.
    pub(crate) fn new(closed: bool) -> Self {
        Self { closed, ..Self::default() }
    }

    pub(crate) fn has_compared(&self, node: NodeId) -> bool {
        self.compared.contains(&node)
    }
}

impl Core {
    /// Questions of members that are kept while the gate is closed; they repeat what is more.
    const ASKED: usize = 128;

    /// True if this node may promise, accept and propose.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !self.live.gate.closed
    }

    pub(crate) fn start_gate(&self, turn: &mut Turn<'_>) {
        if !self.is_open() {
            turn.arm(Timer::Gate, self.config.gate.0, self.config.gate.0);
        }
    }

    /// Counts were compared with a node, and this disk is not older than it knows.
    pub(crate) fn note_compared(&mut self, node: NodeId, turn: &mut Turn<'_>) {
        self.live.gate.compared.insert(node);
        self.open_gate(turn);
    }

    /// Members that did not answer so far are waited for no longer.
    pub(crate) fn gate_due(&mut self, turn: &mut Turn<'_>) {
        self.live.gate.waited = true;
        self.open_gate(turn);
    }

    /// Keeps a member's question for when the gate opens; true if that is still to come.
    pub(crate) fn keep_for_gate(&mut self, from: MemberId, message: &PeerMessage) -> bool {
        let waits = !self.is_open() && asks_for_vote(message);
        if waits && self.live.gate.asked.len() < Self::ASKED {
            self.live.gate.asked.push_back((from, message.clone()));
        }
        waits
    }

    /// Opens it when enough members were compared with, and does what waited for that.
    pub(crate) fn open_gate(&mut self, turn: &mut Turn<'_>) {
        if self.is_open() || !self.has_compared_enough() {
            return;
        }
        self.live.gate.closed = false;
        turn.disarm(Timer::Gate);
        self.note_checked(turn);
        for (from, message) in std::mem::take(&mut self.live.gate.asked) {
            self.on_message(from, message, turn);
        }
        self.tend_repair(turn);
        self.fill_rounds(turn);
    }

    /// All other members; after the time, so many that some member of each majority was among
    /// them or is this node. The only member of a roster waits whether anybody comes.
    fn has_compared_enough(&self) -> bool {
        let gate = &self.live.gate;
        let Some(roster) = self.durable.roster.as_ref().filter(|r| r.names(self.me.node)) else {
            return true;
        };
        let others = || roster.members.iter().map(|m| m.id.node).filter(|n| *n != self.me.node);
        let compared = others().filter(|node| gate.has_compared(*node)).count();
        let all = others().count();
        let enough = roster.quorum().saturating_sub(1);
        all > 0 && compared == all || gate.waited && compared >= enough
    }
}

/// What only a member that may vote answers.
const fn asks_for_vote(message: &PeerMessage) -> bool {
    matches!(
        message,
        PeerMessage::Prepare { .. }
            | PeerMessage::Propose(_)
            | PeerMessage::KeysRequest { .. }
            | PeerMessage::RosterVote(RosterVote::Prepare { .. } | RosterVote::Propose { .. })
    )
}
