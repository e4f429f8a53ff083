//! One version of a file as a page.

use gitty::{Commit, Term};

use super::{document, escape, time};
use crate::gateway::{
    prefix::here,
    storage::{Version, url},
};

/// The page for `version` with its text; `is_head` when it is what its file's name shows. `chat` is
/// HTML already.
pub(in crate::gateway) fn render(
    version: &Version,
    text: &str,
    is_head: bool,
    chat: &str,
) -> String {
    let commit = &version.commit;
    let name = commit.name();
    let shown = title(commit).unwrap_or_else(|| name.to_string());
    let address = if is_head { url(name.as_str()) } else { here(&format!("/p/{}", version.id)) };
    let files = escape(&here("/"));
    let address = escape(&address);
    let body = format!(
        "<nav><a href=\"{files}\">Files</a> <a href=\"{address}?format=raw\">Raw text</a> \
         <a href=\"{address}?format=json\">JSON</a></nav>\n\
         <h1>{}</h1>\n{}<pre>{}</pre>\n{chat}",
        escape(&shown),
        facts(version, is_head),
        escape(text)
    );
    document(&shown, &body)
}

fn facts(version: &Version, is_head: bool) -> String {
    let commit = &version.commit;
    let state = if is_head { "Newest version" } else { "Older or other version" };
    let mut rows = vec![
        ("File", escape(commit.name().as_str())),
        ("Saved", time(commit.time_ms())),
        (state, format!("<code>{}</code>", version.id)),
    ];
    if let Some(author) = commit.get("author").and_then(Term::as_text) {
        rows.insert(1, ("Author", escape(author)));
    }
    let rows = rows.iter().map(|(term, value)| format!("<dt>{term}</dt><dd>{value}</dd>\n"));
    format!("<dl>\n{}</dl>\n", rows.collect::<String>())
}

fn title(commit: &Commit) -> Option<String> {
    let title = commit.get("title").and_then(Term::as_text)?;
    (!title.trim().is_empty()).then(|| title.to_owned())
}
