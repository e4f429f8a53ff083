//! Differences of two texts, in the shape of GNU `diff -u`.

use similar::TextDiff;

/// Lines that agree around each difference.
const CONTEXT_LINES: usize = 3;

/// The difference as `diff -u` shows it, empty if there is none.
///
/// Lines end at a newline only: a carriage return belongs to its line, as for GNU diff.
#[must_use]
pub fn unified(from: &str, to: &str, from_label: &str, to_label: &str) -> String {
    let (old, new) = (lines(from), lines(to));
    TextDiff::configure()
        .newline_terminated(true)
        .diff_slices(&old, &new)
        .unified_diff()
        .context_radius(CONTEXT_LINES)
        .header(from_label, to_label)
        .to_string()
}

/// Lines with their newlines; the last may lack its own.
pub(crate) fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

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
