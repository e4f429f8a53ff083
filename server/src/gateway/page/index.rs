//! `/`: the files that changed last.

use std::{cmp::Reverse, collections::BinaryHeap};

use axum::{
    extract::State,
    response::{Html, IntoResponse, Response},
};
use domain::FileName;

use super::{document, escape, protect, time};
use crate::{
    gateway::storage::url,
    node::{Handle, Shared},
};

/// Files on the page.
const RECENT: usize = 50;

/// A file and when it was saved last.
struct Recent {
    name: FileName,
    author: Option<String>,
    changed_ms: u64,
}

/// `GET /`.
pub(in crate::gateway) async fn show(State(node): State<Handle>) -> Response {
    let page = render(&recent(node.shared()));
    protect(Html(page).into_response())
}

fn render(files: &[Recent]) -> String {
    let rows: String = files.iter().map(row).collect();
    let list = if files.is_empty() {
        "<p>No files yet.</p>\n".to_owned()
    } else {
        format!(
            "<table>\n<thead><tr><th scope=\"col\">File</th><th scope=\"col\">Author</th>\
             <th scope=\"col\">Saved</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
        )
    };
    let body = format!("<h1>Files</h1>\n<p class=\"quiet\">The newest first.</p>\n{list}");
    document("Files", &body)
}

fn row(file: &Recent) -> String {
    format!(
        "<tr><td><a href=\"{}\">{}</a></td><td>{}</td><td>{}</td></tr>\n",
        escape(&url(file.name.as_str())),
        escape(file.name.as_str()),
        escape(file.author.as_deref().unwrap_or("")),
        time(file.changed_ms)
    )
}

/// Keeps the newest while it passes over all names, so that a large store is not copied.
fn recent(shared: &Shared) -> Vec<Recent> {
    let newest = shared.with_files(|files| {
        let mut newest = BinaryHeap::new();
        for (name, entry) in files.iter().filter(|(_, entry)| entry.served().is_some()) {
            newest.push(Reverse((entry.changed_ms, Reverse(name))));
            if newest.len() > RECENT {
                newest.pop();
            }
        }
        let newest = newest.into_sorted_vec();
        newest.into_iter().map(|Reverse((_, Reverse(name)))| name.clone()).collect::<Vec<_>>()
    });
    let recent = |name: FileName| {
        let entry = shared.file(&name)?;
        Some(Recent { name, author: entry.author, changed_ms: entry.changed_ms })
    };
    newest.into_iter().filter_map(recent).collect()
}

#[cfg(test)]
mod tests {
    use domain::ObjectId;

    use super::*;

    #[test]
    fn the_newest_files_come_first_and_no_more_than_fit() {
        let shared = Shared::default();
        for ms in 0..60 {
            shared.change_file(&FileName::new(format!("{ms}.pl")), |entry| {
                entry.decided = Some(ObjectId::from_bytes([1; 20]));
                entry.changed_ms = ms;
            });
        }
        let files = recent(&shared);
        assert_eq!(files.len(), RECENT);
        assert_eq!(files[0].name.as_str(), "59.pl");
        assert!(render(&files).contains("<a href=\"/p/59.pl\">59.pl</a>"));
    }
}
