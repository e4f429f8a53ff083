//! The hash tree over decided heads and tips: its shape and its digests follow from them alone.
//!
//! 16-way, placed by the SHA-256 of the key. Up to [`BUCKET`] keys are one bucket; more split by
//! the next digit. So two nodes with the same heads and tips have the same tree, however they came
//! to it, and a subtree's digest does not depend on how deep it is.

use domain::{ObjectId, Root};
use sha2::{Digest as _, Sha256};

use super::Prefix;
use crate::{Key, KeyState, Tip};

/// Heads that are compared one by one. Part of the protocol: both sides split alike.
const BUCKET: usize = 16;

/// Digest of a subtree; zero for an empty one.
pub(crate) type Digest = [u8; 32];

/// Digests of all decided heads, kept up to date at a cost of a few hashes a change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Tree(Node);

/// A key in its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    place: u64,
    pub(crate) key: Key,
    /// Decided head.
    head: Option<ObjectId>,
    tips: Box<[Tip]>,
}

/// What a peer is told of one prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Branch<'a> {
    /// Digests of its 16 children.
    Split(Vec<Digest>),
    /// All its heads.
    Bucket(&'a [Row]),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Node {
    digest: Digest,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// In order of place and key.
    Bucket(Vec<Row>),
    Split(Box<[Node; 16]>),
}

impl Default for Kind {
    fn default() -> Self {
        Self::Bucket(Vec::new())
    }
}

impl Tree {
    /// The tree of these keys.
    pub(crate) fn of<'a>(keys: impl Iterator<Item = (Key, &'a KeyState)>) -> Self {
        let mut rows: Vec<Row> = keys.map(|(key, state)| Row::new(key, state)).collect();
        rows.sort_by(|a, b| a.at().cmp(&b.at()));
        Self(Node::build(rows, 0))
    }

    /// Digest of everything.
    pub(crate) const fn root(&self) -> Root {
        Root::from_bytes(self.0.digest)
    }

    /// Puts a key in, in place of what it was before.
    pub(crate) fn put(&mut self, key: &Key, state: &KeyState) {
        self.0.put(Row::new(key.clone(), state), 0);
    }

    /// Digest of what is below a prefix.
    pub(crate) fn digest(&self, prefix: Prefix) -> Digest {
        match self.0.find(prefix) {
            Ok(node) => node.digest,
            Err(rows) => digest_of(rows),
        }
    }

    /// Children or heads of a prefix.
    pub(crate) fn branch(&self, prefix: Prefix) -> Branch<'_> {
        match self.0.find(prefix).map(|node| &node.kind) {
            Ok(Kind::Split(children)) => {
                Branch::Split(children.iter().map(|node| node.digest).collect())
            }
            Ok(Kind::Bucket(rows)) => Branch::Bucket(rows),
            Err(rows) => Branch::Bucket(rows),
        }
    }

    /// Every head below a prefix.
    pub(crate) fn rows(&self, prefix: Prefix) -> Vec<&Row> {
        let mut rows = Vec::new();
        match self.0.find(prefix) {
            Ok(node) => node.collect(&mut rows),
            Err(few) => rows.extend(few),
        }
        rows
    }
}

impl Row {
    fn new(key: Key, state: &KeyState) -> Self {
        let head = state.decided.map(|decided| decided.head);
        let tips = state.tips.iter().copied().collect();
        Self { place: Prefix::place_of(&key), key, head, tips }
    }

    const fn at(&self) -> (u64, &Key) {
        (self.place, &self.key)
    }
}

impl Node {
    fn build(mut rows: Vec<Row>, depth: u8) -> Self {
        let kind = if rows.len() <= BUCKET || depth == Prefix::DEPTH {
            // Most have one or two: room for more would be most of the tree.
            rows.shrink_to_fit();
            Kind::Bucket(rows)
        } else {
            let mut shares: [Vec<Row>; 16] = Default::default();
            for row in rows {
                shares[Prefix::digit(row.place, depth)].push(row);
            }
            Kind::Split(Box::new(shares.map(|rows| Self::build(rows, depth + 1))))
        };
        Self { digest: kind.digest(), kind }
    }

    fn put(&mut self, row: Row, depth: u8) {
        match &mut self.kind {
            Kind::Split(children) => {
                children[Prefix::digit(row.place, depth)].put(row, depth + 1);
            }
            Kind::Bucket(rows) => {
                match rows.binary_search_by(|other| other.at().cmp(&row.at())) {
                    Ok(at) => rows[at] = row,
                    Err(at) => {
                        rows.reserve_exact(1);
                        rows.insert(at, row);
                    }
                }
                if rows.len() > BUCKET {
                    *self = Self::build(std::mem::take(rows), depth);
                    return;
                }
            }
        }
        self.digest = self.kind.digest();
    }

    /// The node of a prefix, or those heads of a bucket above it that are below the prefix.
    fn find(&self, prefix: Prefix) -> Result<&Self, &[Row]> {
        let mut node = self;
        for depth in 0..prefix.depth() {
            match &node.kind {
                Kind::Split(children) => node = &children[Prefix::digit(prefix.place(), depth)],
                Kind::Bucket(rows) => {
                    let begin = rows.partition_point(|row| row.place < prefix.first());
                    let end = rows.partition_point(|row| row.place <= prefix.last());
                    return Err(&rows[begin..end]);
                }
            }
        }
        Ok(node)
    }

