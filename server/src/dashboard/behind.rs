//! By how many commits a node is behind: read from the store, for rows that are shown.

use domain::{
    ObjectId,
    view::{Column, FileRow, FilesPage},
    words::{FileState, NodeHealth},
};
use gitty::Commit;

use crate::node::Handle;

/// Rows of a page that are counted; the others name the node only.
const ROWS: usize = 100;
/// Commits that are walked back for a row.
const STEPS: u64 = 20;

/// Adds the number to the details of rows that are behind, where it is small enough to count.
pub(super) async fn count(node: &Handle, page: &mut FilesPage) {
    let columns = &page.nodes;
    let late = page.rows.iter_mut().filter(|row| row.state == FileState::Behind).take(ROWS);
    for row in late {
        let Some((column, head)) = first_late(row, columns) else {
            continue;
        };
        if let Some(commits) = between(node, row.common_head(), head).await {
            row.detail = Some(FileState::behind_detail(&column.name, commits));
        }
    }
}

/// The first node that is not away and whose head is not the common one.
fn first_late<'a>(row: &FileRow, columns: &'a [Column]) -> Option<(&'a Column, Option<ObjectId>)> {
    let common = row.common_head();
    let heads = columns.iter().zip(row.heads.iter().map(|(_, head)| *head));
    let mut answering = heads.filter(|(column, _)| column.health != NodeHealth::Away);
    answering.find(|(_, head)| *head != common)
}

/// Commits from `newest` back to `oldest`; none if that is far or not here.
async fn between(node: &Handle, newest: Option<ObjectId>, oldest: Option<ObjectId>) -> Option<u64> {
    let mut at = newest;
    for commits in 0..=STEPS {
        if at == oldest {
            return Some(commits).filter(|commits| *commits > 0);
        }
        let object = node.local_object(at?).await.ok()?;
        at = Commit::parse(&object.content).ok()?.previous();
    }
    None
}
