//! Characters to tokens, with the few facts about layout that Prolog's grammar needs.

use super::{
    classes::Class,
    reader::{ReadError, ReadErrorKind},
    writer,
};

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Byte at which it begins.
    pub(super) start: usize,
    /// Byte after its last.
    pub(super) end: usize,
    /// What follows it without a blank.
    pub(super) next: Next,
}

/// What follows a token without a blank, as far as that makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// `(`: the token is a functor.
    Arguments,
    /// `{`: the token is the tag of a dict.
    Dict,
    /// An ASCII digit: `-` is its sign.
    Digit,
    Other,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// An unquoted name, or a symbol atom.
    Name(String),
    /// A character that is an atom by itself.
    Solo(char),
    /// A quoted atom.
    Quoted(String),
    Variable(String),
    Integer(String),
    Rational(String),
    Float(f64),
    String(String),
    /// Text between backquotes.
    Codes(String),
    /// `[]`
    EmptyList,
    /// `{}`
    EmptyBraces,
    /// One of `( ) [ ] { } , |`.
    Punctuation(char),
    /// A full stop, or the end of the text.
    End,
}

impl Token {
    /// The token as the name of an operator, if it can be one.
    ///
    /// Where only an operator can stand, a bracket behind it does not make it a functor. A quoted
    /// atom is an operator only if it needs its quotes.
    pub(super) fn operator(&self, place: Place) -> Option<String> {
        let is_free = place == Place::AfterOperand
            || !matches!(
                (self.next, &self.kind),
                (Next::Arguments, _) | (Next::Dict, Kind::Name(_) | Kind::Quoted(_))
            );
        let is_glued = matches!(self.next, Next::Arguments | Next::Dict);
        match &self.kind {
            Kind::Name(text) if is_free => Some(text.clone()),
            Kind::Solo(character) if is_free => Some(character.to_string()),
            Kind::Quoted(text) if is_free && (is_glued || !writer::is_plain(text)) => {
                Some(text.clone())
            }
            Kind::Punctuation(',') => Some(",".into()),
            Kind::Punctuation('|') if place == Place::AfterOperand => Some("|".into()),
            _ => None,
        }
    }
}

/// What the grammar expects where a token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// An operand, or a prefix operator.
    BeforeOperand,
    /// An operator, or the end of the term.
    AfterOperand,
}

/// Splits one text into tokens.
pub(super) struct Lexer<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl Lexer<'_> {
    /// The next token, after layout and comments.
    pub(super) fn next(&mut self) -> Result<Token, ReadError> {
        self.skip_layout()?;
        let start = self.at;
        let kind = self.kind()?;
        let next = match self.rest().as_bytes().first() {
            Some(b'(') => Next::Arguments,
            Some(b'{') => Next::Dict,
            Some(byte) if byte.is_ascii_digit() => Next::Digit,
            _ => Next::Other,
        };
        Ok(Token { kind, start, end: self.at, next })
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn bump(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += character.len_utf8();
        Some(character)
    }

    pub(super) fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(super) fn eat(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    pub(super) const fn error(&self, kind: ReadErrorKind) -> ReadError {
        ReadError { at: self.at, kind }
    }

    /// Takes characters while `test` holds.
    pub(super) fn take(&mut self, test: impl Fn(char) -> bool) -> String {
        let rest = self.rest();
        let length = rest.find(|character| !test(character)).unwrap_or(rest.len());
        let word = rest[..length].to_owned();
        self.at += length;
        word
    }

    /// Skips blanks, but no comments.
    pub(super) fn skip_blanks(&mut self) {
        while self.peek().is_some_and(is_layout) {
            self.bump();
        }
    }

    fn skip_layout(&mut self) -> Result<(), ReadError> {
        loop {
            self.skip_blanks();
            if self.rest().starts_with('%') {
                let length = self.rest().find('\n').unwrap_or(self.rest().len());
                self.at += length;
            } else if self.rest().starts_with("/*") {
                let Some(length) = self.rest()[2..].find("*/") else {
                    return Err(self.error(ReadErrorKind::OpenComment));
                };
                self.at += length + 4;
            } else {
                return Ok(());
            }
        }
    }

    fn kind(&mut self) -> Result<Kind, ReadError> {
        let Some(first) = self.peek() else {
            return Ok(Kind::End);
        };
        match first {
            '[' => self.open(']', Kind::EmptyList),
            '{' => self.open('}', Kind::EmptyBraces),
            '(' | ')' | ']' | '}' | ',' | '|' => {
                self.bump();
                Ok(Kind::Punctuation(first))
            }
            '\'' => self.quoted('\'').map(Kind::Quoted),
            '"' => self.quoted('"').map(Kind::String),
            '`' => self.quoted('`').map(Kind::Codes),
            _ => self.word(first),
        }
    }

    /// An opening bracket, or a pair of brackets with nothing between them.
    fn open(&mut self, close: char, empty: Kind) -> Result<Kind, ReadError> {
        let open = self.bump().unwrap_or(close);
        let after = self.at;
        // A comment that is not closed is an error of the next token.
        if self.skip_layout().is_ok() && self.peek() == Some(close) {
            self.bump();
            return Ok(empty);
        }
        self.at = after;
        Ok(Kind::Punctuation(open))
    }

    fn word(&mut self, first: char) -> Result<Kind, ReadError> {
        match Class::of(first) {
            Class::Start | Class::StartOrSymbol => {
                Ok(Kind::Name(self.take(|next| Class::of(next).continues())))
            }
            Class::Symbol | Class::SymbolOrMark => {
                if first == '.' && self.at_full_stop() {
                    self.bump();
                    return Ok(Kind::End);
                }
                Ok(Kind::Name(self.take(|next| Class::of(next).is_symbol())))
            }
            Class::Variable => Ok(Kind::Variable(self.take(|next| Class::of(next).continues()))),
            Class::Digit => self.number(),
            Class::Mark | Class::Alone | Class::AloneOrEscaped | Class::Quoted | Class::Escaped => {
                self.bump();
                Ok(Kind::Solo(first))
            }
            Class::MarkOnly
            | Class::Space
            | Class::Layout
            | Class::Punctuation
            | Class::Illegal => Err(self.error(ReadErrorKind::Character(first))),
        }
    }

    fn at_full_stop(&self) -> bool {
        let after = self.rest().chars().nth(1);
        after.is_none_or(|character| is_layout(character) || character == '%')
    }
}

pub(super) fn is_layout(character: char) -> bool {
    Class::of(character).is_layout()
}
