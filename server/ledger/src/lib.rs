//! The ledger: profile events folded to profiles, their branches, claims and imports, without I/O.
//!
//! ```text
//!  Edit ──Operation::new──▶ Operation ──Chain::append──▶ ProfileEvent ──▶ register `profile:<id>`
//!         sealed by its origin,          place and hash       │
//!         personal text under the key    of the one before    ▼
//!                                              Profile::fold, compare, standing
//! ```
//!
//! An **operation** is what somebody did; an **event** is an operation in its place. Rebasing gives it
//! another place, and it keeps its id, its time and its origin's seal.
//!
//! # For the driver
//!
//! 1. **Registers.** The value of `profile:<id>` is [`EventId::object_id`] of the last event, that of a
//!    [`ClaimKey`] is [`ClaimId::object_id`]; both are the beginning of a SHA-256 over the bytes, not
//!    gitty's SHA-1. What is stored and sent is [`ProfileEvent::bytes`] and [`Claim::bytes`]; the path
//!    goes by [`ProfileEvent::previous`]. An acceptor takes an event in only behind a chain that
//!    [`Chain::push`] takes it behind, and after [`Operation::check_seal`]; a claim after
//!    [`Claim::check_after`] and [`Claim::check_seal`]. [`Chain::verify`] checks all seals (slow: once,
//!    where a chain comes from elsewhere).
//! 2. **An edit.** Draw 24 random bytes, never used before, and make an [`Operation`] on the served
//!    chain. Its id is the identity of the save (protocol 4.2). A repeated request keeps its bytes, so
//!    it lands once. Write [`Edit::LoggedIn`] at most once a day per profile: a chain ends at
//!    [`MAX_EVENTS`].
//! 3. **No majority.** Events are held like drafts, as a branch with a tip. When there is one again,
//!    [`compare`] the branch with the decided chain, append [`Comparison::to_rebase`] in order, and
//!    drop the branch when [`Comparison::is_closed`]. Otherwise it stays as a tip. Any member can do it
//!    for a node that is gone.
//! 4. **What counts** is [`standing`] of the decided chain and all tips: conflicts for the pages, and
//!    for logins the stricter side. To settle, make an operation with [`Conflict::settled_by`] on
//!    exactly the head that was shown; it is never held.
//! 5. **Keys.** A [`ProfileKey`] is drawn with the profile and kept in a table of its own, sent to
//!    approved nodes only. When [`Profile::erased`] is set: delete the row, release the claims, end the
//!    sessions, compact the database. A node that was away learns of it by the event. The
//!    [`ClusterKey`] is made at founding.
//! 6. **Claims** are decided or refused, never held: [`Claim::after`] the decided value, and
//!    [`ClaimRefusal::Already`] is a success of a repeated request. Sign-up: claim, then `Created`.
//!    Change of an address: claim the new one, edit, release the old one. [`Field::Email`] is what is
//!    shown; mail and logins look at it only when the claim of it names this profile.
//! 7. **Sessions** look at [`Profile::may_log_in`] and [`Profile::role`] of the standing. A password
//!    whose [`PasswordHash::is_old`] is replaced by one of ours at its first login
//!    ([`Author::Node`]).
//! 8. **Pages** show [`Profile::fields`] with their [`Source`], and the chain event by event.
//!
//! Deliberately absent: comparing passwords, sessions, tokens, who may edit whom.

mod branch;
mod chain;
mod change;
mod claim;
mod code;
mod edit;
mod event;
mod field;
mod ids;
pub mod import;
pub mod normal;
mod operation;
mod password;
mod profile;
mod role;
mod seal;
mod secret;

pub use branch::{
    BranchError, Closed, Comparison, Conflict, Side, Standing, Verdict, compare, standing,
};
pub use chain::{Chain, ChainError, MAX_EVENTS};
pub use change::{About, Change, Slot};
pub use claim::{
    Claim, ClaimError, ClaimKey, ClaimKind, ClaimName, ClaimRefusal, ClusterKey, ForgedClaim, Wish,
};
pub use code::DecodeError;
pub use edit::{Edit, EditError, Identity, LastLogin};
pub use event::{MAX_EVENT_BYTES, ProfileEvent};
pub use field::{Field, FieldError, MAX_NAME_BYTES, MAX_URL_BYTES};
pub use ids::{ClaimId, EventId, IdError, IdentityTag, OperationId, ProfileId, Serial};
pub use normal::{MAX_ADDRESS_BYTES, MAX_LOGIN_BYTES, NameError};
pub use operation::{Author, Circumstances, ForgedError, MAX_SETTLES, OpenError, Operation};
pub use password::{HashKind, PasswordHash, PasswordHashError};
pub use profile::{Profile, Source, Told};
pub use role::Role;
pub use seal::{Seal, Sealer};
pub use secret::{Nonce, ProfileKey, Sealed};
