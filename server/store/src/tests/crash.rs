//! Torn lines, short writes, and a journal that is rebuilt under our feet.

use std::{
    fs::File,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::*;
use crate::{Disk, JournalError, Owner, RealDisk, TailReport};

/// A disk that takes no more than so many bytes of appends, then is full.
#[derive(Clone, Default)]
struct SmallDisk {
    room: Arc<AtomicUsize>,
}

impl Disk for SmallDisk {
    fn read(&self, path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
        RealDisk.read(path, max_bytes)
    }

    fn write(&self, path: &Path, bytes: &[u8], owner: &Owner) -> io::Result<()> {
        RealDisk.write(path, bytes, owner)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }

    fn append(&self, file: &File, bytes: &[u8]) -> io::Result<usize> {
        let room = self.room.load(Ordering::Relaxed).min(bytes.len());
        if room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.room.fetch_sub(room, Ordering::Relaxed);
        RealDisk.append(file, &bytes[..room])
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        RealDisk.sync(file)
    }
}

#[test]
fn a_write_cut_anywhere_is_completed_by_the_next_call() {
    let line = moved("a.pl", None, 1).to_string().len() + 1;
    for room in 0..=line {
        let dir = tempfile::tempdir().unwrap();
        let disk = SmallDisk::default();
        let Opened { store, .. } = Store::open_on(dir.path(), Box::new(disk.clone())).unwrap();
        disk.room.store(room, Ordering::Relaxed);
        assert_eq!(store.lead(&served("a.pl", 1)).is_ok(), room == line);
        disk.room.store(1 << 20, Ordering::Relaxed);
        store.lead(&served("a.pl", 1)).unwrap();
        assert_eq!(lines(dir.path()), text(&[moved("a.pl", None, 1)]), "{room}");
    }
}

#[test]
fn nothing_is_appended_behind_an_unfinished_line() {
    let (dir, Opened { store, .. }) = empty();
    append_line(dir.path(), &moved("b.pl", None, 7));
    append(dir.path(), "head('a.pl',-");
    let refused = store.lead(&served("a.pl", 1));
    assert!(matches!(refused, Err(JournalError::PartialLine { bytes: 13 })));
    append(dir.path(), ",'0202020202020202020202020202020202020202').\n");
    let led = store.lead(&served("a.pl", 1)).unwrap();
    // The line read before the refusal is handed out now.
    assert_eq!(led.foreign, [moved("b.pl", None, 7), moved("a.pl", None, 2)]);
    assert_eq!(led.appended, 1);
}

#[test]
fn a_torn_tail_is_cut_before_swish_starts() {
    let (dir, Opened { store, .. }) = empty();
    store.lead(&served("a.pl", 1)).unwrap();
    append(dir.path(), "head('a.pl','01010");
    drop(store);
    let Opened { store, report, heads, .. } = Store::open(dir.path()).unwrap();
    assert_eq!((report.partial_bytes, heads), (18, served("a.pl", 1).into()));
    assert_eq!(store.repair_tail().unwrap(), TailReport::Cut { bytes: 18 });
    assert_eq!(store.repair_tail().unwrap(), TailReport::Whole);
    assert_eq!(lines(dir.path()), text(&[moved("a.pl", None, 1)]));
    assert_eq!(store.lead(&served("a.pl", 2)).unwrap().appended, 1);
}

#[test]
fn a_last_line_without_its_newline_is_completed() {
    let (dir, Opened { store, .. }) = empty();
    append(dir.path(), &moved("a.pl", None, 1).to_string());
    assert_eq!(store.repair_tail().unwrap(), TailReport::Completed);
    assert_eq!(store.read_journal().unwrap(), [moved("a.pl", None, 1)]);
}

#[test]
fn a_rebuilt_journal_is_read_from_its_beginning() {
    let (dir, Opened { store, .. }) = empty();
    let path = dir.path().join("ref/head");
    store.lead(&served("a.pl", 1)).unwrap();
    let rebuilt = format!("epoch(1).\n\n{}\n", moved("a.pl", None, 1));
    // In place, as SWISH does: the same length, another epoch.
    fs::write(&path, &rebuilt).unwrap();
    assert_eq!(store.lead(&served("a.pl", 2)).unwrap().foreign, [moved("a.pl", None, 1)]);
    // And as another file.
    fs::write(dir.path().join("new"), &rebuilt).unwrap();
    fs::rename(dir.path().join("new"), &path).unwrap();
    let led = store.lead(&served("a.pl", 2)).unwrap();
    assert_eq!((led.appended, led.foreign), (1, vec![moved("a.pl", None, 1)]));
    assert_eq!(lines(dir.path()), text(&[moved("a.pl", None, 1), moved("a.pl", Some(1), 2)]));
    assert_eq!(store.journal_rebuilds(), 2);
}

#[test]
fn a_journal_that_is_being_rebuilt_is_left_alone() {
    let (dir, Opened { store, .. }) = empty();
    let path = dir.path().join("ref/head");
    fs::write(&path, "").unwrap();
    assert!(matches!(store.lead(&served("a.pl", 1)), Err(JournalError::NoEpoch)));
    fs::write(&path, "epoch(1).\n\nhead('a").unwrap();
    assert!(matches!(store.lead(&served("a.pl", 1)), Err(JournalError::PartialLine { .. })));
}
