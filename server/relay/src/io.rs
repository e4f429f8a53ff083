//! What goes into the core and what comes out of it.

use domain::{Incarnation, MemberId, MessageId, Millis, NodeId, Run};
use serde::{Deserialize, Serialize};

use crate::{
    Agreement, Alarm, Body, Census, Cursor, DocumentId, LeaveReason, Message, Number, Origin,
    Place, PublicUser, RelayMessage, Row, Stamp, UpdateReason, VisitorEvent, Wsid,
};

/// Names a command whose reply somebody waits for; chosen by the driver, unique in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u64);

/// Number of a write of this run, from 1; writes become durable in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteNo(pub u64);

/// Both clocks of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Now {
    /// The one that never goes back.
    pub at: Millis,
    /// The one on the wall, which anybody may put forward or back.
    pub wall: Stamp,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The program started; once, before anything else.
    Started,
    /// The control link to a peer is up; `run` is that of its Hello.
    PeerUp {
        /// Who.
        peer: MemberId,
        /// Start of its program.
        run: Run,
    },
    /// The control link to a peer is gone. Its visitors stay until it is Away.
    PeerDown {
        /// Who.
        peer: MemberId,
    },
    /// A linked peer says something.
    Message {
        /// Who, from the link and never from the message.
        from: MemberId,
        /// What.
        message: RelayMessage,
    },
    /// This node has a new life: own messages are numbered from 1 again (protocol 2).
    Renew {
        /// Nobody ever had it.
        incarnation: Incarnation,
    },
    /// Somebody posts a message. Answered, and delivered, when it is safe.
    Post {
        /// For the reply.
        token: Token,
        /// Where.
        document: DocumentId,
        /// Random, drawn for it.
        id: MessageId,
        /// Its text without its time, which is the stamp.
        body: Body,
    },
    /// Messages of SWISH's chat files: they are recorded and synchronised, not delivered.
    Import {
        /// Of which document.
        document: DocumentId,
        /// Place (its `time` in microseconds) and text of each; at most [`crate::MAX_BODY_BYTES`].
        messages: Vec<(Place, Body)>,
    },
    /// Something for everybody who reads a document now, on all nodes; it is kept nowhere.
    Pass {
        /// Which document.
        document: DocumentId,
        /// What.
        body: Body,
    },
    /// Somebody reads the history of a document.
    Range {
        /// For the reply.
        token: Token,
        /// Which document.
        document: DocumentId,
        /// How many messages, at most [`crate::MAX_PAGE_ROWS`].
        last: usize,
        /// Only messages before this place; the last ones without it.
        before: Option<Place>,
    },
    /// An operator has one document compared with all linked peers now.
    Fetch {
        /// For the reply.
        token: Token,
        /// Which document.
        document: DocumentId,
    },
    /// A local page follows a document from now on.
    Read {
        /// For the reply.
        token: Token,
        /// Which page.
        wsid: Wsid,
        /// Which document.
        document: DocumentId,
        /// What it has seen before, when it comes back; without it, everything.
        cursor: Option<Cursor>,
    },
    /// A local page does not follow a document any more.
    Unread {
        /// For the reply.
        token: Token,
        /// Which page.
        wsid: Wsid,
        /// Which document.
        document: DocumentId,
    },
    /// A local page has come.
    Join {
        /// Which.
        wsid: Wsid,
        /// Whose.
        user: PublicUser,
    },
    /// A local page has gone: it is no visitor and follows nothing any more.
    Leave {
        /// For the reply.
        token: Token,
        /// Which.
        wsid: Wsid,
        /// How.
        reason: LeaveReason,
    },
    /// The user of a local page is another, or called something else.
    Update {
        /// Which page.
        wsid: Wsid,
        /// The user now.
        user: PublicUser,
        /// Why.
        reason: UpdateReason,
    },
    /// A local page has opened a file.
    Open {
        /// Which page.
        wsid: Wsid,
        /// The document of the file.
        document: DocumentId,
    },
    /// A local page has closed a file.
    Close {
        /// Which page.
        wsid: Wsid,
        /// The document of the file.
        document: DocumentId,
    },
    /// The program is about to stop, in order: the peers drop its visitors at once.
    Stop,
    /// A timer that was armed has fired.
    Timer(Timer),
    /// This write, and all before it, are durable.
    Persisted(WriteNo),
}

/// Things that happen later; the driver draws the delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// When to tell the peers that we are here, and to look who is not.
    Beat,
    /// When the oldest own message that waits for another node waits no longer.
    Safe,
}

/// One change of the durable state. A batch of them becomes durable as a whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// A message is here; or the origin of one that was here is known. Its place in its document
    /// is its key, and a later record of the same place replaces an earlier one.
    Message {
        /// In which document.
        document: DocumentId,
        /// Entry and text.
        message: Message,
    },
}

