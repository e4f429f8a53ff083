//! What a real SWISH answered, asked again of a node.
//!
//! ```text
//!   recording ──▶ exchange ──ask──▶ a node's gateway
//!                    │                    │
//!                    └─────▶ compare ◀────┘ ──▶ differences: each is listed with a reason, or fails
//! ```

pub mod compare;
pub mod differences;
pub mod names;
pub mod recording;
