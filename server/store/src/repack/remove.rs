//! What is not needed any more: loose files and packs whose objects are in another pack.

use std::{fs, io, path::Path};

use super::{RepackError, Repacked, sources::Sources};
use crate::{
    fsck, layout,
    parallel::{Progress, Step, Watch},
    read_only::ReadOnly,
    walk,
};

impl Sources {
    /// Removes loose files that a pack holds, their empty folders, and merged packs.
    pub(super) fn remove(
        &self,
        store: &ReadOnly,
        pack: Option<&Path>,
        watch: Watch<'_>,
        done: &mut Repacked,
    ) -> Result<(), RepackError> {
        let ids = walk::walk(store.dir()).map_err(RepackError::io(store.dir()))?.ids;
        let total = ids.len();
        for (at, id) in ids.iter().enumerate() {
            let is_new = self.members.binary_search_by_key(id, |(entry, _)| entry.id).is_ok();
            if is_new || self.packed.contains(id) {
                let path = layout::path(store.dir(), id);
                gone(fs::remove_file(&path)).map_err(RepackError::io(&path))?;
                prune(&path, store.dir());
                done.removed += 1;
            }
            watch(Progress { step: Step::Removing, done: at + 1, total });
        }
        for path in self.merged.iter().filter(|path| Some(path.as_path()) != pack) {
            gone(fs::remove_file(path)).map_err(RepackError::io(path))?;
            done.merged.push(fsck::file_name(path));
        }
        Ok(())
    }
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    removed
        .or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

/// Removes the two folders of an object if they are empty; one that is not refuses.
fn prune(path: &Path, store: &Path) {
    for folder in path.ancestors().skip(1).take(2).take_while(|folder| *folder != store) {
        if fs::remove_dir(folder).is_err() {
            return;
        }
    }
}
