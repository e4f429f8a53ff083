//! Objects of the store: a type, a content, and the SHA-1 of both as the name.

use std::{io::Write, sync::Arc};

use domain::{ObjectId, ObjectKind};
use flate2::{Compression, GzBuilder};
use serde::{Deserialize, Serialize};
use sha1_checked::{Digest, Sha1};
use thiserror::Error;

use crate::gzip::{self, Fault};

/// Longest header: a word of 16 letters, a space, 20 digits, a NUL.
const MAX_HEADER_BYTES: usize = 38;
/// The operating system byte that SWISH's files carry: Unix.
const GZIP_UNIX: u8 = 3;

/// A blob, a commit or a term, with its content as it is hashed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Object {
    /// Type in the header.
    pub kind: ObjectKind,
    /// UTF-8 text, although nothing here depends on that.
    #[serde(with = "crate::bytes")]
    pub content: Arc<[u8]>,
}

/// The content is one half of a constructed SHA-1 collision; it is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("content made to collide with another under SHA-1")]
pub struct CollisionError;

/// Bytes that are not a whole loose object.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ObjectError {
    /// Not gzip, cut short, or its checksum is wrong.
    #[error("not a whole gzip file: {0}")]
    Gzip(String),
    /// No `type size NUL` at its beginning.
    #[error("no object header")]
    Header,
    /// The header announces another size.
    #[error("content has {found} bytes, its header says {announced}")]
    Size {
        /// What the header says.
        announced: u64,
        /// What was there.
        found: usize,
    },
    /// Inflates to more than the caller allows.
    #[error("larger than {0} bytes")]
    TooLarge(usize),
}

impl Object {
    /// Makes an object.
    #[must_use]
    pub fn new(kind: ObjectKind, content: impl Into<Arc<[u8]>>) -> Self {
        Self { kind, content: content.into() }
    }

    /// Makes the object of a file's text.
    #[must_use]
    pub fn blob(text: &str) -> Self {
        Self::new(ObjectKind::Blob, text.as_bytes())
    }

    /// Computes the object's name.
    ///
    /// # Errors
    /// The content attacks SHA-1.
    pub fn id(&self) -> Result<ObjectId, CollisionError> {
        let mut hasher = Sha1::new();
        hasher.update(self.header());
        hasher.update(&self.content);
        let result = hasher.try_finalize();
        if result.has_collision() {
            return Err(CollisionError);
        }
        Ok(ObjectId::from_bytes((*result.hash()).into()))
    }

    /// Whether this is the object's name; for bytes of the own disk.
    ///
    /// It does not look for attacks on SHA-1, which takes several times as long: what came from
    /// elsewhere went through [`Object::id`] before it was stored.
    #[must_use]
    pub fn is_named(&self, id: &ObjectId) -> bool {
        let hash = sha1::Sha1::new().chain_update(self.header()).chain_update(&self.content);
        *id == ObjectId::from_bytes(hash.finalize().into())
    }

    /// The content, if it is UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.content).ok()
    }

    /// Writes the bytes of the loose file.
    #[must_use]
    pub fn encode_loose(&self) -> Vec<u8> {
        let sink = Vec::with_capacity(self.content.len() / 3 + 64);
        let builder = GzBuilder::new().mtime(0).operating_system(GZIP_UNIX);
        let mut gzip = builder.write(sink, Compression::default());
        gzip.write_all(&self.header())
            .and_then(|()| gzip.write_all(&self.content))
            .and_then(|()| gzip.finish())
            .expect("writing to memory does not fail")
    }

    /// Reads the bytes of a loose file whose content has at most `max_bytes`.
    ///
    /// The name is not checked: compare [`Object::id`].
    ///
    /// # Errors
    /// The file is short, damaged or too large.
    pub fn decode_loose(bytes: &[u8], max_bytes: usize) -> Result<Self, ObjectError> {
        let limit = max_bytes.saturating_add(MAX_HEADER_BYTES);
        let inflated = gzip::inflate(bytes, limit).map_err(|fault| match fault {
            Fault::TooLarge => ObjectError::TooLarge(max_bytes),
            other => ObjectError::Gzip(other.reason().into()),
        })?;
        let object = Self::decode(&inflated)?;
        if object.content.len() > max_bytes {
            return Err(ObjectError::TooLarge(max_bytes));
        }
        Ok(object)
    }

    /// Splits `type size NUL content`.
    fn decode(inflated: &[u8]) -> Result<Self, ObjectError> {
        let head = &inflated[..inflated.len().min(MAX_HEADER_BYTES)];
        let nul = head.iter().position(|byte| *byte == 0).ok_or(ObjectError::Header)?;
        let header = std::str::from_utf8(&inflated[..nul]).map_err(|_| ObjectError::Header)?;
        let (word, size) = header.split_once(' ').ok_or(ObjectError::Header)?;
        let announced: u64 = size.parse().map_err(|_| ObjectError::Header)?;
        let content = &inflated[nul + 1..];
        if u64::try_from(content.len()) != Ok(announced) {
            return Err(ObjectError::Size { announced, found: content.len() });
        }
        Ok(Self::new(kind(word).ok_or(ObjectError::Header)?, content))
    }

    fn header(&self) -> Vec<u8> {
        format!("{} {}\0", self.kind.as_str(), self.content.len()).into_bytes()
    }
}

/// The type that a word of a header means; none if no SWISH writes such a word.
pub(crate) fn kind(word: &str) -> Option<ObjectKind> {
    match word {
        "blob" => Some(ObjectKind::Blob),
        "commit" => Some(ObjectKind::Commit),
        "term" => Some(ObjectKind::Term),
        _ if (1..=16).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphabetic()) => {
            Some(ObjectKind::Other(word.into()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn the_empty_blob_has_the_name_git_gives_it() {
        let id = Object::blob("").id().unwrap();
        assert_eq!(id.to_string(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    }

    #[test]
    fn each_object_swish_wrote_hashes_to_its_file_name() {
        let loose = fixtures::loose_objects();
        assert_eq!(loose.len(), 238);
        for (id, bytes) in loose {
            let object = Object::decode_loose(&bytes, 8 << 20).unwrap();
            assert_eq!(object.id(), Ok(id));
            assert!(object.is_named(&id) && !object.is_named(&ObjectId::from_bytes([0; 20])));
            assert_eq!(Object::decode_loose(&object.encode_loose(), 8 << 20), Ok(object));
        }
    }

    #[test]
    fn loose_files_begin_as_swish_writes_them() {
        let bytes = Object::blob("hello\n").encode_loose();
        assert_eq!(bytes[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
    }

    #[test]
    fn a_short_file_is_an_error_at_every_length() {
        let bytes = Object::blob("hello(world).\n").encode_loose();
        for length in 0..bytes.len() {
            assert!(Object::decode_loose(&bytes[..length], 100).is_err(), "{length}");
        }
    }

    #[test]
    fn inflating_stops_at_the_limit() {
        let bytes = Object::blob(&"x".repeat(1000)).encode_loose();
        assert!(Object::decode_loose(&bytes, 1000).is_ok());
        assert_eq!(Object::decode_loose(&bytes, 999), Err(ObjectError::TooLarge(999)));
    }
}
