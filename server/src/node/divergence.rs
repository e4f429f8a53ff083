//! What pages show of a file's divergence, read from its commits when its head or tips change.
//!
//! So a list of divergences reads no commits, and its cost follows the number of divergences.

use std::collections::{BTreeSet, HashSet};

use cluster::{MemberId, Sides};
use domain::{FileName, Link, ObjectId, ObjectKind};
use gitty::{Commit, Object, Term};

/// Commits of a side whose authors are named.
const AUTHORS: usize = 20;
/// Longest author and message, in characters.
const MAX_CHARS: usize = 500;

/// The sides of a file that needs a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The decided head, with its commits since the oldest ancestor of all sides.
    pub decided: Branch,
    /// The others, in the order of their hashes; never empty.
    pub others: Vec<Branch>,
    /// Who saved what is not on the path of the decided head, each once.
    pub waiting: Vec<String>,
}

/// One side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Its last commit.
    pub head: ObjectId,
    /// Hash of its text.
    pub data: ObjectId,
    /// Who saved it.
    pub author: Option<String>,
    /// What the author says of it.
    pub message: Option<String>,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// Nodes on which somebody was told that it is saved; none for the decided head.
    pub reporters: BTreeSet<MemberId>,
    /// Last commit in common with the decided head.
    pub ancestor: Option<ObjectId>,
    /// Commits after that one.
    pub commits: u64,
}

impl Divergence {
    /// When the oldest side that is not served was saved, in milliseconds since 1970: since then
    /// somebody waits. The same on every node.
    #[must_use]
    pub fn since_ms(&self) -> u64 {
        self.others.iter().map(|side| side.at_ms).min().unwrap_or(self.decided.at_ms)
    }

    /// The side that is not decided and ends with `head`.
    #[must_use]
    pub fn side(&self, head: ObjectId) -> Option<&Branch> {
        self.others.iter().find(|side| side.head == head)
    }
}

/// Where commits and their links are read.
pub(super) struct Reading<'a> {
    pub(super) name: &'a FileName,
    pub(super) link: &'a dyn Fn(&ObjectId) -> Option<Link>,
    pub(super) object: &'a dyn Fn(&ObjectId) -> Option<Object>,
}

impl Reading<'_> {
    /// The divergence of a file; none if it has none.
    pub(super) fn divergence(&self, sides: &Sides) -> Option<Divergence> {
        let head = sides.head.filter(|_| !sides.sides.is_empty())?;
        let mut others = Vec::new();
        let (mut oldest, mut waiting) = ((0, None), Vec::new());
        for side in &sides.sides {
            let parting = self.parting(head, side.commit);
            if parting.decided >= oldest.0 {
                oldest = (parting.decided, parting.ancestor);
            }
            self.name_authors(side.commit, parting.commits, &mut waiting);
            let branch = self.branch(side.commit, parting.ancestor, parting.commits)?;
            others.push(Branch { reporters: side.reporters.clone(), ..branch });
        }
        let decided = self.branch(head, oldest.1, oldest.0)?;
        Some(Divergence { decided, others, waiting })
    }

    fn branch(&self, head: ObjectId, ancestor: Option<ObjectId>, commits: u64) -> Option<Branch> {
        let link = (self.link)(&head)?;
        // A commit whose file is damaged is listed without what only its text says.
        let commit = self.commit(&head);
        let says = |key| commit.as_ref().and_then(|commit| text(commit, key));
        Some(Branch {
            head,
            data: link.blob,
            author: says("author"),
            message: says("commit_message"),
            at_ms: link.time_ms,
            reporters: BTreeSet::new(),
            ancestor,
            commits,
        })
    }

    /// Follows both paths back in turns, so the cost is that of the shorter way to the fork.
    fn parting(&self, decided: ObjectId, side: ObjectId) -> Parting {
        let mut walks = [Walk::from(decided), Walk::from(side)];
        let mut turn = 0;
        while walks.iter().any(|walk| walk.next.is_some()) {
            let at = walks[turn].next.take();
            if let Some(id) = at {
                walks[turn].seen.insert(id);
                walks[turn].path.push(id);
                if walks[1 - turn].seen.contains(&id) {
                    return Parting::at(&walks, Some(id));
                }
                let link = (self.link)(&id).filter(|link| link.name == *self.name);
                let before = link.and_then(|link| link.previous);
                // A fork of another file begins a path of its own.
                let is_own =
                    |id: &ObjectId| (self.link)(id).is_some_and(|link| link.name == *self.name);
                walks[turn].next = before.filter(is_own);
            }
            turn = 1 - turn;
        }
        Parting::at(&walks, None)
    }

    fn name_authors(&self, head: ObjectId, commits: u64, named: &mut Vec<String>) {
        let most = usize::try_from(commits).unwrap_or(AUTHORS).min(AUTHORS);
        let step = |id: &ObjectId| (self.link)(id)?.previous;
        for id in std::iter::successors(Some(head), step).take(most) {
            let author = self.commit(&id).and_then(|commit| text(&commit, "author"));
            named.extend(author.filter(|author| !named.contains(author)));
        }
    }

    fn commit(&self, id: &ObjectId) -> Option<Commit> {
        let object = (self.object)(id).filter(|object| object.kind == ObjectKind::Commit)?;
        Commit::parse(&object.content).ok()
    }
}

