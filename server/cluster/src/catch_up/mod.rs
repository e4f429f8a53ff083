//! Catch-up: what changed elsewhere, by change log and content digest (protocol 5).

mod changes;
mod heartbeat;
mod root;

pub(crate) use root::RootSum;
