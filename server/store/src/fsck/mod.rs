//! The check of a whole store: every object, pack and line of the journal, and what they name.
//!
//! Nothing is changed, and a SWISH or a node may run beside it: what comes while it looks may be
//! missed.

mod finding;
mod journal;
mod objects;

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

use domain::ObjectId;

use crate::{
    Index,
    error::OpenError,
    layout, packs,
    parallel::Watch,
    read_only::ReadOnly,
    walk::{self, Walk},
};

pub use finding::{Finding, Weight};
pub(crate) use objects::{Fact, check_pack};

/// What the check looked at and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fsck {
    /// Loose objects, damaged ones included.
    pub loose: usize,
    /// Members of packs, damaged ones included.
    pub packed: usize,
    /// Pack files.
    pub packs: usize,
    /// Files with a head in the journal.
    pub files: usize,
    /// Lines of the journal that move a head.
    pub lines: usize,
    /// What is wrong or worth a look, objects first.
    pub findings: Vec<Finding>,
}

impl Fsck {
    /// Whether something is wrong.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.findings.iter().any(|finding| finding.weight() == Weight::Damage)
    }
}

/// Checks a store.
///
/// # Errors
/// A folder or the journal cannot be read at all.
pub fn fsck(dir: &Path, watch: Watch<'_>) -> Result<Fsck, OpenError> {
    let store = ReadOnly::open(dir)?;
    let failed = |source| OpenError::Io { path: dir.to_owned(), source };
    let walk = walk::walk(dir).map_err(failed)?;
    let mut check = Check::default();
    check.loose(&store, &walk, watch);
    check.packed(&store, watch).map_err(failed)?;
    check.leftovers(dir, walk).map_err(failed)?;
    check.links();
    let path = store.journal_path();
    check.journal(&path).map_err(|source| OpenError::Io { path, source })?;
    Ok(check.result)
}

/// What is known while the check goes on.
#[derive(Default)]
struct Check {
    /// Objects with at least one whole copy.
    index: Index,
    /// Objects that have no whole copy but are there: naming them again would be noise.
    damaged: BTreeSet<ObjectId>,
    result: Fsck,
}

impl Check {
    fn find(&mut self, finding: Finding) {
        self.result.findings.push(finding);
    }

    fn loose(&mut self, store: &ReadOnly, walk: &Walk, watch: Watch<'_>) {
        self.result.loose = walk.ids.len();
        objects::check_loose(store, &walk.ids, watch, |id, fact| match fact {
            Ok(fact) => self.take(id, fact),
            Err(reason) => {
                self.damaged.insert(id);
                self.find(Finding::Loose { id, reason });
            }
        });
    }

    fn packed(&mut self, store: &ReadOnly, watch: Watch<'_>) -> io::Result<()> {
        for path in packs::list(&store.dir().join(layout::PACKS))? {
            self.result.packs += 1;
            let name = Some(file_name(&path));
            let found = check_pack(store.disk(), &path, name, watch, |id, fact| {
                self.result.packed += 1;
                match fact {
                    Some(fact) => self.take(id, fact),
                    None => {
                        self.damaged.insert(id);
                    }
                }
            })?;
            self.result.findings.extend(found);
        }
        Ok(())
    }

    fn take(&mut self, id: ObjectId, fact: Fact) {
        match fact {
            Fact::Other => self.index.insert_blob(id),
            Fact::Commit(link) => self.index.insert_commit(id, *link),
            Fact::BadCommit(error) => {
                self.index.insert_blob(id);
                let finding = Finding::Commit { id, error };
                if !self.result.findings.contains(&finding) {
                    self.find(finding);
                }
            }
        }
    }

    fn leftovers(&mut self, dir: &Path, walk: Walk) -> io::Result<()> {
        walk.misplaced.into_iter().for_each(|path| self.find(Finding::Misplaced { path }));
        let mut left = walk.leftovers;
        for folder in [layout::PACKS, "ref"] {
            left.extend(walk::leftovers(&dir.join(folder))?);
        }
        left.into_iter().for_each(|path: PathBuf| self.find(Finding::Leftover { path }));
        Ok(())
    }

    /// Blobs and commits that commits name.
    fn links(&mut self) {
        let here = |id: &ObjectId| self.index.holds(id) || self.damaged.contains(id);
        let mut found = Vec::new();
        for (commit, link) in self.index.commits() {
            if !here(&link.blob) {
                found.push(Finding::NoBlob { commit, blob: link.blob });
            }
            if let Some(previous) = link.previous.filter(|id| !here(id)) {
                found.push(Finding::NoPrevious { commit, previous });
            }
        }
        self.result.findings.extend(found);
    }
}

/// The last part of a path, for people.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
