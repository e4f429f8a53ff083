//! Which chats, messages and visitors a list has, as addresses carry it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ChatRow, VisitorRow, document_name, escape, unescape};
use crate::words::ChatState;

/// Which chats: the query of `/api/v1/chat`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct ChatsQuery {
    /// Part of the name of the file, any case.
    pub q: String,
    /// Only this state.
    pub state: Option<ChatState>,
    /// Rows to skip.
    pub offset: u64,
    /// Rows to return, from 1 to [`ChatsQuery::MAX_LIMIT`].
    pub limit: u64,
}

impl Default for ChatsQuery {
    fn default() -> Self {
        Self { q: String::new(), state: None, offset: 0, limit: Self::PAGE }
    }
}

impl ChatsQuery {
    /// Rows of a page.
    pub const PAGE: u64 = 100;
    /// Most rows an answer may have.
    pub const MAX_LIMIT: u64 = 1_000;

    /// Reads the part of an address after `?`; what it does not understand keeps its default.
    #[must_use]
    pub fn parse(search: &str) -> Self {
        let mut query = Self::default();
        for (key, value) in pairs(search) {
            match key {
                "q" => query.q = value,
                "state" => query.state = value.parse().ok(),
                "offset" => query.offset = value.parse().unwrap_or(0),
                "limit" => query.limit = value.parse().unwrap_or(Self::PAGE),
                _ => {}
            }
        }
        query.limit = query.limit.clamp(1, Self::MAX_LIMIT);
        query
    }

    /// Whether `row` is wanted, apart from its position.
    #[must_use]
    pub fn wants(&self, row: &ChatRow) -> bool {
        self.wants_document(&row.document) && self.state.is_none_or(|state| state == row.state)
    }

    /// Whether the name is wanted.
    #[must_use]
    pub fn wants_document(&self, document: &str) -> bool {
        let needle = self.q.trim().to_lowercase();
        needle.is_empty() || document_name(document).to_lowercase().contains(&needle)
    }

    /// How two rows are ordered: worst state first, then the newest message; names break ties.
    #[must_use]
    pub fn order(left: &ChatRow, right: &ChatRow) -> std::cmp::Ordering {
        let newest = || right.last_ms.cmp(&left.last_ms);
        left.state
            .cmp(&right.state)
            .then_with(newest)
            .then_with(|| left.document.cmp(&right.document))
    }
}

/// The part of an address after the path: empty, or `?` and what differs from the default.
impl fmt::Display for ChatsQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.map(|state| state.code().to_owned()).unwrap_or_default();
        write_pairs(f, [("q", self.q.clone()), ("state", state)])?;
        let begun = !self.q.is_empty() || self.state.is_some();
        write_place(f, begun, self.offset, (self.limit, Self::PAGE))
    }
}

/// Which messages of a chat: the query of `/api/v1/chat/{document}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct MessagesQuery {
    /// Only messages before this place (`<stamp>-<id>`); the newest ones without it.
    pub before: String,
}

impl MessagesQuery {
    /// Messages of a page.
    pub const PAGE: usize = 50;

    /// Reads the part of an address after `?`.
    #[must_use]
    pub fn parse(search: &str) -> Self {
        let before = pairs(search).find(|(key, _)| *key == "before").map(|(_, value)| value);
        Self { before: before.unwrap_or_default() }
    }
}

impl fmt::Display for MessagesQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_pairs(f, [("before", self.before.clone())])
    }
}

/// Which visitors: the query of `/api/v1/visitors`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct VisitorsQuery {
    /// Part of the name of the visitor or of an open file, any case.
    pub q: String,
    /// Only visitors of the node with this name.
    pub node: String,
    /// Only visitors that have this document's file open.
    pub file: String,
    /// Rows to skip.
    pub offset: u64,
    /// Rows to return, from 1 to [`VisitorsQuery::MAX_LIMIT`].
    pub limit: u64,
}

impl Default for VisitorsQuery {
    fn default() -> Self {
        let none = String::new;
        Self { q: none(), node: none(), file: none(), offset: 0, limit: Self::PAGE }
    }
}

impl VisitorsQuery {
    /// Rows of a page.
    pub const PAGE: u64 = 100;
    /// Most rows an answer may have.
    pub const MAX_LIMIT: u64 = 1_000;

