//! The words for what an operator does and for how it ended.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Action, Tone, UnknownCode};

words! {
    /// How an action on one item ended.
    Outcome {
        /// It could not be done; the reason stands beside it.
        Failed = "failed", "failed", Bad;
        /// It was not allowed; nothing changed.
        Refused = "refused", "refused", Warn;
        /// Too few nodes answered before anything was proposed; nothing changed.
        NoMajority = "no_majority", "refused: no majority", Warn;
        /// The head is no longer the one that was shown; nothing changed.
        HeadMoved = "head_moved", "refused: head moved", Warn;
        /// It was proposed, and the answers stayed out: it may still be decided.
        NotKnown = "not_known", "not known yet", Unknown;
        /// It was stopped before this item.
        NotTried = "not_tried", "not tried", Unknown;
        /// It was as wanted already.
        Unchanged = "unchanged", "no change needed", Good;
        /// It is decided.
        Done = "done", "done", Good;
    }
}

impl Outcome {
    /// Whether a second run should take the item up again.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Done | Self::Unchanged)
    }
}

/// What the store of a node that asks to join has, beside what is decided (protocol 4.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JoinReport {
    /// Files with the same head.
    pub equal: u64,
    /// Files whose head goes on from there: it is fast-forwarded.
    pub behind: u64,
    /// Files with saves that are only there: they are proposed.
    pub ahead: u64,
    /// Files with two sides: what is decided is served, and a person chooses.
    pub diverged: u64,
    /// Files that are only there: they are proposed.
    pub new: u64,
}

impl fmt::Display for JoinReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { equal, behind, ahead, diverged, new } = self;
        let all = equal + behind + ahead + diverged + new;
        if all == 0 {
            return f.write_str("Its store has no files.");
        }
        write!(
            f,
            "Of {all} {} in its store: {equal} equal, {behind} behind, {ahead} ahead, {diverged} \
             diverged, {new} new here.",
            if all == 1 { "file" } else { "files" }
        )?;
        if *diverged > 0 {
            f.write_str(
                " What diverged is listed, and what is decided here goes on being served.",
            )?;
        }
        Ok(())
    }
}

/// Defines what people can do: name, code and verb in one row each.
macro_rules! verbs {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $code:literal, $word:literal;)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $code)] $variant,)+
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// What addresses, the API and the audit carry.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// What people read on the button.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $name {
            type Err = UnknownCode;

            fn from_str(code: &str) -> Result<Self, UnknownCode> {
                let found = Self::ALL.iter().find(|verb| verb.code() == code);
                found.copied().ok_or_else(|| UnknownCode(code.to_owned()))
            }
        }
    };
}

verbs! {
    /// How a divergence is settled (protocol 4.5).
    SettleVerb {
        /// One side becomes the head.
        Pick = "pick", "Pick";
        /// A text of its own becomes the head.
        Merge = "merge", "Merge";
        /// The other side becomes a file of its own.
        KeepBoth = "keep_both", "Keep both";
        /// The content before a settlement becomes the head again.
        Undo = "undo", "Undo";
    }
}

verbs! {
    /// What can be done to a node (protocol 11).
    NodeAction {
        /// Lets a node that asked to join in, as a learner.
        Approve = "approve", "Approve";
        /// Gives a learner a vote.
        Promote = "promote", "Promote";
        /// Takes a member's vote; it keeps on copying.
        Demote = "demote", "Demote";
        /// Puts a node that has lost its disk back in its own place.
        Replace = "replace", "Replace";
        /// Ends its membership.
        Remove = "remove", "Remove";
        /// Lets it take no new pages; it goes on voting.
        Drain = "drain", "Drain";
        /// Lets it take pages again.
        Undrain = "undrain", "Undrain";
    }
}

verbs! {
    /// What can be done to chats and visitors (protocol 6, decisions/0041).
    ChatAction {
        /// Has a chat compared with all nodes.
        Fetch = "fetch", "Fetch now";
        /// Takes a message out of what visitors see.
        Hide = "hide", "Hide";
        /// Puts it back.
        Show = "show", "Show";
        /// Takes it that messages are lost.
        AcceptGap = "accept_gap", "Accept gap";
        /// Lets a visitor post nothing.
        Mute = "mute", "Mute";
        /// Lets it post again.
        Unmute = "unmute", "Unmute";
    }
}

impl ChatAction {
    /// What the audit calls it.
    #[must_use]
    pub const fn audited(self) -> Action {
        match self {
            Self::Fetch => Action::ChatFetched,
            Self::Hide => Action::MessageHidden,
            Self::Show => Action::MessageShown,
            Self::AcceptGap => Action::GapAccepted,
            Self::Mute => Action::VisitorMuted,
            Self::Unmute => Action::VisitorUnmuted,
        }
    }

    /// What follows, before somebody confirms it.
    #[must_use]
    pub const fn consequence(self) -> &'static str {
        match self {
            Self::Fetch => {
                "This node compares the chat with every node it is linked with now, and gets what \
                 it lacks."
            }
            Self::Hide => {
                "Visitors do not get this message any more, on any node: not with the history, and \
                 not as a late one. Pages that show it keep it until they are loaded again. It is \
                 kept, shown here, and can be shown to visitors again."
            }
            Self::Show => "Visitors get this message again, on every node.",
            Self::AcceptGap => {
                "These messages are listed as lost and ask for nothing any more. Should a node \
                 bring them after all, they are shown in their place."
            }
            Self::Mute => {
                "What this visitor posts is refused on every node, with a message that says so. \
                 Reading goes on, and saving files does."
            }
            Self::Unmute => "This visitor can post again, on every node.",
        }
    }
}

impl NodeAction {
    /// What the audit calls it.
    #[must_use]
    pub const fn audited(self) -> Action {
        match self {
            Self::Approve => Action::NodeApproved,
            Self::Promote => Action::NodePromoted,
            Self::Demote => Action::NodeDemoted,
            Self::Replace => Action::NodeReplaced,
            Self::Remove => Action::NodeRemoved,
            Self::Drain => Action::NodeDrained,
            Self::Undrain => Action::NodeUndrained,
        }
    }

    /// What follows for the node called `node`, before somebody confirms it.
    #[must_use]
    pub fn consequence(self, node: &str) -> String {
        match self {
            Self::Approve => format!(
                "{node} becomes a learner: it copies every file, and has no vote until it is promoted."
            ),
            Self::Promote => format!(
                "{node} gets a vote. The nodes first make sure that it has every decided head."
            ),
            Self::Demote => {
                format!("{node} loses its vote and becomes a learner; it keeps on copying.")
            }
            Self::Replace => format!(
                "{node} comes back with an empty disk as a learner. What only its old disk had is lost."
            ),
            Self::Remove => format!(
                "{node} is no member any more: it gets nothing and decides nothing. Its files stay \
                 on its own disk."
            ),
            Self::Drain => {
                format!("{node} takes no new pages and sockets. It goes on voting and copying.")
            }
            Self::Undrain => format!("{node} takes new pages again."),
        }
    }
}
