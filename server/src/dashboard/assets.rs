//! Files of the browser half, in the program itself: `/pkg/<hash>/…`.
//!
//! Their folder's name changes with their content, so browsers keep them for ever.

use std::fmt::Write;

use axum::{
    extract::Path,
    http::{
        HeaderMap, StatusCode,
        header::{
            ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
            VARY,
        },
    },
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../target/site"]
#[allow_missing = true]
struct Site;

/// Compressed forms that the build makes, best first: name in HTTP and end of the file's name.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// Folder of the built files; none when the browser half was not built.
pub(super) fn package_dir() -> Option<String> {
    app::package_dir(Site::iter())
}

/// Answers a file of the package.
pub(super) async fn show(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let path = format!("pkg/{path}");
    let Some((file, encoding)) = find(&path, &headers) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = tag(&file);
    let is_known =
        headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let cache = [
        (ETAG, tag),
        (CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()),
        (VARY, "accept-encoding".to_owned()),
    ];
    if is_known {
        return (StatusCode::NOT_MODIFIED, cache).into_response();
    }
    let kind = [(CONTENT_TYPE, mime(&path))];
    let encoding = encoding.map(|encoding| [(CONTENT_ENCODING, encoding)]);
    match encoding {
        Some(encoding) => (cache, kind, encoding, file.data).into_response(),
        None => (cache, kind, file.data).into_response(),
    }
}

fn find(path: &str, headers: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
    let takes =
        |name: &str| accepted.split(',').any(|part| part.trim().split(';').next() == Some(name));
    ENCODINGS
        .into_iter()
        .filter(|(name, _)| takes(name))
        .find_map(|(name, end)| Some((Site::get(&format!("{path}{end}"))?, Some(name))))
        .or_else(|| Some((Site::get(path)?, None)))
}

fn tag(file: &EmbeddedFile) -> String {
    let mut tag = String::from("\"");
    for byte in file.metadata.sha256_hash().iter().take(16) {
        write!(tag, "{byte:02x}").expect("writing to a String does not fail");
    }
    tag + "\""
}

fn mime(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, end)| end) {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        _ => "application/octet-stream",
    }
}
