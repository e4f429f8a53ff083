//! Prolog terms as SWISH writes them: commits, journal lines and chat lines are terms.
//!
//! The reader accepts what SWI-Prolog reads, within a bounded depth; the writer gives the bytes
//! that SWI-Prolog 9.0.4 gives with `~q`. Variables keep the name they were written with, so a
//! term that was read and is written again has the same bytes.

mod classes;
mod float;
mod integer;
mod lexer;
mod literals;
mod operation;
mod operators;
mod reader;
mod writer;

#[cfg(test)]
mod swipl;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt};

pub use reader::{MAX_DEPTH, ReadError, ReadErrorKind, read, read_prefix};

/// Integers that can be keys of dicts.
const SMALL_INTEGERS: std::ops::Range<i64> = -(1 << 56)..1 << 56;

/// A Prolog term.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// A name, such as `hello` or `'hello world'`. The empty list is not an atom.
    Atom(String),
    /// Text between double quotes.
    String(String),
    /// Decimal digits of any length, with a `-` when negative.
    Integer(String),
    /// Two integers as `1r3`, as written.
    Rational(String),
    /// A double.
    Float(f64),
    /// A variable, by the name it was written with.
    Variable(String),
    /// `[a,b]` or `[a,b|Tail]`.
    List {
        /// The elements.
        items: Vec<Self>,
        /// What follows the bar, if there is one: no list, when it was read.
        tail: Option<Box<Self>>,
    },
    /// `tag{key:value}`.
    Dict(Dict),
    /// `name(argument, …)`; operators are compounds too.
    Compound {
        /// The functor's name.
        name: String,
        /// The arguments; `name()` has none.
        args: Vec<Self>,
    },
    /// `[](argument, …)`: its functor is the empty list, which is no name.
    ListCompound {
        /// The arguments.
        args: Vec<Self>,
    },
}

/// A dict; its keys are unique and kept in SWI-Prolog's standard order.
#[derive(Clone, Debug, PartialEq)]
pub struct Dict {
    /// What stands before the brace.
    pub tag: Tag,
    /// Keys and values.
    pub pairs: BTreeMap<Key, Term>,
}

/// Tag of a dict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    /// A name.
    Atom(String),
    /// No tag: a variable, by the name it was written with.
    Variable(String),
}

/// Key of a dict, in standard order: small integers, `[]`, atoms by code points.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// An integer of at most 56 bits and a sign.
    Integer(i64),
    /// `[]`, which is no atom.
    EmptyList,
    /// A name.
    Atom(String),
}

impl Term {
    /// Makes an atom.
    #[must_use]
    pub fn atom(text: impl Into<String>) -> Self {
        Self::Atom(text.into())
    }

    /// Makes a string.
    #[must_use]
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// Makes an integer.
    #[must_use]
    pub fn integer(value: i64) -> Self {
        Self::Integer(value.to_string())
    }

    /// Makes a proper list.
    #[must_use]
    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::List { items: items.into_iter().collect(), tail: None }
    }

    /// Makes a compound.
    #[must_use]
    pub fn compound(name: impl Into<String>, args: impl IntoIterator<Item = Self>) -> Self {
        Self::Compound { name: name.into(), args: args.into_iter().collect() }
    }

    /// Text of an atom.
    #[must_use]
    pub fn as_atom(&self) -> Option<&str> {
        match self {
            Self::Atom(text) => Some(text),
            _ => None,
        }
    }

    /// Text of an atom or a string.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Atom(text) | Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Value of a float or an integer.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            Self::Integer(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// The dict, if this is one.
    #[must_use]
    pub const fn as_dict(&self) -> Option<&Dict> {
        match self {
            Self::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    /// Elements of a proper list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List { items, tail: None } => Some(items),
            _ => None,
        }
    }

    /// Name and arguments of a compound.
    #[must_use]
    pub fn as_compound(&self) -> Option<(&str, &[Self])> {
        match self {
            Self::Compound { name, args } => Some((name, args)),
            _ => None,
        }
    }
}

impl Dict {
    /// Makes an empty dict with a tag.
    #[must_use]
    pub fn tagged(tag: impl Into<String>) -> Self {
        Self { tag: Tag::Atom(tag.into()), pairs: BTreeMap::new() }
    }

    /// Makes an empty dict without a tag.
    #[must_use]
    pub fn anonymous() -> Self {
        Self { tag: Tag::Variable("_".into()), pairs: BTreeMap::new() }
    }

    /// Value of an atom key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Term> {
        self.pairs.get(&Key::atom(key))
    }

    /// Sets the value of an atom key.
    pub fn set(&mut self, key: &str, value: Term) {
        self.pairs.insert(Key::atom(key), value);
    }

    /// Removes an atom key, giving its value.
    pub fn remove(&mut self, key: &str) -> Option<Term> {
        self.pairs.remove(&Key::atom(key))
    }
}

impl Key {
    /// Makes an integer key, if SWI-Prolog has it as a small integer.
    #[must_use]
    pub fn small(value: i64) -> Option<Self> {
        (SMALL_INTEGERS.contains(&value)).then_some(Self::Integer(value))
    }

    /// Makes a name key.
    #[must_use]
    pub fn atom(text: impl Into<String>) -> Self {
        Self::Atom(text.into())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => value.fmt(f),
            Self::EmptyList => f.write_str("[]"),
            Self::Atom(text) => f.write_str(text),
        }
    }
}

/// Writes the term as SWI-Prolog's `~q` does.
impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&writer::write(self))
    }
}
