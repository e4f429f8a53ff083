//! Canonical bytes: one form for each value, so that hashes of equal values are equal.
//!
//! Numbers have the most significant byte first; texts have their length before them. Whatever
//! reads back is written again as exactly the same bytes.

use thiserror::Error;

/// Bytes that are no event or claim of this version. Nothing was taken in; it is the sender's fault
/// unless its program is newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// More bytes than anything has.
    #[error("longer than {0} bytes")]
    TooLong(usize),
    /// Made by a newer program.
    #[error("version {0} is newer than this program")]
    Version(u8),
    /// It ends too early.
    #[error("cut short")]
    Short,
    /// Something follows its end.
    #[error("bytes after the end")]
    Trailing,
    /// A part has a value that cannot be.
    #[error("{0} cannot be")]
    Value(&'static str),
}

/// Writes parts one after the other.
#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn byte(&mut self, value: u8) -> &mut Self {
        self.0.push(value);
        self
    }

    pub(crate) fn number(&mut self, value: u64) -> &mut Self {
        self.fixed(&value.to_be_bytes())
    }

    /// Bytes whose length the reader knows.
    pub(crate) fn fixed(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Bytes with their length in two bytes before them.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let length = u16::try_from(bytes.len()).expect("bounded where it was made");
        self.fixed(&length.to_be_bytes()).fixed(bytes)
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads the same parts in the same order.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Begins to read something of at most `max` bytes whose first byte is its version.
    pub(crate) fn open(bytes: &'a [u8], max: usize, version: u8) -> Result<Self, DecodeError> {
        if bytes.len() > max {
            return Err(DecodeError::TooLong(max));
        }
        let mut reader = Self(bytes);
        match reader.byte()? {
            found if found == version => Ok(reader),
            0 => Err(DecodeError::Value("the version")),
            newer => Err(DecodeError::Version(newer)),
        }
    }

    /// Begins to read a part.
    pub(crate) const fn part(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(DecodeError::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, DecodeError> {
        self.fixed().map(|[byte]| byte)
    }

    pub(crate) fn number(&mut self) -> Result<u64, DecodeError> {
        self.fixed().map(u64::from_be_bytes)
    }

    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        self.take(N)?.try_into().map_err(|_| DecodeError::Short)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = u16::from_be_bytes(self.fixed()?);
        self.take(length.into())
    }

    pub(crate) fn text(&mut self, what: &'static str) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| DecodeError::Value(what))
    }

    /// All that was not read yet.
    pub(crate) const fn rest(self) -> &'a [u8] {
        self.0
    }

    pub(crate) const fn end(self) -> Result<(), DecodeError> {
        if self.0.is_empty() { Ok(()) } else { Err(DecodeError::Trailing) }
    }
}
