//! Differences that GNU patch applies, and merges, of generated texts.
#![expect(clippy::disallowed_methods, reason = "patch reads files")]
#![expect(clippy::disallowed_types, reason = "a bound on the time of hostile texts")]

use std::{
    collections::BTreeMap,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use super::{lines, unified};
use crate::{merge, random::Random};

const PAIRS: usize = 2_000;
const LARGE: usize = 1 << 20;
/// Applies each difference, and prints the numbers of those that give another text.
const SCRIPT: &str = "
for old in *.old; do
    pair=${old%.old}
    patch --binary --silent --force --output=$pair.out $old $pair.diff >$pair.log 2>&1
    cmp -s $pair.out $pair.new || { echo pair $pair: $(cat $pair.log); }
done";

/// A text of a few hundred lines, now and then a large one.
fn text(random: &mut Random) -> String {
    let (most, long) = if random.below(500) == 0 { (LARGE / 8, 1) } else { (60, 2) };
    let mut text: String = (0..random.below(most)).map(|_| line(random, 200 * long)).collect();
    if random.below(3) == 0 {
        text.push_str("no newline");
    }
    text
}

/// A line that repeats often, with one of the ends there are.
fn line(random: &mut Random, kinds: usize) -> String {
    let end = ["\n", "\n", "\n", "\r\n"][random.below(4)];
    match random.below(12) {
        0 => end.into(),
        1 => format!("nul \0 {}{end}", random.below(3)),
        2 => format!("-- a {}{end}", random.below(3)),
        3 => format!("\t@@ -1 +1 @@{end}"),
        _ => format!("p({}).{end}", random.below(kinds)),
    }
}

/// The text after some edits; `mark` is in each line that is new.
fn edited(random: &mut Random, text: &str, mark: &str) -> String {
    let mut all: Vec<String> = lines(text).into_iter().map(ToOwned::to_owned).collect();
    for edit in 0..random.below(6) {
        let at = random.below(all.len() + 1);
        let to = (at + random.below(5)).min(all.len());
        match random.below(5) {
            0 => all.splice(at..to, [format!("{mark}{edit}\n")]).for_each(drop),
            1 => all.splice(at..at, [line(random, 200)]).for_each(drop),
            2 => all.drain(at..to).for_each(drop),
            3 => {
                let moved: Vec<String> = all.drain(at..to).collect();
                let goal = random.below(all.len() + 1);
                all.splice(goal..goal, moved).for_each(drop);
            }
            _ => {
                let again = all[at..to].to_vec();
                all.splice(at..at, again).for_each(drop);
            }
        }
    }
    terminated(&mut all);
    all.concat()
}

/// Only the last line can lack its newline.
fn terminated(all: &mut [String]) {
    let Some((_, before)) = all.split_last_mut() else {
        return;
    };
    for line in before {
        if !line.ends_with('\n') {
            line.push('\n');
        }
    }
}

/// How often each line stands in a text, whatever its end.
fn counts(text: &str) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for line in lines(text) {
        *counts.entry(line.trim_end_matches('\n')).or_default() += 1;
    }
    counts
}

#[test]
fn gnu_patch_makes_the_new_text_of_our_difference() {
    let mut random = Random::new(1);
    let folder = tempfile::tempdir().unwrap();
    let write = |pair: usize, kind: &str, text: &str| {
        std::fs::write(folder.path().join(format!("{pair}.{kind}")), text).unwrap();
    };
    let mut differing = 0;
    for pair in 0..PAIRS {
        let old = text(&mut random);
        let new = edited(&mut random, &old, "new");
        let difference = unified(&old, &new, "a", "b");
        if difference.is_empty() {
            assert_eq!(old, new);
            continue;
        }
        differing += 1;
        write(pair, "old", &old);
        write(pair, "new", &new);
        write(pair, "diff", &difference);
    }
    assert!(differing > PAIRS / 2);
    assert_eq!(patch(folder.path()), "");
}

/// What the script prints about the pairs of a folder.
fn patch(folder: &Path) -> String {
    let version = Command::new("patch").arg("--version").output();
    assert!(version.is_ok(), "GNU patch is needed: scripts/setup.sh test installs it");
    let output = Command::new("sh").args(["-c", SCRIPT]).current_dir(folder).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_merge_keeps_the_lines_of_both_sides() {
    let mut random = Random::new(2);
    let (mut conflicts, mut clean) = (0, 0);
    for pair in 0..PAIRS {
        let old = text(&mut random);
        let server = edited(&mut random, &old, "server");
        let posted = edited(&mut random, &old, "posted");
        let merged = merge::three_way(&old, &server, &posted);
        let all = counts(&merged.text);
        let [base, server, posted] = [&old, &server, &posted].map(|text| counts(text));
        for (line, count) in server.iter().chain(&posted) {
            let found = all.get(line).copied().unwrap_or(0);
            let expected = match (base.get(line), server.get(line).min(posted.get(line))) {
                (None, _) => *count,
                (Some(1), Some(_)) => 1,
                _ => 0,
            };
            assert!(found >= expected, "pair {pair}: {found} of {expected} {line:?}");
        }
        conflicts += usize::from(merged.conflicts > 0);
        clean += usize::from(merged.conflicts == 0);
    }
    assert!(conflicts > 100 && clean > 100, "{conflicts} with conflicts, {clean} without");
}

/// Texts of a megabyte each that make a search for the least difference slow.
fn hostile() -> Vec<(&'static str, String, String)> {
    let mut random = Random::new(3);
    let mut drawn = |kinds: usize| -> String {
        (0..LARGE / 2).map(|_| ["a\n", "b\n", "c\n", "d\n"][random.below(kinds)]).collect()
    };
    let counted = |from: usize| -> Vec<String> {
        (from..from + LARGE / 8).map(|number| format!("{number:07}\n")).collect()
    };
    let backwards: String = counted(0).into_iter().rev().collect();
    vec![
        ("equal lines, other equal lines", "a\n".repeat(LARGE / 2), "b\n".repeat(LARGE / 2)),
        ("equal lines, half of them", "a\n".repeat(LARGE / 2), "a\n".repeat(LARGE / 4)),
        ("two lines in any order", drawn(2), drawn(2)),
        ("four lines in any order", drawn(4), drawn(4)),
        ("in turn, in threes", "a\nb\n".repeat(LARGE / 4), "a\nb\na\n".repeat(LARGE / 6)),
        ("backwards", counted(0).concat(), backwards),
        ("nothing in common", counted(0).concat(), counted(LARGE / 8).concat()),
        ("one line", "a".repeat(LARGE), "b".repeat(LARGE)),
    ]
}

#[test]
fn hostile_texts_are_compared_and_merged_in_bounded_time() {
    let folder = tempfile::tempdir().unwrap();
    for (pair, (name, old, new)) in hostile().into_iter().enumerate() {
        let start = Instant::now();
        let difference = unified(&old, &new, "a", "b");
        let merged = merge::three_way(&old, &new, &format!("{old}posted\n"));
        let took = start.elapsed();
        println!("{name}: {took:?}");
        assert!(took < Duration::from_secs(5), "{name}: {took:?}");
        assert!(merged.text.contains("posted\n"), "{name}");
        for (kind, text) in [("old", &old), ("new", &new), ("diff", &difference)] {
            std::fs::write(folder.path().join(format!("{pair}.{kind}")), text).unwrap();
        }
    }
    assert_eq!(patch(folder.path()), "");
}
