//! The content of an object, bounded for pages and whole for who asks for it raw.

use domain::{ObjectId, view::ObjectText};

use super::read;
use crate::dashboard::site::{Answered, Site};

/// Bytes of a text that a page gets.
const MAX_SHOWN_BYTES: usize = 256 << 10;

/// The beginning of an object; for a version, of its commit.
pub(in crate::dashboard) async fn object(site: &Site, id: ObjectId) -> Answered<ObjectText> {
    let object = read::object(site, id).await?;
    let bytes = as_u64(object.content.len());
    let shown = &object.content[..end(&object.content, MAX_SHOWN_BYTES)];
    let left_out = bytes - as_u64(shown.len());
    let text = String::from_utf8_lossy(shown).into_owned();
    Ok(ObjectText { id, kind: object.kind, bytes, text, left_out })
}

/// All of an object.
pub(in crate::dashboard) async fn raw(site: &Site, id: ObjectId) -> Answered<Vec<u8>> {
    Ok(read::object(site, id).await?.content.to_vec())
}

/// Where to cut `content` so that at most `most` bytes stay: after a line, or between characters.
pub(super) fn end(content: &[u8], most: usize) -> usize {
    if content.len() <= most {
        return content.len();
    }
    let line = content[..most].iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
    let is_inside = |at: &usize| content[*at] & 0xC0 == 0x80;
    line.unwrap_or_else(|| (0..=most).rev().find(|at| !is_inside(at)).unwrap_or(0))
}

pub(super) fn as_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_is_after_a_line_or_between_characters() {
        let cut = |text: &'static str, most| &text[..end(text.as_bytes(), most)];
        assert_eq!(cut("ab\ncd\nef", 7), "ab\ncd\n");
        assert_eq!(cut("ab\ncd", 5), "ab\ncd");
        assert_eq!(cut("aäö", 2), "a");
        assert_eq!(cut("aäö", 3), "aä");
    }
}
