//! The hub: drives the relay core, so that browsers of all nodes share chats and see each other.
//!
//! ```text
//! sockets ─┐ commands                 ┌─▶ a queue of frames for each page
//! screens ─┤                          ├─▶ the node's task: rows of core.db, written with its own
//! node  ───┼─────────▶ relay core ────┼─▶ links (control connection)
//! timers ──┤  inputs          outputs ├─▶ events for screens
//! files  ──┘                          └─▶ SWISH's chat files, behind the database
//! ```
//!
//! One task owns the core; everything else talks to it through [`Hub`]. It does not run on the
//! node's thread: one message to ten thousand pages takes milliseconds, in which no vote would be
//! counted (docs/decisions/0039).
//!
//! The body of a message is the JSON object that SWISH's pages send to each other (`type`, `id`,
//! `docid`, `text`, `user`, …) without `time`, which is the stamp: [`json_of`] and [`body_of`].

mod driver;
pub mod frames;
mod handle;
mod inputs;
mod lost;
mod message_json;
mod moderation;
mod open;
mod outputs;
mod pages;
#[cfg(test)]
mod played;
mod queue;
mod reading;
mod spoken;
mod swish_files;
#[cfg(test)]
mod tests;
mod timers;
mod types;
mod wire;
mod write;

pub use driver::start;
pub use handle::{Hub, HubError};
pub use message_json::{body_of, json_of};
pub use moderation::{Moderation, keys_of};
pub use open::{Opened, open};
#[cfg(test)]
pub(crate) use played::{played, tell};
pub use queue::Frames;
pub use spoken::Spoken;
pub use types::{
    Counts, Cursors, DocumentLine, Gazers, History, HubEvent, Missed, MissedMessage, OpenedFile,
    Page, Visit, Visiting,
};
