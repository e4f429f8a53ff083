//! Repacking: loose objects go into a pack, and small packs into one.
//!
//! A running SWISH finds objects only in packs that it attached when it started, and in loose
//! files. So beside one a pack may be added and nothing may go away; files are removed only when
//! no process has the journal open, and only when the new pack is on the disk and was read again.

mod remove;
mod sources;
mod write;

use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{
    claim::{Claim, ClaimError},
    error::OpenError,
    fsck::Finding,
    openers::{self, InUseError},
    parallel::Watch,
    read_only::ReadOnly,
};

use sources::Sources;

/// Packs shorter than this are merged, as by SWISH.
const SMALL_PACK_BYTES: u64 = 10_000_000;

/// What happens to files whose objects are in a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loose {
    /// They stay: a SWISH may run. Packs stay too.
    Keep,
    /// They are removed, and small packs are merged.
    Drop,
}

/// What repacking did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repacked {
    /// File of the new pack; none if there was nothing to do.
    pub pack: Option<String>,
    /// Objects in it.
    pub objects: usize,
    /// Its length.
    pub bytes: u64,
    /// Loose files that were removed.
    pub removed: usize,
    /// Packs that were removed.
    pub merged: Vec<String>,
    /// Damaged copies; objects without a whole one stay where they are.
    pub findings: Vec<Finding>,
}

/// Repacking stopped; every object is still where it was, and may be in a new pack as well.
#[derive(Debug, Error)]
pub enum RepackError {
    /// A node or another tool has the store.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// A SWISH or a node may run.
    #[error(transparent)]
    InUse(#[from] InUseError),
    /// The store cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file cannot be read or written.
    #[error("cannot use {path}")]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The new pack, read again, is not what was written: nothing else was touched.
    #[error("the new pack is damaged: {0}")]
    Damaged(Finding),
}

impl RepackError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

/// Puts loose objects into a pack.
///
/// # Errors
/// See [`RepackError`].
pub fn repack(dir: &Path, loose: Loose, watch: Watch<'_>) -> Result<Repacked, RepackError> {
    let store = ReadOnly::open(dir)?;
    let claim = match loose {
        Loose::Keep => None,
        Loose::Drop => Some(Claim::take(dir)?),
    };
    if loose == Loose::Drop {
        openers::ensure_unused(dir)?;
    }
    let mut done = Repacked::default();
    let sources = Sources::find(&store, loose, watch, &mut done.findings)?;
    let pack = sources.new_pack(&store, watch, &mut done)?;
    if loose == Loose::Drop {
        // A SWISH may have started since; the new pack does it no harm.
        openers::ensure_unused(dir)?;
        sources.remove(&store, pack.as_deref(), watch, &mut done)?;
    }
    drop(claim);
    Ok(done)
}
