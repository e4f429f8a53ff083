//! What a node forgets when it stops.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::{Millis, NodeId, ObjectId, Root, Run, Serial};
use gitty::Object;

use crate::{
    Accepted, Ballot, Key, Member, MemberId, RosterVote, Save, Token, WriteNo,
    branch::Branches,
    catch_up::{Comparison, Reported},
    exchange::{Owed, Parked, Source, Tally, WantedObject},
    path::Way,
    roster::{CouncilRound, Ending, Gate, Mark, Promoting, Repair, RolledBack},
};

/// Volatile state of the core.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Live {
    /// Last write that was issued.
    pub(crate) issued: WriteNo,
    /// Last write that holds acceptor state, objects or drafts: promises wait for it.
    pub(crate) promised_in: WriteNo,
    /// Last write that is durable.
    pub(crate) persisted: WriteNo,
    /// Answers of the own acceptor, each waiting for its write (protocol 4.1).
    pub(crate) own: VecDeque<(WriteNo, OwnAnswer)>,
    /// Counters up to this may have been used before the start.
    pub(crate) floor: u64,
    /// Reservation that is durable or issued, and in which write.
    pub(crate) reserved_in: WriteNo,
    /// Linked peers and what they said of themselves.
    pub(crate) peers: BTreeMap<MemberId, Peer>,
    /// Rounds under way.
    pub(crate) rounds: BTreeMap<Key, Round>,
    /// Keys that may be decided in one round trip (protocol 4.2).
    pub(crate) fast: BTreeMap<Key, Fast>,
    /// Saves somebody waits for.
    pub(crate) saving: BTreeMap<Key, Saving>,
    /// Keys to run a round for when there is room and a majority.
    pub(crate) backlog: BTreeSet<Key>,
    /// Keys whose round starts when the own acceptor's write is durable.
    pub(crate) start_at: BTreeMap<Key, WriteNo>,
    /// Decided heads whose objects are not all here, and who has them.
    pub(crate) learning: BTreeMap<Key, BTreeMap<ObjectId, Awaited<News>>>,
    /// Proposals whose objects are not all here.
    pub(crate) parked: BTreeMap<Key, Parked>,
    /// Objects that are not here.
    pub(crate) wanted: BTreeMap<ObjectId, WantedObject>,
    /// What is asked of each peer.
    pub(crate) sources: BTreeMap<MemberId, Source>,
    /// Whether requests may be due at the end of this turn.
    pub(crate) asks_due: bool,
    /// Rank of the object that was wanted last.
    pub(crate) rank: u64,
    /// How many were wanted, and came.
    pub(crate) tally: Tally,
    /// Position up to which the peers were told of new heads.
    pub(crate) pushed: Serial,
    /// Trees that are being compared.
    pub(crate) comparison: Option<Comparison>,
    /// Since when a comparison is due and waits for more members.
    pub(crate) gathering: Option<Millis>,
    /// When a comparison last ended, or an object last came in.
    pub(crate) moved_at: Millis,
    /// Keys whose accepted head is not known to be decided, and since when.
    pub(crate) undecided: BTreeMap<Key, Millis>,
    /// Chains of the audit that somebody was asked for, and when.
    pub(crate) audit_asked: BTreeMap<MemberId, Millis>,
    /// Whether [`crate::Timer::Push`] is armed.
    pub(crate) push_armed: bool,
    /// The next roster, while it is being decided here.
    pub(crate) council: Option<CouncilRound>,
    /// A learner that gets a vote when it has caught up.
    pub(crate) promoting: Option<Promoting>,
    /// A node whose old vote goes and whose new one comes then, and who waits for it.
    pub(crate) replacing: Option<(Token, NodeId)>,
    /// What has to be applied before peers are told how far their logs are applied here.
    pub(crate) mark: Option<Mark>,
    /// Nodes that asked to join, and when last.
    pub(crate) asking: BTreeMap<NodeId, (Member, Millis)>,
    /// Whether this node takes no new pages.
    pub(crate) draining: bool,
    /// Reading every key again, while the roster is repairing.
    pub(crate) repair: Option<Repair>,
    /// Branches: tips, lines of SWISH, divergences.
    pub(crate) branches: Branches,
    /// When the program started.
    pub(crate) started: Millis,
    /// Durable count at the start; that of an earlier one, if no gate was opened since.
    pub(crate) began: u64,
    /// Write that makes it durable that counts were compared.
    pub(crate) checked_in: Option<WriteNo>,
    /// Durable counts that peers told and no write has yet.
    pub(crate) heard: BTreeMap<MemberId, u64>,
    /// Whether this node may vote yet.
    pub(crate) gate: Gate,
    /// This life of the disk ends; nothing is done before there is a new incarnation.
    pub(crate) ending: Option<Ending>,
}

/// A decided head that somebody told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct News {
    pub(crate) head: ObjectId,
    /// Objects of its path that no node has.
    pub(crate) gaps: Vec<ObjectId>,
    /// Who is likely to have the others.
    pub(crate) holder: MemberId,
}

