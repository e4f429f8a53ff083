//! The pack files of a store, attached: where in them each object is.
//!
//! Thirty-two bytes an object, sorted per pack; files are opened when a member is read, because
//! SWISH deletes packs that it merged. A pack without a whole header is left out, as long as the
//! file stays as it is.

mod file;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use domain::ObjectId;
use gitty::Object;

use crate::{
    disk::Disk,
    error::{PackFault, ReadError},
    layout,
};

pub(crate) use file::{Seal, list, name_of, read_index, seal};

/// The packs as of the last look into their directory.
#[derive(Debug)]
pub(crate) struct Packs {
    dir: PathBuf,
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    attached: Vec<Arc<Pack>>,
    /// Files that are no packs.
    refused: Vec<Refused>,
}

#[derive(Debug)]
struct Refused {
    path: PathBuf,
    seal: Seal,
}

/// One pack file.
#[derive(Debug)]
struct Pack {
    path: PathBuf,
    seal: Seal,
    /// By hash; the first of a hash that is there twice counts, as for SWISH.
    slots: Vec<Slot>,
}

#[derive(Debug)]
struct Slot {
    offset: u64,
    length: u32,
    id: ObjectId,
}

impl Packs {
    /// Attaches the packs of a store; none if it has no directory for them.
    pub(crate) fn attach(disk: &dyn Disk, store: &Path) -> io::Result<Self> {
        let packs = Self { dir: store.join(layout::PACKS), known: RwLock::default() };
        packs.refresh(disk)?;
        Ok(packs)
    }

    /// The packs of a store, attached when the first object is not found among the loose ones: an
    /// index says what they hold, and their headers take long to read.
    pub(crate) fn later(store: &Path) -> Self {
        Self { dir: store.join(layout::PACKS), known: RwLock::default() }
    }

    /// Looks for packs that came or went; says whether there were any.
    pub(crate) fn refresh(&self, disk: &dyn Disk) -> io::Result<bool> {
        let mut files = Vec::new();
        for path in list(&self.dir)? {
            match seal(&path) {
                Ok(seal) => files.push((path, seal)),
                // Merged into another between the two calls.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let here = |path: &Path, seal: Seal| files.iter().any(|(p, s)| p == path && *s == seal);
        let before = known.attached.len();
        known.attached.retain(|pack| here(&pack.path, pack.seal));
        known.refused.retain(|refused| here(&refused.path, refused.seal));
        let mut changed = known.attached.len() < before;
        for (path, seal) in files {
            if known.attached.iter().any(|pack| pack.path == path)
                || known.refused.iter().any(|refused| refused.path == path)
            {
                continue;
            }
            match Pack::open(disk, &path, seal) {
                Ok(pack) => {
                    known.attached.push(Arc::new(pack));
                    changed = true;
                }
                Err(PackFault::Io(source)) if source.kind() == io::ErrorKind::NotFound => {}
                Err(PackFault::Io(source)) => return Err(source),
                Err(fault) => {
                    tracing::warn!(pack = %path.display(), %fault, "a pack cannot be attached");
                    known.refused.push(Refused { path, seal });
                }
            }
        }
        Ok(changed)
    }

    /// Number of packs that are attached.
    pub(crate) fn len(&self) -> usize {
        self.known().len()
    }

    /// Names of the objects, each once and in order.
    pub(crate) fn ids(&self) -> Vec<ObjectId> {
        let mut ids: Vec<_> =
            self.known().iter().flat_map(|pack| pack.slots.iter().map(|slot| slot.id)).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Reads an object from the packs that name it; none if no pack does.
    pub(crate) fn read(&self, disk: &dyn Disk, id: &ObjectId) -> Option<Result<Object, ReadError>> {
        let mut last = None;
        for pack in self.known() {
            let Some(slot) = pack.find(id) else { continue };
            let read = pack.read(disk, slot);
            if read.is_ok() {
                return Some(read);
            }
            last = Some(read);
        }
        last
    }

    fn known(&self) -> Vec<Arc<Pack>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).attached.clone()
    }
}

impl Pack {
    fn open(disk: &dyn Disk, path: &Path, seal: Seal) -> Result<Self, PackFault> {
        let index = read_index(disk, path)?;
        let mut slots: Vec<_> = index
            .members()
            .map(|(entry, range)| Slot {
                offset: range.start,
                length: u32::try_from(entry.file_size).unwrap_or(u32::MAX),
                id: entry.id,
            })
            .collect();
        slots.sort_by_key(|slot| slot.id);
        slots.shrink_to_fit();
        Ok(Self { path: path.to_owned(), seal, slots })
    }

    fn find(&self, id: &ObjectId) -> Option<&Slot> {
        let at = self.slots.partition_point(|slot| slot.id < *id);
        self.slots.get(at).filter(|slot| slot.id == *id)
    }

    fn read(&self, disk: &dyn Disk, slot: &Slot) -> Result<Object, ReadError> {
        let Slot { offset, length, id } = *slot;
        if u64::from(length) > layout::MAX_FILE_BYTES {
            let reason = "its member of a pack is too large".into();
            return Err(ReadError::Damaged { id, reason });
        }
        match disk.read_range(&self.path, offset, length) {
            Ok(bytes) => layout::check(&id, &bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ReadError::Missing(id)),
            Err(source) => Err(ReadError::Io { id, source }),
        }
    }
}
