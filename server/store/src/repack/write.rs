//! The new pack: written under a temporary name, read again, and only then given its own.

use std::{fs, io, path::PathBuf};

use gitty::pack::{self, Entry, Naming};

use super::{
    RepackError, Repacked,
    sources::{Source, Sources},
};
use crate::{
    disk::Owner,
    draft::Draft,
    fsck, layout,
    parallel::{Progress, Step, Watch},
    read_only::ReadOnly,
};

/// Members after which progress is told.
const TELL_EVERY: usize = 256;

impl Sources {
    /// Writes the new pack, durably; gives its path, also if it was there already.
    pub(super) fn new_pack(
        &self,
        store: &ReadOnly,
        watch: Watch<'_>,
        done: &mut Repacked,
    ) -> Result<Option<PathBuf>, RepackError> {
        if self.members.is_empty() {
            return Ok(None);
        }
        let folder = store.dir().join(layout::PACKS);
        let failed = |source| RepackError::Io { path: folder.clone(), source };
        let owner = Owner::of(store.dir()).map_err(failed)?;
        let mut draft = Draft::create(&folder, &owner).map_err(failed)?;
        let naming = self.fill(&mut draft, store, watch).map_err(failed)?;
        let written = draft.sync().map_err(failed)?;
        let wrong = fsck::check_pack(store.disk(), written, None, watch, |_, _| {});
        if let Some(finding) = wrong.map_err(failed)?.into_iter().next() {
            return Err(RepackError::Damaged(finding));
        }
        let name = pack::file_name(naming.finish());
        let path = folder.join(&name);
        if path.exists() {
            return Ok(Some(path));
        }
        done.bytes = fs::metadata(written).map_err(failed)?.len();
        draft.publish(&path, store.dir()).map_err(failed)?;
        done.objects = self.members.len();
        done.pack = Some(name);
        Ok(Some(path))
    }

    fn fill(&self, draft: &mut Draft, store: &ReadOnly, watch: Watch<'_>) -> io::Result<Naming> {
        let mut naming = Naming::default();
        let mut put = |bytes: &[u8]| {
            naming.update(bytes);
            draft.write(bytes)
        };
        let entries: Vec<Entry> = self.members.iter().map(|(entry, _)| entry.clone()).collect();
        put(pack::header(&entries).as_bytes())?;
        let total = self.members.len();
        for (at, (entry, source)) in self.members.iter().enumerate() {
            put(&self.bytes(store, entry, *source)?)?;
            if at % TELL_EVERY == 0 || at + 1 == total {
                watch(Progress { step: Step::Copying, done: at + 1, total });
            }
        }
        Ok(naming)
    }

    /// Bytes of a member, which were checked before and have the same length.
    fn bytes(&self, store: &ReadOnly, entry: &Entry, source: Source) -> io::Result<Vec<u8>> {
        let bytes = match source {
            Source::Loose => {
                let path = layout::path(store.dir(), &entry.id);
                store.disk().read(&path, layout::MAX_FILE_BYTES)?
            }
            Source::Pack { number, offset } => {
                let length = u32::try_from(entry.file_size).map_err(io::Error::other)?;
                store.disk().read_range(&self.merged[number], offset, length)?
            }
        };
        if crate::journal::length(&bytes) == entry.file_size {
            Ok(bytes)
        } else {
            Err(io::Error::other(format!("the file of object {} changed", entry.id)))
        }
    }
}