/// Whether a write is on somebody's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// It may wait for the next batch: it can be fetched again.
    Soon,
    /// Somebody waits for it.
    Now,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// Make records durable, in the order of their numbers; then [`Input::Persisted`].
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
        message: RelayMessage,
    },
    /// Answer a command.
    Reply {
        /// Which.
        token: Token,
        /// The answer.
        reply: Reply,
    },
    /// Fire a timer once, after a time drawn from the range in milliseconds; replaces an older one.
    Arm {
        /// Which.
        timer: Timer,
        /// Earliest and latest.
        between: (u64, u64),
    },
    /// Read messages and send them to a peer, as [`RelayMessage::messages`] makes them.
    Serve {
        /// To whom.
        to: MemberId,
        /// Number of its request.
        ask: u64,
        /// Of which document.
        document: DocumentId,
        /// Which; all of them are here.
        places: Vec<Place>,
        /// Not before this write is durable: it may hold one of them.
        after: Option<WriteNo>,
    },
    /// Give a message to local pages.
    Deliver(Box<Delivery>),
    /// Give to local pages what was passed.
    Pass {
        /// About which document.
        document: DocumentId,
        /// What.
        body: Body,
        /// Pages that read it now.
        to: Vec<Wsid>,
    },
    /// Tell local pages of a visitor.
    Tell {
        /// What happened.
        event: Box<VisitorEvent>,
        /// Pages that share a file with it, itself left out.
        to: Vec<Wsid>,
    },
    /// Something that screens may want to know.
    Emit(Event),
    /// Something is wrong.
    Raise(Alarm),
}

/// A message for local pages, new or late.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Delivery {
    /// In which document.
    pub document: DocumentId,
    /// Its serial at this moment, on this node.
    pub serial: u64,
    /// The message that it comes after; none at the beginning.
    pub after: Option<Place>,
    /// Whether it is late: others that were delivered come after it.
    pub is_late: bool,
    /// The message.
    pub message: Message,
    /// Pages that read the document and have not seen it.
    pub to: Vec<Wsid>,
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// To a post.
    Posted(PostOutcome),
    /// To a range.
    Page(Page),
    /// To a fetch: how many peers are compared with.
    Fetching(usize),
    /// To a page that reads from now on: what it missed.
    Reading(Missed),
    /// To a page that reads no longer: what it has seen.
    Seen(Cursor),
    /// To a page that has gone: what it has seen of the documents it read.
    Left(Vec<(DocumentId, Cursor)>),
}

/// How posting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PostOutcome {
    /// Durable here and on another node.
    Safe(Posted),
    /// Durable here; no other node has said that it has it (yet).
    Alone(Posted),
    /// It is empty or longer than [`crate::MAX_BODY_BYTES`]; nothing was kept.
    TooLong,
    /// Too many messages wait for other nodes, or no number is left; nothing was kept.
    Busy,
}

/// A message that was posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Posted {
    /// Where it stands.
    pub place: Place,
    /// Which one of this node it is.
    pub origin: Origin,
    /// Its serial at this moment.
    pub serial: u64,
}

/// Part of a history, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Page {
    /// Serial and entry of each; texts are with the driver.
    pub rows: Vec<(u64, Row)>,
    /// Messages in the whole document.
    pub total: u64,
}

/// What a page that comes back has not seen, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Missed {
    /// Each with its serial and the message that it comes after.
    pub rows: Vec<(u64, Option<Place>, Row)>,
    /// Earlier ones that were left out, because there are too many.
    pub skipped: u64,
}

/// Something that screens may want to know.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The number of messages in a document, or the origin of one, is another.
    DocumentChanged {
        /// Which.
        document: DocumentId,
    },
    /// A document was compared with a peer's.
    Compared {
        /// Whose.
        peer: MemberId,
        /// Which.
        document: DocumentId,
        /// How they agree.
        agreement: Agreement,
    },
    /// All documents of a peer equal ours.
    InStep {
        /// Whose.
        peer: MemberId,
    },
    /// A local page was refused as a visitor, or a file of it: there are too many.
    TooMany {
        /// Which page.
        wsid: Wsid,
    },
    /// The totals are others.
    Counted(Census),
    /// The visitors of a node are marked, as it was not heard for a while; or not any more.
    Marked {
        /// Which node.
        node: NodeId,
        /// Whether they are.
        is_marked: bool,
    },
    /// The visitors of a node were dropped: it is away, has left, or began a new run.
    Dropped {
        /// Which node.
        node: NodeId,
        /// How many there were.
        visitors: u64,
    },
    /// A peer sent what no peer of this program sends; nothing was kept of it.
    Rejected {
        /// Who.
        peer: MemberId,
        /// What.
        rejection: Rejection,
    },
}

/// What no peer of this program sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rejection {
    /// More than a message may hold.
    TooMuch,
    /// It answered with other ranges than it was asked for.
    WrongRange,
    /// It posted in the name of another node.
    NotItsOwn,
}

/// Numbers of one origin that are missing below one that is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gap {
    /// Whose numbers.
    pub incarnation: Incarnation,
    /// The first.
    pub first: Number,
    /// The last.
    pub last: Number,
}
