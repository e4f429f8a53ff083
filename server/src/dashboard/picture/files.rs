//! One page of the list of files.

use domain::view::{Counts, FileRow, FilesPage, FilesQuery};

use super::{Picture, scan};
use crate::node::Shared;

/// The rows that come first in the query's order, without keeping all that match.
struct First<'a> {
    query: &'a FilesQuery,
    keep: usize,
    rows: Vec<FileRow>,
}

impl First<'_> {
    fn push(&mut self, row: FileRow) {
        self.rows.push(row);
        if self.rows.len() >= self.keep.saturating_mul(2).max(1_024) {
            self.prune();
        }
    }

    fn prune(&mut self) {
        if self.rows.len() > self.keep {
            let sort = self.query.sort;
            self.rows.select_nth_unstable_by(self.keep, |a, b| sort.order(a, b));
            self.rows.truncate(self.keep);
        }
    }

    fn page(mut self) -> Vec<FileRow> {
        self.prune();
        self.rows.sort_unstable_by(|a, b| self.query.sort.order(a, b));
        let offset = usize::try_from(self.query.offset).unwrap_or(usize::MAX);
        self.rows.into_iter().skip(offset).collect()
    }
}

/// Answers a query; passes over all files once.
pub(in crate::dashboard) fn files(
    picture: &Picture,
    shared: &Shared,
    query: &FilesQuery,
) -> FilesPage {
    let nodes = picture.columns();
    let any_state = FilesQuery { state: None, ..query.clone() };
    let (mut counts, mut total, mut shown) = (Counts::default(), 0, 0);
    let keep = usize::try_from(query.offset.saturating_add(query.limit)).unwrap_or(usize::MAX);
    let mut first = First { query, keep, rows: Vec::new() };
    scan::each(shared, |name, entry| {
        let Some(row) = picture.row(name, entry) else {
            return;
        };
        total += 1;
        if any_state.wants(&row, &nodes) {
            counts.add(row.state);
            if query.state.is_none_or(|state| state == row.state) {
                shown += 1;
                first.push(row);
            }
        }
    });
    let detailed = |row: FileRow| {
        let entry = shared.file(&row.name);
        entry.and_then(|entry| picture.detailed(&row.name, &entry)).unwrap_or(row)
    };
    FilesPage {
        at_ms: picture.at_ms,
        rows: first.page().into_iter().map(detailed).collect(),
        total,
        shown,
        offset: query.offset,
        chips: counts.chips(),
        nodes,
    }
}
