//! What was done: one page of the audit, and which part of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{NodeRef, escape, unescape};
use crate::{
    Deed,
    words::{self, Action},
};

/// One entry of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeedRow {
    /// Where it was done.
    pub node: NodeRef,
    /// Its number in that node's chain, from 1.
    pub number: u64,
    /// Its hash, in hexadecimal: the entry after it holds it.
    pub hash: String,
    /// What was done.
    #[serde(flatten)]
    pub deed: Deed,
}

/// One page of what was done, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityPage {
    /// The answering node's clock, ms since 1970.
    pub at_ms: u64,
    /// The entries.
    pub rows: Vec<DeedRow>,
    /// Entries there are.
    pub total: u64,
    /// Entries that match the query, on all pages.
    pub shown: u64,
    /// Position of the first row among those that match.
    pub offset: u64,
    /// Everybody who did something, by name.
    pub people: Vec<String>,
    /// Every node where something was done, by name.
    pub nodes: Vec<String>,
}

/// Which entries.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct ActivityQuery {
    /// Only of this person.
    pub person: String,
    /// Only this action.
    pub action: Option<Action>,
    /// Part of a file's name, any case.
    pub file: String,
    /// Only where this node's name is the entry's.
    pub node: String,
    /// Not before this day, in UTC: `2026-11-23`.
    pub from: String,
    /// Not after this day, in UTC.
    pub to: String,
    /// Rows to skip.
    pub offset: u64,
    /// Rows to return, at most [`ActivityQuery::MAX_LIMIT`].
    pub limit: u64,
}

impl Default for ActivityQuery {
    fn default() -> Self {
        let none = String::new;
        Self {
            person: none(),
            action: None,
            file: none(),
            node: none(),
            from: none(),
            to: none(),
            offset: 0,
            limit: Self::PAGE,
        }
    }
}

impl ActivityQuery {
    /// Rows of a page.
    pub const PAGE: u64 = 100;
    /// Most rows an answer may have.
    pub const MAX_LIMIT: u64 = 1_000;

    /// Reads the part of an address after `?`; what it does not understand keeps its default.
    #[must_use]
    pub fn parse(search: &str) -> Self {
        let mut query = Self::default();
        for pair in search.trim_start_matches('?').split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = unescape(value);
            match key {
                "person" => query.person = value,
                "action" => query.action = value.parse().ok(),
                "file" => query.file = value,
                "node" => query.node = value,
                "from" => query.from = day(value),
                "to" => query.to = day(value),
                "offset" => query.offset = value.parse().unwrap_or(0),
                "limit" => query.limit = value.parse().unwrap_or(Self::PAGE),
                _ => {}
            }
        }
        query.limit = query.limit.clamp(1, Self::MAX_LIMIT);
        query
    }

    /// Whether an entry of the node with this name is wanted, apart from its position.
    #[must_use]
    pub fn wants(&self, node: &str, deed: &Deed) -> bool {
        let file = self.file.trim().to_lowercase();
        let is_file = || deed.about_file().is_some_and(|name| name.to_lowercase().contains(&file));
        let from = words::day_ms(&self.from).unwrap_or(0);
        let to = words::day_ms(&self.to).map_or(u64::MAX, |day| day + 86_400_000);
        (self.person.is_empty() || self.person == deed.person)
            && self.action.is_none_or(|action| action == deed.action)
            && (file.is_empty() || is_file())
            && (self.node.is_empty() || self.node == node)
            && (from..to).contains(&deed.at_ms)
    }

    /// Picks the wanted entries of `all`, newest first, and counts the rest.
    #[must_use]
    pub fn page<'a>(
        &self,
        at_ms: u64,
        all: impl Iterator<Item = (&'a str, &'a Deed)>,
        mut row: impl FnMut(usize) -> DeedRow,
    ) -> ActivityPage {
        let mut page = ActivityPage {
            at_ms,
            rows: Vec::new(),
            total: 0,
            shown: 0,
            offset: self.offset,
            people: Vec::new(),
            nodes: Vec::new(),
        };
        let (mut people, mut nodes) =
            (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
        for (at, (node, deed)) in all.enumerate() {
            page.total += 1;
            people.insert(deed.person.as_str());
            nodes.insert(node);
            if !self.wants(node, deed) {
                continue;
            }
            page.shown += 1;
            if page.shown > self.offset && page.shown <= self.offset.saturating_add(self.limit) {
                page.rows.push(row(at));
            }
        }
        page.people = people.into_iter().map(str::to_owned).collect();
        page.nodes = nodes.into_iter().map(str::to_owned).collect();
        page
    }
}

/// The part of an address after the path: empty, or `?` and what differs from the default.
impl fmt::Display for ActivityQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |number: u64, usual: u64| match number == usual {
            true => String::new(),
            false => number.to_string(),
        };
        let pairs = [
            ("person", self.person.clone()),
            ("action", self.action.map(Action::code).unwrap_or_default().to_owned()),
            ("file", self.file.clone()),
            ("node", self.node.clone()),
            ("from", self.from.clone()),
            ("to", self.to.clone()),
            ("offset", number(self.offset, 0)),
            ("limit", number(self.limit, Self::PAGE)),
        ];
        let mut mark = '?';
        for (key, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            write!(f, "{mark}{key}={}", escape(value))?;
            mark = '&';
        }
        Ok(())
    }
}

fn day(text: String) -> String {
    if words::day_ms(&text).is_some() { text } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Thing, words::Outcome};

    #[test]
    fn a_query_reads_back_from_its_address() {
        let query = ActivityQuery {
            person: "command line".into(),
            action: Some(Action::RoleChanged),
            file: "ä&b".into(),
            node: "alpha".into(),
            from: "2026-11-01".into(),
            to: "2026-11-30".into(),
            offset: 100,
            limit: 10,
        };
        assert_eq!(ActivityQuery::parse(&query.to_string()), query);
        assert_eq!(ActivityQuery::default().to_string(), "");
        assert_eq!(ActivityQuery::parse("?action=&from=soon&limit=0").limit, 1);
    }

    #[test]
    fn a_row_reads_back_from_its_json() {
        let deed = Deed::new(7, "ann", Action::Login, Outcome::Done);
        let node = NodeRef { id: crate::NodeId::from_bytes([1; 8]), name: "alpha".into() };
        let row = DeedRow { node, number: 3, hash: "ab".into(), deed };
        let text = serde_json::to_string(&row).unwrap();
        assert_eq!(serde_json::from_str::<DeedRow>(&text).unwrap(), row);
    }

    #[test]
    fn every_filter_narrows() {
        let deed = Deed {
            thing: Some(Thing::File("Tax.pl".into())),
            ..Deed::new(1_795_442_531_000, "ann", Action::Founded, Outcome::Done)
        };
        let wanted = |search: &str| ActivityQuery::parse(search).wants("alpha", &deed);
        for good in [
            "",
            "person=ann",
            "file=tax",
            "node=alpha",
            "action=founded",
            "from=2026-11-23&to=2026-11-23",
        ] {
            assert!(wanted(good), "{good}");
        }
        for bad in [
            "person=an",
            "file=tex",
            "node=bravo",
            "action=login",
            "from=2026-11-24",
            "to=2026-11-22",
        ] {
            assert!(!wanted(bad), "{bad}");
        }
    }
}
