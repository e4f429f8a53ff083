//! A difference as pairs of lines: the old text at the left, the new one at the right.

use super::lines::Line;

/// A line with its number; none where the other side has no partner.
pub(super) type Side<'a> = Option<(u64, &'a str)>;

/// One row of two columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pair<'a> {
    /// A new place in the texts.
    Place(&'a str),
    /// The same line in both.
    Same((u64, &'a str), (u64, &'a str)),
    /// Removed and added lines beside each other.
    Changed(Side<'a>, Side<'a>),
}

/// Puts removed lines beside the added ones that follow them.
pub(super) fn pairs<'a>(lines: &[Line<'a>]) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    for line in lines {
        match *line {
            Line::Removed { old, text } => {
                // A removal after an addition is another change.
                if !added.is_empty() {
                    flush(&mut removed, &mut added, &mut pairs);
                }
                removed.push((old, text));
            }
            Line::Added { new, text } => added.push((new, text)),
            Line::NoNewline => {}
            Line::Place(place) => {
                flush(&mut removed, &mut added, &mut pairs);
                pairs.push(Pair::Place(place));
            }
            Line::Same { old, new, text } => {
                flush(&mut removed, &mut added, &mut pairs);
                pairs.push(Pair::Same((old, text), (new, text)));
            }
        }
    }
    flush(&mut removed, &mut added, &mut pairs);
    pairs
}

fn flush<'a>(
    removed: &mut Vec<(u64, &'a str)>,
    added: &mut Vec<(u64, &'a str)>,
    pairs: &mut Vec<Pair<'a>>,
) {
    let rows = removed.len().max(added.len());
    let pair = |row| Pair::Changed(removed.get(row).copied(), added.get(row).copied());
    pairs.extend((0..rows).map(pair));
    removed.clear();
    added.clear();
}

#[cfg(test)]
mod tests {
    use super::{super::lines::lines, *};

    #[test]
    fn removed_lines_stand_beside_added_ones() {
        let unified = "--- a\n+++ b\n@@ -1,3 +1,2 @@\n x\n-a\n-b\n+c\n";
        assert_eq!(
            pairs(&lines(unified)),
            [
                Pair::Place("@@ -1,3 +1,2 @@"),
                Pair::Same((1, "x"), (1, "x")),
                Pair::Changed(Some((2, "a")), Some((2, "c"))),
                Pair::Changed(Some((3, "b")), None),
            ]
        );
    }
}
