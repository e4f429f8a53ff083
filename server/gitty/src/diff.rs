//! Differences of two texts, in the shape of GNU `diff -u`.

use std::{collections::BTreeSet, ops::Range};

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

/// Lines that agree around each difference.
const CONTEXT_LINES: usize = 3;
/// Most lines between the first and the last difference that are compared however often they repeat.
const MAX_REPETITIVE_LINES: usize = 65_536;

/// The difference as `diff -u` shows it, empty if there is none.
///
/// Lines end at a newline only: a carriage return belongs to its line, as for GNU diff.
#[must_use]
pub fn unified(from: &str, to: &str, from_label: &str, to_label: &str) -> String {
    let (old, new) = (lines(from), lines(to));
    let mut out = String::new();
    for hunk in group_diff_ops(operations(&old, &new), CONTEXT_LINES) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else {
            continue;
        };
        if out.is_empty() {
            out = format!("--- {from_label}\n+++ {to_label}\n");
        }
        let removed = range(first.old_range().start..last.old_range().end);
        let added = range(first.new_range().start..last.new_range().end);
        out += &format!("@@ -{removed} +{added} @@\n");
        for operation in &hunk {
            write(operation, &old, &new, &mut out);
        }
    }
    out
}

/// Lines of a hunk as GNU diff counts them: none are numbered by the line before them.
fn range(lines: Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => (lines.start + 1).to_string(),
        count => format!("{},{count}", lines.start + 1),
    }
}

fn write(operation: &DiffOp, old: &[&str], new: &[&str], out: &mut String) {
    let mut all = |sign: char, lines: &[&str]| {
        for line in lines {
            out.push(sign);
            out.push_str(line);
            if !line.ends_with('\n') {
                out.push_str("\n\\ No newline at end of file\n");
            }
        }
    };
    if let DiffOp::Equal { .. } = operation {
        return all(' ', &old[operation.old_range()]);
    }
    all('-', &old[operation.old_range()]);
    all('+', &new[operation.new_range()]);
}

/// What turns `old` into `new`, in bounded time.
///
/// Few lines in any order, each of them thousands of times, have no difference worth a search of
/// seconds: all between the first and the last is then replaced.
pub(crate) fn operations(old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    let before = old.iter().zip(new).take_while(|(one, other)| one == other).count();
    let (old_rest, new_rest) = (&old[before..], &new[before..]);
    let pairs = old_rest.iter().rev().zip(new_rest.iter().rev());
    let after = pairs.take_while(|(one, other)| one == other).count();
    let middle = [old_rest, new_rest].map(|rest| &rest[..rest.len() - after]);
    if !is_repetitive(middle) {
        return capture_diff_slices(Algorithm::Myers, old, new);
    }
    let [old_len, new_len] = middle.map(<[&str]>::len);
    let (old_end, new_end) = (before + old_len, before + new_len);
    vec![
        DiffOp::Equal { old_index: 0, new_index: 0, len: before },
        DiffOp::Replace { old_index: before, old_len, new_index: before, new_len },
        DiffOp::Equal { old_index: old_end, new_index: new_end, len: after },
    ]
}

/// Whether both texts are long, and three in four of their lines stand there before.
fn is_repetitive(texts: [&[&str]; 2]) -> bool {
    let count = texts.map(<[&str]>::len);
    if count.contains(&0) || count[0] + count[1] <= MAX_REPETITIVE_LINES {
        return false;
    }
    let distinct: BTreeSet<&str> = texts.into_iter().flatten().copied().collect();
    distinct.len() < (count[0] + count[1]) / 4
}

/// Lines with their newlines; the last may lack its own.
pub(crate) fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

#[cfg(test)]
mod patch;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures;

    /// What follows the two lines with names and times.
    fn body(diff: &str) -> String {
        lines(diff)[2..].concat()
    }

    #[test]
    fn differences_look_as_swish_shows_them() {
        let mut checked = 0;
        for file in fixtures::json("http-responses.json").as_array().unwrap() {
            let diff = &file["diff"]["json"];
            let Some(recorded) = diff["data"].as_str() else {
                continue;
            };
            let side = |side: &str| fixtures::object(diff[side]["data"].as_str().unwrap());
            let (from, to) = (side("from"), side("to"));
            let ours = unified(from.text().unwrap(), to.text().unwrap(), "a", "b");
            assert_eq!(body(&ours), body(recorded), "{}", file["name"]);
            checked += 1;
        }
        assert!(checked > 40);
    }

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(unified("a\n", "a\n", "a", "b"), "");
    }

    /// Applies the body of a difference; panics if it does not fit.
    fn apply(from: &str, diff: &str) -> String {
        let old = lines(from);
        let (mut at, mut out) = (0, String::new());
        let mut body = lines(diff).into_iter().skip(2).peekable();
        while let Some(line) = body.next() {
            let bare = body.next_if(|next| next.starts_with('\\')).is_some();
            let text = if bare { line[1..].trim_end_matches('\n') } else { &line[1..] };
            match line.as_bytes()[0] {
                b'@' => {
                    let range = line[4..].split([' ', ',']).collect::<Vec<_>>();
                    let start: usize = range[0].parse().unwrap();
                    let start = if range[1] == "0" { start } else { start - 1 };
                    out.extend(old[at..start].iter().copied());
                    at = start;
                }
                b'+' => out += text,
                sign => {
                    assert_eq!(old[at], text);
                    at += 1;
                    out += if sign == b' ' { text } else { "" };
                }
            }
        }
        out.extend(old[at..].iter().copied());
        out
    }

    proptest! {
        #[test]
        fn a_difference_applies(from in "([ab\r]?\n){0,12}[ab]?", to in "([ab\r]?\n){0,12}[ab]?") {
            prop_assert_eq!(apply(&from, &unified(&from, &to, "a", "b")), to);
        }
    }
}
