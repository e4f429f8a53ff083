//! The rows on screen and how news change them.
//!
//! A changed row changes in place. A new one is put where it belongs, but while the pointer is
//! over the table nothing moves: it waits, and a bar says how many do.

use std::collections::BTreeSet;

use domain::{
    FileName,
    view::{FileRow, FilesPage, FilesQuery},
};
use leptos::prelude::*;

/// A row that can change on its own.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) name: FileName,
    pub(super) row: ArcRwSignal<FileRow>,
    /// 0 at rest; each change moves on between 1 and 2, which starts the flash anew.
    pub(super) flash: ArcRwSignal<u8>,
}

/// The list as it stands; `Copy`.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    query: StoredValue<FilesQuery>,
    /// The last answer without its rows: columns, totals, chips.
    pub(super) page: RwSignal<FilesPage>,
    pub(super) entries: RwSignal<Vec<Entry>>,
    /// Files that wait for the pointer to leave.
    pub(super) waiting: RwSignal<BTreeSet<FileName>>,
    /// The pointer is over the table.
    pub(super) hovered: RwSignal<bool>,
    /// Totals may have changed.
    outdated: StoredValue<bool>,
    /// News since the list was last asked for: they are newer than its answer.
    since_asked: StoredValue<Vec<FileRow>>,
}

impl Entry {
    fn new(row: FileRow, flash: u8) -> Self {
        let name = row.name.clone();
        Self { name, row: ArcRwSignal::new(row), flash: ArcRwSignal::new(flash) }
    }

    /// Shows `row` instead; whether that made a difference.
    fn change(&self, row: FileRow) -> bool {
        let changed = self.row.with_untracked(|old| *old != row);
        if changed {
            self.row.set(row);
            self.flash.update(|flash| *flash = if *flash == 1 { 2 } else { 1 });
        }
        changed
    }
}

// On the server rows are rendered and never change.
#[cfg_attr(
    not(any(test, feature = "hydrate")),
    expect(dead_code, reason = "news are the browser's")
)]
impl Rows {
    pub(super) fn new(query: FilesQuery, mut page: FilesPage) -> Self {
        let rows = std::mem::take(&mut page.rows);
        Self {
            query: StoredValue::new(query),
            page: RwSignal::new(page),
            entries: RwSignal::new(rows.into_iter().map(|row| Entry::new(row, 0)).collect()),
            waiting: RwSignal::new(BTreeSet::new()),
            hovered: RwSignal::new(false),
            outdated: StoredValue::new(false),
            since_asked: StoredValue::new(Vec::new()),
        }
    }

    pub(super) fn query(self) -> FilesQuery {
        self.query.get_value()
    }

    /// One file changed.
    pub(super) fn hear(self, row: FileRow) {
        self.since_asked.update_value(|rows| rows.push(row.clone()));
        self.show(row);
    }

    /// The list is being asked for anew.
    pub(super) fn asking(self) {
        self.since_asked.set_value(Vec::new());
        self.outdated.set_value(false);
    }

    /// Totals may be wrong, or rows may wait to be shown.
    pub(super) fn is_outdated(self) -> bool {
        let free = !self.hovered.get_untracked();
        let kept = self.waiting.with_untracked(|waiting| !waiting.is_empty());
        self.outdated.get_value() || free && kept
    }

    /// The answer, which `since_asked` outdates.
    pub(super) fn answered(self, mut page: FilesPage) {
        let rows = std::mem::take(&mut page.rows);
        if self.page.with_untracked(|old| *old != page) {
            self.page.set(page);
        }
        if self.hovered.get_untracked() {
            rows.into_iter().for_each(|row| self.show(row));
        } else {
            self.replace(rows);
        }
        self.outdated.set_value(false);
        for row in self.since_asked.get_value() {
            self.show(row);
        }
    }

    /// Brings the rows into the order of `rows`, keeping what is on screen already.
    fn replace(self, rows: Vec<FileRow>) {
        self.waiting.set(BTreeSet::new());
        let old = self.entries.get_untracked();
        let known = |row: &FileRow| old.iter().find(|entry| entry.name == row.name).cloned();
        let entry = |row: FileRow| match known(&row) {
            Some(entry) => {
                entry.change(row);
                entry
            }
            None => Entry::new(row, 1),
        };
        let new: Vec<_> = rows.into_iter().map(entry).collect();
        if !new.iter().map(|entry| &entry.name).eq(old.iter().map(|entry| &entry.name)) {
            self.entries.set(new);
        }
    }

