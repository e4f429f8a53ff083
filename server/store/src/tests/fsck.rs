//! Damage of every kind, made on purpose: each must be found and named.

use gitty::PackIndex;

use super::*;
use crate::{Finding, Fsck, ReadOnly, Weight};

/// A sequence that is the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn bit(&mut self) -> u32 {
        u32::try_from(self.below(8)).unwrap()
    }
}

fn check(store: &Path) -> Fsck {
    crate::fsck(store, &quietly).unwrap()
}

#[test]
fn the_stores_of_a_real_swish_are_whole() {
    let (_dir, loose) = copy("store");
    let whole = Fsck { loose: 238, files: 62, lines: 135, ..Fsck::default() };
    assert_eq!(check(&loose), whole);
    let (_dir, packed) = copy("store-packed");
    assert_eq!(check(&packed), Fsck { loose: 58, packed: 180, packs: 2, ..whole });
}

#[test]
fn a_flipped_bit_in_each_of_200_objects_is_found() {
    let (_dir, path) = fixture();
    let mut dice = Dice(1);
    let mut ids = ids_of("store");
    while ids.len() > 200 {
        ids.swap_remove(dice.below(ids.len()));
    }
    for id in &ids {
        let file = crate::layout::path(&path, id);
        // Bytes 4 to 9 of gzip are a time and a system that no reader looks at.
        let at = 10 + dice.below(fs::read(&file).unwrap().len() - 10);
        flip(&file, at, dice.bit());
    }
    let found = check(&path).findings;
    let store = ReadOnly::open(&path).unwrap();
    let mut harmless = 0;
    for id in ids {
        let is_named = found
            .iter()
            .any(|finding| matches!(finding, Finding::Loose { id: named, .. } if *named == id));
        // A stream has padding bits; an object that still has its hash is not damaged.
        let is_whole = store.read(&id).is_ok();
        assert_ne!(is_named, is_whole, "{id}");
        harmless += usize::from(is_whole);
    }
    assert!(harmless < 10, "{harmless}");
}

#[test]
fn a_flipped_bit_in_a_pack_is_found_and_its_member_named() {
    let mut dice = Dice(2);
    let (_dir, path) = copy("store-packed");
    for round in 0..60 {
        let pack = packs(&path)[round % 2].clone();
        let whole = fs::read(&pack).unwrap();
        let (at, bit) = (dice.below(whole.len()), dice.bit());
        flip(&pack, at, bit);
        let found = check(&path).findings;
        let store = ReadOnly::open(&path).unwrap();
        let file = pack.file_name().unwrap().to_str().unwrap();
        let names_pack = found.iter().any(|finding| match finding {
            Finding::PackName { pack, .. } | Finding::Pack { pack, .. } => pack == file,
            _ => false,
        });
        assert!(names_pack, "{round}: byte {at} bit {bit}: {found:?}");
        let index = PackIndex::parse(&whole).unwrap();
        let place = u64::try_from(at).unwrap();
        let hit = index.members().find(|(_, range)| range.contains(&place));
        if let Some((entry, _)) = hit {
            let named = found.iter().any(|finding| finding.object() == Some(entry.id));
            assert_ne!(named, store.read(&entry.id).is_ok(), "{round}: {}", entry.id);
        }
        fs::write(&pack, whole).unwrap();
    }
    assert_eq!(check(&path).findings, []);
}

