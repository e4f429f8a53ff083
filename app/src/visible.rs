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

/// A text for the document's title.
///
/// `leptos_meta` writes titles into the server's page as they are, so that a name with `</title>`
/// would become markup; in the browser it sets them as text.
pub(crate) fn title(text: &str) -> String {
    match cfg!(feature = "ssr") {
        true => visible(text).replace('&', "&amp;").replace('<', "&lt;"),
        false => visible(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_obeyed_or_lost() {
        assert_eq!(visible("a\0b\r\n\u{202E}c\tä<"), "a␀b␍\n\u{FFFD}c\tä<");
    }
}
