//! The vocabulary every other package shares: identifiers, names, times, words and view types.
//!
//! No I/O, no clock, no randomness; it builds for the browser too.

mod deed;
mod file_name;
mod hex;
mod ids;
mod link;
mod member_id;
mod millis;
mod moderation;
pub mod view;
mod visitor_key;
pub mod words;

pub use deed::{Deed, Thing};
pub use file_name::{CreateNameError, FileName};
pub use hex::HexError;
pub use ids::{
    AuditHash, ClusterId, Incarnation, MessageId, NodeId, ObjectId, OpId, PackId, Root, Run, Serial,
};
pub use link::{Link, ObjectKind};
pub use member_id::MemberId;
pub use millis::Millis;
pub use moderation::{DeedPlace, Moderated, Muting, Ruling};
pub use visitor_key::{VisitorKey, VisitorKeyError};
