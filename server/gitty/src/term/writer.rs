//! Terms to text, byte for byte as SWI-Prolog's `~q`.

use super::{
    Dict, Key, Tag, Term,
    classes::Class,
    float,
    operators::{self, ARGUMENT, MAX},
};

/// Writes a term; nothing follows it.
pub(super) fn write(term: &Term) -> String {
    let mut out = Writer { text: String::new() };
    out.term(term, MAX);
    out.text
}

struct Writer {
    text: String,
}

impl Writer {
    /// Writes a token, with a space if it would grow into the last one.
    fn token(&mut self, token: &str) {
        if self.glues(token) {
            self.text.push(' ');
        }
        self.text.push_str(token);
    }

    fn glues(&self, token: &str) -> bool {
        match (self.text.chars().next_back(), token.chars().next()) {
            (Some(last), Some(first)) => glue(last, first),
            _ => false,
        }
    }

    fn term(&mut self, term: &Term, max: u16) {
        match term {
            Term::Atom(text) => self.token(&atom(text)),
            Term::String(text) => self.token(&quote(text, '"')),
            Term::Integer(text) | Term::Rational(text) | Term::Variable(text) => self.token(text),
            Term::Float(value) => self.token(&float::write(*value)),
            Term::List { items, tail } => self.list(items, tail.as_deref()),
            Term::Dict(dict) => self.dict(dict),
            Term::Compound { name, args } => self.compound(name, args, max),
        }
    }

    fn list(&mut self, items: &[Term], tail: Option<&Term>) {
        self.text.push('[');
        self.sequence(items);
        if let Some(tail) = tail {
            self.text.push('|');
            self.term(tail, ARGUMENT);
        }
        self.text.push(']');
    }

    fn sequence(&mut self, items: &[Term]) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            self.term(item, ARGUMENT);
        }
    }

    fn dict(&mut self, dict: &Dict) {
        match &dict.tag {
            Tag::Atom(text) => self.token(&atom(text)),
            Tag::Variable(name) => self.token(name),
        }
        self.text.push('{');
        for (at, (key, value)) in dict.pairs.iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            match key {
                Key::Integer(value) => self.token(&value.to_string()),
                Key::Atom(text) => self.token(&atom(text)),
            }
            self.token(":");
            self.value(value);
        }
        self.text.push('}');
    }

    /// Writes the value of a dict's key: SWI-Prolog puts a space before a bracket here.
    fn value(&mut self, value: &Term) {
        let start = self.text.len();
        self.term(value, ARGUMENT);
        if self.text[start..].starts_with('(') {
            self.text.insert(start, ' ');
        }
    }

    fn compound(&mut self, name: &str, args: &[Term], max: u16) {
        match args {
            [only] if name == "{}" => {
                self.text.push('{');
                self.term(only, MAX);
                self.text.push('}');
            }
            [only] => match operators::prefix(name) {
                Some(operator) => {
                    self.bracketed(operator.priority > max, |out| {
                        out.prefix(name, only, operator.right);
                    });
                }
                None => self.canonical(name, args),
            },
            [left, right] => match operators::infix(name) {
                Some(operator) => self.bracketed(operator.priority > max, |out| {
                    out.operand(left, operator.left);
                    out.infix(name);
                    out.operand(right, operator.right);
                }),
                None => self.canonical(name, args),
            },
            _ => self.canonical(name, args),
        }
    }

    fn bracketed(&mut self, brackets: bool, body: impl FnOnce(&mut Self)) {
        if brackets {
            self.text.push('(');
        }
        body(self);
        if brackets {
            self.text.push(')');
        }
    }

    fn canonical(&mut self, name: &str, args: &[Term]) {
        self.token(&atom(name));
        self.text.push('(');
        self.sequence(args);
        self.text.push(')');
    }

    /// Writes an infix operator; one that needs a space before it gets one behind it too.
    fn infix(&mut self, name: &str) {
        if matches!(name, "," | "|") {
            return self.text.push_str(name);
        }
        let word = atom(name);
        let spaced = self.glues(&word);
        self.token(&word);
        if spaced {
            self.text.push(' ');
        }
    }

    /// Writes a prefix operator with its argument, so that it reads back as one.
    fn prefix(&mut self, name: &str, argument: &Term, right: u16) {
        self.token(&atom(name));
        let mut rest = Self { text: String::new() };
        rest.operand(argument, right);
        let first = rest.text.chars().next();
        // `-1` would be a number, `-(a)` a plain compound.
        let space = match first {
            Some('(' | '{') => true,
            Some(first) => name == "-" && first.is_ascii_digit(),
            None => false,
        };
        if space {
            self.text.push(' ');
        }
        self.token(&rest.text);
    }

    /// Writes an argument of an operator: an atom that is an operator gets brackets.
    fn operand(&mut self, term: &Term, max: u16) {
        let brackets = match term {
            Term::Atom(name) => operators::is_operator(name),
            _ => false,
        };
        self.bracketed(brackets, |out| out.term(term, max));
    }
}

fn glue(last: char, first: char) -> bool {
    let (before, after) = (Class::of(last), Class::of(first));
    before.continues() && after.continues() || before == Class::Symbol && after == Class::Symbol
}

/// Writes an atom, quoted if it must be.
pub(super) fn atom(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quote(text, '\'') }
}

fn is_plain(text: &str) -> bool {
    let mut characters = text.chars();
    let Some(first) = characters.next() else {
        return false;
    };
    if text == "{}" {
        return true;
    }
    match Class::of(first) {
        Class::Start => characters.all(|next| Class::of(next).continues()),
        Class::Symbol => {
            text != "."
                && !text.starts_with("/*")
                && characters.all(|next| Class::of(next) == Class::Symbol)
        }
        Class::Alone | Class::AloneOrEscaped | Class::ContinueOrAlone => {
            characters.next().is_none()
        }
        Class::Continue | Class::Quoted | Class::Escaped => false,
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
        _ if matches!(Class::of(character), Class::Escaped | Class::AloneOrEscaped) => {
            out.push_str(&format!("\\x{:X}\\", u32::from(character)));
        }
        _ => out.push(character),
    }
}
