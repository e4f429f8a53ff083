//! gitty.
