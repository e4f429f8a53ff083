//! Words for people and what they do: roles, actions, and how an action ended.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Tone, UnknownCode};

words! {
    /// What somebody who is logged in may do.
    Role {
        /// Sees everything and changes nothing.
        Viewer = "viewer", "Viewer", Info;
        /// Sees everything and may change it.
        Operator = "operator", "Operator", Good;
    }
}

words! {
    /// What was done, as the audit keeps it; the command of a button or of the command line.
    Action {
        /// Somebody logged in.
        Login = "login", "Logged in", Info;
        /// Somebody tried to log in and was refused.
        LoginRefused = "login_refused", "Login refused", Warn;
        /// Somebody logged out.
        Logout = "logout", "Logged out", Info;
        /// A one-time link was made.
        LinkMade = "link_made", "Made a one-time link", Warn;
        /// Somebody has an account now.
        AccountMade = "account_made", "Made an account", Warn;
        /// An account has another password.
        PasswordSet = "password_set", "Set a password", Warn;
        /// An account may do other things than before.
        RoleChanged = "role_changed", "Changed a role", Warn;
        /// An account is gone.
        AccountRemoved = "account_removed", "Removed an account", Warn;
        /// A cluster was founded.
        Founded = "founded", "Founded the cluster", Warn;
        /// A cluster was founded anew of what one disk has: a majority of the old one was gone.
        FoundedAnew = "founded_anew", "Founded the cluster anew", Warn;
        /// A node left its cluster, to join another one.
        LeftCluster = "left_cluster", "Left the cluster", Warn;
        /// A node asked to join a cluster.
        AskedToJoin = "asked_to_join", "Asked to join", Info;
        /// A node was let in, as a learner.
        NodeApproved = "node_approved", "Approved a node", Warn;
        /// A learner got a vote.
        NodePromoted = "node_promoted", "Promoted a node", Warn;
        /// A member lost its vote.
        NodeDemoted = "node_demoted", "Demoted a node", Warn;
        /// A member whose disk is new got its vote back.
        NodeReplaced = "node_replaced", "Replaced a node", Warn;
        /// A node left.
        NodeRemoved = "node_removed", "Removed a node", Warn;
        /// A node takes no new pages.
        NodeDrained = "node_drained", "Drained a node", Warn;
        /// It takes them again.
        NodeUndrained = "node_undrained", "Ended draining a node", Info;
        /// Made a version the head of a file that had several sides.
        Picked = "picked", "Picked a version", Warn;
        /// Made a merged text the head.
        Merged = "merged", "Merged two sides", Warn;
        /// Made a side a file of its own.
        KeptBoth = "kept_both", "Kept both sides", Warn;
        /// Brought the content before a settlement back.
        Undid = "undid", "Undid a choice", Warn;
        /// Had a file brought together on all nodes.
        Synced = "synced", "Synced a file", Info;
        /// Had the chat of a document compared with all nodes.
        ChatFetched = "chat_fetched", "Fetched a chat", Info;
        /// Hid a message of a chat from visitors.
        MessageHidden = "message_hidden", "Hid a message", Warn;
        /// Showed a hidden message again.
        MessageShown = "message_shown", "Showed a message", Info;
        /// Accepted that messages are lost.
        GapAccepted = "gap_accepted", "Accepted a gap", Warn;
        /// Took the chat from a visitor.
        VisitorMuted = "visitor_muted", "Muted a visitor", Warn;
        /// Gave it back.
        VisitorUnmuted = "visitor_unmuted", "Unmuted a visitor", Info;
        /// A newer program on another node did something this one has no word for.
        Other = "other", "Something newer", Unknown;
    }
}

impl Role {
    /// Whether somebody in this role may change anything.
    #[must_use]
    pub const fn may_act(self) -> bool {
        match self {
            Self::Operator => true,
            Self::Viewer => false,
        }
    }
}
