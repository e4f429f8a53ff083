//! How SWI-Prolog 9.0.4 classifies each character when it decides what to quote and escape.
//!
//! `classes.txt` holds one line per run: first code point, class letter. It was made by asking
//! SWI-Prolog to write atoms and strings of every code point, because its Unicode version is
//! older than the compiler's and its rules have exceptions that no property names.

use std::sync::OnceLock;

/// What a character may do in an unquoted atom, and how it is written in a quoted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Begins an unquoted atom, and continues one.
    Start,
    /// Continues an unquoted atom: upper case, digits, combining marks, `_`.
    Continue,
    /// Continues one, or is one alone.
    ContinueOrAlone,
    /// Part of a symbol atom such as `:-`.
    Symbol,
    /// An unquoted atom, but only alone.
    Alone,
    /// Printable, and needs quotes.
    Quoted,
    /// Not printable: escaped inside quotes.
    Escaped,
    /// Unquoted alone, otherwise escaped.
    AloneOrEscaped,
}

impl Class {
    /// Class of `character`.
    pub(super) fn of(character: char) -> Self {
        let runs = RUNS.get_or_init(parse);
        let code = u32::from(character);
        let after = runs.partition_point(|(start, _)| *start <= code);
        after.checked_sub(1).and_then(|at| runs.get(at)).map_or(Self::Escaped, |(_, class)| *class)
    }

    /// Whether the character belongs to a name that has begun.
    pub(super) const fn continues(self) -> bool {
        matches!(self, Self::Start | Self::Continue | Self::ContinueOrAlone)
    }

    fn from_letter(letter: &str) -> Self {
        match letter {
            "l" => Self::Start,
            "c" => Self::Continue,
            "k" => Self::ContinueOrAlone,
            "y" => Self::Symbol,
            "o" => Self::Alone,
            "q" => Self::Quoted,
            "e" => Self::AloneOrEscaped,
            _ => Self::Escaped,
        }
    }
}

static RUNS: OnceLock<Vec<(u32, Class)>> = OnceLock::new();

fn parse() -> Vec<(u32, Class)> {
    include_str!("classes.txt")
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(start, letter)| {
            Some((u32::from_str_radix(start, 16).ok()?, Class::from_letter(letter)))
        })
        .collect()
}