/// Where a side and the decided head part.
struct Parting {
    ancestor: Option<ObjectId>,
    /// Commits of the decided head's path after it.
    decided: u64,
    /// Commits of the side after it.
    commits: u64,
}

impl Parting {
    fn at(walks: &[Walk; 2], ancestor: Option<ObjectId>) -> Self {
        let [decided, commits] = walks.each_ref().map(|walk| {
            let after = walk.path.iter().take_while(|id| Some(**id) != ancestor);
            u64::try_from(after.count()).unwrap_or(u64::MAX)
        });
        Self { ancestor, decided, commits }
    }
}

/// One path on its way back.
struct Walk {
    next: Option<ObjectId>,
    seen: HashSet<ObjectId>,
    path: Vec<ObjectId>,
}

impl From<ObjectId> for Walk {
    fn from(head: ObjectId) -> Self {
        Self { next: Some(head), seen: HashSet::new(), path: Vec::new() }
    }
}

fn text(commit: &Commit, key: &str) -> Option<String> {
    let text = commit.get(key).and_then(Term::as_text)?;
    Some(text.chars().take(MAX_CHARS).collect()).filter(|text: &String| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use cluster::Side;
    use domain::{Incarnation, NodeId};
    use gitty::Meta;
    use serde_json::json;

    use super::*;

    /// Commits of `a.pl`, each by an author.
    #[derive(Default)]
    struct Shelf(BTreeMap<ObjectId, (Link, Object)>);

    impl Shelf {
        fn save(&mut self, author: &str, previous: Option<ObjectId>) -> ObjectId {
            let blob = Object::blob(format!("by({author}).\n").as_str()).id().unwrap();
            let meta = Meta::from_json(&json!({ "author": author }), false);
            let time = 1_795_442_531.0 + f64::from(u32::try_from(self.0.len()).unwrap());
            let commit = gitty::commit::create(&"a.pl".into(), blob, meta, previous, time);
            let id = commit.object().id().unwrap();
            self.0.insert(id, (commit.link(), commit.object()));
            id
        }

        fn read(&self, head: ObjectId, tips: &[ObjectId]) -> Option<Divergence> {
            let reporter = MemberId {
                node: NodeId::from_bytes([3; 8]),
                incarnation: Incarnation::from_bytes([3; 8]),
            };
            let side = |commit: &ObjectId| Side { commit: *commit, reporters: [reporter].into() };
            let sides = Sides { head: Some(head), sides: tips.iter().map(side).collect() };
            let reading = Reading {
                name: &"a.pl".into(),
                link: &|id| Some(self.0.get(id)?.0.clone()),
                object: &|id| Some(self.0.get(id)?.1.clone()),
            };
            reading.divergence(&sides)
        }
    }

    #[test]
    fn sides_part_at_their_last_common_commit() {
        let mut shelf = Shelf::default();
        let first = shelf.save("Ann", None);
        let second = shelf.save("Ann", Some(first));
        let head = shelf.save("Ann", Some(second));
        let ben = shelf.save("Ben", Some(second));
        let cleo = shelf.save("Cleo", Some(first));
        let dora = shelf.save("Dora", Some(cleo));
        let found = shelf.read(head, &[ben, dora]).unwrap();
        let sides: Vec<_> =
            found.others.iter().map(|s| (s.author.as_deref(), s.ancestor, s.commits)).collect();
        assert_eq!(sides, [(Some("Ben"), Some(second), 1), (Some("Dora"), Some(first), 2)]);
        assert_eq!((found.decided.ancestor, found.decided.commits), (Some(first), 2));
        assert_eq!(found.waiting, ["Ben", "Dora", "Cleo"]);
        assert_eq!(found.since_ms(), found.others[0].at_ms);
    }

    #[test]
    fn files_that_were_made_apart_have_nothing_in_common() {
        let mut shelf = Shelf::default();
        let (head, other) = (shelf.save("Ann", None), shelf.save("Ben", None));
        let found = shelf.read(head, &[other]).unwrap();
        assert_eq!((found.others[0].ancestor, found.others[0].commits), (None, 1));
        assert_eq!((found.decided.ancestor, found.decided.commits), (None, 1));
        assert_eq!(shelf.read(head, &[]), None);
    }
}
