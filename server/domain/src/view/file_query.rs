//! Which versions of a file are asked for, as addresses carry it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::unescape;
use crate::ObjectId;

/// Which part of a history: the query of `/api/v1/files/{name}/history`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryQuery {
    /// The first version; none is the head.
    pub from: Option<ObjectId>,
    /// How many, from 1 to [`HistoryQuery::MAX_LIMIT`].
    pub limit: u64,
}

impl HistoryQuery {
    /// Versions of a page.
    pub const PAGE: u64 = 20;
    /// Most versions an answer may have.
    pub const MAX_LIMIT: u64 = 200;
}

impl Default for HistoryQuery {
    fn default() -> Self {
        Self { from: None, limit: Self::PAGE }
    }
}

impl fmt::Display for HistoryQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "?limit={}", self.limit)?;
        self.from.iter().try_for_each(|from| write!(f, "&from={from}"))
    }
}

/// Which two versions: the query of `/api/v1/files/{name}/diff`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DiffQuery {
    /// The older one; none is the one before `to`.
    pub from: Option<ObjectId>,
    /// The newer one; none is the head.
    pub to: Option<ObjectId>,
}

impl fmt::Display for DiffQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = [("from", self.from), ("to", self.to)];
        let known = pairs.into_iter().filter_map(|(key, id)| Some((key, id?)));
        known.zip(marks()).try_for_each(|((key, id), mark)| write!(f, "{mark}{key}={id}"))
    }
}

/// How a difference is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DiffView {
    /// Old text at the left, new at the right.
    #[default]
    Split,
    /// One column.
    Inline,
    /// What each of two sides changed in their last common version; only for a divergence.
    ThreeWay,
    /// The text of `diff -u`.
    Raw,
}

impl DiffView {
    /// All of them, in the order of their tabs.
    pub const ALL: [Self; 4] = [Self::Split, Self::Inline, Self::ThreeWay, Self::Raw];

    /// What addresses carry.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::Inline => "inline",
            Self::ThreeWay => "three_way",
            Self::Raw => "raw",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Split => "Split",
            Self::Inline => "Inline",
            Self::ThreeWay => "Three-way",
            Self::Raw => "Raw",
        }
    }
}

/// What a file's page shows: the part of its address after `?`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileQuery {
    /// The version the history begins with; none is the head.
    pub at: Option<ObjectId>,
    /// The version whose text is shown instead of a difference.
    pub text: Option<ObjectId>,
    /// The two versions that are compared.
    pub diff: DiffQuery,
    /// The side of a divergence that is compared with the decided head; none is the first.
    pub side: Option<ObjectId>,
    /// How.
    pub view: DiffView,
}

impl FileQuery {
    /// Reads an address; what it does not understand keeps its default.
    #[must_use]
    pub fn parse(search: &str) -> Self {
        let mut query = Self::default();
        for pair in search.trim_start_matches('?').split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = unescape(value);
            match key {
                "at" => query.at = value.parse().ok(),
                "text" => query.text = value.parse().ok(),
                "from" => query.diff.from = value.parse().ok(),
                "to" => query.diff.to = value.parse().ok(),
                "side" => query.side = value.parse().ok(),
                "view" => query.view = view(&value),
                _ => {}
            }
        }
        query
    }
}

/// Empty, or `?` and what differs from the default.
impl fmt::Display for FileQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, text, diff: DiffQuery { from, to }, side, view } = self;
        let ids = [("at", at), ("text", text), ("from", from), ("to", to), ("side", side)];
        let ids = ids.into_iter().filter_map(|(key, id)| Some((key, id.as_ref()?.to_string())));
        let view = Some(view).filter(|view| **view != DiffView::default());
        let view = view.map(|view| ("view", view.code().to_owned()));
        let all = ids.chain(view).zip(marks());
        all.into_iter().try_for_each(|((key, value), mark)| write!(f, "{mark}{key}={value}"))
    }
}

/// What stands before each pair of an address.
fn marks() -> impl Iterator<Item = char> {
    std::iter::once('?').chain(std::iter::repeat('&'))
}

fn view(code: &str) -> DiffView {
    DiffView::ALL.into_iter().find(|view| view.code() == code).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_reads_back_from_its_address() {
        let id = |byte| Some(ObjectId::from_bytes([byte; 20]));
        let query = FileQuery {
            at: id(1),
            text: id(2),
            diff: DiffQuery { from: id(3), to: id(4) },
            side: id(5),
            view: DiffView::Raw,
        };
        assert_eq!(FileQuery::parse(&query.to_string()), query);
        assert_eq!(FileQuery::default().to_string(), "");
        assert_eq!(FileQuery::parse("?view=upside&text=12&to="), FileQuery::default());
    }
}
