//! Tokens to terms: Prolog's operator grammar, within bounds that malformed input cannot pass.

use std::collections::{BTreeMap, btree_map::Entry};

use thiserror::Error;

use super::{
    Dict, Key, Tag, Term,
    lexer::{Kind, Lexer, Token},
    operators::{self, ARGUMENT, MAX},
};

/// Deepest nesting that is read.
pub const MAX_DEPTH: usize = 200;
/// Most infix operators in one term: a chain of them nests without brackets.
const MAX_INFIX: usize = 500;

/// Text that is not a term; the caller's state is unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("byte {at}: {kind}")]
pub struct ReadError {
    /// Byte at which reading stopped.
    pub at: usize,
    /// What is wrong there.
    pub kind: ReadErrorKind,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReadErrorKind {
    /// A token that cannot stand there.
    #[error("unexpected {0}")]
    Unexpected(String),
    /// A character that begins nothing.
    #[error("illegal character {0:?}")]
    Character(char),
    /// An unknown escape, or one of no character.
    #[error("bad escape")]
    Escape,
    /// A number out of bounds.
    #[error("bad number")]
    Number,
    /// The closing quote is missing.
    #[error("quote is not closed")]
    OpenQuote,
    /// The end of a comment is missing.
    #[error("comment is not closed")]
    OpenComment,
    /// A dict holds this key twice.
    #[error("duplicate key {0}")]
    DuplicateKey(String),
    /// Nested deeper than the reader goes.
    #[error("nested too deeply")]
    TooDeep,
    /// Bytes that are not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
}

/// Reads a text that is one term, with or without its full stop.
///
/// # Errors
/// The text is no term, or something follows it.
pub fn read(text: &str) -> Result<Term, ReadError> {
    let (term, length) = read_prefix(text)?;
    let mut lexer = Lexer { text, at: length };
    let next = lexer.next()?;
    match next.kind {
        Kind::End if next.start == text.len() => Ok(term),
        _ => Err(unexpected(&next)),
    }
}

/// Reads the first term of a text, with the bytes up to and including its full stop.
///
/// # Errors
/// The text does not begin with a term.
pub fn read_prefix(text: &str) -> Result<(Term, usize), ReadError> {
    let mut lexer = Lexer { text, at: 0 };
    let ahead = lexer.next()?;
    let mut parser = Parser { lexer, ahead, depth: 0, infix: 0 };
    let term = parser.term(MAX)?;
    match parser.ahead.kind {
        Kind::End => Ok((term, parser.ahead.end)),
        _ => Err(unexpected(&parser.ahead)),
    }
}

fn unexpected(token: &Token) -> ReadError {
    let found = match &token.kind {
        Kind::Name(word) | Kind::Symbol(word) | Kind::Variable(word) => word.clone(),
        Kind::Quoted(_) => "atom".into(),
        Kind::String(_) | Kind::Codes(_) => "string".into(),
        Kind::Integer(_) | Kind::Rational(_) | Kind::Float(_) => "number".into(),
        Kind::Punctuation(character) => character.to_string(),
        Kind::End => "end".into(),
    };
    ReadError { at: token.start, kind: ReadErrorKind::Unexpected(found) }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    ahead: Token,
    depth: usize,
    infix: usize,
}

impl Parser<'_> {
    fn term(&mut self, max: u16) -> Result<Term, ReadError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ReadError { at: self.ahead.start, kind: ReadErrorKind::TooDeep });
        }
        let (left, priority) = self.primary(max)?;
        let term = self.infix(left, priority, max)?;
        self.depth -= 1;
        Ok(term)
    }

    /// Takes the token ahead and reads the next.
    fn advance(&mut self) -> Result<Token, ReadError> {
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.ahead, next))
    }

    fn sees(&self, character: char) -> bool {
        self.ahead.kind == Kind::Punctuation(character)
    }

    fn expect(&mut self, character: char) -> Result<Token, ReadError> {
        if self.sees(character) { self.advance() } else { Err(unexpected(&self.ahead)) }
    }

    fn primary(&mut self, max: u16) -> Result<(Term, u16), ReadError> {
        let token = self.advance()?;
        let glued = self.ahead.start == token.end;
        let term = match token.kind {
            Kind::Integer(digits) => Term::Integer(digits),
            Kind::Rational(text) => Term::Rational(text),
            Kind::Float(value) => Term::Float(value),
            Kind::String(text) => Term::String(text),
            Kind::Codes(text) => {
                Term::list(text.chars().map(|one| Term::Integer(u32::from(one).to_string())))
            }
            Kind::Variable(name) if glued && self.sees('{') => self.dict(Tag::Variable(name))?,
            Kind::Variable(name) => Term::Variable(name),
            Kind::Name(name) | Kind::Quoted(name) if glued && self.sees('{') => {
                self.dict(Tag::Atom(name))?
            }
            Kind::Name(name) | Kind::Quoted(name) | Kind::Symbol(name)
                if glued && self.sees('(') =>
            {
                self.compound(name)?
            }
            Kind::Quoted(name) => Term::Atom(name),
            Kind::Name(name) | Kind::Symbol(name) => return self.name(name, glued, max),
            Kind::Punctuation('(') => self.bracketed(')')?,
            Kind::Punctuation('[') => self.list()?,
            Kind::Punctuation('{') => self.curly()?,
            Kind::Punctuation(_) | Kind::End => return Err(unexpected(&token)),
        };
        Ok((term, 0))
    }

    fn bracketed(&mut self, close: char) -> Result<Term, ReadError> {
        let term = self.term(MAX)?;
        self.expect(close)?;
        Ok(term)
    }

    /// An unquoted name: a sign, a prefix operator, or an atom.
    fn name(&mut self, name: String, glued: bool, max: u16) -> Result<(Term, u16), ReadError> {
        if name == "-"
            && glued
            && let Some(number) = self.negative()
        {
            self.advance()?;
            return Ok((number, 0));
        }
        let Some(operator) = operators::prefix(&name).filter(|_| self.operand_follows()) else {
            return Ok((Term::Atom(name), 0));
        };
        // In an argument a loose operator binds as far as the argument goes.
        let tight = operator.priority > max;
        let right = if tight { max.min(ARGUMENT) } else { operator.right };
        let argument = self.term(right)?;
        let priority = if tight { max } else { operator.priority };
        Ok((Term::compound(name, [argument]), priority))
    }

    fn negative(&self) -> Option<Term> {
        match &self.ahead.kind {
            Kind::Integer(digits) if digits == "0" => Some(Term::Integer(digits.clone())),
            Kind::Integer(digits) => Some(Term::Integer(format!("-{digits}"))),
            Kind::Rational(text) => Some(Term::Rational(format!("-{text}"))),
            Kind::Float(value) => Some(Term::Float(-value)),
            _ => None,
        }
    }

    fn operand_follows(&self) -> bool {
        match &self.ahead.kind {
            Kind::End => false,
            Kind::Punctuation(character) => matches!(character, '(' | '[' | '{'),
            Kind::Name(name) | Kind::Symbol(name) => {
                operators::infix(name).is_none()
                    || operators::prefix(name).is_some()
                    || self.lexer.rest().starts_with('(')
            }
            _ => true,
        }
    }

    fn infix(&mut self, left: Term, priority: u16, max: u16) -> Result<Term, ReadError> {
        let (mut left, mut priority) = (left, priority);
        loop {
            let name = match &self.ahead.kind {
                Kind::Name(name) | Kind::Symbol(name) => name.clone(),
                Kind::Punctuation(character @ (',' | '|')) => character.to_string(),
                _ => return Ok(left),
            };
            let Some(operator) = operators::infix(&name) else {
                return Ok(left);
            };
            if operator.priority > max || priority > operator.left {
                return Ok(left);
            }
            self.infix += 1;
            if self.infix > MAX_INFIX {
                return Err(ReadError { at: self.ahead.start, kind: ReadErrorKind::TooDeep });
            }
            self.advance()?;
            let right = self.term(operator.right)?;
            left = Term::compound(name, [left, right]);
            priority = operator.priority;
        }
    }

    fn compound(&mut self, name: String) -> Result<Term, ReadError> {
        self.expect('(')?;
        let args = self.sequence()?;
        self.expect(')')?;
        Ok(Term::Compound { name, args })
    }

    fn sequence(&mut self) -> Result<Vec<Term>, ReadError> {
        let mut items = vec![self.term(ARGUMENT)?];
        while self.sees(',') {
            self.advance()?;
            items.push(self.term(ARGUMENT)?);
        }
        Ok(items)
    }

    fn list(&mut self) -> Result<Term, ReadError> {
        let mut items = Vec::new();
        let mut tail = None;
        if !self.sees(']') {
            items = self.sequence()?;
            if self.sees('|') {
                self.advance()?;
                tail = Some(Box::new(self.term(ARGUMENT)?));
            }
        }
        self.expect(']')?;
        Ok(Term::List { items, tail })
    }

    fn curly(&mut self) -> Result<Term, ReadError> {
        if self.sees('}') {
            let close = self.advance()?;
            if self.sees('(') && self.ahead.start == close.end {
                return self.compound("{}".into());
            }
            return Ok(Term::atom("{}"));
        }
        Ok(Term::compound("{}", [self.bracketed('}')?]))
    }

    fn dict(&mut self, tag: Tag) -> Result<Term, ReadError> {
        self.expect('{')?;
        let mut pairs = BTreeMap::new();
        if !self.sees('}') {
            self.pair(&mut pairs)?;
            while self.sees(',') {
                self.advance()?;
                self.pair(&mut pairs)?;
            }
        }
        self.expect('}')?;
        Ok(Term::Dict(Dict { tag, pairs }))
    }

    fn pair(&mut self, pairs: &mut BTreeMap<Key, Term>) -> Result<(), ReadError> {
        let token = self.advance()?;
        let key = match &token.kind {
            Kind::Name(name) | Kind::Quoted(name) | Kind::Symbol(name) => Key::atom(name),
            Kind::Punctuation('{') if self.sees('}') => {
                self.advance()?;
                Key::atom("{}")
            }
            Kind::Integer(digits) => Key::Integer(digits.parse().map_err(|_| unexpected(&token))?),
            _ => return Err(unexpected(&token)),
        };
        if self.ahead.kind != Kind::Symbol(":".into()) {
            return Err(unexpected(&self.ahead));
        }
        self.advance()?;
        let value = self.term(ARGUMENT)?;
        match pairs.entry(key) {
            Entry::Vacant(free) => {
                free.insert(value);
                Ok(())
            }
            Entry::Occupied(taken) => {
                let kind = ReadErrorKind::DuplicateKey(taken.key().to_string());
                Err(ReadError { at: token.start, kind })
            }
        }
    }
}
