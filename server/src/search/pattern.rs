//! What a word of a query matches: a text, or a regular expression in linear time.

use regex::{Regex, RegexBuilder};
use regex_syntax::{
    ParserBuilder,
    hir::{Hir, HirKind},
};

use crate::db::fold;

/// Memory of one compiled expression, in bytes.
const MAX_REGEX_BYTES: usize = 1 << 20;
/// Parentheses within parentheses.
const MAX_NESTING: u32 = 50;
/// Characters that the index needs to propose files.
pub(super) const INDEXED_CHARS: usize = 3;
/// Characters that mean something in an expression.
const SPECIAL: &str = r"\.+*?()|[]{}^$#";

/// A text in any case, or an expression.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// Is part of the value, whatever its case.
    Text {
        /// As written.
        text: String,
        /// In lower case.
        folded: String,
    },
    /// Matches somewhere in the value.
    Regex {
        /// Compiled.
        regex: Regex,
        /// The longest text that is part of each match, if there is one.
        literal: Option<String>,
    },
}

/// Flags of an expression, as SWISH reads them behind `/…/`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    extended: bool,
    caseless: bool,
    multi_line: bool,
    dot_all: bool,
}

impl Flags {
    /// Those of a word that is not between slashes.
    const WORD: Self = Self { extended: true, caseless: true, multi_line: false, dot_all: false };

    /// Reads letters; none if there is another one.
    pub(super) fn read(letters: &str) -> Option<Self> {
        letters.chars().try_fold(Self::default(), |flags, letter| match letter {
            'x' => Some(Self { extended: true, ..flags }),
            'i' => Some(Self { caseless: true, ..flags }),
            'm' => Some(Self { multi_line: true, ..flags }),
            's' => Some(Self { dot_all: true, ..flags }),
            _ => None,
        })
    }
}

impl Pattern {
    /// A text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text { text: text.to_owned(), folded: fold(text) }
    }

    /// An expression.
    pub(super) fn regex(pattern: &str, flags: Flags) -> Result<Self, regex::Error> {
        let regex = RegexBuilder::new(pattern)
            .ignore_whitespace(flags.extended)
            .case_insensitive(flags.caseless)
            .multi_line(flags.multi_line)
            .dot_matches_new_line(flags.dot_all)
            .size_limit(MAX_REGEX_BYTES)
            .dfa_size_limit(MAX_REGEX_BYTES)
            .nest_limit(MAX_NESTING)
            .build()?;
        Ok(Self::Regex { regex, literal: literal(pattern, flags) })
    }

    /// A word of the query: an expression, as in SWISH, or a text if it cannot be one, because
    /// people search while they type.
    pub(super) fn word(word: &str) -> Self {
        if word.contains(|char| SPECIAL.contains(char)) {
            Self::regex(word, Flags::WORD).unwrap_or_else(|_| Self::text(word))
        } else {
            Self::text(word)
        }
    }

    /// Whether a value matches.
    #[must_use]
    pub fn is_match(&self, value: &str) -> bool {
        match self {
            Self::Text { folded, .. } => fold(value).contains(folded.as_str()),
            Self::Regex { regex, .. } => regex.is_match(value),
        }
    }

    /// A text that is part of each value that matches, whatever its case.
    pub(super) fn required(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } => Some(text.as_str()),
            Self::Regex { literal, .. } => literal.as_deref(),
        }
    }

    /// The same, if the index of texts can propose files by it.
    pub(super) fn indexed(&self) -> Option<&str> {
        self.required().filter(|text| text.chars().count() >= INDEXED_CHARS)
    }
}

/// The longest text that each match has in it; whatever its case if the expression says so.
fn literal(pattern: &str, flags: Flags) -> Option<String> {
    let mut parser = ParserBuilder::new();
    parser.ignore_whitespace(flags.extended).nest_limit(MAX_NESTING);
    longest(&parser.build().parse(pattern).ok()?)
}

fn longest(expression: &Hir) -> Option<String> {
    match expression.kind() {
        HirKind::Literal(literal) => String::from_utf8(literal.0.to_vec()).ok(),
        HirKind::Capture(capture) => longest(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => longest(&repetition.sub),
        HirKind::Concat(parts) => {
            parts.iter().filter_map(longest).max_by_key(|text| text.chars().count())
        }
        HirKind::Empty
        | HirKind::Class(_)
        | HirKind::Look(_)
        | HirKind::Repetition(_)
        | HirKind::Alternation(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn required(pattern: &str, letters: &str) -> Option<String> {
        let pattern = Pattern::regex(pattern, Flags::read(letters).unwrap()).unwrap();
        pattern.required().map(str::to_owned)
    }

    #[test]
    fn an_expression_names_a_text_of_each_match() {
        assert_eq!(required("^hello.*wor(ld)+$", "").as_deref(), Some("hello"));
        assert_eq!(required("(hello) | x", "x"), None);
        assert_eq!(required("a (bcd)+ e?", "xi").as_deref(), Some("bcd"));
        assert_eq!(required("[a-z]+", ""), None);
        assert_eq!(required("(?i)hello", ""), None);
    }

    #[test]
    fn words_are_expressions_in_any_case_if_they_can_be() {
        assert!(Pattern::word("HEL+o").is_match("say hello"));
        assert!(Pattern::word("p(4").is_match("p(4)."));
        assert!(!Pattern::word("p(4)").is_match("p(4)."));
        assert!(Pattern::word("Größe").is_match("die GRÖSSE, größe"));
    }

    #[test]
    fn expressions_that_would_be_large_are_refused() {
        assert!(Pattern::regex("(a{1000}){1000}", Flags::default()).is_err());
        assert!(Pattern::regex(&"(".repeat(60), Flags::default()).is_err());
        assert!(Flags::read("xg").is_none());
    }
}