#[test]
fn a_flipped_bit_in_a_line_of_the_journal_is_found_and_its_line_named() {
    let mut dice = Dice(3);
    let (_dir, path) = copy("store-packed");
    let journal = path.join("ref/head");
    let whole = fs::read(&journal).unwrap();
    let start = whole.iter().position(|byte| *byte == b'h').unwrap();
    // A newline that becomes a vertical tab joins two lines, and Prolog reads both.
    let newline = start + whole[start..].iter().position(|byte| *byte == b'\n').unwrap();
    let drawn = (0..100).map(|_| (start + dice.below(whole.len() - start), dice.bit()));
    for (at, bit) in std::iter::once((newline, 0)).chain(drawn) {
        let line = whole[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        flip(&journal, at, bit);
        let found = check(&path).findings;
        let names_line = found.iter().any(|finding| match finding {
            Finding::Line { line: named, .. }
            | Finding::Layout { line: named, .. }
            | Finding::NoCommit { line: named, .. }
            | Finding::NoOld { line: named, .. }
            | Finding::OtherFile { line: named, .. } => *named == line,
            Finding::Tail { .. } => at + 1 == whole.len(),
            _ => false,
        });
        assert!(names_line, "line {line}, byte {at}, bit {bit}: {found:?}");
        fs::write(&journal, &whole).unwrap();
    }
}

#[test]
fn short_and_empty_objects_and_what_they_leave_are_named_once() {
    let (dir, Opened { store, .. }) = empty();
    let [blob, commit] = version("a.pl", "p.\n", 1.0);
    store.write_objects(&[blob.clone(), commit.clone()], Rewrite::No).unwrap();
    store.lead(&[("a.pl".into(), commit.0)]).unwrap();
    assert_eq!(check(dir.path()).findings, []);
    let file = |id| crate::layout::path(dir.path(), id);
    fs::write(file(&blob.0), "").unwrap();
    let reason = "it is empty".to_owned();
    assert_eq!(check(dir.path()).findings, [Finding::Loose { id: blob.0, reason }]);
    fs::remove_file(file(&blob.0)).unwrap();
    assert_eq!(check(dir.path()).findings, [Finding::NoBlob { commit: commit.0, blob: blob.0 }]);
    fs::remove_file(file(&commit.0)).unwrap();
    let missing = Finding::NoCommit { line: 3, name: "a.pl".into(), id: commit.0 };
    assert_eq!(check(dir.path()).findings, [missing]);
}

#[test]
fn what_a_pruned_store_or_a_crash_leaves_is_no_damage() {
    let (dir, Opened { store, .. }) = empty();
    let [blob, first] = version("a.pl", "p.\n", 1.0);
    let of = Commit::parse(&first.1.content).unwrap();
    let second = commit::update(&of, first.0, blob.0, Meta::default(), 2.0);
    let id = second.object().id().unwrap();
    store.write_objects(&[blob, (id, second.object())], Rewrite::No).unwrap();
    fs::create_dir(dir.path().join("pack")).unwrap();
    fs::write(dir.path().join("pack/pack-create"), "half").unwrap();
    let result = check(dir.path());
    let expected = [
        Finding::Leftover { path: dir.path().join("pack/pack-create") },
        Finding::NoPrevious { commit: id, previous: first.0 },
        Finding::NoHead { name: "a.pl".into(), commit: id },
    ];
    assert_eq!(result.findings, expected);
    assert!(!result.is_damaged());
}

#[test]
fn a_journal_that_swish_would_not_take_is_damage() {
    let (dir, _opened) = empty();
    let path = dir.path().join("ref/head");
    let codes = |text: &str| {
        fs::write(&path, text).unwrap();
        let result = check(dir.path());
        assert!(result.findings.iter().all(|found| found.weight() == Weight::Damage));
        result.findings.iter().map(Finding::code).collect::<Vec<_>>()
    };
    assert_eq!(codes(""), ["no_journal"]);
    assert_eq!(codes("foo.\n"), ["journal_epoch", "journal_line"]);
    assert_eq!(codes("epoch(1).\n\nepoch(1).\n"), ["journal_line"]);
    assert_eq!(codes("epoch(1).\n\n\nhead("), ["journal_layout", "journal_tail"]);
    fs::write(dir.path().join("zz"), "").unwrap();
    assert_eq!(codes("epoch(1).\n\n"), ["misplaced_file"]);
}
