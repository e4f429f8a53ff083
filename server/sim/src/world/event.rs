//! What is going to happen.

use cluster::{PeerMessage, Save, SaveOutcome, Timer, Token};

/// One event of the queue.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A message arrives.
    Deliver { from: usize, to: usize, session: u64, message: Box<PeerMessage> },
    /// A timer is due.
    Timer { node: usize, timer: Timer, stamp: u64 },
    /// A batch that nobody waits for has waited long enough.
    Flush { node: usize, run: u64 },
    /// A sync is done.
    Synced { node: usize, run: u64 },
    /// Two nodes try to connect.
    Dial { a: usize, b: usize },
    /// A connection was silent for too long, or its other end is gone.
    HangUp { a: usize, b: usize, session: u64 },
    /// Messages from one node to another pass again.
    Mend { from: usize, to: usize },
    /// The next fault.
    Fault,
    /// A node dies, if it still is in that run.
    Die { node: usize, run: u64 },
    /// A node starts.
    Start { node: usize },
    /// An operator founds the cluster.
    Found,
    /// A client does something.
    Client { client: usize },
    /// A client has waited long enough.
    GiveUp { client: usize, token: Token },
    /// A save reaches a node.
    Save { node: usize, token: Token, save: Box<Save> },
    /// An answer reaches its client.
    Answer { token: Token, outcome: SaveOutcome },
    /// Somebody does something on a node that the audit keeps.
    Deed,
    /// Has everything converged?
    Look,
}

impl Event {
    /// The node that has to be awake for it.
    pub(crate) const fn node(&self) -> Option<usize> {
        match self {
            Self::Deliver { to, .. } => Some(*to),
            Self::Timer { node, .. }
            | Self::Flush { node, .. }
            | Self::Synced { node, .. }
            | Self::Save { node, .. } => Some(*node),
            Self::Dial { .. }
            | Self::HangUp { .. }
            | Self::Mend { .. }
            | Self::Fault
            | Self::Die { .. }
            | Self::Start { .. }
            | Self::Found
            | Self::Client { .. }
            | Self::GiveUp { .. }
            | Self::Answer { .. }
            | Self::Deed
            | Self::Look => None,
        }
    }
}
