//! SWISH's query language: words, `"texts"`, `/expressions/flags`, and `name:` `tag:` `user:`
//! `type:` before any of them, between blanks; all of them have to hold.

use thiserror::Error;

use super::pattern::{Flags, Pattern};

/// Longest query, in bytes.
const MAX_BYTES: usize = 1_000;
/// Most words of a query.
const MAX_WORDS: usize = 16;

/// A query that was read.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// What the text matches.
    pub texts: Vec<Pattern>,
    /// What the name matches.
    pub names: Vec<Pattern>,
    /// What a tag matches; the empty text is any tag.
    pub tags: Vec<Pattern>,
    /// What the author matches.
    pub users: Vec<Pattern>,
    /// One of these is the type.
    pub types: Vec<Pattern>,
    /// The visitor's own files only.
    pub is_mine: bool,
}

/// A query that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum QueryError {
    /// Over the limit.
    #[error("a query has {MAX_BYTES} bytes and {MAX_WORDS} words at most")]
    TooLong,
    /// No regular expression, a huge one, or one that needs more than linear time.
    #[error("/{pattern}/ cannot be used: {reason}")]
    Regex {
        /// As written.
        pattern: String,
        /// Why.
        reason: String,
    },
}

/// One word, with what stands before its colon.
struct Word<'a> {
    key: Option<&'a str>,
    value: Value<'a>,
}

enum Value<'a> {
    Bare(&'a str),
    Quoted(&'a str),
    Regex(&'a str, Flags),
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        if text.len() > MAX_BYTES {
            return Err(QueryError::TooLong);
        }
        let mut query = Self::default();
        let mut rest = text.trim_start();
        for _ in 0..MAX_WORDS {
            if rest.is_empty() {
                return Ok(query);
            }
            let (word, after) = Word::read(rest);
            query.add(word)?;
            rest = after.trim_start();
        }
        if rest.is_empty() { Ok(query) } else { Err(QueryError::TooLong) }
    }

    fn add(&mut self, word: Word<'_>) -> Result<(), QueryError> {
        match (word.key, &word.value) {
            (Some("user"), Value::Bare("me") | Value::Quoted("me")) => self.is_mine = true,
            (Some("name"), value) => self.names.push(value.part()?),
            (Some("tag"), value) => self.tags.push(value.part()?),
            (Some("user"), value) => self.users.push(value.part()?),
            (Some("type"), value) => self.types.push(value.part()?),
            (_, Value::Bare(word)) => self.texts.push(Pattern::word(word)),
            // An empty text is part of every text.
            (_, Value::Quoted("")) => {}
            (_, value) => self.texts.push(value.part()?),
        }
        Ok(())
    }
}

impl<'a> Word<'a> {
    fn read(text: &'a str) -> (Self, &'a str) {
        let key = ["name", "tag", "user", "type"].into_iter().find_map(|key| {
            let rest = text.strip_prefix(key)?.strip_prefix(':')?;
            Some((key, rest))
        });
        let (key, text) = key.map_or((None, text), |(key, rest)| (Some(key), rest));
        let (value, rest) = Value::read(text);
        (Self { key, value }, rest)
    }
}

impl<'a> Value<'a> {
    fn read(text: &'a str) -> (Self, &'a str) {
        if let Some(quoted) = text.strip_prefix('"') {
            // People search while they type: the closing quote may still come.
            let (quoted, rest) = quoted.split_once('"').unwrap_or((quoted, ""));
            return (Self::Quoted(quoted), rest);
        }
        if let Some(read) = Self::read_regex(text) {
            return read;
        }
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        (Self::Bare(&text[..end]), &text[end..])
    }

    /// `/…/flags` before a blank or the end; otherwise it is a word.
    fn read_regex(text: &'a str) -> Option<(Self, &'a str)> {
        let inner = text.strip_prefix('/')?;
        let ends = inner.match_indices('/').filter(|(at, _)| !inner[..*at].ends_with('\\'));
        for (at, _) in ends {
            let after = &inner[at + 1..];
            let end = after.find(char::is_whitespace).unwrap_or(after.len());
            if let (Some(flags), true) = (Flags::read(&after[..end]), at > 0) {
                return Some((Self::Regex(&inner[..at], flags), &after[end..]));
            }
        }
        None
    }

    fn part(&self) -> Result<Pattern, QueryError> {
        match self {
            Self::Bare(text) | Self::Quoted(text) => Ok(Pattern::text(text)),
            Self::Regex(pattern, flags) => Pattern::regex(pattern, *flags).map_err(|error| {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default();
                QueryError::Regex { pattern: (*pattern).to_owned(), reason: reason.to_owned() }
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(patterns: &[Pattern]) -> Vec<String> {
        let show = |pattern: &Pattern| match pattern {
            Pattern::Text { text, .. } => text.clone(),
            Pattern::Regex { regex, .. } => format!("/{regex}/"),
        };
        patterns.iter().map(show).collect()
    }

    #[test]
    fn words_texts_and_expressions_are_told_apart() {
        let query =
            Query::parse("foo \"p(4) x\" /a b/i name:x tag: user:me type:/^p/ b.r").unwrap();
        assert_eq!(shown(&query.texts), ["foo", "p(4) x", "/a b/", "/b.r/"]);
        assert_eq!(shown(&query.names), ["x"]);
        assert_eq!(shown(&query.tags), [""]);
        assert_eq!(shown(&query.types), ["/^p/"]);
        assert!(query.is_mine && query.users.is_empty());
    }

    #[test]
    fn what_is_still_being_typed_is_searched_as_it_stands() {
        let texts = |text: &str| shown(&Query::parse(text).unwrap().texts);
        assert_eq!(texts("\"half a"), ["half a"]);
        assert_eq!(texts("/half"), ["/half"]);
        assert_eq!(texts("a/b"), ["a/b"]);
        assert_eq!(texts("/"), ["/"]);
        assert_eq!(texts("f("), ["f("]);
        assert_eq!(texts("\"\""), Vec::<String>::new());
        assert_eq!(texts("title:x"), ["title:x"]);
        assert_eq!(shown(&Query::parse("tag:\"a b\" c").unwrap().tags), ["a b"]);
    }

    #[test]
    fn hostile_queries_are_refused() {
        assert_eq!(Query::parse(&"x".repeat(MAX_BYTES + 1)).unwrap_err(), QueryError::TooLong);
        assert_eq!(Query::parse(&"x ".repeat(MAX_WORDS + 1)).unwrap_err(), QueryError::TooLong);
        assert!(Query::parse(&"x ".repeat(MAX_WORDS)).is_ok());
        let refused = Query::parse("/(?=x)/").unwrap_err().to_string();
        assert!(refused.starts_with("/(?=x)/ cannot be used: "), "{refused}");
    }
}
