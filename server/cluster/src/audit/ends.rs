//! The last entry of each chain: all that the core keeps of the audit.

use std::collections::BTreeMap;

use domain::AuditHash;

use super::AuditEntry;
use crate::MemberId;

/// The end of one chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChainEnd {
    /// Number of the last entry.
    pub number: u64,
    /// Its hash.
    pub hash: AuditHash,
}

/// The ends of all chains known here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ChainEnds(BTreeMap<MemberId, ChainEnd>);

/// How an entry follows what is known of its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Follows {
    /// It is the next one.
    Next,
    /// It is here already, as far as can be told.
    Known,
    /// Others are missing before it.
    Gap,
    /// It is another one than the one that is here under its number, or names another one before
    /// it: somebody wrote a second chain.
    Forks,
}

impl ChainEnds {
    /// The end of a chain; none if nothing of it is known.
    #[must_use]
    pub fn get(&self, origin: &MemberId) -> Option<ChainEnd> {
        self.0.get(origin).copied()
    }

    /// Number of the last entry of a chain, 0 without any.
    #[must_use]
    pub fn number(&self, origin: &MemberId) -> u64 {
        self.get(origin).map_or(0, |tip| tip.number)
    }

    /// Every chain with its last number, in order.
    pub fn numbers(&self) -> impl Iterator<Item = (MemberId, u64)> + '_ {
        self.0.iter().map(|(origin, tip)| (*origin, tip.number))
    }

    /// How `entry` follows.
    #[must_use]
    pub fn judge(&self, entry: &AuditEntry) -> Follows {
        let tip = self.get(&entry.origin);
        let number = tip.map_or(0, |tip| tip.number);
        if entry.number == number.saturating_add(1) {
            let is_next = entry.previous == tip.map(|tip| tip.hash);
            return if is_next { Follows::Next } else { Follows::Forks };
        }
        if entry.number > number {
            return Follows::Gap;
        }
        let same = |tip: ChainEnd| tip.number != entry.number || tip.hash == entry.hash();
        if entry.number > 0 && tip.is_some_and(same) { Follows::Known } else { Follows::Forks }
    }

    /// Takes in an entry that follows; twice in order is the same as once.
    pub(crate) fn add(&mut self, entry: &AuditEntry) {
        if entry.number > self.number(&entry.origin) {
            let tip = ChainEnd { number: entry.number, hash: entry.hash() };
            self.0.insert(entry.origin, tip);
        }
    }
}
