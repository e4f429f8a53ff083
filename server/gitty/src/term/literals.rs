//! The tokens with rules of their own: quoted text with its escapes, and numbers.

use super::{
    lexer::{Kind, Lexer},
    reader::{ReadError, ReadErrorKind},
};

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
                Some('\\') => text.extend(self.escape()?),
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

    /// The character that an escape stands for; none for a continued line.
    fn escape(&mut self) -> Result<Option<char>, ReadError> {
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
            '\n' => return Ok(None),
            'c' => {
                self.take(char::is_whitespace);
                return Ok(None);
            }
            'x' => return self.code(16).map(Some),
            '0'..='7' => {
                self.at -= 1;
                return self.code(8).map(Some);
            }
            'u' => return self.fixed_code(4).map(Some),
            'U' => return self.fixed_code(8).map(Some),
            _ => return Err(self.error(ReadErrorKind::Escape)),
        };
        Ok(Some(character))
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
            let digit = self.rest().chars().nth(2);
            if self.rest().starts_with(prefix) && digit.is_some_and(|digit| digit.is_digit(radix)) {
                self.at += 2;
                return self.radix(radix);
            }
        }
        if self.rest().starts_with("0'") {
            self.at += 2;
            return self.character_code();
        }
        let digits = self.digits();
        if self.rest().starts_with('r') && self.digit_after(1) {
            self.bump();
            return Ok(Kind::Rational(format!("{digits}r{}", self.digits())));
        }
        self.fraction(digits)
    }

    fn radix(&mut self, radix: u32) -> Result<Kind, ReadError> {
        let digits = self.take(|character| character.is_digit(radix));
        u128::from_str_radix(&digits, radix)
            .map(|value| Kind::Integer(value.to_string()))
            .map_err(|_| self.error(ReadErrorKind::Number))
    }

    fn character_code(&mut self) -> Result<Kind, ReadError> {
        let character = match self.bump() {
            Some('\\') => self.escape()?,
            Some('\'') if self.eat("'") => Some('\''),
            Some('\'') | None => None,
            other => other,
        };
        character
            .map(|character| Kind::Integer(u32::from(character).to_string()))
            .ok_or_else(|| self.error(ReadErrorKind::Number))
    }

    /// Digits, in groups that `_` joins, without leading zeros.
    fn digits(&mut self) -> String {
        let mut digits = self.take(|character| character.is_ascii_digit());
        while self.rest().starts_with('_') && self.digit_after(1) {
            self.bump();
            digits += &self.take(|character| character.is_ascii_digit());
        }
        match digits.trim_start_matches('0') {
            "" => "0".into(),
            trimmed => trimmed.into(),
        }
    }

    fn fraction(&mut self, digits: String) -> Result<Kind, ReadError> {
        let mut text = digits.clone();
        let has_point = self.rest().starts_with('.') && self.digit_after(1);
        if has_point {
            self.bump();
            text = format!("{digits}.{}", self.take(|character| character.is_ascii_digit()));
            if self.eat("Inf") {
                return Ok(Kind::Float(f64::INFINITY));
            }
            if self.eat("NaN") {
                return Ok(Kind::Float(f64::NAN));
            }
        }
        let exponent = self.exponent();
        if !has_point && exponent.is_empty() {
            return Ok(Kind::Integer(digits));
        }
        match (text + &exponent).parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Kind::Float(value)),
            _ => Err(self.error(ReadErrorKind::Number)),
        }
    }

    fn exponent(&mut self) -> String {
        let signed = usize::from(matches!(self.rest().as_bytes().get(1), Some(b'+' | b'-')));
        if !self.rest().starts_with(['e', 'E']) || !self.digit_after(1 + signed) {
            return String::new();
        }
        let head = self.rest()[..1 + signed].to_owned();
        self.at += head.len();
        head + &self.take(|character| character.is_ascii_digit())
    }

    fn digit_after(&self, bytes: usize) -> bool {
        self.rest().as_bytes().get(bytes).is_some_and(u8::is_ascii_digit)
    }
}
