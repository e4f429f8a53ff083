//! The relay core: chat histories and visitors, the same on every node, without I/O.
//!
//! ```text
//!          Input                                   Output
//! hub ──────────────▶ Core::handle(now, …) ──────────────▶ hub
//!   links, messages,     chat/      6 histories       persist, send, serve, reply,
//!   pages that come,     presence/  7 visitors        deliver, pass and tell to pages,
//!   post, read and go,   peer       beats             events, alarms
//!   timers, writes
//! ```
//!
//! # For the driver
//!
//! 1. **Start.** `Core::recover(Config::default(), me, run, rows)` with every message row that is
//!    durable, in any order; then [`Input::Started`]. `me` is the cluster core's identity; when
//!    that takes a new life (its `Event::Renewed`), hand in [`Input::Renew`].
//! 2. **Turns.** Make one [`Input`] of what happened, call [`Core::handle`], perform the outputs
//!    in order before the next input. [`Now`] has both clocks: the monotonic one, and the wall's.
//! 3. **Writes.** [`Output::Persist`] holds rows (document, place, origin, body). Their key is
//!    (document, stamp, id), and a later record of a key replaces the earlier one. They may go into
//!    the same batch as the cluster core's; [`Input::Persisted`] says when. A failed write ends the
//!    process. The texts stay with the driver: [`Output::Serve`], [`Reply::Page`] and
//!    [`Reply::Reading`] name rows, and the driver reads their bodies. A row that a reply names
//!    is durable. What is served after a write is read when that is durable.
//! 4. **Links.** All messages go over the control connection, in order. [`Input::PeerUp`] (with
//!    the run of its Hello) when an approved node is linked, [`Input::PeerDown`] when it is not.
//!    Suspect (3 s) and Away (10 s) are judged in here, by the beats. A decoded message that
//!    [`RelayMessage::check`] refuses is an [`Event::Rejected`]. Before an orderly end: hand in
//!    [`Input::Stop`], send what comes of it, and hand in nothing more.
//! 5. **Posting.** [`Input::Post`] with an id drawn for it. The reply, and the [`Delivery`] to
//!    everybody who reads the document *on this node, the sender included*, come when the message
//!    is durable here and on another node, or after 300 ms. Without any linked peer they come when
//!    it is durable here. SWISH's `time` is the stamp (microseconds), which is why it is no part of
//!    the body. What is volatile (`volatile:true`, `reloaded`) goes by [`Input::Pass`].
//! 6. **Pages.** [`Input::Join`] makes a visitor, [`Input::Open`] and [`Input::Close`] follow its
//!    files, [`Input::Read`] and [`Input::Unread`] the chats it hears: those of its files, and
//!    [`DocumentId::HANGOUT`], which every page reads and none opens. A new page reads without
//!    a cursor and takes the history from [`Input::Range`]. When a socket is lost, keep the cursors
//!    of [`Reply::Left`] with its WSID; when it comes back, Join it and Read with them: the reply
//!    has what it missed, each with the message that it comes after.
//! 7. **Telling.** [`Output::Tell`] lists the local pages that share a file with a visitor;
//!    [`Core::gazers`] answers a page that opens a file; [`Event::Counted`] has the totals, which
//!    are also [`Core::census`]. A visitor whose [`Gazer::is_marked`] is on a node that is Suspect.
//! 8. **Screens.** [`Core::documents`], [`Core::document`] (state per peer, gaps),
//!    [`Core::visitors`], and [`Input::Fetch`] for "fetch now".
//!
//! Guarantees: nothing panics on input, every message and queue is bounded ([`Config`]), no output
//! depends on anything but the inputs. Deliberately absent: SWISH's messages, sessions, sockets,
//! moderation, events of saves (the cluster core has them).
//!
//! Section numbers in comments are those of docs/protocol.md.

mod alarm;
mod chat;
mod config;
mod core;
mod digest;
mod io;
mod message;
mod peer;
mod presence;
mod row;
mod text_id;
mod turn;

pub use alarm::Alarm;
pub use chat::{
    Agreement, Cursor, DocumentStatus, Gap, Measure, Numbers, PeerDocument, Span, Summary,
};
pub use config::{Config, Mutant};
pub use core::Core;
pub use digest::Digest;
pub use io::{
    Delivery, Event, Input, Missed, Now, Output, Page, PostOutcome, Posted, Record, Rejection,
    Reply, Timer, Token, Urgency, WriteNo,
};
pub use message::{
    Beat, Below, MAX_PAGE_BYTES, MAX_PAGE_DOCUMENTS, MAX_PAGE_ROWS, MAX_PAGE_VISITORS, MAX_PARTS,
    MAX_SPANS, RelayMessage,
};
pub use presence::{
    Census, Gazer, Happening, LeaveReason, PublicUser, UpdateReason, Visitor, VisitorChange,
    VisitorEvent,
};
pub use row::{Body, MAX_BODY_BYTES, Message, Number, Origin, Place, Row, Stamp, message_id};
pub use text_id::{DocumentId, TextIdError, Wsid};
