//! Chat: the history of each document, the same on every node that reaches the others (protocol 6).
//!
//! `order` and `history` are one document, `documents` all of them; `post` makes a message safe
//! before it is shown, `take` takes in what others send, `readers` knows who has seen what, and
//! `compare` (with `steps`, the work that is left) finds what a peer has and we have not.

mod answer;
mod compare;
mod cursor;
mod documents;
mod history;
mod numbers;
mod order;
mod post;
mod readers;
mod status;
mod steps;
mod take;

pub(crate) use documents::{BUCKETS, Documents};
pub(crate) use post::Waiting;
pub(crate) use readers::Readers;
pub(crate) use steps::Comparison;

pub use cursor::Cursor;
pub use history::Summary;
pub use numbers::Numbers;
pub use order::{Measure, Span};
pub use status::{Agreement, DocumentStatus, PeerDocument};

pub use crate::io::Gap;
