//! The cluster core: agrees on every file's head and moves objects between nodes, without I/O.
//!
//! ```text
//!            Input                                   Output
//! driver ──────────────▶ Core::handle(now, …) ──────────────▶ driver
//!   peer messages, links,      register/   4.2 a save           persist, send, reply,
//!   saves, timers, writes      branch/     4.3 held, tips      arm timers, serve objects,
//!   that are durable           reconcile/  1   divergences      events, alarms
//!                              exchange/   3   objects
//!                              catch_up/   5   logs, trees
//!                              roster/     11  epochs
//!                              audit/      5.1 what people did
//! ```
//!
//! Contract: the driver performs the outputs of one call in order before it hands in the next
//! input. It makes a [`Output::Persist`] durable before it releases anything whose `after` names
//! it, and ends the process when a write fails. The same code runs in production, in the
//! simulator and under the model checker, so it reads no clock, draws no random number and keeps
//! everything in ordered collections.
//!
//! Section numbers in comments are those of docs/protocol.md.

mod alarm;
mod audit;
mod ballot;
mod branch;
mod catch_up;
mod config;
mod core;
mod durable;
mod exchange;
#[cfg(feature = "models")]
mod fold;
mod io;
mod key;
mod live;
mod message;
mod objects;
mod path;
mod reconcile;
mod register;
mod roster;
mod status;
mod turn;

pub use alarm::Alarm;
pub use audit::{AuditEntry, ChainEnd, ChainEnds, Follows, MAX_CONTENT_BYTES};
pub use ballot::Ballot;
pub use branch::{Copies, Foreign, HoldReason, SettleOutcome, Tip};
pub use catch_up::Prefix;
pub use config::{Config, Mutant};
pub use core::Core;
pub use durable::{Accepted, Decided, Draft, DraftKind, Durable, KeyState, Record};
pub use io::{
    Event, FoundOutcome, Input, Offence, Output, Reply, Save, SaveOutcome, Timer, Token, Urgency,
    WriteNo,
};
pub use key::{Key, KeyError};
pub use message::{
    Below, Bytes, Change, Heartbeat, INLINE_BYTES, PeerMessage, Propose, TreeBranch,
};
pub use objects::Objects;
pub use reconcile::{Side, Sides, StepState, SyncReport, SyncStep, SyncWork};
pub use roster::{
    ChangeOutcome, Choice, Council, LeaveOutcome, Leaving, Member, MemberId, Phase, RolledBack,
    Roster, RosterChange, RosterVote, Standing, StorePaths, Version, choose,
};
pub use status::{CatchUp, FileStatus, PeerStatus, Waiting};
