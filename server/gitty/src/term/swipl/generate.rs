//! Random terms and texts, the same for the same seed.

use std::collections::BTreeMap;

use super::super::{Dict, Key, Tag, Term};
use crate::random::Random;

/// Names that are operators, need quotes, or are near those that do.
const NAMES: [&str; 96] = [
    "",
    "[]",
    "{}",
    "!",
    ";",
    ",",
    "|",
    ".",
    "A",
    "_",
    "_1",
    "a b",
    "it's",
    "/*",
    "*/",
    "\\",
    "é",
    "É",
    "²",
    "a²",
    "😀",
    "∀",
    "λx",
    "日本",
    "%",
    "\"",
    "`",
    "-1",
    "a\n",
    "\u{ad}",
    "\u{200b}",
    "a\u{301}",
    ":-",
    "-->",
    "=>",
    "?-",
    "dynamic",
    "discontiguous",
    "initialization",
    "table",
    "public",
    "volatile",
    "->",
    "*->",
    ":=",
    "\\+",
    "=",
    "==",
    "\\=",
    "<",
    ">",
    "=<",
    ">=",
    "=:=",
    "=..",
    "is",
    "as",
    "=@=",
    "@<",
    ":<",
    ">:<",
    ":",
    "+",
    "-",
    "/\\",
    "\\/",
    "*",
    "/",
    "//",
    "<<",
    ">>",
    "div",
    "mod",
    "rdiv",
    "rem",
    "xor",
    "**",
    "^",
    "$",
    "a",
    "b",
    "foo",
    "fooBar",
    "x1",
    "true",
    "null",
    "gitty",
    "é1",
    "@",
    "#",
    "&",
    "~",
    "?",
    "..",
    "[|]",
    "a.b",
];
const TAGS: [&str; 8] = ["a", "gitty", "X", "a b", "λ", "+", "it's", "dict"];
const TOKENS: [&str; 78] = [
    "a",
    "b",
    "foo",
    "X",
    "_1",
    "1",
    "2.5",
    "-1",
    "0x1F",
    "0'a",
    "1r3",
    "\"s\"",
    "'q q'",
    "'a'",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "[]",
    "{}",
    ",",
    "|",
    "a(",
    "f(",
    "-(",
    "x{",
    "x{a:",
    "x{k:1}",
    ",b:",
    ":",
    " : ",
    "- ",
    "-",
    " - ",
    "+",
    "\\+",
    "\\",
    "=",
    "=..",
    " is ",
    " mod ",
    ":-",
    "?-",
    "-->",
    "->",
    ";",
    "!",
    "dynamic ",
    "table ",
    "^",
    "**",
    "$",
    "@",
    ".",
    " ",
    "  ",
    "/* c */",
    "'dynamic'",
    "','",
    "'|'",
    "'-'",
    "`ab`",
    "é",
    "É",
    "😀",
    "²",
    "∀",
    "1.0e5",
    "1e5",
    "1.0Inf",
    "1.5NaN",
    "1_000",
    "1 000",
    "٣",
    "[a|",
    "\\",
];

/// A term with at most `depth` levels.
pub(super) fn term(random: &mut Random, depth: usize) -> Term {
    if depth == 0 {
        return leaf(random);
    }
    let deeper = random.below(depth);
    match random.below(9) {
        0 => leaf(random),
        1 => Term::list(terms(random, deeper, 4)),
        2 => partial(random, deeper),
        3 => dict(random, deeper),
        4 => Term::ListCompound { args: terms(random, deeper, 2) },
        5 => Term::compound("{}", [term(random, deeper)]),
        6 => Term::compound(functor(random), terms(random, deeper, 3)),
        7 => Term::compound(functor(random), [term(random, deeper)]),
        _ => Term::compound(functor(random), [term(random, deeper), term(random, deeper)]),
    }
}

fn terms(random: &mut Random, depth: usize, most: usize) -> Vec<Term> {
    (0..random.below(most + 1)).map(|_| term(random, depth)).collect()
}

fn partial(random: &mut Random, depth: usize) -> Term {
    let items = vec![term(random, depth), term(random, depth)];
    Term::List { items, tail: Some(Box::new(term(random, depth))) }
}

fn dict(random: &mut Random, depth: usize) -> Term {
    let tag = match random.below(3) {
        0 => Tag::Variable("_12".into()),
        _ => Tag::Atom(random.pick(&TAGS).into()),
    };
    let mut pairs = BTreeMap::new();
    for value in terms(random, depth, 4) {
        let key = match random.below(8) {
            0 => Key::EmptyList,
            1 => Key::small(i64::try_from(random.below(2_000)).unwrap() - 1_000).unwrap(),
            _ => Key::Atom(name(random)),
        };
        pairs.insert(key, value);
    }
    Term::Dict(Dict { tag, pairs })
}

