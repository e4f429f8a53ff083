//! Reading an object from wherever it is: packs first, as SWISH does, then its loose file.

use std::path::Path;

use domain::ObjectId;
use gitty::Object;

use crate::{disk::Disk, error::ReadError, layout, packs::Packs};

/// Reads an object and checks its hash; a damaged copy does not hide a whole one.
///
/// An object that was not found is looked for once more after a look for new packs: SWISH's
/// repacking deletes the loose files of a store in use.
pub(crate) fn read(
    disk: &dyn Disk,
    dir: &Path,
    packs: &Packs,
    id: &ObjectId,
) -> Result<Object, ReadError> {
    let packed = match packs.read(disk, id) {
        Some(Ok(object)) => return Ok(object),
        Some(Err(error)) => Some(error),
        None => None,
    };
    let loose = match layout::read(disk, dir, id) {
        Ok(object) => return Ok(object),
        Err(error) => error,
    };
    if packs.refresh(disk).map_err(|source| ReadError::Io { id: *id, source })?
        && let Some(Ok(object)) = packs.read(disk, id)
    {
        return Ok(object);
    }
    match (loose, packed) {
        (ReadError::Missing(_), Some(packed)) => Err(packed),
        (loose, _) => Err(loose),
    }
}
