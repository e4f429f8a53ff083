//! Terms to text, byte for byte as SWI-Prolog's `~q`.

use super::{
    Dict, Key, Tag, Term,
    classes::Class,
    float,
    operators::{self, ARGUMENT, Operator},
};

/// Highest priority of all: a term on its own, or within braces.
const MAX: u16 = 1200;

/// Writes a term; nothing follows it.
pub(super) fn write(term: &Term) -> String {
    let mut out = Writer { text: String::new(), after: After::Start };
    out.term(term, MAX, Place::Argument);
    out.text
}

/// What was written last, as far as the next token's space depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    /// Nothing yet.
    Start,
    Prefix,
    /// The prefix operator `-`: a number behind it would be a negative one.
    Minus,
    Infix,
    Token,
}

/// Where a term stands: as an operand, an atom that is an operator needs brackets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Argument,
    Operand,
}

/// Whether a token got a space before it: then an infix operator gets one behind it too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Space {
    Put,
    None,
}

struct Writer {
    text: String,
    after: After,
}

impl Writer {
    /// Writes text that needs no space before it.
    fn put(&mut self, text: &str) {
        self.text.push_str(text);
        self.after = After::Token;
    }

    /// Writes a token, with a space if it would grow into the last one.
    fn token(&mut self, token: &str) -> Space {
        let space = match token.chars().next() {
            Some(first) if self.needs_space(first) => Space::Put,
            _ => Space::None,
        };
        if space == Space::Put {
            self.put(" ");
        }
        self.put(token);
        space
    }

    fn needs_space(&self, first: char) -> bool {
        let is_bracket = matches!(first, '(' | '{');
        match self.after {
            After::Start => return false,
            After::Minus if first.is_ascii_digit() || Class::of(first).is_symbol() => return true,
            After::Prefix | After::Minus if is_bracket => return true,
            After::Infix if first == '(' => return false,
            After::Prefix | After::Minus | After::Infix | After::Token => {}
        }
        self.text.chars().next_back().is_some_and(|last| glue(last, first))
    }

    fn term(&mut self, term: &Term, max: u16, place: Place) {
        match term {
            Term::Atom(text) => self.atom(text, place),
            Term::String(text) => self.put(&quote(text, '"')),
            Term::Integer(text) | Term::Rational(text) | Term::Variable(text) => {
                self.token(text);
            }
            Term::Float(value) => {
                self.token(&float::write(*value));
            }
            Term::List { items, tail: None } if items.is_empty() => {
                self.token("[]");
            }
            Term::List { items, tail } => self.list(items, tail.as_deref()),
            Term::Dict(dict) => self.dict(dict),
            Term::ListCompound { args } => {
                self.token("[]");
                self.args(args);
            }
            Term::Compound { name, args } => self.compound(name, args, max),
        }
    }

    fn atom(&mut self, text: &str, place: Place) {
        let brackets = place == Place::Operand && operators::is_operator(text);
        self.bracketed(brackets, |out| {
            out.token(&atom(text));
        });
    }

    fn list(&mut self, items: &[Term], tail: Option<&Term>) {
        self.put("[");
        self.sequence(items);
        let mut rest = tail;
        while let Some(tail) = rest {
            rest = self.tail(tail);
        }
        self.put("]");
    }

