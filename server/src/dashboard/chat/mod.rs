//! Chats and visitors: the hub's core as pages show it, and what moderators do.
//!
//! Everything is made of the core, the picture and the audit at one moment. Texts of messages are
//! read from the database only for the page that shows them.

mod act;
mod compared;
mod list;
mod needs;
mod one;
mod status;
mod visitors;

#[cfg(test)]
mod tests;

use domain::view::Problem;

pub(super) use act::{moderate, plan};
pub use compared::Compared;
pub(super) use list::{counts, list};
pub(super) use needs::add_needs;
pub(super) use one::one;
pub(super) use status::Scene;
pub(super) use visitors::visitors;

use super::site::Answered;
use crate::hub::HubError;

/// Why the hub did not answer, for people.
fn problem(error: HubError) -> Problem {
    let code = match error {
        HubError::NotHere => "not_found",
        HubError::Stopping | HubError::TooMany | HubError::Unreadable => "unavailable",
    };
    Problem { code: code.into(), message: format!("Not done: {error}.") }
}

/// A question that cannot be read.
fn malformed<T>(message: &str) -> Answered<T> {
    Err(Problem { code: "malformed".into(), message: message.into() })
}
