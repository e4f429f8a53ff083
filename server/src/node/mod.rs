//! Driver of the cluster core: one task owns it, everything else talks to it through a handle.

pub mod handle;
pub mod link;
pub mod view;

pub use handle::{Command, Handle, NodeError, NodeEvent, ObjectError};
pub use view::{FileEntry, NodeView, PeerView, Shared};
