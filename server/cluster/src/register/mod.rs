//! The register: one value per key, changed by a majority only to a successor (protocol 4.1, 4.2).
//!
//! ```text
//! save ──▶ draft ──▶ Prepare ──▶ q × Promise ──▶ Propose ──▶ q × Accept ──▶ decided ──▶ NewHead
//!                 └──────────── fast path, one round trip ───────▲
//! ```

mod acceptor;
mod draft;
mod learn;
mod proposer;
mod round;
mod save;

pub(crate) use save::Check;
