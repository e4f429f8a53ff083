//! Who a node is to the others: its identity in one life of its disk.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Incarnation, NodeId};

/// A node in one life of its durable state; votes count by this.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MemberId {
    /// Which node.
    pub node: NodeId,
    /// Which life of its disk.
    pub incarnation: Incarnation,
}

impl fmt::Debug for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.node, self.incarnation)
    }
}