    /// Changes a row in place, puts a new one where it belongs, or lets it wait.
    fn show(self, row: FileRow) {
        let known = self
            .entries
            .with_untracked(|entries| entries.iter().find(|entry| entry.name == row.name).cloned());
        if let Some(entry) = known {
            let changed = entry.change(row);
            return self.outdated.update_value(|outdated| *outdated |= changed);
        }
        self.outdated.set_value(true);
        let query = self.query.get_value();
        if !self.page.with_untracked(|page| query.wants(&row, &page.nodes)) {
            return;
        }
        let Some(at) = self.place(&row, &query) else {
            return;
        };
        if self.hovered.get_untracked() {
            self.waiting.update(|waiting| {
                waiting.insert(row.name);
            });
        } else {
            self.entries.update(|entries| entries.insert(at, Entry::new(row, 1)));
        }
    }

    /// Where the row belongs on this page, if it does.
    fn place(self, row: &FileRow, query: &FilesQuery) -> Option<usize> {
        self.entries.with_untracked(|entries| {
            let after = |entry: &Entry| {
                entry.row.with_untracked(|other| query.sort.order(row, other)).is_lt()
            };
            let at = entries.iter().position(after).unwrap_or(entries.len());
            let full = u64::try_from(entries.len()).is_ok_and(|rows| rows >= query.limit);
            let before_page = at == 0 && query.offset > 0;
            let after_page = at == entries.len() && full;
            (!before_page && !after_page).then_some(at)
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::words::FileState;

    use super::*;

    fn row(name: &str, changed_ms: u64) -> FileRow {
        FileRow {
            name: name.into(),
            state: FileState::Same,
            detail: None,
            heads: Vec::new(),
            on: 3,
            of: 3,
            author: None,
            changed_ms,
        }
    }

    fn list(names: &[(&str, u64)]) -> Rows {
        let rows = names.iter().map(|(name, at)| row(name, *at)).collect();
        let page = FilesPage {
            at_ms: 0,
            nodes: Vec::new(),
            rows,
            total: 2,
            shown: 2,
            offset: 0,
            chips: Vec::new(),
        };
        Rows::new(FilesQuery::default(), page)
    }

    fn names(rows: Rows) -> Vec<String> {
        let name = |entry: &Entry| entry.name.to_string();
        rows.entries.with_untracked(|entries| entries.iter().map(name).collect())
    }

    #[test]
    fn a_changed_row_changes_in_place_and_flashes_each_time() {
        let owner = Owner::new();
        owner.set();
        let rows = list(&[("a", 2), ("b", 1)]);
        let flash = || rows.entries.with_untracked(|entries| entries[1].flash.get_untracked());
        let flashes = [3, 3, 4, 5].map(|at| {
            rows.hear(row("b", at));
            flash()
        });
        assert_eq!(flashes, [1, 1, 2, 1]);
        assert_eq!(names(rows), ["a", "b"]);
    }

    #[test]
    fn a_new_row_comes_in_its_place_unless_the_pointer_is_over_the_table() {
        let owner = Owner::new();
        owner.set();
        let rows = list(&[("a", 9), ("b", 1)]);
        rows.hear(row("c", 5));
        assert_eq!(names(rows), ["a", "c", "b"]);
        rows.hovered.set(true);
        rows.hear(row("d", 10));
        assert_eq!(names(rows), ["a", "c", "b"]);
        assert_eq!(rows.waiting.get_untracked().len(), 1);
        rows.hovered.set(false);
        assert!(rows.is_outdated());
    }

    #[test]
    fn an_answer_does_not_undo_news_that_came_while_it_was_on_its_way() {
        let owner = Owner::new();
        owner.set();
        let rows = list(&[("a", 9)]);
        rows.asking();
        rows.hear(row("a", 11));
        rows.answered(FilesPage {
            rows: vec![row("a", 9), row("z", 2)],
            ..rows.page.get_untracked()
        });
        let shown = rows.entries.with_untracked(|entries| entries[0].row.get_untracked());
        assert_eq!(shown, row("a", 11));
        assert_eq!(names(rows), ["a", "z"]);
    }

    #[test]
    fn a_row_of_another_page_is_not_put_on_this_one() {
        let owner = Owner::new();
        owner.set();
        let rows = list(&[("a", 9), ("b", 5)]);
        rows.query.set_value(FilesQuery { limit: 2, offset: 2, ..FilesQuery::default() });
        rows.hear(row("c", 10));
        rows.hear(row("d", 1));
        assert_eq!(names(rows), ["a", "b"]);
    }
}
