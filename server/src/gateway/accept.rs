//! Whether a client wants an error as JSON or as a page, judged as SWISH judges it.

use axum::http::{HeaderMap, header::ACCEPT};

/// The two forms of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// For programs, and for SWISH's own scripts.
    Json,
    /// For people.
    Html,
}

/// JSON for `*/*` and for JSON; HTML without a preference, or when HTML comes before both.
pub(super) fn form(headers: &HeaderMap) -> Form {
    let Some(accept) = headers.get(ACCEPT).and_then(|value| value.to_str().ok()) else {
        return Form::Html;
    };
    let named = accept.split(',').map(|range| range.split(';').next().unwrap_or("").trim());
    named
        .filter_map(|range| match range {
            "application/json" | "application/*" | "text/javascript" | "*/*" => Some(Form::Json),
            "text/html" | "application/xhtml+xml" | "text/*" => Some(Form::Html),
            _ => None,
        })
        .next()
        .unwrap_or(Form::Json)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn asked(accept: &'static str) -> Form {
        form(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]))
    }

    #[test]
    fn scripts_get_json_and_people_get_pages() {
        assert_eq!(asked("*/*"), Form::Json);
        assert_eq!(asked("application/json, text/javascript, */*; q=0.01"), Form::Json);
        assert_eq!(asked("text/html,application/xhtml+xml,*/*;q=0.8"), Form::Html);
        assert_eq!(form(&HeaderMap::new()), Form::Html);
    }
}
