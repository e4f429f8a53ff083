//! One page that is open somewhere, and what happens to it.

use std::collections::BTreeSet;

use domain::NodeId;
use serde::{Deserialize, Serialize};

use super::PublicUser;
use crate::{DocumentId, Stamp, Wsid};

/// Open files of a visitor that a peer may tell.
const MAX_FILES: usize = 256;

/// A page that is open on some node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Visitor {
    /// Whose page.
    pub user: PublicUser,
    /// Documents of the files it has open.
    pub files: BTreeSet<DocumentId>,
    /// When it last did something of this, by the wall clock of its node.
    pub heard: Stamp,
}

impl Visitor {
    pub(crate) fn is_within(&self) -> bool {
        self.files.len() <= MAX_FILES
    }

    /// Bytes of it in a message, about.
    pub(crate) fn size(&self) -> usize {
        let user = self.user.fields().map(|(name, value)| name.len() + value.len());
        let files = self.files.iter().map(|file| file.as_str().len());
        user.chain(files).sum::<usize>() + 100
    }
}

/// How a page went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveReason {
    /// It said so.
    Unload,
    /// Its connection was lost.
    Close,
    /// Its node is away, has left, or began anew. Never told by a node of its own visitors.
    Node,
}

/// Why the user of a page changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpdateReason {
    /// Somebody logged in.
    Login,
    /// Somebody logged out.
    Logout,
    /// A visitor gave itself a name.
    SetNickName,
    /// A profile was edited.
    ProfileEdit,
    /// It was not told when it happened: a snapshot has it.
    Snapshot,
}

/// A change of a node's own visitors, as it is told to the others.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitorChange {
    /// It has come.
    Joined {
        /// Which page.
        wsid: Wsid,
        /// What is known of it.
        visitor: Visitor,
    },
    /// It has gone.
    Left {
        /// Which page.
        wsid: Wsid,
        /// How.
        reason: LeaveReason,
    },
    /// Its user is another.
    Updated {
        /// Which page.
        wsid: Wsid,
        /// The user now.
        user: PublicUser,
        /// Why.
        reason: UpdateReason,
        /// When.
        heard: Stamp,
    },
    /// It has opened a file.
    Opened {
        /// Which page.
        wsid: Wsid,
        /// Which file.
        document: DocumentId,
        /// When.
        heard: Stamp,
    },
    /// It has closed a file.
    Closed {
        /// Which page.
        wsid: Wsid,
        /// Which file.
        document: DocumentId,
        /// When.
        heard: Stamp,
    },
}

impl VisitorChange {
    pub(crate) fn is_within(&self) -> bool {
        match self {
            Self::Joined { visitor, .. } => visitor.is_within(),
            Self::Left { .. }
            | Self::Updated { .. }
            | Self::Opened { .. }
            | Self::Closed { .. } => true,
        }
    }
}

/// Something about a visitor that pages are told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VisitorEvent {
    /// Which page it is about.
    pub wsid: Wsid,
    /// Where that page is, or was.
    pub node: NodeId,
    /// Its user; as it was, when it has gone.
    pub user: PublicUser,
    /// What happened.
    pub what: Happening,
}

/// What happened to a visitor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Happening {
    /// It has come, with these files open.
    Joined(BTreeSet<DocumentId>),
    /// It has gone.
    Left(LeaveReason),
    /// It has opened a file.
    Opened(DocumentId),
    /// It has closed a file.
    Closed(DocumentId),
    /// Its user changed.
    Updated(UpdateReason),
}

/// How many pages are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Census {
    /// On the node that says so.
    pub local_visitors: u64,
    /// On all nodes that it knows of, itself included.
    pub visitors: u64,
}
