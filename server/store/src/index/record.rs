//! A commit as fixed-width bytes, the same in memory and in the index file.
//!
//! ```text
//!   0 name · 20 previous · 40 blob · 60 operation · 80 file, top bit: has a previous · 84 time
//! ```

use domain::{FileName, Link, ObjectId, OpId};

use super::table::Id;

/// Bytes of a record.
pub(crate) const RECORD_BYTES: usize = 92;
/// Says that the commit has a previous one; below it is the number of its file.
const HAS_PREVIOUS: u32 = 1 << 31;

/// One commit.
pub(crate) type Record = [u8; RECORD_BYTES];

/// Packs a commit whose file has this number.
pub(super) fn pack(id: &ObjectId, link: &Link, file: u32) -> Record {
    debug_assert!(file < HAS_PREVIOUS, "fewer files than 2^31");
    let previous = link.previous.map_or([0; 20], |previous| *previous.as_bytes());
    let flag = if link.previous.is_some() { HAS_PREVIOUS } else { 0 };
    let mut record = [0; RECORD_BYTES];
    record[..20].copy_from_slice(id.as_bytes());
    record[20..40].copy_from_slice(&previous);
    record[40..60].copy_from_slice(link.blob.as_bytes());
    record[60..80].copy_from_slice(link.op.as_bytes());
    record[80..84].copy_from_slice(&(file | flag).to_le_bytes());
    record[84..].copy_from_slice(&link.time_ms.to_le_bytes());
    record
}

/// Name of the commit.
pub(super) fn id(record: &Record) -> Id {
    *field(record, 0)
}

/// Number of its file.
pub(super) fn file(record: &Record) -> u32 {
    u32::from_le_bytes(*field(record, 80)) & !HAS_PREVIOUS
}

/// The commit, of the file called `name`, which settles these tips.
pub(super) fn link(record: &Record, name: FileName, settles: Vec<ObjectId>) -> Link {
    let has_previous = u32::from_le_bytes(*field(record, 80)) & HAS_PREVIOUS != 0;
    Link {
        name,
        previous: has_previous.then(|| ObjectId::from_bytes(*field(record, 20))),
        blob: ObjectId::from_bytes(*field(record, 40)),
        op: OpId::from_bytes(*field(record, 60)),
        time_ms: u64::from_le_bytes(*field(record, 84)),
        settles,
    }
}

fn field<const N: usize>(record: &Record, at: usize) -> &[u8; N] {
    record[at..].first_chunk().expect("the field lies inside the record")
}
