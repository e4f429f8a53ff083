//! Versions of files, read for people: history, texts and what differs between two of them.
//!
//! What is not on this node is asked from the peers; an answer that lacks it says who was asked.

mod diff;
mod history;
mod object;
mod read;

pub(super) use diff::{diff, raw as raw_diff};
pub(super) use history::history;

pub(super) use object::{object, raw as raw_object};
pub(super) use read::{object as read, short, unknown, version};