    fn collect<'a>(&'a self, into: &mut Vec<&'a Row>) {
        match &self.kind {
            Kind::Bucket(rows) => into.extend(rows),
            Kind::Split(children) => children.iter().for_each(|node| node.collect(into)),
        }
    }
}

impl Kind {
    fn digest(&self) -> Digest {
        match self {
            Self::Bucket(rows) => digest_of(rows),
            Self::Split(children) => {
                let mut hash = Sha256::new();
                hash.update([1]);
                children.iter().for_each(|node| hash.update(node.digest));
                hash.finalize().into()
            }
        }
    }
}

fn digest_of(rows: &[Row]) -> Digest {
    if rows.is_empty() {
        return Digest::default();
    }
    let mut hash = Sha256::new();
    hash.update([0]);
    for row in rows {
        let name = row.key.to_string();
        hash.update(name.len().to_be_bytes());
        hash.update(name.as_bytes());
        hash.update([u8::from(row.head.is_some())]);
        hash.update(row.head.as_ref().map_or(&[][..], |head| head.as_bytes()));
        hash.update(row.tips.len().to_be_bytes());
        for tip in &row.tips {
            hash.update(tip.commit.as_bytes());
            hash.update(tip.reporter.node.as_bytes());
            hash.update(tip.reporter.incarnation.as_bytes());
        }
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use domain::{Incarnation, NodeId, Serial};

    use super::*;
    use crate::{Decided, MemberId};

    fn id(number: u32) -> ObjectId {
        let mut bytes = [0; 20];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        ObjectId::from_bytes(bytes)
    }

    fn head(number: u32) -> KeyState {
        let decided = Decided { head: id(number), serial: Serial(1) };
        KeyState { decided: Some(decided), ..KeyState::default() }
    }

    fn tree(states: &BTreeMap<Key, KeyState>) -> Tree {
        Tree::of(states.iter().map(|(key, state)| (key.clone(), state)))
    }

    fn heads(count: u32) -> BTreeMap<Key, KeyState> {
        (0..count).map(|number| (key(number), head(number))).collect()
    }

    fn key(number: u32) -> Key {
        Key::File(format!("file{number}.pl").as_str().into())
    }

    #[test]
    fn the_tree_is_the_same_however_it_came_to_be() {
        for count in [0, 1, 16, 17, 300, 5_000] {
            let mut grown = Tree::default();
            for (key, state) in heads(count).iter().rev() {
                grown.put(key, &head(99));
                grown.put(key, state);
            }
            assert_eq!(grown, tree(&heads(count)), "{count} files");
        }
    }

    #[test]
    fn one_other_head_shows_in_the_digest_of_every_prefix_above_it() {
        let one = tree(&heads(5_000));
        let mut other = one.clone();
        other.put(&key(7), &head(8));
        let mut at = Prefix::TOP;
        while at.depth() < 5 {
            assert_ne!(one.digest(at), other.digest(at), "{at:?}");
            let differs = |child: &Prefix| one.digest(*child) != other.digest(*child);
            let children: Vec<Prefix> = at.children().filter(differs).collect();
            assert_eq!(children.len(), 1, "one child of {at:?} differs");
            at = children[0];
        }
        let names: Vec<&Key> = one.rows(at).into_iter().map(|row| &row.key).collect();
        assert_eq!(names, [&key(7)]);
    }

    #[test]
    fn a_bucket_answers_for_prefixes_below_it_as_a_split_does() {
        let few = tree(&heads(10));
        let below: usize = Prefix::TOP.children().map(|child| few.rows(child).len()).sum();
        assert_eq!(below, 10);
        for child in Prefix::TOP.children() {
            let rows = few.rows(child);
            let mut alone = heads(10);
            alone.retain(|key, _| rows.iter().any(|row| row.key == *key));
            let alone = tree(&alone);
            assert_eq!(Root::from_bytes(few.digest(child)), alone.root());
        }
    }
    #[test]
    fn each_tip_shows_and_so_does_who_reported_it() {
        let tip = |commit, reporter| Tip {
            commit: id(commit),
            reporter: MemberId {
                node: NodeId::from_bytes([reporter; 8]),
                incarnation: Incarnation::from_bytes([reporter; 8]),
            },
        };
        let with = |tips: &[Tip]| KeyState { tips: tips.iter().copied().collect(), ..head(1) };
        let mut states = heads(40);
        let mut roots = vec![tree(&states).root()];
        for tips in [&[tip(7, 1)][..], &[tip(8, 1)], &[tip(7, 2)], &[tip(7, 1), tip(7, 2)]] {
            states.insert(key(1), with(tips));
            roots.push(tree(&states).root());
        }
        states.insert(key(1), KeyState { decided: None, ..with(&[tip(7, 1)]) });
        roots.push(tree(&states).root());
        for (at, root) in roots.iter().enumerate() {
            assert!(!roots[..at].contains(root), "{at}");
        }
    }
}
