//! Chats: the list of them, and one with its messages (protocol 6).

use serde::{Deserialize, Serialize};

use super::{NodeRef, escape, unescape_path};
use crate::{
    FileName, Incarnation, MessageId, Ruling, VisitorKey,
    words::{ChatState, NodeHealth},
};

/// What every document of SWISH's chats begins with.
const PREFIX: &str = "gitty:";

/// What people call a document: the name of its file.
#[must_use]
pub fn document_name(document: &str) -> &str {
    document.strip_prefix(PREFIX).unwrap_or(document)
}

/// The file that a document is about; none for one of another form.
#[must_use]
pub fn document_file(document: &str) -> Option<FileName> {
    document.strip_prefix(PREFIX).map(FileName::from)
}

/// The document of a file's chat.
#[must_use]
pub fn document_of(file: &FileName) -> String {
    format!("{PREFIX}{file}")
}

/// Page of a chat.
#[must_use]
pub fn chat_href(document: &str) -> String {
    format!("/chat/{}", escape(document))
}

/// The document whose page a path is; empty for any other path.
#[must_use]
pub fn chat_of(path: &str) -> String {
    path.strip_prefix("/chat/").map(unescape_path).unwrap_or_default()
}

/// A page of the list of chats: `GET /api/v1/chat`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatsPage {
    /// The answering node's clock, ms since 1970.
    pub at_ms: u64,
    /// The rows.
    pub rows: Vec<ChatRow>,
    /// Chats that match the query, on all pages.
    pub shown: u64,
    /// Position of the first row among those that match.
    pub offset: u64,
    /// All chats by state, before the query.
    pub counts: ChatCounts,
}

/// How many chats, messages and visitors there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChatCounts {
    /// Chats with at least one message.
    pub documents: u64,
    /// Messages in them.
    pub messages: u64,
    /// Chats that are [`ChatState::Gap`].
    pub gap: u64,
    /// Chats that are [`ChatState::ToFetch`].
    pub to_fetch: u64,
    /// Chats that are [`ChatState::Unknown`].
    pub unknown: u64,
    /// Chats that are [`ChatState::InStep`].
    pub in_step: u64,
    /// Messages that other nodes have and this one lacks, in all chats.
    pub messages_to_fetch: u64,
    /// Pages that are open now, on all nodes.
    pub visitors: u64,
}

impl ChatCounts {
    /// Counts one more chat.
    pub fn add(&mut self, row: &ChatRow) {
        self.documents += 1;
        self.messages += row.count;
        self.messages_to_fetch += row.to_fetch;
        match row.state {
            ChatState::Gap => self.gap += 1,
            ChatState::ToFetch => self.to_fetch += 1,
            ChatState::Unknown => self.unknown += 1,
            ChatState::InStep => self.in_step += 1,
        }
    }

    /// Chats in `state`.
    #[must_use]
    pub const fn of(&self, state: ChatState) -> u64 {
        match state {
            ChatState::Gap => self.gap,
            ChatState::ToFetch => self.to_fetch,
            ChatState::Unknown => self.unknown,
            ChatState::InStep => self.in_step,
        }
    }
}

/// One chat in the list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChatRow {
    /// SWISH's `docid`.
    pub document: String,
    /// Messages here, which is also the serial of the last one.
    pub count: u64,
    /// When the last message was written, ms since 1970.
    pub last_ms: Option<u64>,
    /// How it stands over all nodes.
    pub state: ChatState,
    /// What follows the state's word.
    pub detail: Option<String>,
    /// Messages that other nodes have and this one lacks.
    pub to_fetch: u64,
    /// Messages that are hidden from visitors.
    pub hidden: u64,
    /// How it stands on each node, the own one first.
    pub nodes: Vec<ChatOnNode>,
}

/// One chat on one node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChatOnNode {
    /// The node.
    pub node: NodeRef,
    /// It is the one that answers.
    pub own: bool,
    /// How it answers.
    pub health: NodeHealth,
    /// How its chat is beside the answering node's.
    pub state: ChatState,
    /// Messages there, which is also the serial of the last one; none when it is not known.
    pub count: Option<u64>,
    /// Length of the common beginning of both orders.
    pub agreement: Option<u64>,
    /// When it was last compared, ms since 1970 on the answering node's clock.
    pub compared_ms: Option<u64>,
}

/// One chat: `GET /api/v1/chat/{document}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatPage {
    /// The answering node's clock, ms since 1970.
    pub at_ms: u64,
    /// The same row as in the list.
    pub row: ChatRow,
    /// The store has a file of this name.
    pub has_file: bool,
    /// What is missing, oldest first.
    pub gaps: Vec<ChatGap>,
    /// Part of the messages, oldest first.
    pub messages: Vec<ChatMessage>,
    /// Place of the first message that is shown, when there are others before it.
    pub before: Option<String>,
}

/// Messages that are known to have been written and that are not here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatGap {
    /// Where they were written, if that node is known.
    pub node: Option<NodeRef>,
    /// In which life of its disk.
    pub incarnation: Incarnation,
    /// Number of the first there.
    pub first: u32,
    /// Number of the last.
    pub last: u32,
    /// Every linked node was compared, and none has them.
    pub is_final: bool,
    /// Who has accepted that they are lost.
    pub accepted: Option<Ruling>,
}

impl ChatGap {
    /// How many messages.
    #[must_use]
    pub fn count(&self) -> u64 {
        u64::from(self.last.saturating_sub(self.first)) + 1
    }
}

/// One message, as a moderator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChatMessage {
    /// Its identity.
    pub id: MessageId,
    /// When it was written, ms since 1970.
    pub at_ms: u64,
    /// Its place in the order here.
    pub serial: u64,
    /// What its author was called, if anything.
    pub author: Option<String>,
    /// By what its author is known; none in old messages.
    pub who: Option<VisitorKey>,
    /// Where it was posted; none when it was imported, or that node is not known.
    pub node: Option<NodeRef>,
    /// What it says, as text; for a notice of SWISH its markup is taken away.
    pub text: String,
    /// What is attached: "a query", "a selection".
    pub attached: Vec<String>,
    /// Who has hidden it from visitors.
    pub hidden: Option<Ruling>,
    /// Who has muted its author.
    pub muted: Option<Ruling>,
}
