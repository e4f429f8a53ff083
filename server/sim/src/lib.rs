//! The deterministic world: whole clusters of real cores under faults, and what must never happen.
//!
//! ```text
//!   seed ──▶ Profile ──▶ World { nodes: Core + disk + objects + timers, network, clients, faults }
//!                          │ one event at a time, in virtual time
//!                          ▼
//!                        Oracle ──▶ invariants/ ──▶ Outcome: figures, or one Violation
//! ```
//!
//! `chat` is another world, of relay cores, pages and people; it shares seeds, traces and figures.
//!
//! Everything random comes from the seed, nothing reads a clock, and every collection is ordered:
//! the same seed gives the same run, line for line.

pub mod chat;
mod dice;
mod invariants;
mod kind;
pub mod mutants;
mod oracle;
mod outcome;
mod profile;
mod scene;
pub mod shrink;
mod trace;
mod world;

pub use kind::Kind;
pub use outcome::{Counts, Outcome, Violation};
pub use profile::Profile;
pub use scene::Scene;
pub use trace::Trace;
pub use world::World;

/// Runs one schedule to its end.
#[must_use]
pub fn run(profile: Profile, trace: Trace) -> Outcome {
    if profile.kind == Kind::Chat {
        return chat::run(&profile, trace);
    }
    World::new(profile, trace).run()
}
