//! A row of the index from a commit and its text.

use domain::ObjectId;
use gitty::{
    Commit, Term,
    commit::{Symbolic, to_json},
};

use crate::db::HeadRow;

/// Longest part of a text that is searched; new files are never longer.
const MAX_TEXT_BYTES: usize = 4 << 20;

/// The row of a served head.
pub(super) fn row(head: ObjectId, commit: &Commit, text: &[u8]) -> HeadRow {
    let said = |key: &str| commit.get(key).and_then(Term::as_text).map(str::to_owned);
    let tags = commit.get("tags").and_then(Term::as_list).unwrap_or_default();
    HeadRow {
        name: commit.name(),
        head,
        time: commit.time(),
        is_public: commit.get("public").and_then(Term::as_atom) == Some("true"),
        author: said("author"),
        avatar: said("avatar"),
        peer: said("peer"),
        identity: said("identity"),
        tags: tags.iter().filter_map(Term::as_text).map(str::to_owned).collect(),
        title: said("title"),
        meta: to_json(commit, head, Symbolic::No),
        text: searched(text),
    }
}

/// The text as it is searched: SQLite ends a text at a null character.
fn searched(text: &[u8]) -> String {
    let part = &text[..text.len().min(MAX_TEXT_BYTES)];
    String::from_utf8_lossy(part).replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use gitty::{Meta, Object, commit};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_has_what_lists_show() {
        let meta = json!({ "public": true, "tags": ["a", "b"], "author": "Ann", "title": "T" });
        let meta = Meta::from_json(&meta, false).peer("192.0.2.1");
        let blob = Object::blob("").id().unwrap();
        let commit = commit::create(&"a.pl".into(), blob, meta, None, 1.5);
        let id = commit.object().id().unwrap();
        let row = row(id, &commit, b"p\0\xff.\n");
        assert_eq!(row.text, "p\u{fffd}\u{fffd}.\n");
        assert_eq!((row.is_public, row.time, row.identity), (true, 1.5, None));
        assert_eq!(row.tags, ["a", "b"]);
        assert_eq!(row.meta["commit"], json!(id));
        assert_eq!(row.meta.get("symbolic"), None);
    }
}