fn leaf(random: &mut Random) -> Term {
    match random.below(12) {
        0..=4 => Term::Atom(name(random)),
        5 | 6 => Term::String(text(random)),
        7 => Term::integer(random.next().cast_signed() >> random.below(63)),
        8 => Term::Integer(format!("-{}{}", 1 + random.below(9), random.next())),
        9 => Term::Float(float(random)),
        10 => Term::Rational(format!("{}r{}", random.below(99) * 101 + 1, 101)),
        _ => Term::Variable(["_1", "X", "_G12", "Λ"][random.below(4)].into()),
    }
}

fn name(random: &mut Random) -> String {
    if random.below(3) > 0 {
        return random.pick(&NAMES).into();
    }
    let text = text(random);
    // Those that SWI-Prolog writes without quotes and then reads as a comment.
    let unreadable = text.starts_with("/*") && text.chars().any(|one| one > '\u{ff}');
    if unreadable { String::new() } else { text }
}

/// Not the dot: SWI-Prolog does not read what it writes for `'.'(a,-1)`.
fn functor(random: &mut Random) -> String {
    Some(name(random)).filter(|name| name != ".").unwrap_or_default()
}

fn text(random: &mut Random) -> String {
    (0..random.below(5)).map(|_| character(random)).collect()
}

fn character(random: &mut Random) -> char {
    let most = [0x7f, 0x7f, 0x7f, 0xff, 0x3ff, 0xffff, 0x1_ffff, 0x10_ffff][random.below(8)];
    let code = u32::try_from(random.below(most + 1)).unwrap();
    // SWI-Prolog does not read `\xD8000\`: it takes its first four digits for a surrogate.
    if (0xd_8000..0xe_0000).contains(&code) {
        return '\u{e000}';
    }
    char::from_u32(code).unwrap_or('\u{e001}')
}

fn float(random: &mut Random) -> f64 {
    match random.below(4) {
        0 => f64::from_bits(random.next()),
        1 => f64::from(u32::try_from(random.below(1 << 31)).unwrap()) / 1024.0 + 1.7e9,
        2 => f64::from(u32::try_from(random.below(1 << 31)).unwrap()) * 1e-9,
        _ => [0.0, -0.0, 1e15, 1e14, 1e-4, 1e-5, 5e-324, 1e22, f64::INFINITY][random.below(9)],
    }
}

/// Tokens in any order.
pub(super) fn noise(random: &mut Random) -> String {
    (0..=random.below(7)).map(|_| random.pick(&TOKENS)).collect()
}

/// The term without operators and with all the quotes and escapes there are.
pub(super) fn canonical(term: &Term) -> String {
    match term {
        Term::Atom(text) => escaped(text, '\''),
        Term::String(text) => escaped(text, '"'),
        Term::Integer(text) | Term::Rational(text) | Term::Variable(text) => text.clone(),
        Term::Float(value) if value.is_nan() => "1.5NaN".into(),
        Term::Float(value) if *value == f64::INFINITY => "1.0Inf".into(),
        Term::Float(value) if *value == f64::NEG_INFINITY => "-1.0Inf".into(),
        Term::Float(value) => format!("{value:e}"),
        Term::List { items, tail } => {
            let tail = tail.as_deref().map_or("[]".into(), canonical);
            items.iter().rev().fold(tail, |tail, item| format!("'[|]'({},{tail})", canonical(item)))
        }
        Term::Dict(dict) => canonical_dict(dict),
        Term::Compound { name, args } => format!("{}({})", escaped(name, '\''), sequence(args)),
        Term::ListCompound { args } => format!("[]({})", sequence(args)),
    }
}

fn canonical_dict(dict: &Dict) -> String {
    let tag = match &dict.tag {
        Tag::Atom(text) => escaped(text, '\''),
        Tag::Variable(name) => name.clone(),
    };
    let pair = |(key, value): (&Key, &Term)| {
        let key = match key {
            Key::Atom(text) => escaped(text, '\''),
            Key::Integer(_) | Key::EmptyList => key.to_string(),
        };
        format!("{key} : {}", canonical(value))
    };
    let pairs: Vec<String> = dict.pairs.iter().rev().map(pair).collect();
    format!("{tag}{{{}}}", pairs.join(" , "))
}

fn sequence(terms: &[Term]) -> String {
    terms.iter().map(canonical).collect::<Vec<_>>().join(" , ")
}

fn escaped(text: &str, quote: char) -> String {
    let one = |character: char| match character {
        'a'..='z' => character.to_string(),
        _ => format!("\\x{:x}\\", u32::from(character)),
    };
    format!("{quote}{}{quote}", text.chars().map(one).collect::<String>())
}
