//! Which divergences a list has: one line of words and tokens, as addresses and the search box
//! carry it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{DivergenceView, escape, unescape};

/// Which divergences: the query of `/api/v1/divergences`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct DivergencesQuery {
    /// Words and tokens: `tax node:charlie author:"Ann B" name:ex* older:1h sides:3`.
    pub q: String,
    /// Rows to skip.
    pub offset: u64,
    /// Rows to return, from 1 to [`DivergencesQuery::MAX_LIMIT`].
    pub limit: u64,
}

/// What [`DivergencesQuery::q`] says, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DivergenceFilter {
    /// Parts of the name, any case.
    pub words: Vec<String>,
    /// The name, any case, with `*` for anything.
    pub names: Vec<String>,
    /// Nodes that have a side which is not decided, by name.
    pub nodes: Vec<String>,
    /// Authors of any side, any case.
    pub authors: Vec<String>,
    /// At least this old.
    pub older_ms: Option<u64>,
    /// Exactly as many sides.
    pub sides: Option<usize>,
}

impl Default for DivergencesQuery {
    fn default() -> Self {
        Self { q: String::new(), offset: 0, limit: Self::PAGE }
    }
}

impl DivergencesQuery {
    /// Rows of a page.
    pub const PAGE: u64 = 50;
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
                "q" => query.q = value,
                "offset" => query.offset = value.parse().unwrap_or(0),
                "limit" => query.limit = value.parse().unwrap_or(Self::PAGE),
                _ => {}
            }
        }
        query.limit = query.limit.clamp(1, Self::MAX_LIMIT);
        query
    }

    /// What the words and tokens say.
    #[must_use]
    pub fn filter(&self) -> DivergenceFilter {
        DivergenceFilter::parse(&self.q)
    }
}

/// The part of an address after the path: empty, or `?` and what differs from the default.
impl fmt::Display for DivergencesQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let q = (!self.q.is_empty()).then(|| ("q", escape(&self.q)));
        let offset = (self.offset != 0).then(|| ("offset", self.offset.to_string()));
        let limit = (self.limit != Self::PAGE).then(|| ("limit", self.limit.to_string()));
        let pairs = [q, offset, limit].into_iter().flatten().enumerate();
        pairs.into_iter().try_for_each(|(at, (key, value))| {
            write!(f, "{}{key}={value}", if at == 0 { '?' } else { '&' })
        })
    }
}

impl DivergenceFilter {
    /// Reads words and tokens; a token that says nothing readable is a word.
    #[must_use]
    pub fn parse(line: &str) -> Self {
        let mut filter = Self::default();
        for token in tokens(line) {
            let (key, value) = token.split_once(':').unwrap_or(("", &token));
            let number = || value.parse().ok();
            match key {
                _ if value.is_empty() => {}
                "node" => filter.nodes.push(value.to_owned()),
                "author" => filter.authors.push(value.to_lowercase()),
                "name" => filter.names.push(value.to_lowercase()),
                // Everything here is diverged: an address of the list of files still works.
                "state" if value == "diverged" => {}
                "older" if length_ms(value).is_some() => filter.older_ms = length_ms(value),
                "sides" if number().is_some() => filter.sides = number(),
                _ => filter.words.push(token.to_lowercase()),
            }
        }
        filter
    }

    /// Whether `found` is wanted at `now_ms`.
    #[must_use]
    pub fn wants(&self, found: &DivergenceView, now_ms: u64) -> bool {
        let name = found.name.as_str().to_lowercase();
        let on = |node: &String| {
            found.others.iter().any(|side| side.on.iter().any(|on| on.name == *node))
        };
        let by = |author: &String| {
            let wrote = |side: &super::Side| side.author.as_deref().map(str::to_lowercase);
            found.sides().any(|side| wrote(side).as_ref() == Some(author))
        };
        self.words.iter().all(|word| name.contains(word.as_str()))
            && self.names.iter().all(|pattern| matches(pattern, &name))
            && self.nodes.iter().all(on)
            && self.authors.iter().all(by)
            && self.older_ms.is_none_or(|ms| now_ms.saturating_sub(found.since_ms) >= ms)
            && self.sides.is_none_or(|sides| found.others.len() + 1 == sides)
    }
}

/// Splits at spaces that are not between quotation marks, which go.
fn tokens(line: &str) -> Vec<String> {
    let (mut all, mut token, mut quoted) = (Vec::new(), String::new(), false);
    for sign in line.chars() {
        match sign {
            '"' => quoted = !quoted,
            ' ' if !quoted => all.push(std::mem::take(&mut token)),
            other => token.push(other),
        }
    }
    all.push(token);
    all.retain(|token| !token.is_empty());
    all
}

/// "90s", "10m", "1h", "2d" in ms.
fn length_ms(text: &str) -> Option<u64> {
    let unit = text.chars().last()?;
    let ms = match unit {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        _ => return None,
    };
    text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(ms)
}

/// Whether `name` is like `pattern`, in which `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut left) = name.strip_prefix(start) else {
        return false;
    };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{super::divergence::tests::diverged, *};

    #[test]
    fn a_query_reads_back_from_its_address() {
        let query = DivergencesQuery {
            q: r#"node:charlie author:"Ann B" ä&="#.into(),
            offset: 50,
            limit: 7,
        };
        assert_eq!(DivergencesQuery::parse(&query.to_string()), query);
        assert_eq!(DivergencesQuery::default().to_string(), "");
        assert_eq!(DivergencesQuery::parse("?limit=0&offset=x").limit, 1);
    }

    #[test]
    fn tokens_narrow_the_list() {
        let now_ms = 1_795_442_531_000;
        let found = diverged("Family Tree.pl");
        let wants = |line: &str| DivergenceFilter::parse(line).wants(&found, now_ms);
        for line in [
            "",
            "tree",
            "name:fam*.pl",
            "name:*tree*",
            "node:charlie",
            "author:ben author:ANN",
            "older:1h",
            "older:59m sides:2",
            "state:diverged",
            r#"name:"family tree.pl""#,
        ] {
            assert!(wants(line), "{line}");
        }
        for line in [
            "forest",
            "name:tree*",
            "name:*tree",
            "node:alpha",
            "author:be",
            "older:61m",
            "sides:3",
            "state:held",
        ] {
            assert!(!wants(line), "{line}");
        }
    }

    #[test]
    fn nonsense_is_a_word() {
        let filter = DivergenceFilter::parse(r#"older:soon x: "a b"#);
        assert_eq!(filter.words, ["older:soon", "a b"]);
        assert_eq!(filter.older_ms, None);
    }
}