    /// Writes what follows an element of a list; gives what follows that.
    fn tail<'a>(&mut self, tail: &'a Term) -> Option<&'a Term> {
        let (items, rest) = match tail {
            Term::List { items, tail } => (items.as_slice(), tail.as_deref()),
            Term::Compound { name, args } if name == "[|]" && args.len() == 2 => {
                (&args[..1], args.get(1))
            }
            _ => {
                self.put("|");
                self.term(tail, ARGUMENT, Place::Argument);
                return None;
            }
        };
        for item in items {
            self.put(",");
            self.term(item, ARGUMENT, Place::Argument);
        }
        rest
    }

    fn sequence(&mut self, items: &[Term]) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.put(",");
            }
            self.term(item, ARGUMENT, Place::Argument);
        }
    }

    fn args(&mut self, args: &[Term]) {
        self.put("(");
        self.sequence(args);
        self.put(")");
    }

    fn dict(&mut self, dict: &Dict) {
        match &dict.tag {
            Tag::Atom(text) => self.token(&atom(text)),
            Tag::Variable(name) => self.token(name),
        };
        self.put("{");
        for (at, (key, value)) in dict.pairs.iter().enumerate() {
            if at > 0 {
                self.put(",");
            }
            match key {
                Key::Integer(value) => self.token(&value.to_string()),
                Key::EmptyList => self.token("[]"),
                Key::Atom(text) => self.token(&atom(text)),
            };
            self.token(":");
            self.term(value, ARGUMENT, Place::Argument);
        }
        self.put("}");
    }

    fn compound(&mut self, name: &str, args: &[Term], max: u16) {
        match args {
            [only] if name == "$VAR" && variable_name(only).is_some() => {
                self.token(&variable_name(only).unwrap_or_default());
            }
            [only] if name == "{}" => {
                self.token("{");
                self.term(only, MAX, Place::Argument);
                self.put("}");
            }
            [only] => match operators::prefix(name) {
                Some(operator) => self.bracketed(operator.priority > max, |out| {
                    out.prefix(name, operator, only);
                }),
                None => self.canonical(name, args),
            },
            [_, tail] if name == "[|]" => self.list(&args[..1], Some(tail)),
            [left, right] => match operators::infix(name) {
                Some(operator) => self.bracketed(operator.priority > max, |out| {
                    out.term(left, operator.left, Place::Operand);
                    out.infix(name);
                    out.term(right, operator.right, Place::Operand);
                }),
                None => self.canonical(name, args),
            },
            _ => self.canonical(name, args),
        }
    }

    fn bracketed(&mut self, brackets: bool, body: impl FnOnce(&mut Self)) {
        if brackets {
            self.token("(");
        }
        body(self);
        if brackets {
            self.put(")");
        }
    }

    fn canonical(&mut self, name: &str, args: &[Term]) {
        self.token(&atom(name));
        self.args(args);
    }

    fn infix(&mut self, name: &str) {
        match name {
            "," | "|" => self.put(name),
            "." => {
                self.token(name);
            }
            _ => {
                if self.token(&atom(name)) == Space::Put {
                    self.put(" ");
                }
            }
        }
        self.after = After::Infix;
    }

    fn prefix(&mut self, name: &str, operator: Operator, argument: &Term) {
        self.token(&atom(name));
        self.after = if name == "-" { After::Minus } else { After::Prefix };
        self.term(argument, operator.right, Place::Operand);
    }
}

/// Whether two characters beside each other would be read as one token, or as a call.
fn glue(last: char, first: char) -> bool {
    let (before, after) = (Class::of(last), Class::of(first));
    before.continues() && after.continues()
        || before.is_symbol() && after.is_symbol()
        || first == '(' && !is_open(last)
        || first == '\'' && (last.is_ascii_digit() || last == '\'')
}

/// Whether a bracket behind this character is no argument list.
fn is_open(character: char) -> bool {
    matches!(character, '(' | ')' | '[' | ']' | '{' | '}' | ',' | '|')
        || Class::of(character).is_layout()
}

/// The name that `'$VAR'(Value)` is written as.
fn variable_name(value: &Term) -> Option<String> {
    match value {
        Term::Integer(digits) => {
            let number: i64 = digits.parse().ok()?;
            let Ok(letter) = u8::try_from(number.rem_euclid(26)) else {
                return None;
            };
            Some(match number {
                ..0 => format!("S_{}", number.unsigned_abs()),
                0..26 => char::from(b'A' + letter).to_string(),
                _ => format!("{}{}", char::from(b'A' + letter), number / 26),
            })
        }
        Term::Atom(text) => {
            let starts = text.chars().next().is_some_and(|one| Class::of(one) == Class::Variable);
            let continues = text.chars().all(|one| Class::of(one).continues());
            (starts && continues).then(|| text.clone())
        }
        _ => None,
    }
}

/// Writes an atom, quoted if it must be.
pub(super) fn atom(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quote(text, '\'') }
}

/// Whether an atom is written without quotes.
pub(super) fn is_plain(text: &str) -> bool {
    let mut characters = text.chars();
    let Some(first) = characters.next() else {
        return false;
    };
    let class = Class::of(first);
    if class.starts() {
        characters.all(|next| Class::of(next).continues())
    } else if class.is_symbol() {
        // SWI-Prolog leaves the quotes off `/*→`, and then cannot read it.
        text != "." && !text.starts_with("/*") && characters.all(|next| Class::of(next).is_symbol())
    } else {
        text == "{}" || class.stands_alone() && characters.next().is_none()
    }
}

fn quote(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for character in text.chars() {
        escape(character, quote, &mut out);
    }
    out.push(quote);
    out
}

fn escape(character: char, quote: char, out: &mut String) {
    match character {
        '\\' => out.push_str("\\\\"),
        '\u{7}' => out.push_str("\\a"),
        '\u{8}' => out.push_str("\\b"),
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\u{b}' => out.push_str("\\v"),
        '\u{c}' => out.push_str("\\f"),
        '\r' => out.push_str("\\r"),
        _ if character == quote => out.extend(['\\', quote]),
        _ if Class::of(character).is_escaped() => {
            out.push_str(&format!("\\x{:X}\\", u32::from(character)));
        }
        _ => out.push(character),
    }
}
