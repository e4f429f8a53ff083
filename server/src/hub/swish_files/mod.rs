//! SWISH's chat files (`serve --chat-dir`): read when they change, and written on, so that a SWISH
//! without this node still has its chats.
//!
//! ```text
//!  DIR/cc/81/56f3…   one line for each message ──▶ read ──▶ import ──▶ core.db
//!                                                                        │ after a number
//!                    lines that the file lacks ◀── append ◀──────────────┘
//! ```
//!
//! Each message is appended once: core.db keeps up to which number every message is in the files
//! and on the disk. What is after that (a crash, or a first start) is compared with the ids in the
//! file before anything is appended to it. Nothing is ever changed or cut in a file: a line of ours
//! that a crash has cut off is completed. The directory belongs to this node and its SWISH alone.

mod append;
mod file;
mod folder;
mod line;
mod task;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(super) use folder::path_of;
pub(super) use task::start;
