//! UUIDs as SWISH writes them.

use domain::MessageId;
use sha2::{Digest, Sha256};

/// Bytes of a UUID.
pub(super) type Uuid = [u8; 16];

/// A new one that nobody can guess (version 4).
pub(super) fn new_uuid() -> Uuid {
    versioned(rand::random(), 4)
}

/// The id of the message that tells of a version: the same on every node that makes it.
pub(super) fn id_of_notice(commit: &domain::ObjectId) -> MessageId {
    let hash: [u8; 32] = Sha256::digest(format!("swish-cluster notice {commit}")).into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(hash.get(..16).unwrap_or(&[0; 16]));
    MessageId::from_bytes(versioned(bytes, 8))
}

/// As text, in lower case.
pub(super) fn uuid_text(bytes: Uuid) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |from, to| digits.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

/// The bytes of one that is written as [`uuid_text`] writes it.
pub(super) fn uuid_bytes(text: &str) -> Option<Uuid> {
    let digits = text.replace('-', "");
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if digits.len() != 32 || !digits.bytes().all(is_digit) {
        return None;
    }
    let mut bytes = [0; 16];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    (uuid_text(bytes) == text).then_some(bytes)
}

const fn versioned(mut bytes: Uuid, version: u8) -> Uuid {
    bytes[6] = bytes[6] & 0x0f | version << 4;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_are_the_same_uuid() {
        let bytes = new_uuid();
        let text = uuid_text(bytes);
        assert_eq!(uuid_bytes(&text), Some(bytes));
        assert_eq!(text.as_bytes()[14], b'4');
        assert_eq!(relay::message_id(&text), MessageId::from_bytes(bytes));
        for other in ["", "x", &text.to_uppercase().replace('4', "A"), &text.replace('-', "")] {
            assert_eq!(uuid_bytes(other), None, "{other}");
        }
    }

    #[test]
    fn a_version_has_one_notice() {
        let commit = |text: &str| text.parse().unwrap();
        let a = commit("31fc383a600fd9ae4b4e58926edd45699cb01382");
        let b = commit("31fc383a600fd9ae4b4e58926edd45699cb01383");
        assert_eq!(id_of_notice(&a), id_of_notice(&a));
        assert_ne!(id_of_notice(&a), id_of_notice(&b));
    }
}
