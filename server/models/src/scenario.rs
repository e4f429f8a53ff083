//! Scenarios: who does what, what may fail, and how often.

use cluster::{Config, Member, MemberId, Mutant, PeerMessage, Phase, Roster, Timer};
use domain::{ClusterId, Incarnation, Millis, NodeId};

use crate::Witness;

/// A small story whose every order of events is looked at.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// On the command line.
    pub name: &'static str,
    /// What it is about, in one line.
    pub about: &'static str,
    /// Nodes that vote at the beginning.
    pub members: usize,
    /// Nodes after them that are approved and do not vote.
    pub learners: usize,
    /// Whether the file has a decided head that all nodes know.
    pub stocked: bool,
    /// What people do, each at most once; their places are the tokens.
    pub deeds: Vec<Deed>,
    /// Which timers may fire, on which node and how often.
    pub ticks: Vec<(usize, Tick, u8)>,
    /// Which nodes may crash, and how often: each of these is an initial state.
    pub crashes: Vec<Vec<u8>>,
    /// How often a packet may come.
    pub network: Network,
    /// Messages that may come; all others are lost.
    pub hears: fn(&PeerMessage) -> bool,
    /// Whether refusals come too. A round may be tried again at any moment, so they add little.
    pub refusals: bool,
    /// Whether the objects of a save travel inside its proposal, or have to be asked for.
    pub carries: bool,
    /// Limits and times of the cores.
    pub config: Config,
    /// What has to happen in some order of events, or the story tells less than it says.
    pub wants: &'static [Witness],
}

/// Something that somebody does once.
#[derive(Clone, Debug)]
pub struct Deed {
    /// At which node.
    pub node: usize,
    /// What.
    pub what: What,
    /// Not before this deed, of the same node, was answered.
    pub after: Option<usize>,
}

/// What somebody does.
#[derive(Clone, Debug)]
pub enum What {
    /// A page saves this text.
    Save(Base, &'static str),
    /// An operator picks a tip of another node: a commit with this text that settles all sides.
    Settle(&'static str),
    /// A SWISH saves this text into the store.
    Foreign(Base, &'static str),
    /// The journal has a line again for the save of this deed.
    Line(usize),
    /// The node joins with a store that has this text.
    Import(&'static str),
    /// An operator changes the roster.
    Change(cluster::RosterChange),
    /// The disk is lost, and the node starts with a new one.
    Wipe,
    /// The node hears that this one has a new disk.
    Meet(usize),
}

/// What a save was made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// The head that the node serves at that moment.
    Served,
    /// The head that everybody had at the beginning; none if there was none.
    First,
}

/// How often a packet that was sent may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Once.
    Once,
    /// As often as it changes anything, at any time.
    Again,
}

/// Kinds of timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tick {
    /// A round is tried again, with a higher ballot.
    Round,
    /// A save stops waiting for a majority.
    Patience,
    /// Heads that were accepted and not told to be decided are proposed again.
    Heartbeat,
    /// Heads and tips are told to the peers.
    Push,
    /// An object is asked of the next peer.
    Fetch,
    /// A change of the roster is tried again.
    Council,
}

impl Tick {
    /// The kind of a timer; none for those that no story is about.
    pub(crate) const fn of(timer: &Timer) -> Option<Self> {
        match timer {
            Timer::Round(_) => Some(Self::Round),
            Timer::Patience(_) => Some(Self::Patience),
            Timer::Heartbeat => Some(Self::Heartbeat),
            Timer::Push => Some(Self::Push),
            Timer::Fetch(_) => Some(Self::Fetch),
            Timer::Council => Some(Self::Council),
            Timer::Compare | Timer::Want(_) | Timer::Sync(_) | Timer::Gate => None,
        }
    }
}

impl Scenario {
    /// The same with a rule broken on purpose.
    #[must_use]
    pub fn broken(mut self, mutant: Mutant) -> Self {
        self.config.mutant = Some(mutant);
        self
    }

    /// Nodes, members first.
    #[must_use]
    pub const fn nodes(&self) -> usize {
        self.members + self.learners
    }

