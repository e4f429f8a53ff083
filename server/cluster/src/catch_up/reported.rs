//! Decided heads of a peer, as it reported them: kept as differences where that is shorter.

use std::collections::BTreeMap;

use domain::ObjectId;

use crate::Key;

/// What a peer said of its heads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reported {
    /// Only these are known.
    Listed(BTreeMap<Key, ObjectId>),
    /// It has our decided heads, but for these; none where it has no head.
    AsOurs(BTreeMap<Key, Option<ObjectId>>),
}

impl Default for Reported {
    fn default() -> Self {
        Self::Listed(BTreeMap::new())
    }
}

impl Reported {
    /// All heads are ours.
    pub(crate) const fn equal() -> Self {
        Self::AsOurs(BTreeMap::new())
    }

    /// Whether all its heads are known.
    pub(crate) const fn is_whole(&self) -> bool {
        matches!(self, Self::AsOurs(_))
    }

    /// What was said of this key in particular: its head, or that it has none.
    pub(crate) fn said(&self, key: &Key) -> Option<Option<ObjectId>> {
        match self {
            Self::Listed(heads) => heads.get(key).map(|head| Some(*head)),
            Self::AsOurs(others) => others.get(key).copied(),
        }
    }

    /// Its head of a key, if it said so.
    #[cfg(test)]
    pub(crate) fn get(&self, key: &Key, ours: Option<ObjectId>) -> Option<ObjectId> {
        match self {
            Self::Listed(heads) => heads.get(key).copied(),
            Self::AsOurs(others) => others.get(key).copied().unwrap_or(ours),
        }
    }

    /// It said what its head is.
    pub(crate) fn report(&mut self, key: &Key, theirs: Option<ObjectId>, ours: Option<ObjectId>) {
        match (self, theirs) {
            (Self::Listed(heads), Some(head)) => {
                heads.insert(key.clone(), head);
            }
            (Self::Listed(heads), None) => {
                heads.remove(key);
            }
            (Self::AsOurs(others), theirs) if theirs == ours => {
                others.remove(key);
            }
            (Self::AsOurs(others), theirs) => {
                others.insert(key.clone(), theirs);
            }
        }
    }

    /// Our own head moves: the peer has said nothing.
    pub(crate) fn ours_moved(&mut self, key: &Key, from: Option<ObjectId>, to: ObjectId) {
        let Self::AsOurs(others) = self else { return };
        if others.get(key) == Some(&Some(to)) {
            others.remove(key);
        } else if !others.contains_key(key) {
            others.insert(key.clone(), from);
        }
    }

    /// Something better is known. The keys of which something was or is said in particular.
    pub(crate) fn replace(&mut self, by: Self) -> Vec<Key> {
        let before = std::mem::replace(self, by);
        let now = self.keys().filter(|key| before.said(key).is_none()).cloned();
        let now: Vec<Key> = now.collect();
        match before {
            Self::AsOurs(before) => before.into_keys().chain(now).collect(),
            // As many as it has files; whoever shows them forgets them as a whole.
            Self::Listed(_) => now,
        }
    }

    fn keys(&self) -> Box<dyn Iterator<Item = &Key> + '_> {
        match self {
            Self::Listed(heads) => Box::new(heads.keys()),
            Self::AsOurs(others) => Box::new(others.keys()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(byte: u8) -> ObjectId {
        ObjectId::from_bytes([byte; 20])
    }

    #[test]
    fn a_peer_stays_where_it_said_it_is_until_it_says_more() {
        let key = Key::File("a.pl".into());
        let mut reported = Reported::equal();
        assert_eq!(reported.get(&key, Some(head(1))), Some(head(1)));
        reported.ours_moved(&key, Some(head(1)), head(2));
        reported.ours_moved(&key, Some(head(2)), head(3));
        assert_eq!(reported.get(&key, Some(head(3))), Some(head(1)));
        reported.report(&key, Some(head(3)), Some(head(3)));
        assert_eq!(reported, Reported::equal());
        reported.report(&key, Some(head(4)), Some(head(3)));
        reported.ours_moved(&key, Some(head(3)), head(4));
        assert_eq!(reported, Reported::equal());
    }
}
