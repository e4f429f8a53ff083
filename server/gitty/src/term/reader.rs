//! Tokens to terms: Prolog's grammar, within bounds that malformed input cannot pass.

use std::collections::{BTreeMap, btree_map::Entry};

use thiserror::Error;

use super::{
    Dict, Key, Tag, Term,
    lexer::{Kind, Lexer, Next, Place, Token},
    operation::{Operation, Tree},
};

/// Deepest nesting of brackets that is read.
pub const MAX_DEPTH: usize = 200;
/// Most levels of a term: a chain of operators nests without brackets.
pub(super) const MAX_HEIGHT: usize = 500;

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
    /// An operator whose operands bind looser than it, or that has none.
    #[error("operator priority clash")]
    Operator,
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
    let mut parser = Parser { lexer, ahead, depth: 0 };
    let tree = parser.term("")?;
    match parser.ahead.kind {
        Kind::End => Ok((tree.term, parser.ahead.end)),
        _ => Err(unexpected(&parser.ahead)),
    }
}

fn unexpected(token: &Token) -> ReadError {
    let found = match &token.kind {
        Kind::Name(word) | Kind::Variable(word) => word.clone(),
        Kind::Quoted(_) => "atom".into(),
        Kind::String(_) | Kind::Codes(_) => "string".into(),
        Kind::Integer(_) | Kind::Rational(_) | Kind::Float(_) => "number".into(),
        Kind::Punctuation(character) | Kind::Solo(character) => character.to_string(),
        Kind::EmptyList => "[]".into(),
        Kind::EmptyBraces => "{}".into(),
        Kind::End => "end".into(),
    };
    ReadError { at: token.start, kind: ReadErrorKind::Unexpected(found) }
}

/// Arguments or elements, with the height of the highest.
#[derive(Default)]
struct Sequence {
    items: Vec<Term>,
    height: usize,
}

