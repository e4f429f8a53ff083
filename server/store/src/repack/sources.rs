//! What goes into the new pack and from where, after every byte of it was checked.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use domain::ObjectId;
use gitty::pack::Entry;

use super::{Loose, RepackError, SMALL_PACK_BYTES};
use crate::{
    error::{PackFault, ReadError},
    fsck::{self, Finding},
    layout, packs,
    parallel::{self, Step, Watch},
    read_only::ReadOnly,
    walk,
};

/// Where the bytes of a new member are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// In its loose file.
    Loose,
    /// In a pack, by its place in [`Sources::merged`].
    Pack { number: usize, offset: u64 },
}

/// The plan of a repacking.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// Members of the new pack, by hash, each once.
    pub(super) members: Vec<(Entry, Source)>,
    /// Packs that the new one stands for.
    pub(super) merged: Vec<PathBuf>,
    /// Loose objects that a pack which stays holds whole.
    pub(super) packed: BTreeSet<ObjectId>,
}

impl Sources {
    /// Reads everything that may go into the new pack.
    pub(super) fn find(
        store: &ReadOnly,
        loose: Loose,
        watch: Watch<'_>,
        findings: &mut Vec<Finding>,
    ) -> Result<Self, RepackError> {
        let mut sources = Self::default();
        let ids = walk::walk(store.dir()).map_err(RepackError::io(store.dir()))?.ids;
        let files = packs::list(&store.dir().join(layout::PACKS));
        let mut candidates = Vec::new();
        for path in files.map_err(RepackError::io(store.dir()))? {
            sources.pack(store, &path, loose, watch, findings, &mut candidates)?;
        }
        let ids: Vec<_> = ids.into_iter().filter(|id| !sources.packed.contains(id)).collect();
        sources.loose(store, &ids, watch, findings);
        sources.take_packs(store, candidates)?;
        Ok(sources)
    }

    /// Looks at one pack: it stays, and its loose copies are not needed, or it may be merged.
    fn pack(
        &mut self,
        store: &ReadOnly,
        path: &Path,
        loose: Loose,
        watch: Watch<'_>,
        findings: &mut Vec<Finding>,
        candidates: &mut Vec<Candidate>,
    ) -> Result<(), RepackError> {
        let failed = RepackError::io(path);
        let name = Some(fsck::file_name(path));
        let mut whole = Vec::new();
        let found = fsck::check_pack(store.disk(), path, name, watch, |id, fact| {
            if fact.is_some() {
                whole.push(id);
            }
        })
        .map_err(failed)?;
        let bytes = fs::metadata(path).map_err(RepackError::io(path))?.len();
        let merge = loose == Loose::Drop && (bytes < SMALL_PACK_BYTES || !found.is_empty());
        if merge {
            let whole = whole.into_iter().collect();
            candidates.push(Candidate { path: path.to_owned(), whole });
        } else {
            self.packed.extend(whole);
        }
        findings.extend(found);
        Ok(())
    }

    fn loose(
        &mut self,
        store: &ReadOnly,
        ids: &[ObjectId],
        watch: Watch<'_>,
        findings: &mut Vec<Finding>,
    ) {
        let read = |id: &ObjectId| entry(store, id);
        parallel::each(ids, Step::Loose, watch, read, |id, read| match read {
            Ok(entry) => self.members.push((entry, Source::Loose)),
            Err(ReadError::Missing(_)) => {}
            Err(ReadError::Damaged { reason, .. }) => {
                findings.push(Finding::Loose { id: *id, reason });
            }
            Err(error @ ReadError::Io { .. }) => {
                findings.push(Finding::Loose { id: *id, reason: error.to_string() });
            }
        });
    }

    /// Takes the members of packs that can go: each of their objects has a whole copy.
    fn take_packs(
        &mut self,
        store: &ReadOnly,
        candidates: Vec<Candidate>,
    ) -> Result<(), RepackError> {
        let mut known: BTreeSet<ObjectId> = self.members.iter().map(|(e, _)| e.id).collect();
        known.extend(&self.packed);
        let whole_somewhere: BTreeSet<_> =
            candidates.iter().flat_map(|candidate| &candidate.whole).copied().collect();
        for candidate in candidates {
            let index = match packs::read_index(store.disk(), &candidate.path) {
                Ok(index) => index,
                Err(PackFault::Io(source)) => return Err(RepackError::io(&candidate.path)(source)),
                // Nothing of it can be read, so nothing of it may go away.
                Err(_) => continue,
            };
            let lost = |id: &ObjectId| !known.contains(id) && !whole_somewhere.contains(id);
            if index.entries().iter().any(|entry| lost(&entry.id)) {
                continue;
            }
            let number = self.merged.len();
            for (entry, range) in index.members() {
                if candidate.whole.contains(&entry.id) && known.insert(entry.id) {
                    let source = Source::Pack { number, offset: range.start };
                    self.members.push((entry.clone(), source));
                }
            }
            self.merged.push(candidate.path);
        }
        self.members.sort_by_key(|(entry, _)| entry.id);
        Ok(())
    }
}

/// A pack that may be merged, with its whole members.
struct Candidate {
    path: PathBuf,
    whole: BTreeSet<ObjectId>,
}

/// Reads a loose file as the entry it will have.
fn entry(store: &ReadOnly, id: &ObjectId) -> Result<Entry, ReadError> {
    let path = layout::path(store.dir(), id);
    let bytes = store.disk().read(&path, layout::MAX_FILE_BYTES).map_err(|source| {
        if source.kind() == io::ErrorKind::NotFound {
            ReadError::Missing(*id)
        } else {
            ReadError::Io { id: *id, source }
        }
    })?;
    let object = layout::check(id, &bytes)?;
    let length = |bytes: &[u8]| crate::journal::length(bytes);
    let (size, file_size) = (length(&object.content), length(&bytes));
    Ok(Entry { id: *id, kind: object.kind, size, file_size })
}
