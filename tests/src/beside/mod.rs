//! What stands beside a node as its SWISH: a recorded one, or a real one.

mod real;
mod recorded;

pub use real::RealSwish;
pub use recorded::RecordedSwish;
