//! Reconciling: what tips and decided heads are to each other, and "force sync" (protocol 1, 4.4).

mod sides;
mod sync;

pub(crate) use sides::Judged;
pub use sides::{Side, Sides};
pub(crate) use sync::Sync;
pub use sync::{StepState, SyncReport, SyncStep, SyncWork};
