//! A unified difference, read line by line.

/// A line of a difference, with its numbers in the two texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A new place in the texts.
    Place(&'a str),
    /// In both.
    Same { old: u64, new: u64, text: &'a str },
    /// In the old text only.
    Removed { old: u64, text: &'a str },
    /// In the new text only.
    Added { new: u64, text: &'a str },
    /// The line before it has no newline at its end.
    NoNewline,
}

/// Reads what `diff -u` writes; the two lines with names are left out.
pub(super) fn lines(unified: &str) -> Vec<Line<'_>> {
    let (mut old, mut new) = (0, 0);
    let body = unified.split('\n').skip(2).filter(|line| !line.is_empty());
    let mut read = |line| {
        let (sign, text) = split_sign(line);
        match sign {
            '@' => {
                (old, new) = numbers(line);
                Line::Place(line)
            }
            '-' => Line::Removed { old: count(&mut old), text },
            '+' => Line::Added { new: count(&mut new), text },
            '\\' => Line::NoNewline,
            _ => Line::Same { old: count(&mut old), new: count(&mut new), text },
        }
    };
    body.map(&mut read).collect()
}

fn split_sign(line: &str) -> (char, &str) {
    let mut rest = line.chars();
    (rest.next().unwrap_or(' '), rest.as_str())
}

/// The number, and moves on.
fn count(next: &mut u64) -> u64 {
    *next += 1;
    *next - 1
}

/// The first line numbers of `@@ -3,2 +3,4 @@`; none of a side's lines are counted from the line
/// before them.
fn numbers(place: &str) -> (u64, u64) {
    let mut sides = place.split(' ').skip(1).map(|side| {
        let side = side.get(1..).unwrap_or("");
        let (start, length) = side.split_once(',').unwrap_or((side, "1"));
        start.parse().unwrap_or(0) + u64::from(length == "0")
    });
    (sides.next().unwrap_or(0), sides.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_numbers_and_signs() {
        let unified = "--- a\n+++ b\n@@ -2,2 +2,3 @@\n x\n--- a\n+<b>\n+\n\\ No newline at end of file\n\
                       @@ -0,0 +9 @@\n+z\n";
        assert_eq!(
            lines(unified),
            [
                Line::Place("@@ -2,2 +2,3 @@"),
                Line::Same { old: 2, new: 2, text: "x" },
                Line::Removed { old: 3, text: "-- a" },
                Line::Added { new: 3, text: "<b>" },
                Line::Added { new: 4, text: "" },
                Line::NoNewline,
                Line::Place("@@ -0,0 +9 @@"),
                Line::Added { new: 9, text: "z" },
            ]
        );
        assert_eq!(lines(""), []);
    }
}
