//! Why there is no answer.

use serde::{Deserialize, Serialize};

/// Why the API did not answer; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// For programs: `not_found`, `unavailable`, `offline`, …
    pub code: String,
    /// For people: a sentence with the next step.
    pub message: String,
}
