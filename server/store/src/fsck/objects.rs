//! Objects one by one: loose files, and the members of a pack with its header and name.

use std::{fs, io, ops::Range, path::Path};

use domain::{Link, ObjectId, ObjectKind};
use gitty::{
    Commit, CommitError, Object,
    pack::{self, Entry},
};

use super::{Finding, file_name};
use crate::{
    disk::Disk,
    error::{PackFault, ReadError},
    layout, packs,
    parallel::{self, Step, Watch},
    read_only::ReadOnly,
};

/// What is remembered of a whole object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    /// No commit.
    Other,
    /// A commit.
    Commit(Box<Link>),
    /// Of type commit, and none.
    BadCommit(CommitError),
}

/// What is remembered of an object.
pub(super) fn fact(object: &Object) -> Fact {
    if object.kind != ObjectKind::Commit {
        return Fact::Other;
    }
    match Commit::parse(&object.content) {
        Ok(commit) => Fact::Commit(Box::new(commit.link())),
        Err(error) => Fact::BadCommit(error),
    }
}

/// Reads the loose files of these names; one that is gone by now is passed over.
pub(super) fn check_loose(
    store: &ReadOnly,
    ids: &[ObjectId],
    watch: Watch<'_>,
    mut take: impl FnMut(ObjectId, Result<Fact, String>),
) {
    let read = |id: &ObjectId| layout::read(store.disk(), store.dir(), id).map(|o| fact(&o));
    parallel::each(ids, Step::Loose, watch, read, |id, read| match read {
        Ok(fact) => take(*id, Ok(fact)),
        Err(ReadError::Missing(_)) => {}
        Err(error) => take(*id, Err(reason(error))),
    });
}

/// Checks a pack; each member goes to `take`, a damaged one without its fact.
///
/// `name` is the file's name, if it should be the one its bytes give it.
pub(crate) fn check_pack(
    disk: &dyn Disk,
    path: &Path,
    name: Option<String>,
    watch: Watch<'_>,
    mut take: impl FnMut(ObjectId, Option<Fact>),
) -> io::Result<Vec<Finding>> {
    let pack = file_name(path);
    let index = match packs::read_index(disk, path) {
        Ok(index) => index,
        Err(PackFault::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Vec::new());
        }
        Err(PackFault::Io(error)) => return Err(error),
        Err(fault) => return Ok(vec![Finding::Pack { pack, reason: chain(&fault) }]),
    };
    let mut found = Vec::new();
    let (announced, bytes) = (index.file_bytes(), fs::metadata(path)?.len());
    if announced != bytes {
        found.push(Finding::PackLength { pack: pack.clone(), announced, found: bytes });
    }
    if let Some(name) = name {
        let content = packs::name_of(path)?;
        if pack::id_of(&name) != Some(content) {
            found.push(Finding::PackName { pack: pack.clone(), found: content });
        }
    }
    let members: Vec<_> = index.members().collect();
    let read = |(entry, range): &(&Entry, Range<u64>)| member(disk, path, entry, range);
    parallel::each(&members, Step::Packed, watch, read, |(entry, _), read| match read {
        Ok(fact) => take(entry.id, Some(fact)),
        Err(reason) => {
            take(entry.id, None);
            found.push(Finding::Packed { pack: pack.clone(), id: entry.id, reason });
        }
    });
    Ok(found)
}

fn member(disk: &dyn Disk, path: &Path, entry: &Entry, range: &Range<u64>) -> Result<Fact, String> {
    let length = u32::try_from(entry.file_size)
        .ok()
        .filter(|length| u64::from(*length) <= layout::MAX_FILE_BYTES)
        .ok_or("it is too large")?;
    let bytes = disk.read_range(path, range.start, length).map_err(|error| error.to_string())?;
    let object = layout::check(&entry.id, &bytes).map_err(reason)?;
    if object.kind != entry.kind {
        return Err(format!(
            "it is a {}, the header says {}",
            object.kind.as_str(),
            entry.kind.as_str()
        ));
    }
    if u64::try_from(object.content.len()) != Ok(entry.size) {
        return Err(format!(
            "it has {} bytes, the header says {}",
            object.content.len(),
            entry.size
        ));
    }
    Ok(fact(&object))
}

fn reason(error: ReadError) -> String {
    match error {
        ReadError::Damaged { reason, .. } => reason,
        ReadError::Io { source, .. } => source.to_string(),
        error @ ReadError::Missing(_) => error.to_string(),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
