//! The versions of a file, newest first, along `previous` and across the names of forks.

use std::collections::BTreeSet;

use domain::ObjectId;

use crate::Commit;

/// Most commits that are looked up for one answer.
pub const MAX_STEPS: usize = 10_000;

/// Which versions are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// How many at most.
    pub depth: usize,
    /// A commit that is to be among them, with versions before and after it.
    pub includes: Option<ObjectId>,
}

/// A part of a file's history.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Commits with their names, newest first.
    pub commits: Vec<(ObjectId, Commit)>,
    /// Versions that are left out between the newest ones and those around the included one.
    pub skipped: usize,
}

/// Follows `previous` from `head`; what `lookup` does not have, and a cycle, end the history.
///
/// With a commit to include, at least half of the versions (rounded up) are that commit and older
/// ones, and the rest the newest. A commit that is not behind `head` is shown after all that is.
#[must_use]
pub fn history(
    head: ObjectId,
    wanted: Wanted,
    lookup: impl Fn(ObjectId) -> Option<Commit>,
) -> History {
    let depth = wanted.depth.min(MAX_STEPS);
    let Some(included) = wanted.includes else {
        let commits = Walk::from(head, &lookup).take(depth).collect();
        return History { commits, skipped: 0 };
    };
    let mut newer = Vec::new();
    let mut newer_count = 0_usize;
    for version in Walk::from(head, &lookup).take_while(|(id, _)| *id != included) {
        newer_count += 1;
        // The rest is only counted.
        if newer.len() < depth {
            newer.push(version);
        }
    }
    let most = depth.saturating_sub(newer_count).max(depth.div_ceil(2));
    let older: Vec<_> = Walk::from(included, &lookup).take(most).collect();
    newer.truncate(depth.saturating_sub(older.len()));
    let skipped = newer_count - newer.len();
    newer.extend(older);
    History { commits: newer, skipped }
}

/// The commits from one on, each at most once.
struct Walk<'a, F> {
    next: Option<ObjectId>,
    seen: BTreeSet<ObjectId>,
    lookup: &'a F,
}

impl<'a, F> Walk<'a, F> {
    const fn from(id: ObjectId, lookup: &'a F) -> Self {
        Self { next: Some(id), seen: BTreeSet::new(), lookup }
    }
}

