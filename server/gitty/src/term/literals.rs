//! The tokens with rules of their own: quoted text with its escapes, and numbers.

use super::{
    classes::{self, Class},
    integer,
    lexer::{Kind, Lexer, is_layout},
    reader::{ReadError, ReadErrorKind},
};

/// What an escape stands for.
enum Escape {
    Character(char),
    /// Nothing, and the blanks behind it neither.
    Blanks,
    /// A continued line; the blanks at the beginning of the next line are skipped too.
    Line,
}

impl Lexer<'_> {
    /// Reads text up to the closing `quote`; a doubled quote stands for itself.
    pub(super) fn quoted(&mut self, quote: char) -> Result<String, ReadError> {
        let open = self.at;
        self.bump();
        let mut text = String::new();
        loop {
            match self.bump() {
                None => {
                    return Err(ReadError { at: open, kind: ReadErrorKind::OpenQuote });
                }
                Some('\\') => match self.escape()? {
                    Escape::Character(character) => text.push(character),
                    Escape::Blanks => self.skip_blanks(),
                    Escape::Line => {
                        while self.peek().is_some_and(|next| next != '\n' && is_layout(next)) {
                            self.bump();
                        }
                    }
                },
                Some(character) if character == quote => {
                    if self.peek() != Some(quote) {
                        return Ok(text);
                    }
                    self.bump();
                    text.push(quote);
                }
                Some(character) => text.push(character),
            }
        }
    }

    fn escape(&mut self) -> Result<Escape, ReadError> {
        let letter = self.bump().ok_or_else(|| self.error(ReadErrorKind::OpenQuote))?;
        let character = match letter {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'e' => '\u{1b}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            's' => ' ',
            't' => '\t',
            'v' => '\u{b}',
            '\\' | '\'' | '"' | '`' => letter,
            '\n' => return Ok(Escape::Line),
            '\r' => {
                self.eat("\n");
                return Ok(Escape::Line);
            }
            'c' => return Ok(Escape::Blanks),
            'x' => self.code(16)?,
            '0'..='7' => {
                self.at -= 1;
                self.code(8)?
            }
            'u' => self.fixed_code(4)?,
            'U' => self.fixed_code(8)?,
            _ => return Err(self.error(ReadErrorKind::Escape)),
        };
        Ok(Escape::Character(character))
    }

    /// Digits of any number, and a closing backslash that may be missing.
    fn code(&mut self, radix: u32) -> Result<char, ReadError> {
        let digits = self.take(|character| character.is_digit(radix));
        self.eat("\\");
        self.character(&digits, radix)
    }

    fn fixed_code(&mut self, length: usize) -> Result<char, ReadError> {
        let digits = self.rest().get(..length).unwrap_or("").to_owned();
        self.at += digits.len();
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(self.error(ReadErrorKind::Escape));
        }
        self.character(&digits, 16)
    }

    fn character(&self, digits: &str, radix: u32) -> Result<char, ReadError> {
        u32::from_str_radix(digits, radix)
            .ok()
            .and_then(char::from_u32)
            .ok_or_else(|| self.error(ReadErrorKind::Escape))
    }

    /// Reads a number that begins with a digit; its sign is the parser's.
    pub(super) fn number(&mut self) -> Result<Kind, ReadError> {
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
            if self.eat(prefix) {
                return self.radix(radix);
            }
        }
        if self.eat("0'") {
            return self.character_code();
        }
        let zero = self.peek().and_then(classes::decimal).map_or('0', |(zero, _)| zero);
        let (digits, grouped) = self.grouped(zero);
        if self.peek() == Some('r') && self.decimal_after(1, zero) {
            self.bump();
            let (denominator, _) = self.grouped(zero);
            return integer::rational(&digits, &denominator)
                .ok_or_else(|| self.error(ReadErrorKind::Number));
        }
        if grouped == Grouped::Yes {
            return Ok(Kind::Integer(integer::trimmed(&digits)));
        }
        if let Some(radix) = self.radix_after(zero, &digits) {
            self.bump();
            return self.radix(radix);
        }
        self.fraction(digits, zero)
    }

    /// The radix of `16'FF`, when its apostrophe stands here.
    fn radix_after(&self, zero: char, digits: &str) -> Option<u32> {
        let radix =
            integer::trimmed(digits).parse().ok().filter(|radix| (2..=36).contains(radix))?;
        let mut rest = self.rest().chars();
        let is_radix = zero == '0'
            && rest.next() == Some('\'')
            && rest.next().is_some_and(|digit| digit.is_digit(radix));
        is_radix.then_some(radix)
    }

    fn radix(&mut self, radix: u32) -> Result<Kind, ReadError> {
        let is_digit = |character: char| character.is_digit(radix);
        let mut digits = self.take(is_digit);
        while !digits.is_empty() && self.separator(radix <= 10, is_digit) {
            digits += &self.take(is_digit);
        }
        integer::decimal(&digits, radix)
            .map(Kind::Integer)
            .ok_or_else(|| self.error(ReadErrorKind::Number))
    }

    fn character_code(&mut self) -> Result<Kind, ReadError> {
        let character = match self.bump() {
            Some('\\') => match self.escape()? {
                Escape::Character(character) => Some(character),
                Escape::Blanks => Some('c'),
                Escape::Line => Some('\n'),
            },
            Some('\'') => {
                self.eat("'");
                Some('\'')
            }
            other => other,
        };
        character
            .map(|character| Kind::Integer(u32::from(character).to_string()))
            .ok_or_else(|| self.error(ReadErrorKind::Number))
    }

    /// Digits in groups that `_` and blanks, or one space, join.
    fn grouped(&mut self, zero: char) -> (String, Grouped) {
        let mut digits = self.digits(zero);
        let mut grouped = Grouped::No;
        while self.separator(true, |character| is_decimal(character, zero)) {
            digits += &self.digits(zero);
            grouped = Grouped::Yes;
        }
        (digits, grouped)
    }

    /// Skips what joins two groups of digits; nothing if no digit follows.
    fn separator(&mut self, space: bool, is_digit: impl Fn(char) -> bool) -> bool {
        let before = self.at;
        if self.eat("_") {
            self.skip_blanks();
        } else if !space || !self.eat(" ") {
            return false;
        }
        let found = self.peek().is_some_and(is_digit);
        if !found {
            self.at = before;
        }
        found
    }

    /// Digits of the script of `zero`, as ASCII digits.
    fn digits(&mut self, zero: char) -> String {
        let digits = self.take(|character| is_decimal(character, zero));
        if zero == '0' {
            return digits;
        }
        let values = digits.chars().filter_map(classes::decimal);
        values.filter_map(|(_, value)| char::from_digit(value, 10)).collect()
    }

    fn fraction(&mut self, digits: String, zero: char) -> Result<Kind, ReadError> {
        let mut text = digits.clone();
        let has_point = self.peek() == Some('.') && self.decimal_after(1, zero);
        if has_point {
            self.bump();
            text = format!("{digits}.{}", self.digits(zero));
            if let Some(special) = self.special(&text) {
                return special;
            }
        }
        let exponent = self.exponent(zero);
        if !has_point && exponent.is_empty() {
            return Ok(Kind::Integer(integer::trimmed(&digits)));
        }
        match (text + &exponent).parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Kind::Float(value)),
            _ => Err(self.error(ReadErrorKind::Number)),
        }
    }

    /// `1.0Inf` and `1.5NaN`; `1.0NaN` is no number.
    fn special(&mut self, text: &str) -> Option<Result<Kind, ReadError>> {
        let mut after = self.rest().chars().skip(3);
        if after.next().is_some_and(|next| Class::of(next).continues()) {
            return None;
        }
        if self.eat("Inf") {
            return Some(Ok(Kind::Float(f64::INFINITY)));
        }
        if !text.starts_with("1.") || !self.eat("NaN") {
            return None;
        }
        let is_whole = text.trim_end_matches('0').ends_with('.');
        let number = if is_whole { None } else { Some(Kind::Float(f64::NAN)) };
        Some(number.ok_or_else(|| self.error(ReadErrorKind::Number)))
    }

    fn exponent(&mut self, zero: char) -> String {
        let signed = usize::from(matches!(self.rest().as_bytes().get(1), Some(b'+' | b'-')));
        if !self.rest().starts_with(['e', 'E']) || !self.decimal_after(1 + signed, zero) {
            return String::new();
        }
        let head = self.rest()[..1 + signed].to_owned();
        self.at += head.len();
        head + &self.digits(zero)
    }

    fn decimal_after(&self, bytes: usize, zero: char) -> bool {
        let next = self.rest().get(bytes..).and_then(|rest| rest.chars().next());
        next.is_some_and(|character| is_decimal(character, zero))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Grouped {
    Yes,
    No,
}

fn is_decimal(character: char, zero: char) -> bool {
    if zero == '0' {
        return character.is_ascii_digit();
    }
    classes::decimal(character).is_some_and(|(other, _)| other == zero)
}
