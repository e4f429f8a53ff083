//! Three-way merge of a save with what was saved meanwhile.
//!
//! SWISH runs `patch --merge`, which knows only the lines around each change and then drops
//! lines of the server's text beside a conflict. Here both texts are whole, and every line that
//! either side has and the other did not remove is kept.

use std::ops::Range;

use similar::DiffOp;

use crate::diff::{lines, operations};

/// Line before the posted side of a conflict.
const POSTED: &str = "<<<<<<<\n";
/// Line between the sides.
const SERVER: &str = "=======\n";
/// Line after the server's side.
const END: &str = ">>>>>>>\n";

/// A merged text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Text with both sides' changes; each conflict stands between bare marker lines.
    pub text: String,
    /// Places where both sides changed the same lines differently.
    pub conflicts: usize,
}

/// A change of one side: lines of the ancestor and what stands in their place.
struct Change {
    old: Range<usize>,
    new: Range<usize>,
}

/// Merges what `server` and `posted` each changed in `ancestor`.
#[must_use]
pub fn three_way(ancestor: &str, server: &str, posted: &str) -> Merged {
    let base = lines(ancestor);
    let mut sides = [Side::new(&base, lines(posted)), Side::new(&base, lines(server))];
    let mut merged = Merged { text: String::new(), conflicts: 0 };
    let mut at = 0;
    while let Some(region) = region(&mut sides) {
        merged.text.extend(base[at..region.start].iter().copied());
        at = region.end;
        let [posted, server] = sides.each_mut().map(|side| side.take(&region));
        merged.add(&base[region].concat(), &posted, &server);
    }
    merged.text.extend(base[at..].iter().copied());
    merged
}

impl Merged {
    fn add(&mut self, ancestor: &str, posted: &str, server: &str) {
        if posted == server || server == ancestor {
            self.text.push_str(posted);
        } else if posted == ancestor {
            self.text.push_str(server);
        } else {
            self.conflicts += 1;
            for part in [POSTED, posted, SERVER, server, END] {
                self.line(part);
            }
        }
    }

    /// Adds lines, and the newline that the last of them may lack.
    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        if !text.is_empty() && !text.ends_with('\n') {
            self.text.push('\n');
        }
    }
}

/// The next lines of the ancestor that a side changed, grown until both sides agree around it.
fn region(sides: &mut [Side<'_>; 2]) -> Option<Range<usize>> {
    let first = sides.iter().filter_map(Side::next).min_by_key(|change| change.old.start)?;
    let mut region = first.old.clone();
    loop {
        let touching = |change: &Change| change.old.start <= region.end;
        let end = sides
            .iter()
            .flat_map(|side| side.changes.iter().take_while(|change| touching(change)))
            .map(|change| change.old.end)
            .max()?;
        if end <= region.end {
            return Some(region);
        }
        region.end = end;
    }
}

/// One side's lines and the changes that are not merged yet.
struct Side<'a> {
    lines: Vec<&'a str>,
    changes: std::collections::VecDeque<Change>,
    /// Lines of this side that stand before the next change.
    at: usize,
    /// Lines of the ancestor that they correspond to.
    base: usize,
}

impl<'a> Side<'a> {
    fn new(base: &[&'a str], lines: Vec<&'a str>) -> Self {
        let changes = operations(base, &lines)
            .into_iter()
            .filter(|op| !matches!(op, DiffOp::Equal { .. }))
            .map(|op| Change { old: op.old_range(), new: op.new_range() })
            .collect();
        Self { lines, changes, at: 0, base: 0 }
    }

    fn next(&self) -> Option<&Change> {
        self.changes.front()
    }

    /// This side's text in place of the region, whose changes are then merged.
    fn take(&mut self, region: &Range<usize>) -> String {
        let start = self.at + (region.start - self.base);
        let (mut at, mut base) = (start, region.start);
        while let Some(change) = self.changes.pop_front_if(|change| change.old.end <= region.end) {
            (at, base) = (change.new.end, change.old.end);
        }
        let end = at + (region.end - base);
        (self.at, self.base) = (end, region.end);
        self.lines[start..end].concat()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures;

    const OLD: &str = "% demo\np(1).\np(2).\n\n/** <examples>\n?- p(X).\n*/\np(3).\n";

    /// Ancestor, server's text, posted text and SWISH's answer of each recorded conflict.
    fn recorded() -> Vec<(String, String)> {
        ["head-plain-fixed", "head-redis-cluster"]
            .into_iter()
            .flat_map(fixtures::transcript)
            .filter(|event| event["status"] == 409)
            .map(|event| {
                let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
                (text(&event["req_body"]["data"]), text(&event["resp_json"]["merged"]))
            })
            .collect()
    }

    #[test]
    fn recorded_conflicts_merge_as_swish_merged_them_or_keep_more() {
        let server = format!("{OLD}p(4).\n");
        let conflicts = recorded();
        assert_eq!(conflicts.len(), 4);
        for (posted, swish) in conflicts {
            let merged = three_way(OLD, &server, &posted);
            if posted == "stale.\n" {
                let whole = format!("<<<<<<<\nstale.\n=======\n{server}>>>>>>>\n");
                assert_eq!(merged, Merged { text: whole, conflicts: 1 });
                assert!(swish.starts_with("<<<<<<<\nstale.\n=======\n"));
            } else {
                assert_eq!(merged, Merged { text: swish, conflicts: 0 });
            }
        }
    }

    #[test]
    fn the_same_change_on_both_sides_is_made_once() {
        let merged = three_way("a\nb\n", "a\nc\n", "a\nc\n");
        assert_eq!(merged, Merged { text: "a\nc\n".into(), conflicts: 0 });
    }

    #[test]
    fn a_side_without_a_last_newline_gets_one_before_a_marker() {
        let merged = three_way("a", "b", "c");
        let text = "<<<<<<<\nc\n=======\nb\n>>>>>>>\n".into();
        assert_eq!(merged, Merged { text, conflicts: 1 });
    }

    #[test]
    fn changes_that_only_touch_are_a_conflict() {
        let merged = three_way("1\n2\n3\n", "1\nB\n3\n", "A\n2\n3\n");
        let text = "<<<<<<<\nA\n2\n=======\n1\nB\n>>>>>>>\n3\n".into();
        assert_eq!(merged, Merged { text, conflicts: 1 });
    }

    proptest! {
        #[test]
        fn one_side_alone_wins(old in "([ab]\n){0,9}", new in "([ab]\n){0,9}") {
            prop_assert_eq!(three_way(&old, &new, &old).text, new.clone());
            prop_assert_eq!(three_way(&old, &old, &new).text, new.clone());
            prop_assert_eq!(three_way(&old, &new, &new).text, new);
        }

        #[test]
        fn every_new_line_of_both_sides_is_kept(
            old in "([a-e]\n){0,9}", server in "([a-es-v]\n){0,9}", posted in "([a-eS-V]\n){0,9}",
        ) {
            let merged = three_way(&old, &server, &posted).text;
            let count = |text: &str, line: &str| lines(text).iter().filter(|l| **l == line).count();
            for line in lines(&server).into_iter().filter(|line| line.as_bytes()[0] >= b's') {
                prop_assert_eq!(count(&merged, line), count(&server, line));
            }
            for line in lines(&posted).into_iter().filter(|line| line.as_bytes()[0] <= b'V') {
                prop_assert_eq!(count(&merged, line), count(&posted, line));
            }
        }
    }
}
