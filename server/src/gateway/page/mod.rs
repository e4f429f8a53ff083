//! The node's own small pages, for a gateway without a SWISH behind it.
//!
//! Every text from a store or a request goes through [`escape`]. No script; the one style sheet
//! is a file, so the policy of [`protect`] allows nothing inline.

pub(super) mod chat;
pub(super) mod error;
pub(super) mod file;
pub(super) mod index;

use axum::{
    http::{
        HeaderValue,
        header::{CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS},
    },
    response::Response,
};
use domain::words;

use super::prefix::here;

/// Where the style sheet is.
pub(super) const STYLE_PATH: &str = "/cluster/page.css";
/// The style sheet.
pub(super) const STYLE: &str = include_str!("page.css");

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
);

/// Keeps a browser from running what a page or a raw text holds.
pub(super) fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A whole document; `body` is HTML already.
fn document(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<link rel=\"stylesheet\" href=\"{}\">\n</head>\n\
         <body>\n{body}</body>\n</html>\n",
        escape(title),
        escape(&here(STYLE_PATH))
    )
}

/// Makes text safe between tags and in quoted attributes.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(char),
        }
    }
    safe
}

/// A point in time for people and machines.
fn time(ms: u64) -> String {
    let utc = words::utc(ms);
    let shown = utc.replace('T', " ").replace('Z', " UTC");
    format!("<time datetime=\"{utc}\">{shown}</time>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_program_is_never_markup() {
        assert_eq!(
            escape("<script>alert(\"1\" & '2')</script>"),
            "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;"
        );
    }
}