impl<F: Fn(ObjectId) -> Option<Commit>> Iterator for Walk<'_, F> {
    type Item = (ObjectId, Commit);

    fn next(&mut self) -> Option<Self::Item> {
        let id = self.next.take()?;
        if self.seen.len() >= MAX_STEPS || !self.seen.insert(id) {
            return None;
        }
        let commit = (self.lookup)(id)?;
        self.next = commit.previous();
        Some((id, commit))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;
    use crate::{Object, commit::Symbolic, fixtures, json};

    type Commits = BTreeMap<ObjectId, Commit>;
    /// Head, depth, included commit; the numbers that are shown, and how many are skipped.
    type Row<'a> = (u8, usize, Option<u8>, &'a [u8], usize);

    fn id(number: u8) -> ObjectId {
        ObjectId::from_bytes([number; 20])
    }

    /// Commits 1 to `count`, each after the one with the next smaller number.
    fn chain(count: u8) -> Commits {
        (1..=count).map(|number| (id(number), after(number - 1))).collect()
    }

    /// A commit whose `previous` is a number; none if that is 0.
    fn after(previous: u8) -> Commit {
        let blob = Object::blob("").id().unwrap();
        let previous = Some(previous).filter(|number| *number > 0).map(id);
        crate::commit::create(&"a.pl".into(), blob, crate::Meta::default(), previous, 1.0)
    }

    fn shown(commits: &Commits, head: u8, depth: usize, includes: Option<u8>) -> (Vec<u8>, usize) {
        let wanted = Wanted { depth, includes: includes.map(id) };
        let history = history(id(head), wanted, |id| commits.get(&id).cloned());
        let numbers = history.commits.iter().map(|(id, _)| id.as_bytes()[0]).collect();
        (numbers, history.skipped)
    }

    #[test]
    fn the_newest_versions_come_first_and_depth_ends_them() {
        let commits = chain(9);
        let table: [Row<'_>; 13] = [
            (9, 5, None, &[9, 8, 7, 6, 5], 0),
            (3, 5, None, &[3, 2, 1], 0),
            (9, 0, None, &[], 0),
            (9, 5, Some(9), &[9, 8, 7, 6, 5], 0),
            (9, 5, Some(8), &[9, 8, 7, 6, 5], 0),
            (9, 5, Some(7), &[9, 8, 7, 6, 5], 0),
            (9, 5, Some(6), &[9, 8, 6, 5, 4], 1),
            (9, 5, Some(4), &[9, 8, 4, 3, 2], 3),
            (9, 5, Some(1), &[9, 8, 7, 6, 1], 4),
            (9, 4, Some(3), &[9, 8, 3, 2], 4),
            (9, 1, Some(3), &[3], 6),
            (9, 100, Some(3), &[9, 8, 7, 6, 5, 4, 3, 2, 1], 0),
            (3, 5, Some(7), &[3, 2, 7, 6, 5], 1),
        ];
        for (head, depth, includes, numbers, skipped) in table {
            let expected = (numbers.to_vec(), skipped);
            assert_eq!(shown(&commits, head, depth, includes), expected, "{depth} {includes:?}");
        }
    }

    #[test]
    fn a_missing_commit_and_a_cycle_end_the_history() {
        let mut commits = chain(9);
        commits.remove(&id(6));
        assert_eq!(shown(&commits, 9, 9, None), (vec![9, 8, 7], 0));
        assert_eq!(shown(&commits, 6, 9, None), (vec![], 0));
        assert_eq!(shown(&commits, 9, 9, Some(6)), (vec![9, 8, 7], 0));
        commits.insert(id(6), after(8));
        assert_eq!(shown(&commits, 9, 99, None), (vec![9, 8, 7, 6], 0));
        assert_eq!(shown(&commits, 9, 2, Some(5)), (vec![9, 5], 3));
    }

    #[test]
    fn no_more_than_the_limit_is_looked_up() {
        let count = std::cell::Cell::new(0_u32);
        let lookup = |_| {
            count.set(count.get() + 1);
            let mut bytes = [0; 20];
            bytes[..4].copy_from_slice(&count.get().to_be_bytes());
            let blob = Object::blob("").id().unwrap();
            let previous = Some(ObjectId::from_bytes(bytes));
            Some(crate::commit::create(&"a.pl".into(), blob, crate::Meta::default(), previous, 1.0))
        };
        let wanted = Wanted { depth: usize::MAX, includes: Some(id(7)) };
        let history = history(id(9), wanted, lookup);
        assert_eq!((history.commits.len(), history.skipped), (MAX_STEPS, MAX_STEPS / 2));
        assert!(count.get() <= 20_000);
    }

    /// What the server answers about the commits of the fixtures.
    fn answer(head: &Value, wanted: Wanted, commits: &Commits, heads: &[ObjectId]) -> Value {
        let head = head.as_str().unwrap().parse().unwrap();
        let history = history(head, wanted, |id| commits.get(&id).cloned());
        json::history(&history, |id| match heads.contains(&id) {
            true => Symbolic::Head,
            false => Symbolic::No,
        })
    }

    #[test]
    fn histories_are_those_that_swish_answered() {
        let commits: Commits = fixtures::loose_objects()
            .into_iter()
            .map(|(id, bytes)| (id, Object::decode_loose(&bytes, 8 << 20).unwrap()))
            .filter_map(|(id, object)| Some((id, Commit::parse(&object.content).ok()?)))
            .collect();
        let responses = fixtures::json("http-responses.json");
        let files = responses.as_array().unwrap();
        let head = |file: &Value| file["head"].as_str()?.parse().ok();
        let heads: Vec<ObjectId> = files.iter().filter_map(head).collect();
        let mut checked = 0;
        for file in files {
            let recorded = &file["history"]["json"];
            if recorded.is_null() {
                continue;
            }
            let wanted = Wanted {
                depth: recorded["history"].as_array().unwrap().len().max(5),
                includes: None,
            };
            assert_eq!(
                &answer(&file["head"], wanted, &commits, &heads),
                recorded,
                "{}",
                file["name"]
            );
            checked += 1;
        }
        assert_eq!(checked, 61);
    }

    #[test]
    fn an_answer_holds_the_metadata_and_the_count() {
        let commits = chain(2);
        let wanted = Wanted { depth: 1, includes: None };
        let found = history(id(2), wanted, |id| commits.get(&id).cloned());
        let one = crate::commit::to_json(&commits[&id(2)], id(2), Symbolic::Head);
        assert_eq!(
            json::history(&found, |_| Symbolic::Head),
            json!({ "history": [one], "skipped": 0 })
        );
    }
}
