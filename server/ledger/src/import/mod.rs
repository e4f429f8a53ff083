//! Import of what SWISH knows of its users: the profile store and the passwd file.
//!
//! Both are read from bytes, with bounds. What cannot be taken over is listed and never guessed.

mod passwd;
mod plan;
mod profiles;

pub use passwd::{MAX_PASSWD_BYTES, Passwd, PasswdEntry, read_passwd};
pub use plan::{ImportPlan, Planned, plan};
pub use profiles::{MAX_PROFILES, MAX_STORE_BYTES, SwishProfile, SwishProfiles, read_profiles};

use thiserror::Error;

/// A file that is not read at all. Nothing was taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ImportError {
    /// Larger than any that SWISH writes.
    #[error("larger than {0} bytes")]
    TooLarge(usize),
    /// More profiles or users than a site has.
    #[error("more than {0} profiles")]
    TooMany(usize),
}

/// Something of a file that was not taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Where: a line from 1, or 0 when it is about a profile as a whole.
    pub line: usize,
    /// The profile, or the name of the user, if it got so far.
    pub whose: String,
    /// Why, for a person. It names fields and never holds their text.
    pub why: String,
}
