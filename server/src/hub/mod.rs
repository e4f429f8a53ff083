//! Chat and visitors of this node: who may not post, and what is not shown.

mod moderation;

pub use moderation::{Moderation, keys_of};
