//! Texts of files as people can see them: nothing in them acts, hides or moves what is around.

/// Replaces what a browser would drop or obey: NUL, carriage returns, and signs that turn the
/// direction of reading, which can make a program look like another one.
pub(crate) fn visible(text: &str) -> String {
    text.chars()
        .map(|sign| match sign {
            '\0' => '\u{2400}',
            '\r' => '\u{240D}',
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' => {
                '\u{FFFD}'
            }
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_obeyed_or_lost() {
        assert_eq!(visible("a\0b\r\n\u{202E}c\tä<"), "a␀b␍\n\u{FFFD}c\tä<");
    }
}
