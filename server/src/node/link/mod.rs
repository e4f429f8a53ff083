//! Links to the other nodes: two WebSocket connections per pair, sealed by Noise (protocol 2).
//!
//! ```text
//!  Links ── send ──▶ outbox ──▶ connection ──▶ sealed ──▶ socket ──▶ peer
//!    │                              │
//!    │ dial, accept, handshake      └── LinkEvent ──▶ driver
//!    └──────── table: which connection of a peer and kind is the one in use
//! ```
//!
//! Guarantees: a peer's messages arrive in the order they were sent on one connection; `Up` and
//! `Down` of a peer alternate, and frames of a control connection lie between them. Deliberately
//! absent: delivery. A full queue or a lost connection loses messages, and the core asks again.

mod accept;
mod asking;
mod clock;
mod conduct;
mod connection;
mod dial;
mod frame;
mod handshake;
mod hello;
mod links;
mod meter;
mod noise;
mod outbox;
mod probe;
mod rival;
mod socket;
mod table;
#[cfg(test)]
mod tests;

pub use asking::{Answer, Asked, Asking, Place, Question, StorePath};
pub use clock::now_ms;
pub use conduct::Offence;
pub use frame::{Elsewhere, FrameError};
pub use handshake::{HandshakeError, Refusal};
pub use hello::{About, Hello, HelloState, Kind, PROTOCOL_VERSION, Purpose, RELAY_VERSION};
pub use links::{LinkConfig, LinkEvent, Links, Load, Sent, Stranger};
pub use meter::{Counters, LinkView};
pub use noise::SealError;
pub use probe::ProbeError;
pub use socket::ConnectError;
