//! Presence: which pages are open on which node, and who is told of it (protocol 7).
//!
//! Each node speaks for its own visitors only: `here` changes them and tells the peers, `there`
//! follows what a peer tells, `snapshot` brings that in order when something was missed, and
//! `tell` says which local pages hear of it. A page that moved is at two nodes for a while; for
//! the pages that look on it is one visitor.

mod here;
mod site;
mod snapshot;
mod tell;
mod there;
mod user;
mod visitor;

pub(crate) use snapshot::SnapshotPage;
pub(crate) use there::Presence;

pub use tell::Gazer;
pub use user::PublicUser;
pub use visitor::{
    Census, Happening, LeaveReason, UpdateReason, Visitor, VisitorChange, VisitorEvent,
};
