//! What goes into the core and what comes out of it.

use domain::{Incarnation, Link, Millis, ObjectId, Run, Serial};
use gitty::Object;
use serde::{Deserialize, Serialize};

use crate::{
    Alarm, AuditEntry, ChangeOutcome, Copies, Foreign, HoldReason, Key, LeaveOutcome, Leaving,
    Member, MemberId, PeerMessage, Record, Roster, RosterChange, SettleOutcome, SyncReport,
};

/// Names a command whose reply somebody waits for; chosen by the driver, unique in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u64);

/// Number of a write; writes become durable in this order. It goes on after a restart: that of the
/// newest durable write is the durable count of a disk (protocol 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteNo(pub u64);

/// A save, made into objects by the caller on the head its page names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Save {
    /// The register.
    pub key: Key,
    /// The head its page was made from; none for a new file.
    pub base: Option<ObjectId>,
    /// The new commit, whose name is the key's.
    pub commit: Object,
    /// Its hash.
    pub id: ObjectId,
    /// The commit as a link.
    pub link: Link,
    /// Its text, with its hash; none when the commit keeps a text that is here already.
    pub blob: Option<(ObjectId, Object)>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The program started; once, before anything else.
    Started,
    /// A control link to a peer is up, and its Hello was judged.
    PeerUp {
        /// Who.
        peer: MemberId,
        /// Epoch in its Hello.
        epoch: u64,
        /// Start of its program; positions in its change log are good for one run.
        run: Run,
        /// Durable count in its Hello.
        count: u64,
        /// The highest durable count that it remembers of this life of this node; 0 for none.
        remembered: u64,
    },
    /// The incarnation that [`Output::Renew`] asked for: random, drawn now and never before.
    Renew {
        /// Nobody ever had it.
        incarnation: Incarnation,
    },
    /// An operator has this node leave its cluster, to found another one or to join one (protocol
    /// 11). If it may, [`Output::Renew`] asks for the new life that begins with it.
    Leave {
        /// For the reply.
        token: Token,
        /// Where it goes.
        to: Leaving,
    },
    /// The control link to a peer is gone.
    PeerDown {
        /// Who.
        peer: MemberId,
    },
    /// A peer says something.
    Message {
        /// Who, from the link and never from the message.
        from: MemberId,
        /// What.
        message: PeerMessage,
    },
    /// A page saves.
    Save {
        /// For the reply.
        token: Token,
        /// What.
        save: Box<Save>,
    },
    /// An operator settles a divergence: `save` is the commit to be made on the decided head that
    /// was shown, its `base` (protocol 4.5).
    Settle {
        /// For the reply.
        token: Token,
        /// What.
        save: Box<Save>,
    },
    /// The journal has a line that this node did not write (protocol 9).
    Foreign(Foreign),
    /// This node has joined a cluster: the heads of its store (protocol 4.4).
    Import {
        /// Their objects are in the store.
        heads: Vec<(Key, ObjectId)>,
    },
    /// An operator has one file brought together; nothing is chosen.
    Sync {
        /// For the reply.
        token: Token,
        /// Which file.
        key: Key,
        /// Only say what is to be done.
        dry: bool,
    },
    /// Somebody asks for an object that is not here.
    Want {
        /// For the reply.
        token: Token,
        /// Its hash.
        id: ObjectId,
    },
    /// An operator founds a cluster; this store's heads become its first values.
    Found {
        /// For the reply.
        token: Token,
        /// Epoch 1, this node its first member.
        roster: Roster,
        /// The head of every file that was chosen; their objects are here.
        heads: Vec<(Key, ObjectId)>,
    },
    /// Objects of another store that a founding needs: they become durable before it.
    Keep {
        /// Their ids are not known to be right.
        objects: Vec<Object>,
    },
    /// A node that the roster does not name asks to join.
    Knock(Member),
    /// Whether this node takes no new pages; it goes on voting.
    Drain(bool),
    /// An operator changes the roster.
    Change {
        /// For the reply.
        token: Token,
        /// What.
        change: RosterChange,
    },
    /// Somebody did something here: the next entry of the own chain, sealed.
    Audit {
        /// For the reply.
        token: Token,
        /// What.
        entry: Box<AuditEntry>,
    },
    /// The driver makes something of its own durable with the next write, which is to be found
    /// missing in an older copy of the disk: the durable count rises (protocol 2).
    Beside,
    /// A timer that was armed has fired.
    Timer(Timer),
    /// This write, and all before it, are durable.
    Persisted(WriteNo),
}

