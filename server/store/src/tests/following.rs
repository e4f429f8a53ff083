//! Lines of others: seen when they are written, whole, and whatever happens to the file.

use std::time::{Duration, Instant};

use super::*;
use crate::{JournalWatch, Stopper, Waited};

/// Well below the second after which a wait ends anyhow.
const AT_ONCE: Duration = Duration::from_millis(500);

fn watched() -> (TempDir, Store, JournalWatch, Stopper) {
    let (dir, Opened { store, .. }) = empty();
    let (watch, stopper) = store.watch_journal().unwrap();
    (dir, store, watch, stopper)
}

/// What another process does with the store.
fn other_process(store: &Path, script: &str) {
    let status = Command::new("sh").args(["-c", script]).current_dir(store).status();
    assert!(status.unwrap().success());
}

/// Waits until there is something to read, which must be at once.
fn told(watch: &mut JournalWatch, store: &Store) -> Vec<HeadUpdate> {
    let began = Instant::now();
    loop {
        assert_eq!(watch.wait().unwrap(), Waited::Look);
        let updates = store.read_journal().unwrap_or_default();
        assert!(began.elapsed() < AT_ONCE, "only seen by looking");
        if !updates.is_empty() {
            return updates;
        }
    }
}

#[test]
fn a_line_of_another_process_ends_the_wait() {
    let (dir, store, mut watch, _stopper) = watched();
    for round in 1..4 {
        let line = moved("a.pl", None, round);
        other_process(dir.path(), &format!("echo \"{line}\" >> ref/head"));
        assert_eq!(told(&mut watch, &store), [line]);
    }
}

#[test]
fn a_line_written_in_two_goes_is_read_when_it_is_whole() {
    let (dir, store, mut watch, _stopper) = watched();
    let line = moved("a.pl", None, 1).to_string();
    let (first, rest) = line.split_at(9);
    other_process(dir.path(), &format!("printf %s \"{first}\" >> ref/head"));
    assert_eq!(watch.wait().unwrap(), Waited::Look);
    assert_eq!(store.read_journal().unwrap(), []);
    other_process(dir.path(), &format!("echo \"{rest}\" >> ref/head"));
    assert_eq!(told(&mut watch, &store), [moved("a.pl", None, 1)]);
}

#[test]
fn a_journal_that_is_replaced_is_followed_on() {
    let (dir, store, mut watch, _stopper) = watched();
    let (one, two) = (moved("a.pl", None, 1), moved("a.pl", Some(1), 2));
    let script = format!("printf 'epoch(1).\n\n' > ref/new; echo \"{one}\" >> ref/new");
    other_process(dir.path(), &format!("{script}; mv ref/new ref/head"));
    assert_eq!(told(&mut watch, &store), vec![one]);
    other_process(dir.path(), &format!("echo \"{two}\" >> ref/head"));
    assert_eq!(told(&mut watch, &store), [two]);
    assert_eq!(store.journal_rebuilds(), 1);
}

#[test]
fn a_folder_that_is_replaced_is_watched_again() {
    let (dir, store, mut watch, _stopper) = watched();
    other_process(dir.path(), "cp -r ref new; rm -r ref; mv new ref");
    // The look after the change, at the latest after a second, watches the new folder.
    while watch.wait().unwrap() == Waited::Look && store.journal_rebuilds() == 0 {
        store.read_journal().unwrap_or_default();
    }
    let line = moved("a.pl", None, 1);
    assert_eq!(watch.wait().unwrap(), Waited::Look);
    other_process(dir.path(), &format!("echo \"{line}\" >> ref/head"));
    assert_eq!(told(&mut watch, &store), [line]);
}

#[test]
fn a_journal_that_is_cut_is_read_again_even_if_it_grew_since() {
    let (dir, store, mut watch, _stopper) = watched();
    let before = [moved("a.pl", None, 1), moved("b.pl", None, 2)];
    before.iter().for_each(|line| append_line(dir.path(), line));
    assert_eq!(store.read_journal().unwrap(), before);

    let path = dir.path().join("ref/head");
    let text = fs::read_to_string(&path).unwrap();
    let cut: String = text.split_inclusive('\n').take(3).collect();
    fs::write(&path, &cut).unwrap();
    assert_eq!(told(&mut watch, &store), before[..1]);

    // Cut to its beginning, and longer than before when we look.
    let after: Vec<_> = (3..9).map(|head| moved("c.pl", None, head)).collect();
    let lines: String = after.iter().map(|line| format!("{line}\n")).collect();
    let epoch: String = text.split_inclusive('\n').take(2).collect();
    fs::write(&path, epoch + &lines).unwrap();
    assert_eq!(store.read_journal().unwrap(), after);
    assert_eq!(store.journal_rebuilds(), 2);
}

#[test]
fn a_wait_ends_with_its_stopper() {
    let (_dir, _store, mut watch, stopper) = watched();
    drop(stopper);
    let began = Instant::now();
    assert_eq!(watch.wait().unwrap(), Waited::Stopped);
    assert!(began.elapsed() < AT_ONCE);
}

#[test]
fn without_a_word_from_the_kernel_there_is_a_look_each_second() {
    let (_dir, _store, mut watch, _stopper) = watched();
    let began = Instant::now();
    assert_eq!(watch.wait().unwrap(), Waited::Look);
    assert!(began.elapsed() >= Duration::from_millis(990), "{:?}", began.elapsed());
}