/// News that waits for objects.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Awaited<N> {
    pub(crate) news: N,
    /// How far the way back from it is known.
    pub(crate) way: Way,
}

/// What the own acceptor answers to the own proposer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum OwnAnswer {
    /// As [`crate::PeerMessage::Promise`].
    Promise { epoch: u64, key: Key, ballot: Ballot, accepted: Option<Accepted> },
    /// As [`crate::PeerMessage::Accept`].
    Accept { epoch: u64, key: Key, ballot: Ballot, head: ObjectId },
    /// About the next roster.
    Roster(RosterVote),
}

/// A linked peer, or one that was.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub(crate) struct Peer {
    /// Whether its control link is up.
    pub(crate) linked: bool,
    /// Start of its program that the rest belongs to.
    pub(crate) run: Option<Run>,
    /// Position in its change log up to which we know it.
    pub(crate) seen: Serial,
    /// When it was asked for its changes and has not answered.
    pub(crate) asked: Option<Millis>,
    /// Last heartbeat: when, and its digest.
    pub(crate) heard: Option<(Millis, Root)>,
    /// Last position of its change log, as it said.
    pub(crate) serial: Serial,
    /// Its root and ours at its last heartbeat, if they differed.
    pub(crate) differed: Option<(Root, Root)>,
    /// Since when every heartbeat of it had another root than ours.
    pub(crate) differs_since: Option<Millis>,
    /// Its root and ours when trees were last compared.
    pub(crate) compared: Option<(Root, Root)>,
    /// Whether only its tree can tell what it has.
    pub(crate) unclear: bool,
    /// When its digest last equalled ours.
    pub(crate) equal_at: Option<Millis>,
    /// Files with a held save there.
    pub(crate) waiting: u64,
    /// Whether it has said that no head of its store waits any more.
    pub(crate) imported: bool,
    /// Files with a decided head there.
    pub(crate) files: u64,
    /// Position in its change log up to which everything is applied here.
    pub(crate) filled: Option<Serial>,
    /// Position in our change log up to which it has everything, as it said.
    pub(crate) applied: Option<Serial>,
    /// Nodes that asked it to join.
    pub(crate) asking: Vec<Member>,
    /// Whether it takes no new pages.
    pub(crate) draining: bool,
    /// Its decided heads, as it reported them.
    pub(crate) heads: Reported,
    /// How it found out that its disk is an older one, as long as it has no vote.
    pub(crate) rolled_back: Option<RolledBack>,
    /// Answers that it was asked for and has not sent.
    pub(crate) owes: Owed,
}

/// An attempt to decide one key (protocol 4.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Round {
    pub(crate) ballot: Ballot,
    pub(crate) epoch: u64,
    pub(crate) phase: RoundPhase,
    /// Members that refused this ballot.
    pub(crate) nacks: BTreeSet<MemberId>,
    /// Own write that holds the own accept, once there is one.
    pub(crate) own_in: Option<WriteNo>,
    /// Greatest counter that a refusal named.
    pub(crate) seen: u64,
    /// Attempts before this one.
    pub(crate) attempt: u32,
}

/// How far a round is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RoundPhase {
    /// Collecting promises, with what each had accepted.
    Preparing { promises: BTreeMap<MemberId, Option<Accepted>> },
    /// Collecting accepts of one head.
    Proposing { head: ObjectId, accepts: BTreeSet<MemberId> },
    /// Until its timer fires.
    Resting,
}

/// Permission to begin at the proposal (protocol 4.2, "One round trip").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fast {
    pub(crate) ballot: Ballot,
    pub(crate) head: ObjectId,
    pub(crate) epoch: u64,
    /// Own write that promises `ballot`, once the own acceptor has.
    pub(crate) promised_in: Option<WriteNo>,
}

/// Somebody waits for a save of this key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Saving {
    /// The save under way, if it is a page's.
    pub(crate) current: Option<CurrentSave>,
    /// Those behind it.
    pub(crate) queue: VecDeque<PendingSave>,
}

/// What is asked for with a new commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ask {
    /// A page saves: on the served head, held when no majority answers.
    Save,
    /// An operator settles: on the decided head, never held.
    Settle,
}

/// A save or settling that is the draft now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CurrentSave {
    pub(crate) ask: Ask,
    pub(crate) token: Token,
    /// Whether a proposal of it has left.
    pub(crate) proposed: bool,
    pub(crate) began: Millis,
    /// Members that answered since.
    pub(crate) answered: BTreeSet<MemberId>,
    /// Its objects, to travel with the proposal.
    pub(crate) objects: Vec<Object>,
}

/// A save or settling that waits for its turn.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PendingSave {
    pub(crate) ask: Ask,
    pub(crate) token: Token,
    pub(crate) save: Box<Save>,
    pub(crate) came: Millis,
    pub(crate) reading: Reading,
}

/// Whether the register was read from a majority for a save.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reading {
    /// There was no need.
    Not,
    /// As soon as there is a majority: a round that ends from now on began after the save came.
    Asked,
    /// What the decided head does not lead to was not decided when the save came.
    Done,
}
