//! One thing that somebody did, as the audit keeps it.

use serde::{Deserialize, Serialize};

use crate::{
    FileName, Incarnation, MessageId, VisitorKey, view,
    words::{Action, Outcome, count, utc},
};

/// Who did what to what, when and why, and how that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// When, ms since 1970 by the clock of the node where it was done.
    pub at_ms: u64,
    /// Name of the node where it was done, as it was then.
    #[serde(default)]
    pub node_name: String,
    /// Name of the account, or "command line".
    pub person: String,
    /// What.
    pub action: Action,
    /// To what, if to something in particular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thing: Option<Thing>,
    /// How that was before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// How it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// When it ends by itself, ms since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<u64>,
    /// Why, as the person said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// What follows the outcome's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What something was done to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    /// A file.
    File(FileName),
    /// A node, by its name.
    Node(String),
    /// An account, by its name.
    Person(String),
    /// The chat of a document.
    Chat(String),
    /// A message of a chat.
    Message {
        /// Of which document.
        document: String,
        /// Which.
        id: MessageId,
    },
    /// Numbers of messages that are known to have been written and that no node has.
    Gap {
        /// Of which document.
        document: String,
        /// On which life of which disk they were written.
        incarnation: Incarnation,
        /// The first.
        first: u32,
        /// The last.
        last: u32,
    },
    /// A visitor.
    Visitor {
        /// Who.
        key: VisitorKey,
        /// What the visitor was called then.
        name: String,
    },
}

impl Thing {
    /// What it is called in a sentence.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(name) => name.to_string(),
            Self::Node(name) | Self::Person(name) => name.clone(),
            Self::Chat(document) => format!("chat of {}", view::document_name(document)),
            Self::Message { document, id } => {
                let id = id.to_string();
                format!("message {} in {}", &id[..8], view::document_name(document))
            }
            Self::Gap { document, first, last, .. } => {
                let lost = u64::from(last.saturating_sub(*first)) + 1;
                let lost = count(lost, "message", "messages");
                format!("{lost} of {}", view::document_name(document))
            }
            Self::Visitor { key, name } => format!("{name} ({key})"),
        }
    }
}

impl Deed {
    /// Something that was done to nothing in particular.
    #[must_use]
    pub fn new(at_ms: u64, person: &str, action: Action, outcome: Outcome) -> Self {
        Self {
            at_ms,
            node_name: String::new(),
            person: person.to_owned(),
            action,
            thing: None,
            before: None,
            after: None,
            until_ms: None,
            reason: None,
            outcome,
            detail: None,
        }
    }

    /// The name of the file that it is about, itself or its chat.
    #[must_use]
    pub fn about_file(&self) -> Option<&str> {
        match self.thing.as_ref()? {
            Thing::File(name) => Some(name.as_str()),
            Thing::Chat(document)
            | Thing::Message { document, .. }
            | Thing::Gap { document, .. } => Some(view::document_name(document)),
            Thing::Node(_) | Thing::Person(_) | Thing::Visitor { .. } => None,
        }
    }

    /// What was done to what, and how that ended, in one line.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut text = self.action.word().to_owned();
        if let Some(thing) = &self.thing {
            text.push_str(&format!(": {}", thing.name()));
        }
        if let Some(until_ms) = self.until_ms {
            text.push_str(&format!(", until {}", utc(until_ms)));
        }
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => text.push_str(&format!(", {before} → {after}")),
            (None, Some(after)) => text.push_str(&format!(", now {after}")),
            (Some(before), None) => text.push_str(&format!(", was {before}")),
            (None, None) => {}
        }
        if let Some(reason) = &self.reason {
            text.push_str(&format!(" (“{reason}”)"));
        }
        if self.outcome != Outcome::Done {
            text.push_str(&format!(". {}", self.outcome.word()));
        }
        if let Some(detail) = &self.detail {
            text.push_str(&format!(": {detail}"));
        }
        text
    }

    /// From the text the audit keeps; one of a newer program says at least who and when.
    #[must_use]
    pub fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| {
            let found: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
            let at_ms = found["at_ms"].as_u64().unwrap_or(0);
            let person = found["person"].as_str().unwrap_or("somebody");
            let node_name = found["node_name"].as_str().unwrap_or_default().to_owned();
            let detail = found["action"].as_str().map(str::to_owned);
            Self { node_name, detail, ..Self::new(at_ms, person, Action::Other, Outcome::NotKnown) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deed_reads_back_and_a_newer_ones_person_and_time_are_known() {
        let deed = Deed {
            thing: Some(Thing::File("a.pl".into())),
            reason: Some("they asked".into()),
            ..Deed::new(7, "ann", Action::Founded, Outcome::Done)
        };
        assert_eq!(deed.sentence(), "Founded the cluster: a.pl (“they asked”)");
        let text = serde_json::to_string(&deed).unwrap();
        assert_eq!(Deed::read(&text), deed);
        let newer = text.replace("founded", "transmogrified");
        let read = Deed::read(&newer);
        assert_eq!((read.person.as_str(), read.at_ms, read.action), ("ann", 7, Action::Other));
        assert_eq!(read.detail.as_deref(), Some("transmogrified"));
        assert_eq!(Deed::read("no JSON").action, Action::Other);
    }
}