    /// Reads the part of an address after `?`; what it does not understand keeps its default.
    #[must_use]
    pub fn parse(search: &str) -> Self {
        let mut query = Self::default();
        for (key, value) in pairs(search) {
            match key {
                "q" => query.q = value,
                "node" => query.node = value,
                "file" => query.file = value,
                "offset" => query.offset = value.parse().unwrap_or(0),
                "limit" => query.limit = value.parse().unwrap_or(Self::PAGE),
                _ => {}
            }
        }
        query.limit = query.limit.clamp(1, Self::MAX_LIMIT);
        query
    }

    /// Whether `row` is wanted, apart from its position.
    #[must_use]
    pub fn wants(&self, row: &VisitorRow) -> bool {
        let needle = self.q.trim().to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&needle);
        let is_named = needle.is_empty()
            || row.name.as_deref().is_some_and(has)
            || row.files.iter().any(|file| has(document_name(file)));
        is_named
            && (self.node.is_empty() || self.node == row.node.name)
            && (self.file.is_empty() || row.files.contains(&self.file))
    }

    /// The same list from its beginning, of one node or, with an empty name, of all.
    #[must_use]
    pub fn on(&self, node: &str) -> Self {
        Self { node: node.to_owned(), offset: 0, ..self.clone() }
    }
}

impl fmt::Display for VisitorsQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = [("q", &self.q), ("node", &self.node), ("file", &self.file)];
        let begun = texts.iter().any(|(_, text)| !text.is_empty());
        write_pairs(f, texts.map(|(key, text)| (key, text.clone())))?;
        write_place(f, begun, self.offset, (self.limit, Self::PAGE))
    }
}

fn pairs(search: &str) -> impl Iterator<Item = (&str, String)> {
    search.trim_start_matches('?').split('&').map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key, unescape(value))
    })
}

/// Those that are not empty, after `?` and with `&` between them.
fn write_pairs<const N: usize>(
    f: &mut fmt::Formatter<'_>,
    pairs: [(&str, String); N],
) -> fmt::Result {
    let said = pairs.iter().filter(|(_, value)| !value.is_empty()).enumerate();
    said.into_iter().try_for_each(|(at, (key, value))| {
        write!(f, "{}{key}={}", if at == 0 { '?' } else { '&' }, escape(value))
    })
}

fn write_place(
    f: &mut fmt::Formatter<'_>,
    begun: bool,
    offset: u64,
    (limit, page): (u64, u64),
) -> fmt::Result {
    let mut mark = if begun { '&' } else { '?' };
    for (key, value, default) in [("offset", offset, 0), ("limit", limit, page)] {
        if value != default {
            write!(f, "{}{key}={value}", std::mem::replace(&mut mark, '&'))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_read_back_from_their_addresses() {
        let chats = ChatsQuery {
            q: "a+b&c=ä %".into(),
            state: Some(ChatState::ToFetch),
            offset: 100,
            limit: 7,
        };
        assert_eq!(ChatsQuery::parse(&chats.to_string()), chats);
        let place = ChatsQuery { offset: 5, ..ChatsQuery::default() };
        assert_eq!(place.to_string(), "?offset=5");
        let visitors = VisitorsQuery {
            q: "Ann".into(),
            node: "node b".into(),
            file: "gitty:a.pl".into(),
            offset: 3,
            limit: 4,
        };
        assert_eq!(VisitorsQuery::parse(&visitors.to_string()), visitors);
        let messages = MessagesQuery { before: "17-00ff".into() };
        assert_eq!(MessagesQuery::parse(&messages.to_string()), messages);
        assert_eq!(
            [
                ChatsQuery::default().to_string(),
                VisitorsQuery::default().to_string(),
                MessagesQuery::default().to_string(),
            ],
            ["", "", ""]
        );
    }

    #[test]
    fn nonsense_keeps_the_defaults() {
        assert_eq!(
            ChatsQuery::parse("?state=fine&limit=0&offset=x&y"),
            ChatsQuery { limit: 1, ..ChatsQuery::default() }
        );
        let limit = VisitorsQuery::MAX_LIMIT;
        assert_eq!(VisitorsQuery::parse("limit=99999999").limit, limit);
    }
}