/// Things that happen later; the driver draws the delay.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// When to tell the peers that we are here.
    Heartbeat,
    /// When to tell the peers which heads are new here.
    Push,
    /// When to compare trees with the peer that has most changes, or to ask again for a branch.
    Compare,
    /// When a round of this key is tried again.
    Round(Key),
    /// When the save of this key stops waiting for a majority.
    Patience(Key),
    /// When what was asked of a peer is asked of the next one: it sent nothing.
    Fetch(MemberId),
    /// When somebody who wants an object is told that nobody has it.
    Want(Token),
    /// When a change of the roster is tried again.
    Council,
    /// When a sync reports what it has not done.
    Sync(Token),
    /// When members that did not link since the start are waited for no longer (protocol 2).
    Gate,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// Make records durable, in the order of their numbers.
    Persist {
        /// Its number.
        no: WriteNo,
        /// What.
        records: Vec<Record>,
        /// Whether somebody waits for it.
        urgency: Urgency,
    },
    /// Send to a peer; lost without harm if it is not linked.
    Send {
        /// To whom.
        to: MemberId,
        /// What.
        message: PeerMessage,
        /// Not before this write is durable.
        after: Option<WriteNo>,
    },
    /// Answer a command.
    Reply {
        /// Which.
        token: Token,
        /// The answer.
        reply: Reply,
        /// Not before this write is durable.
        after: Option<WriteNo>,
    },
    /// Fire a timer once, after a time drawn from the range in milliseconds; replaces an older one.
    Arm {
        /// Which.
        timer: Timer,
        /// Earliest and latest.
        between: (u64, u64),
    },
    /// Do not fire it.
    Disarm(Timer),
    /// Read objects and send them to a peer: as Announce with content, Announce of a large one,
    /// or Absent.
    Serve {
        /// To whom.
        to: MemberId,
        /// Which.
        ids: Vec<ObjectId>,
    },
    /// Read chunks of a large object and send them to a peer.
    ServeChunks {
        /// To whom.
        to: MemberId,
        /// Of which object.
        id: ObjectId,
        /// First chunk.
        first: u32,
        /// How many.
        count: u32,
    },
    /// Read entries of the audit after a number that are durable, and send a page of them to a
    /// peer: what is not durable may be lost, and its number given again.
    ServeAudit {
        /// To whom.
        to: MemberId,
        /// Whose chain.
        origin: MemberId,
        /// Last number it has.
        after: u64,
    },
    /// Something that others may want to know.
    Emit(Event),
    /// This life of the disk ends: it is an older one, or its node leaves. Before any other input: drop what waits to be sent, close all
    /// links, and hand in [`Input::Renew`]. The next Hello is that of the new incarnation.
    Renew,
    /// Something impossible has happened.
    Raise(Alarm),
}

/// Whether a write is on somebody's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// It may wait for the next batch, a few dozen milliseconds: it can be learned again.
    Soon,
    /// Somebody waits for it.
    Now,
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// To a save.
    Save(SaveOutcome),
    /// To a settling.
    Settle(SettleOutcome),
    /// To a sync.
    Sync(SyncReport),
    /// To a wanted object: whether it is here now.
    Object(bool),
    /// To founding.
    Found(FoundOutcome),
    /// To a change of the roster.
    Change(ChangeOutcome),
    /// To leaving a cluster.
    Left(LeaveOutcome),
    /// To an entry of the audit: whether it is the next one of the own chain, and durable.
    Audited(bool),
}

/// How founding ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FoundOutcome {
    /// The roster is durable here and spreads; the heads are being proposed.
    Founded,
    /// This node is in a cluster already; nothing was changed.
    AlreadyMember,
}

/// How a save ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SaveOutcome {
    /// A majority has it; `commit` is on the path of the head. It may be an earlier, equal save.
    Decided {
        /// The commit that stands for this save.
        commit: ObjectId,
    },
    /// Another save was decided first; this one is dropped, its page has the text.
    Conflict {
        /// The served head.
        head: ObjectId,
    },
    /// Saved on this node: durable, served, told to whom it reaches, and proposed by itself when a
    /// majority answers (protocol 4.3).
    Held {
        /// The commit that stands for this save; it may be that of an earlier, equal one.
        commit: ObjectId,
        /// Why it is not decided.
        reason: HoldReason,
        /// Where it is.
        copies: Copies,
    },
    /// The page saves a version of a file that the cluster does not have; nothing was kept.
    NoSuchFile,
    /// This node is in no cluster; nothing was kept.
    NotFounded,
    /// This node was removed from its cluster; nothing was kept.
    Removed,
    /// Too many saves of this file wait behind each other; nothing was kept.
    Busy,
}

/// What no peer of this program does; nothing was stored of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Offence {
    /// It answered what it was not asked.
    Unasked,
    /// It sent other bytes than those of the object it was asked for.
    WrongBytes,
}

/// Something that others may want to know.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The decided head of a file moved on this node.
    HeadMoved {
        /// The register.
        key: Key,
        /// The head before.
        from: Option<ObjectId>,
        /// The head now.
        to: ObjectId,
        /// Position in the change log.
        serial: Serial,
    },
    /// A newer decided head of a file is known, and its objects are not here; or that is over.
    Behind {
        /// The register.
        key: Key,
    },
    /// The draft of a file began, changed or ended.
    DraftChanged {
        /// The register.
        key: Key,
    },
    /// The open divergences of a file are others than before.
    SidesChanged {
        /// The register.
        key: Key,
    },
    /// A settling has ended; its caller may have been told that its end is not known yet.
    SettleEnded {
        /// The register.
        key: Key,
        /// Its commit.
        commit: ObjectId,
        /// How.
        outcome: SettleOutcome,
    },
    /// A peer reports other heads than before.
    PeerReported {
        /// Who.
        peer: MemberId,
        /// Which files.
        keys: Vec<Key>,
    },
    /// All heads of a peer are known: it has ours, but for those it reports in particular.
    PeerKnown {
        /// Who.
        peer: MemberId,
    },
    /// A heartbeat of a peer came in.
    PeerHeard {
        /// Who.
        peer: MemberId,
    },
    /// A roster was adopted.
    RosterAdopted,
    /// This node has a new incarnation, and none of the registers that it had.
    Renewed,
    /// A peer did what no peer of this program does.
    Offended {
        /// Who.
        peer: MemberId,
        /// What.
        offence: Offence,
    },
    /// An object that somebody needs is on no linked peer; asked again later.
    ObjectMissing {
        /// Its hash.
        id: ObjectId,
        /// Who was asked.
        asked: Vec<MemberId>,
        /// Time until it is asked for again, or until another peer links.
        again: Millis,
    },
}
