//! Which files a list has and in which order, as addresses carry it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Column, FileRow, escape, unescape};
use crate::words::FileState;

/// Order of the list of files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileSort {
    /// Worst state first, then the newest change.
    #[default]
    Worst,
    /// Newest change first.
    Changed,
    /// By name.
    Name,
}

impl FileSort {
    /// What addresses carry.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Worst => "worst",
            Self::Changed => "changed",
            Self::Name => "name",
        }
    }

    /// How two rows are ordered; names break ties, so that paging is stable.
    #[must_use]
    pub fn order(self, left: &FileRow, right: &FileRow) -> std::cmp::Ordering {
        let newest = || right.changed_ms.cmp(&left.changed_ms);
        let name = || left.name.cmp(&right.name);
        match self {
            Self::Worst => left.state.cmp(&right.state).then_with(newest).then_with(name),
            Self::Changed => newest().then_with(name),
            Self::Name => name(),
        }
    }
}

/// Which files, in which order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct FilesQuery {
    /// Part of a name, any case.
    pub q: String,
    /// Only this state.
    pub state: Option<FileState>,
    /// Only files whose head on this node (its name) is not the common one.
    pub node: Option<String>,
    /// Order.
    pub sort: FileSort,
    /// Rows to skip.
    pub offset: u64,
    /// Rows to return, at most [`FilesQuery::MAX_LIMIT`].
    pub limit: u64,
}

impl Default for FilesQuery {
    fn default() -> Self {
        Self {
            q: String::new(),
            state: None,
            node: None,
            sort: FileSort::Worst,
            offset: 0,
            limit: Self::PAGE,
        }
    }
}

impl FilesQuery {
    /// Rows of a page.
    pub const PAGE: u64 = 100;
    /// Most rows an answer may have.
    pub const MAX_LIMIT: u64 = 1_000;

    /// Reads the part of an address after `?`. What it does not understand keeps its default, so
    /// an old bookmark still opens.
    #[must_use]
    pub fn parse(search: &str) -> Self {
        let mut query = Self::default();
        for pair in search.trim_start_matches('?').split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = unescape(value);
            match key {
                "q" => query.q = value,
                "state" => query.state = value.parse().ok(),
                "node" => query.node = (!value.is_empty()).then_some(value),
                "sort" => query.sort = sort(&value),
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
    pub fn wants(&self, row: &FileRow, nodes: &[Column]) -> bool {
        let needle = self.q.trim().to_lowercase();
        let named = needle.is_empty() || row.name.as_str().to_lowercase().contains(&needle);
        let in_state = self.state.is_none_or(|state| state == row.state);
        let differs = self.node.as_ref().is_none_or(|name| {
            let node = nodes.iter().find(|node| node.name == *name);
            node.is_some_and(|node| row.head_on(node.id) != row.common_head())
        });
        named && in_state && differs
    }
}

/// The part of an address after the path: empty, or `?` and what differs from the default.
impl fmt::Display for FilesQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut mark = '?';
        let mut put = |key: &str, value: &str| {
            let text = escape(value);
            write!(f, "{}{key}={text}", std::mem::replace(&mut mark, '&'))
        };
        if !self.q.is_empty() {
            put("q", &self.q)?;
        }
        if let Some(state) = self.state {
            put("state", state.code())?;
        }
        if let Some(node) = &self.node {
            put("node", node)?;
        }
        if self.sort != FileSort::default() {
            put("sort", self.sort.code())?;
        }
        if self.offset != 0 {
            put("offset", &self.offset.to_string())?;
        }
        if self.limit != Self::PAGE {
            put("limit", &self.limit.to_string())?;
        }
        Ok(())
    }
}

fn sort(code: &str) -> FileSort {
    let all = [FileSort::Worst, FileSort::Changed, FileSort::Name];
    all.into_iter().find(|sort| sort.code() == code).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{
        super::files::tests::{head, id, row},
        *,
    };
    use crate::words::NodeHealth;

    #[test]
    fn a_query_reads_back_from_its_address() {
        let query = FilesQuery {
            q: "100% a+b&c=ä".into(),
            state: Some(FileState::ObjectMissing),
            node: Some("node b".into()),
            sort: FileSort::Name,
            offset: 200,
            limit: 50,
        };
        assert_eq!(FilesQuery::parse(&query.to_string()), query);
        assert_eq!(FilesQuery::default().to_string(), "");
        assert_eq!(FilesQuery::parse(""), FilesQuery::default());
    }

    #[test]
    fn a_form_and_nonsense_are_read_kindly() {
        let query = FilesQuery::parse("?q=my+file&state=&sort=up&limit=9999999&x=%zz&offset=-1");
        let limit = FilesQuery::MAX_LIMIT;
        assert_eq!(query, FilesQuery { q: "my file".into(), limit, ..FilesQuery::default() });
        assert_eq!(FilesQuery::parse("q=%e2%82%ac%").q, "€%");
    }

    #[test]
    fn a_node_filter_wants_what_differs_there() {
        let named =
            |byte, name: &str| Column { id: id(byte), name: name.into(), health: NodeHealth::Up };
        let nodes = [named(1, "alpha"), named(2, "bravo"), named(3, "charlie")];
        let file = row("Lists.pl", [head(1), head(1), head(2)]);
        let wanted = |search: &str| FilesQuery::parse(search).wants(&file, &nodes);
        assert!(wanted("q=lists&node=charlie&state=behind"));
        assert!(!wanted("node=alpha"));
        assert!(!wanted("state=same"));
        assert!(!wanted("q=tax"));
    }
}
