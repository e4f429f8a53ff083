//! Driver of the cluster core: one task owns it, everything else talks to it through a handle.
//!
//! ```text
//! commands ─┐                        ┌─▶ links (votes, objects)
//! links ────┤  inputs      outputs   ├─▶ core.db, one row a batch ─▶ filer (files, ref/head)
//! timers ───┼────────▶ core ─────────┼─▶ replies, after their write
//! core.db ──┘                        └─▶ shared state, events
//! ```

mod asked;
pub mod audit;
mod batch;
pub mod divergence;
mod driver;
mod filer;
mod filing;
mod foreign;
pub mod founding;
mod garbage;
pub mod handle;
pub mod identity;
mod index;
mod inputs;
pub mod joining;
mod keeper;
mod kill;
mod leaving;
pub mod link;
pub mod membership;
mod named;
mod open;
mod outputs;
mod pace;
mod publish;
mod recent;
pub mod relay;
mod renewal;
mod serve;
mod thread;
mod timers;
pub mod view;
mod watcher;

pub use divergence::{Branch, Divergence};
pub use driver::{Links as DriverLinks, start};
pub use filing::Filing;
pub use handle::{Command, Handle, NodeError, NodeEvent, ObjectError};
pub use open::{OpenError, Opened, open};
pub use pace::CatchUpView;
pub use thread::NodeThread;
pub use view::{FileEntry, MissingObject, NodeView, PeerView, Shared};
