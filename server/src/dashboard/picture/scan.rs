//! Passing over all files without holding the node up.

use std::ops::Bound;

use domain::FileName;

use crate::node::{FileEntry, Shared};

/// Files that are looked at before the node may write again.
const CHUNK: usize = 2_048;

/// Shows each file to `visit`, in order of their names; changes meanwhile may be seen or not.
pub(super) fn each(shared: &Shared, mut visit: impl FnMut(&FileName, &FileEntry)) {
    let mut after: Option<FileName> = None;
    loop {
        let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let last = shared.with_files(|files| {
            let chunk = files.range::<FileName, _>((from, Bound::Unbounded)).take(CHUNK);
            chunk.inspect(|(name, entry)| visit(name, entry)).last().map(|(name, _)| name.clone())
        });
        let Some(last) = last else {
            return;
        };
        after = Some(last);
    }
}
