//! Actions on chats and visitors: what is asked. Answered as an action on a node is.

use serde::{Deserialize, Serialize};

use super::document_name;
use crate::{Deed, Incarnation, MessageId, Thing, VisitorKey, words::ChatAction};

/// Body of `POST /api/v1/moderate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModerateRequest {
    /// Only say what would happen.
    #[serde(default)]
    pub plan: bool,
    /// What.
    pub item: Moderate,
    /// Why, for the audit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One action on a chat or a visitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Moderate {
    /// Compares a chat with all linked nodes now.
    Fetch {
        /// Which.
        document: String,
    },
    /// Takes a message out of what visitors get.
    Hide {
        /// Of which chat.
        document: String,
        /// Which.
        id: MessageId,
    },
    /// Puts it back.
    Show {
        /// Of which chat.
        document: String,
        /// Which.
        id: MessageId,
    },
    /// Accepts that messages are lost.
    AcceptGap {
        /// Of which chat.
        document: String,
        /// Of which life of which disk.
        incarnation: Incarnation,
        /// Number of the first.
        first: u32,
        /// Number of the last.
        last: u32,
    },
    /// Refuses what a visitor posts.
    Mute {
        /// Who.
        who: VisitorKey,
        /// What the visitor is called.
        name: String,
        /// For how long, in ms; without it until it is taken back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        for_ms: Option<u64>,
    },
    /// Takes that back.
    Unmute {
        /// Who.
        who: VisitorKey,
        /// What the visitor is called.
        name: String,
    },
}

impl Moderate {
    /// Longest muting that ends by itself, in ms: a year.
    pub const MAX_MUTE_MS: u64 = 366 * 86_400_000;

    /// What is done.
    #[must_use]
    pub const fn verb(&self) -> ChatAction {
        match self {
            Self::Fetch { .. } => ChatAction::Fetch,
            Self::Hide { .. } => ChatAction::Hide,
            Self::Show { .. } => ChatAction::Show,
            Self::AcceptGap { .. } => ChatAction::AcceptGap,
            Self::Mute { .. } => ChatAction::Mute,
            Self::Unmute { .. } => ChatAction::Unmute,
        }
    }

    /// What it is done to.
    #[must_use]
    pub fn thing(&self) -> Thing {
        match self.clone() {
            Self::Fetch { document } => Thing::Chat(document),
            Self::Hide { document, id } | Self::Show { document, id } => {
                Thing::Message { document, id }
            }
            Self::AcceptGap { document, incarnation, first, last } => {
                Thing::Gap { document, incarnation, first, last }
            }
            Self::Mute { who: key, name, .. } | Self::Unmute { who: key, name } => {
                Thing::Visitor { key, name }
            }
        }
    }

    /// Fills in what an entry of the audit says of it.
    #[must_use]
    pub fn into_deed(self, deed: Deed) -> Deed {
        let until_ms = match &self {
            Self::Mute { for_ms, .. } => for_ms.map(|for_ms| deed.at_ms.saturating_add(for_ms)),
            _ => None,
        };
        Deed { action: self.verb().audited(), thing: Some(self.thing()), until_ms, ..deed }
    }

    /// "Hide a message in family.pl": heading of the dialog.
    #[must_use]
    pub fn title(&self) -> String {
        let verb = self.verb();
        match self {
            Self::Fetch { document } => format!("{verb}: {}", document_name(document)),
            Self::Hide { document, .. } | Self::Show { document, .. } => {
                format!("{verb} a message in {}", document_name(document))
            }
            Self::AcceptGap { document, .. } => format!("{verb} in {}", document_name(document)),
            Self::Mute { name, .. } | Self::Unmute { name, .. } => format!("{verb} {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Action, Outcome};

    #[test]
    fn a_request_is_json_with_its_action_and_a_deed_has_all_of_it() {
        let text = r#"{"item":{"action":"mute","who":{"uid":"u-1"},"name":"Ben","for_ms":60000}}"#;
        let request: ModerateRequest = serde_json::from_str(text).unwrap();
        assert!(!request.plan);
        let deed = request.item.into_deed(Deed::new(5, "ann", Action::Other, Outcome::Done));
        assert_eq!((deed.action, deed.until_ms), (Action::VisitorMuted, Some(60_005)));
        assert_eq!(deed.sentence(), "Muted a visitor: Ben (uid:u-1), until 1970-01-01T00:01:00Z");
        let hide =
            Moderate::Hide { document: "gitty:a.pl".into(), id: MessageId::from_bytes([7; 16]) };
        assert_eq!(hide.title(), "Hide a message in a.pl");
    }
}
