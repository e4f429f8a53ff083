//! The formats of SWISH's version store over bytes: objects, commits, the journal, terms.
//!
//! Nothing here opens a file, reads a clock or draws a random number; `store` does the files and
//! `docs/swish-formats.md` is the text these modules implement.
//!
//! ```text
//!   bytes of a loose file ──decode_loose──▶ Object ──▶ Commit ──link──▶ domain::Link
//!                                             ▲          │
//!                                             └──object──┘   Term is under Commit and journal
//! ```

mod bytes;
pub mod commit;
pub mod diff;
mod gzip;
pub mod history;
pub mod journal;
pub mod json;
pub mod merge;
pub mod object;
pub mod pack;
pub mod tagged;
pub mod term;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod random;

pub use commit::{Commit, CommitError, Meta};
pub use journal::HeadUpdate;
pub use object::{CollisionError, Object, ObjectError};
pub use pack::{PackError, PackIndex};
pub use term::Term;
