//! Which head a file has when stores with pasts of their own found a cluster (protocol 4.4).
//!
//! No clock and no race decides: only what the stores have, and their order.

use std::collections::{BTreeMap, BTreeSet};

use domain::ObjectId;

use crate::Key;

/// What a store has of each file: the commits of its path, the head first.
pub type StorePaths = BTreeMap<Key, Vec<ObjectId>>;

/// The head that a file gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Place of the first store that has it as its head.
    pub store: usize,
    /// The head.
    pub head: ObjectId,
}

/// What one store has of one file.
#[derive(Clone, Copy)]
struct Past<'a> {
    store: usize,
    head: ObjectId,
    path: &'a [ObjectId],
}

/// Chooses the head of every file that any of the stores has; the founder's store is the first.
///
/// If all heads lie on one path, the greatest. Otherwise the head since whose parting from the
/// others a majority of the stores has the same changes, or less of them. Otherwise the head of
/// the first store that has the file, or of the first one that is ahead of it.
#[must_use]
pub fn choose<'a>(stores: &'a [StorePaths]) -> BTreeMap<Key, Choice> {
    let majority = stores.len() / 2 + 1;
    let keys: BTreeSet<&Key> = stores.iter().flat_map(BTreeMap::keys).collect();
    let choice = |key: &Key| {
        let past = |(store, paths): (usize, &'a StorePaths)| Past::of(store, paths.get(key)?);
        let pasts: Vec<Past<'_>> = stores.iter().enumerate().filter_map(past).collect();
        choose_one(&pasts, majority)
    };
    keys.into_iter().filter_map(|key| Some((key.clone(), choice(key)?))).collect()
}

fn choose_one(pasts: &[Past<'_>], majority: usize) -> Option<Choice> {
    let leads_to_all = |past: &&Past<'_>| pasts.iter().all(|other| past.has(other.head));
    let chosen = pasts
        .iter()
        .find(leads_to_all)
        .or_else(|| of_the_majority(pasts, majority))
        .or_else(|| of_the_first(pasts))?;
    Some(Choice { store: chosen.store, head: chosen.head })
}

/// The one head for which a majority of the stores has the same changes since the last commit that
/// a majority has.
fn of_the_majority<'a, 'b>(pasts: &'b [Past<'a>], majority: usize) -> Option<&'b Past<'a>> {
    let common = last_common(pasts, majority);
    let ends: Vec<&Past<'_>> = pasts.iter().filter(|past| is_end(pasts, past)).collect();
    let mut agreed = ends.into_iter().filter(|end| {
        let since = end.since(common);
        let agrees = |past: &&Past<'_>| {
            since.is_some_and(|since| since.contains(&past.head)) || common == Some(past.head)
        };
        since.is_some() && pasts.iter().filter(agrees).count() >= majority
    });
    agreed.next().filter(|_| agreed.next().is_none())
}

