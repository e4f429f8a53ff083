//! Characters to tokens, with the few facts about layout that Prolog's grammar needs.

use super::{
    classes::Class,
    reader::{ReadError, ReadErrorKind},
};

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Byte at which it begins.
    pub(super) start: usize,
    /// Byte after its last.
    pub(super) end: usize,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// An unquoted name that may be the tag of a dict.
    Name(String),
    /// A symbol atom, `!` or `;`.
    Symbol(String),
    /// A quoted atom.
    Quoted(String),
    Variable(String),
    Integer(String),
    Rational(String),
    Float(f64),
    String(String),
    /// Text between backquotes.
    Codes(String),
    /// One of `( ) [ ] { } , |`.
    Punctuation(char),
    /// A full stop, or the end of the text.
    End,
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
        Ok(Token { kind, start, end: self.at })
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
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

    fn skip_layout(&mut self) -> Result<(), ReadError> {
        loop {
            self.take(is_layout);
            if self.rest().starts_with('%') {
                self.take(|character| character != '\n');
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
            '(' | ')' | '[' | ']' | '{' | '}' | ',' | '|' => {
                self.bump();
                Ok(Kind::Punctuation(first))
            }
            '\'' => self.quoted('\'').map(Kind::Quoted),
            '"' => self.quoted('"').map(Kind::String),
            '`' => self.quoted('`').map(Kind::Codes),
            '0'..='9' => self.number(),
            _ => self.word(first),
        }
    }

    fn word(&mut self, first: char) -> Result<Kind, ReadError> {
        match Class::of(first) {
            Class::Start => Ok(Kind::Name(self.take(|next| Class::of(next).continues()))),
            Class::Symbol => {
                if first == '.' && self.at_full_stop() {
                    self.bump();
                    return Ok(Kind::End);
                }
                Ok(Kind::Symbol(self.take(|next| Class::of(next) == Class::Symbol)))
            }
            Class::Continue | Class::ContinueOrAlone => {
                Ok(Kind::Variable(self.take(|next| Class::of(next).continues())))
            }
            Class::Alone | Class::AloneOrEscaped => {
                self.bump();
                Ok(Kind::Symbol(first.into()))
            }
            Class::Quoted | Class::Escaped => Err(self.error(ReadErrorKind::Character(first))),
        }
    }

    fn at_full_stop(&self) -> bool {
        let after = self.rest().chars().nth(1);
        after.is_none_or(|character| is_layout(character) || character == '%')
    }
}

fn is_layout(character: char) -> bool {
    character.is_whitespace()
}
