//! Values inside addresses.

use std::fmt::Write;

/// Makes `value` safe inside an address.
#[must_use]
pub fn escape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(byte));
            }
            _ => write!(text, "%{byte:02X}").expect("writing to a String does not fail"),
        }
    }
    text
}

/// Undoes [`escape`], and reads the `+` that forms write for a space.
pub(super) fn unescape(text: &str) -> String {
    unescape_path(&text.replace('+', " "))
}

/// Undoes [`escape`].
pub(super) fn unescape_path(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut value = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let coded = (*byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match coded.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) => {
                value.push(decoded);
                at += 2;
            }
            None => value.push(*byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&value).into_owned()
}