/// True if no other head follows this one, and no store before has the same.
fn is_end(pasts: &[Past<'_>], past: &Past<'_>) -> bool {
    let follows = |other: &Past<'_>| other.head != past.head && other.has(past.head);
    let before = |other: &&Past<'_>| other.store < past.store;
    !pasts.iter().any(follows) && !pasts.iter().filter(before).any(|o| o.head == past.head)
}

/// The newest commit that is on the paths of a majority. Two majorities share a store, so all that
/// are lie on one path.
fn last_common(pasts: &[Past<'_>], majority: usize) -> Option<ObjectId> {
    let sets: Vec<BTreeSet<&ObjectId>> =
        pasts.iter().map(|past| past.path.iter().collect()).collect();
    let is_common = |id: &&ObjectId| sets.iter().filter(|set| set.contains(id)).count() >= majority;
    let newest = pasts.iter().filter_map(|past| past.path.iter().find(is_common));
    newest.copied().reduce(|one, two| {
        let is_later = |past: &Past<'_>| past.since(Some(one)).is_some_and(|s| s.contains(&two));
        if pasts.iter().any(is_later) { two } else { one }
    })
}

/// The first store's, and from there whatever is ahead of it.
fn of_the_first<'a, 'b>(pasts: &'b [Past<'a>]) -> Option<&'b Past<'a>> {
    let mut at = pasts.first()?;
    let ahead = |at: &Past<'_>, past: &Past<'_>| past.head != at.head && past.has(at.head);
    while let Some(next) = pasts.iter().find(|past| ahead(at, past)) {
        at = next;
    }
    Some(at)
}

impl<'a> Past<'a> {
    fn of(store: usize, path: &'a [ObjectId]) -> Option<Self> {
        Some(Self { store, head: *path.first()?, path })
    }

    fn has(&self, commit: ObjectId) -> bool {
        self.path.contains(&commit)
    }

    /// Its commits after `common`, none if it lacks that; all of them if there is no common one.
    fn since(&self, common: Option<ObjectId>) -> Option<&'a [ObjectId]> {
        let Some(common) = common else { return Some(self.path) };
        let at = self.path.iter().position(|id| *id == common)?;
        Some(&self.path[..at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Heads of a file on stores whose paths are these letters, the newest first.
    fn chosen(paths: &[&str]) -> Option<(usize, char)> {
        let key = Key::File("a.pl".into());
        let store = |path: &&str| {
            let commits: Vec<_> = path.bytes().map(|b| ObjectId::from_bytes([b; 20])).collect();
            StorePaths::from([(key.clone(), commits)])
        };
        let choice = choose(&paths.iter().map(store).collect::<Vec<_>>()).get(&key).copied()?;
        let [letter, ..] = *choice.head.as_bytes();
        Some((choice.store, char::from(letter)))
    }

    #[test]
    fn heads_on_one_path_are_led_to_the_greatest() {
        assert_eq!(chosen(&["a", "a"]), Some((0, 'a')));
        assert_eq!(chosen(&["a", "cba"]), Some((1, 'c')));
        assert_eq!(chosen(&["cba", "a"]), Some((0, 'c')));
        assert_eq!(chosen(&["", "a"]), Some((1, 'a')));
        assert_eq!(chosen(&["ba", "", "cba", "cba"]), Some((2, 'c')));
    }

    #[test]
    fn two_stores_that_differ_take_the_first_one_s() {
        assert_eq!(chosen(&["xa", "ya"]), Some((0, 'x')));
        assert_eq!(chosen(&["x", "y"]), Some((0, 'x')));
        assert_eq!(chosen(&["", "x", "y"]), Some((1, 'x')));
    }

    #[test]
    fn a_majority_with_the_same_changes_has_its_way() {
        assert_eq!(chosen(&["xa", "ya", "ya"]), Some((1, 'y')));
        assert_eq!(chosen(&["x", "y", "y"]), Some((1, 'y')));
        // Less of the same changes is no disagreement.
        assert_eq!(chosen(&["xa", "ya", "zya"]), Some((2, 'z')));
        assert_eq!(chosen(&["xa", "zya", "ya"]), Some((1, 'z')));
        assert_eq!(chosen(&["a", "ya", "xa", "zxa"]), Some((3, 'z')));
    }

    #[test]
    fn no_majority_or_two_of_them_leave_the_first_one_s_or_what_is_ahead_of_it() {
        assert_eq!(chosen(&["xa", "ya", "za"]), Some((0, 'x')));
        // Who stands where the others parted agrees with both.
        assert_eq!(chosen(&["xa", "ya", "a"]), Some((0, 'x')));
        assert_eq!(chosen(&["a", "xa", "ya"]), Some((1, 'x')));
        assert_eq!(chosen(&["wa", "xa", "ywa", "za"]), Some((2, 'y')));
        // A store that lacks the file has no say: two of four are no majority.
        assert_eq!(chosen(&["xa", "ya", "ya", ""]), Some((0, 'x')));
    }
}
