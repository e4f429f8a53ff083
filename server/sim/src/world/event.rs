//! What is going to happen.

use cluster::{MemberId, PeerMessage, Save, SaveOutcome, Timer, Token};

use super::anew::Stage;
use crate::Scene;

/// One event of the queue.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A message arrives, from one life of a disk for one.
    Deliver {
        between: (MemberId, MemberId),
        from: usize,
        to: usize,
        session: u64,
        message: Box<PeerMessage>,
    },
    /// A timer is due.
    Timer { node: usize, timer: Timer, stamp: u64 },
    /// A batch that nobody waits for has waited long enough.
    Flush { node: usize, run: u64 },
    /// A sync is done.
    Synced { node: usize, run: u64 },
    /// An operator changes the roster, or a disk is lost.
    Operate,
    /// The next scene of a story.
    Story(Scene),
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
    /// A node loses its disk.
    Wipe { node: usize },
    /// A disk is copied.
    Copy,
    /// The copy of a node's disk comes back.
    PutBack { node: usize },
    /// An operator replaces a node that was rolled back.
    Replace { node: usize },
    /// An operator goes on with what follows the loss of a majority.
    Anew(Stage),
    /// An operator founds the cluster.
    Found,
    /// A client does something.
    Client { client: usize },
    /// A client has waited long enough.
    GiveUp { client: usize, token: Token },
    /// A save reaches a node.
    Save { node: usize, token: Token, save: Box<Save> },
    /// A SWISH saves by itself.
    Swish { node: usize },
    /// A node reads the journal, if it still is in that run.
    ReadJournal { node: usize, run: u64 },
    /// An operator looks at a node.
    Operator,
    /// A settling reaches a node.
    Settle { node: usize, token: Token, save: Box<Save> },
    /// An answer reaches its client.
    Answer { token: Token, outcome: SaveOutcome },
    /// Somebody does something on a node that the audit keeps.
    Deed,
    /// Has everything converged?
    Look,
}

impl Event {
    /// True for what somebody does or what breaks, and false for what follows from it.
    pub(crate) const fn is_planned(&self) -> bool {
        match self {
            Self::Operate
            | Self::Story(_)
            | Self::Fault
            | Self::Die { .. }
            | Self::Wipe { .. }
            | Self::Copy
            | Self::Anew(Stage::Lose)
            | Self::Client { .. }
            | Self::Swish { .. }
            | Self::Operator
            | Self::Deed => true,
            Self::Deliver { .. }
            | Self::Timer { .. }
            | Self::Flush { .. }
            | Self::Synced { .. }
            | Self::Dial { .. }
            | Self::HangUp { .. }
            | Self::Mend { .. }
            | Self::Start { .. }
            | Self::PutBack { .. }
            | Self::Replace { .. }
            | Self::Anew(_)
            | Self::Found
            | Self::GiveUp { .. }
            | Self::Save { .. }
            | Self::ReadJournal { .. }
            | Self::Settle { .. }
            | Self::Answer { .. }
            | Self::Look => false,
        }
    }

    /// The node that has to be awake for it.
    pub(crate) const fn node(&self) -> Option<usize> {
        match self {
            Self::Deliver { to, .. } => Some(*to),
            Self::Timer { node, .. }
            | Self::Flush { node, .. }
            | Self::Synced { node, .. }
            | Self::ReadJournal { node, .. }
            | Self::Settle { node, .. }
            | Self::Save { node, .. } => Some(*node),
            Self::Dial { .. }
            | Self::HangUp { .. }
            | Self::Mend { .. }
            | Self::Fault
            | Self::Die { .. }
            | Self::Start { .. }
            | Self::Wipe { .. }
            | Self::Copy
            | Self::PutBack { .. }
            | Self::Replace { .. }
            | Self::Anew(_)
            | Self::Found
            | Self::Operate
            | Self::Story(_)
            | Self::Swish { .. }
            | Self::Operator
            | Self::Client { .. }
            | Self::GiveUp { .. }
            | Self::Answer { .. }
            | Self::Deed
            | Self::Look => None,
        }
    }
}
