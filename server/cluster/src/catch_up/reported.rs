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

    /// Its head of a key, if it said so.
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

    /// Something better is known. The keys that may show otherwise now; none: any of them.
    pub(crate) fn replace(&mut self, by: Self) -> Option<Vec<Key>> {
        let before = std::mem::replace(self, by);
        match (before, self) {
            (Self::AsOurs(before), Self::AsOurs(now)) => {
                let now = now.keys().filter(|key| !before.contains_key(*key)).cloned();
                let now: Vec<Key> = now.collect();
                Some(before.into_keys().chain(now).collect())
            }
            (Self::Listed(_), _) | (_, Self::Listed(_)) => None,
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