    /// The roster of the first epoch.
    pub(crate) fn roster(&self) -> Roster {
        let member =
            |seat| Member { id: member_id(seat, 0), name: String::new(), address: String::new() };
        Roster {
            cluster: ClusterId::from_bytes([9; 8]),
            epoch: 1,
            phase: Phase::Steady,
            members: (0..self.members).map(member).collect(),
            learners: (self.members..self.nodes()).map(member).collect(),
            removed: Vec::new(),
        }
    }

    /// Whether packets that can change nothing any more are left out: not where a rule is broken
    /// on purpose, nor where epochs change or refusals come.
    pub(crate) fn forgets(&self) -> bool {
        self.config.mutant.is_none() && !self.changes() && !self.refusals
    }

    /// Whether the roster may change: then there are ever more states, because a council may begin
    /// again and again, and a search has to go wide.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.deeds.iter().any(|deed| matches!(deed.what, What::Change(_)))
    }

    /// Whether nodes hear at the beginning that the others lack nothing.
    pub(crate) fn tells_caught_up(&self) -> bool {
        self.changes() || self.deeds.iter().any(|deed| matches!(deed.what, What::Import(_)))
    }

    /// The message as it leaves; none if it is lost.
    pub(crate) fn sent(&self, mut message: PeerMessage) -> Option<PeerMessage> {
        if let (PeerMessage::Propose(propose), false) = (&mut message, self.carries) {
            propose.objects.clear();
        }
        // Rolled back disks are no matter of these stories.
        if let PeerMessage::Promise { count, .. } | PeerMessage::Accept { count, .. } = &mut message
        {
            *count = 0;
        }
        let refusal = matches!(message, PeerMessage::Nack { .. });
        (refusal && self.refusals || (self.hears)(&message)).then_some(message)
    }

    /// Timers that may fire on this node, and how often.
    pub(crate) fn ticks_of(&self, seat: usize) -> impl Iterator<Item = (Tick, u8)> {
        self.ticks
            .iter()
            .filter(move |(node, ..)| *node == seat)
            .map(|(_, tick, count)| (*tick, *count))
    }

    /// Whether the node does anything by itself; the others only answer.
    pub(crate) fn acts(&self, seat: usize) -> bool {
        self.deeds.iter().any(|deed| deed.node == seat)
            || self.ticks.iter().any(|(node, ..)| *node == seat)
    }
}

/// Who sits there, in this life of its disk.
pub(crate) fn member_id(seat: usize, life: u8) -> MemberId {
    let byte = u8::try_from(seat + 1).unwrap_or(u8::MAX);
    let mut incarnation = [byte; 8];
    incarnation[1] = incarnation[1].wrapping_add(life.wrapping_mul(100));
    MemberId {
        node: NodeId::from_bytes([byte; 8]),
        incarnation: Incarnation::from_bytes(incarnation),
    }
}

/// The seat of a node, by the way ids are made here.
pub(crate) fn seat_of(id: MemberId) -> usize {
    usize::from(id.node.as_bytes()[0]).saturating_sub(1)
}

/// A configuration in which no time has to pass.
pub(crate) fn still() -> Config {
    Config { contention: Millis(0), undecided: Millis(0), ..Config::default() }
}

/// What [`register`] lets come, and what is about who votes.
pub(crate) const fn roster(message: &PeerMessage) -> bool {
    register(message)
        || matches!(
            message,
            PeerMessage::RosterIs { .. }
                | PeerMessage::RosterRequest
                | PeerMessage::RosterVote(_)
                | PeerMessage::KeysRequest { .. }
                | PeerMessage::KeysAre { .. }
        )
}

/// What [`register`] lets come, and the tips of others.
pub(crate) const fn branches(message: &PeerMessage) -> bool {
    register(message) || matches!(message, PeerMessage::Changes { .. })
}

/// Votes, objects and decided heads: what the register is about.
pub(crate) const fn register(message: &PeerMessage) -> bool {
    matches!(
        message,
        PeerMessage::Prepare { .. }
            | PeerMessage::Promise { .. }
            | PeerMessage::Propose(_)
            | PeerMessage::Accept { .. }
            | PeerMessage::NewHead { .. }
            | PeerMessage::Request { .. }
            | PeerMessage::Announce { .. }
            | PeerMessage::Absent { .. }
    )
}
