//! How SWI-Prolog 9.0.4 classifies each character when it reads, quotes and escapes.
//!
//! `classes.txt` holds one line per run: first code point, class letter. `classes.pl` made it by
//! asking SWI-Prolog to read and write every code point, because its Unicode version is older
//! than the compiler's and its rules have exceptions that no property names.

use std::sync::OnceLock;

/// Zero of the mathematical digits: five sets of ten that stand without a gap.
const MATHEMATICAL_ZERO: u32 = 0x1d7ce;

/// What a character may do in a text, and how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Begins an unquoted atom, and continues one.
    Start,
    /// The same, and also part of a symbol atom.
    StartOrSymbol,
    /// Begins a variable, and continues names: upper case and `_`.
    Variable,
    /// A decimal digit of any script; continues names.
    Digit,
    /// Continues names; read as an atom when it comes first, but written in quotes.
    Mark,
    /// Continues names, and begins nothing.
    MarkOnly,
    /// Part of a symbol atom such as `:-`.
    Symbol,
    /// The same, and also continues names.
    SymbolOrMark,
    /// An unquoted atom, but only alone.
    Alone,
    /// The same, and escaped when it is not alone.
    AloneOrEscaped,
    /// Read as an atom of its own; written in quotes.
    Quoted,
    /// Read as an atom of its own; escaped inside quotes.
    Escaped,
    /// A blank that is written as it is.
    Space,
    /// A blank that is escaped inside quotes.
    Layout,
    /// Brackets, quotes, comma and bar.
    Punctuation,
    /// No character of a text; escaped inside quotes.
    Illegal,
}

impl Class {
    /// Class of `character`.
    pub(super) fn of(character: char) -> Self {
        let table = table();
        // Nearly every character that is read; a search for each took half of a term's time.
        u8::try_from(character)
            .map_or_else(|_| table.run(character).1, |latin| table.latin[usize::from(latin)])
    }

    /// Whether the character belongs to a name that has begun.
    pub(super) const fn continues(self) -> bool {
        matches!(
            self,
            Self::Start
                | Self::StartOrSymbol
                | Self::Variable
                | Self::Digit
                | Self::Mark
                | Self::MarkOnly
                | Self::SymbolOrMark
        )
    }

    /// Whether it begins an unquoted atom that [`Class::continues`] goes on with.
    pub(super) const fn starts(self) -> bool {
        matches!(self, Self::Start | Self::StartOrSymbol)
    }

    /// Whether it is part of a symbol atom.
    pub(super) const fn is_symbol(self) -> bool {
        matches!(self, Self::Symbol | Self::SymbolOrMark | Self::StartOrSymbol)
    }

    /// Whether it stands between tokens.
    pub(super) const fn is_layout(self) -> bool {
        matches!(self, Self::Space | Self::Layout)
    }

    /// Whether it is an unquoted atom when it is alone.
    pub(super) const fn stands_alone(self) -> bool {
        matches!(self, Self::Alone | Self::AloneOrEscaped)
    }

    /// Whether quoted text shows its code instead of it.
    pub(super) const fn is_escaped(self) -> bool {
        matches!(self, Self::AloneOrEscaped | Self::Escaped | Self::Layout | Self::Illegal)
    }

    fn from_letter(letter: &str) -> Self {
        match letter {
            "l" => Self::Start,
            "k" => Self::StartOrSymbol,
            "v" => Self::Variable,
            "d" => Self::Digit,
            "m" => Self::Mark,
            "z" => Self::MarkOnly,
            "y" => Self::Symbol,
            "j" => Self::SymbolOrMark,
            "o" => Self::Alone,
            "e" => Self::AloneOrEscaped,
            "s" => Self::Quoted,
            "f" => Self::Escaped,
            "b" => Self::Space,
            "w" => Self::Layout,
            "p" => Self::Punctuation,
            _ => Self::Illegal,
        }
    }
}

/// Value of a decimal digit, and the zero of its script.
pub(super) fn decimal(character: char) -> Option<(char, u32)> {
    if character.is_ascii_digit() {
        return Some(('0', u32::from(character) - u32::from('0')));
    }
    let (start, Class::Digit) = table().run(character) else {
        return None;
    };
    // SWI-Prolog does not take two of these zeros, so a run can begin at a one.
    let is_mathematical = (MATHEMATICAL_ZERO..MATHEMATICAL_ZERO + 50).contains(&start);
    let zero = if is_mathematical { MATHEMATICAL_ZERO } else { start };
    let value = (u32::from(character) - zero) % 10;
    Some((char::from_u32(u32::from(character) - value)?, value))
}

/// The classes of all characters.
struct Table {
    /// Of the first characters, by code point.
    latin: [Class; 256],
    /// First code point and class of each run, in order.
    runs: Vec<(u32, Class)>,
}

impl Table {
    /// The run of equal characters that holds `character`: its first code point and its class.
    fn run(&self, character: char) -> (u32, Class) {
        let code = u32::from(character);
        let after = self.runs.partition_point(|(start, _)| *start <= code);
        let found = after.checked_sub(1).and_then(|at| self.runs.get(at));
        found.copied().unwrap_or((0, Class::Illegal))
    }
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Table { latin: [Class::Illegal; 256], runs: parse() };
        table.latin = std::array::from_fn(|code| {
            u8::try_from(code).map_or(Class::Illegal, |code| table.run(char::from(code)).1)
        });
        table
    })
}

fn parse() -> Vec<(u32, Class)> {
    include_str!("classes.txt")
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(start, letter)| {
            Some((u32::from_str_radix(start, 16).ok()?, Class::from_letter(letter)))
        })
        .collect()
}