impl Sequence {
    fn push(&mut self, tree: Tree) {
        self.height = self.height.max(tree.height);
        self.items.push(tree.term);
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    ahead: Token,
    depth: usize,
}

impl Parser<'_> {
    /// Reads a term up to one of the characters of `stop`, or to the end if there are none.
    fn term(&mut self, stop: &str) -> Result<Tree, ReadError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ReadError { at: self.ahead.start, kind: ReadErrorKind::TooDeep });
        }
        let mut operation = Operation::default();
        while operation.is_empty() || !self.stops(stop) {
            if !self.operator(&mut operation)? {
                if operation.place() == Place::AfterOperand {
                    return Err(unexpected(&self.ahead));
                }
                let operand = self.primary()?;
                operation.operand(operand);
            }
        }
        self.depth -= 1;
        operation.finish(self.ahead.start)
    }

    fn stops(&self, stop: &str) -> bool {
        match self.ahead.kind {
            Kind::End => stop.is_empty(),
            Kind::Punctuation(character) => stop.contains(character),
            _ => false,
        }
    }

    /// Takes the token ahead if it is an operator there.
    fn operator(&mut self, operation: &mut Operation) -> Result<bool, ReadError> {
        let place = operation.place();
        let is_sign = self.ahead.kind == Kind::Name("-".into()) && self.ahead.next == Next::Digit;
        if is_sign && place == Place::BeforeOperand {
            return Ok(false);
        }
        let Some(name) = self.ahead.operator(place) else {
            return Ok(false);
        };
        let taken = operation.operator(name, self.ahead.start)?;
        if taken {
            self.advance()?;
        }
        Ok(taken)
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

    /// Reads a term that is no operator with its operands.
    fn primary(&mut self) -> Result<Tree, ReadError> {
        let token = self.advance()?;
        let term = match (token.kind, token.next) {
            (Kind::Integer(digits), _) => Term::Integer(digits),
            (Kind::Rational(text), _) => Term::Rational(text),
            (Kind::Float(value), _) => Term::Float(value),
            (Kind::String(text), _) => Term::String(text),
            (Kind::Codes(text), _) => {
                Term::list(text.chars().map(|one| Term::Integer(u32::from(one).to_string())))
            }
            (Kind::Variable(name), Next::Dict) => return self.dict(Tag::Variable(name)),
            (Kind::Variable(name), _) => Term::Variable(name),
            (Kind::Name(name) | Kind::Quoted(name), Next::Dict) => {
                return self.dict(Tag::Atom(name));
            }
            (Kind::Name(name) | Kind::Quoted(name), Next::Arguments) => {
                return self.compound(name);
            }
            (Kind::Solo(name), Next::Arguments) => return self.compound(name.into()),
            (Kind::EmptyBraces, Next::Arguments) => return self.compound("{}".into()),
            (Kind::EmptyList, Next::Arguments) => return self.list_compound(),
            (Kind::Name(name), Next::Digit) if name == "-" => self.negative()?,
            (Kind::Name(name) | Kind::Quoted(name), _) => Term::Atom(name),
            (Kind::Solo(name), _) => Term::Atom(name.into()),
            (Kind::EmptyBraces, _) => Term::atom("{}"),
            (Kind::EmptyList, _) => Term::list([]),
            (Kind::Punctuation('('), _) => return self.closed(")"),
            (Kind::Punctuation('['), _) => return self.list(),
            (Kind::Punctuation('{'), _) => {
                let inner = self.closed("}")?;
                return Tree::over(inner.height, token.start, Term::compound("{}", [inner.term]));
            }
            (kind @ (Kind::Punctuation(_) | Kind::End), _) => {
                return Err(unexpected(&Token { kind, ..token }));
            }
        };
        Ok(Tree::leaf(term))
    }

    /// Reads a term and the bracket behind it.
    fn closed(&mut self, close: &str) -> Result<Tree, ReadError> {
        let tree = self.term(close)?;
        self.advance()?;
        Ok(tree)
    }

    fn negative(&mut self) -> Result<Term, ReadError> {
        let token = self.advance()?;
        Ok(match token.kind {
            Kind::Integer(digits) if digits == "0" => Term::Integer(digits),
            Kind::Integer(digits) => Term::Integer(format!("-{digits}")),
            Kind::Rational(text) => Term::Rational(format!("-{text}")),
            Kind::Float(value) => Term::Float(-value),
            _ => return Err(unexpected(&token)),
        })
    }

    fn compound(&mut self, name: String) -> Result<Tree, ReadError> {
        let at = self.ahead.start;
        let Sequence { items, height } = self.arguments()?;
        let term = match (name.as_str(), <[Term; 2]>::try_from(items)) {
            ("[|]", Ok([head, tail])) => cons(head, tail),
            (_, Ok(args)) => Term::Compound { name, args: args.into() },
            (_, Err(args)) => Term::Compound { name, args },
        };
        Tree::over(height, at, term)
    }

    fn list_compound(&mut self) -> Result<Tree, ReadError> {
        let at = self.ahead.start;
        let Sequence { items: args, height } = self.arguments()?;
        Tree::over(height, at, Term::ListCompound { args })
    }

    fn arguments(&mut self) -> Result<Sequence, ReadError> {
        self.expect('(')?;
        if self.sees(')') {
            self.advance()?;
            return Ok(Sequence::default());
        }
        let args = self.sequence(",)")?;
        self.expect(')')?;
        Ok(args)
    }

    fn sequence(&mut self, stop: &str) -> Result<Sequence, ReadError> {
        let mut sequence = Sequence::default();
        sequence.push(self.term(stop)?);
        while self.sees(',') {
            self.advance()?;
            sequence.push(self.term(stop)?);
        }
        Ok(sequence)
    }

    fn list(&mut self) -> Result<Tree, ReadError> {
        let at = self.ahead.start;
        let Sequence { items, mut height } = self.sequence(",|]")?;
        let mut list = Term::list(items);
        if self.sees('|') {
            self.advance()?;
            let tail = self.term(",|]")?;
            height = height.max(tail.height);
            list = append(list, tail.term);
        }
        self.expect(']')?;
        Tree::over(height, at, list)
    }

    fn dict(&mut self, tag: Tag) -> Result<Tree, ReadError> {
        let at = self.ahead.start;
        let mut pairs = BTreeMap::new();
        let mut height = 0;
        if self.ahead.kind != Kind::EmptyBraces {
            self.expect('{')?;
            height = self.pair(&mut pairs)?;
            while self.sees(',') {
                self.advance()?;
                height = height.max(self.pair(&mut pairs)?);
            }
            if !self.sees('}') {
                return Err(unexpected(&self.ahead));
            }
        }
        self.advance()?;
        Tree::over(height, at, Term::Dict(Dict { tag, pairs }))
    }

    fn pair(&mut self, pairs: &mut BTreeMap<Key, Term>) -> Result<usize, ReadError> {
        let at = self.ahead.start;
        let key = self.key()?;
        if self.ahead.kind != Kind::Name(":".into()) {
            return Err(unexpected(&self.ahead));
        }
        self.advance()?;
        let value = self.term(",}")?;
        match pairs.entry(key) {
            Entry::Vacant(free) => {
                free.insert(value.term);
                Ok(value.height)
            }
            Entry::Occupied(taken) => {
                let kind = ReadErrorKind::DuplicateKey(taken.key().to_string());
                Err(ReadError { at, kind })
            }
        }
    }

    fn key(&mut self) -> Result<Key, ReadError> {
        let token = self.advance()?;
        let integer = match (&token.kind, token.next) {
            (Kind::Name(name), Next::Digit) if name == "-" => self.negative()?,
            (Kind::Name(name) | Kind::Quoted(name), _) => return Ok(Key::atom(name)),
            (Kind::Solo(name), _) => return Ok(Key::atom(*name)),
            (Kind::EmptyBraces, _) => return Ok(Key::atom("{}")),
            (Kind::EmptyList, _) => return Ok(Key::EmptyList),
            (Kind::Integer(digits), _) => Term::Integer(digits.clone()),
            _ => return Err(unexpected(&token)),
        };
        match integer {
            Term::Integer(digits) => digits.parse().ok().and_then(Key::small),
            _ => None,
        }
        .ok_or_else(|| unexpected(&token))
    }
}

/// A list's first element and the rest of it.
fn cons(head: Term, tail: Term) -> Term {
    append(Term::list([head]), tail)
}

/// A list without a tail, and what follows its bar.
fn append(list: Term, tail: Term) -> Term {
    match (list, tail) {
        (Term::List { mut items, tail: None }, Term::List { items: rest, tail }) => {
            items.extend(rest);
            Term::List { items, tail }
        }
        (Term::List { items, tail: None }, tail) => {
            Term::List { items, tail: Some(Box::new(tail)) }
        }
        (list, _) => list,
    }
}
