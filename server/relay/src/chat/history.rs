//! One document: its order, and the numbers of each origin that are here.

use domain::Millis;
use serde::{Deserialize, Serialize};

use super::{
    Cursor, Gap, Measure, Span,
    order::{Order, Put},
};
use crate::{
    Number, Origin, Place, Row, Stamp,
    digest::{Digest, Salt},
};

/// A document in short: what two nodes compare first (protocol 6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Summary {
    /// How many messages, and their digest. The count is the last serial.
    pub measure: Measure,
    /// The last message.
    pub last: Option<Place>,
}

/// What an entry would change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is new, or tells the origin of one that is here.
    News,
    /// It is new, and another message has its number.
    Forks,
    /// Nothing.
    Known,
}

/// Everything that the core keeps of one document.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct History {
    salt: Salt,
    order: Order,
    digest: Digest,
    numbers: Cursor,
}

impl History {
    pub(crate) fn new(salt: Salt) -> Self {
        let (order, digest, numbers) = (Order::default(), Digest::default(), Cursor::default());
        Self { salt, order, digest, numbers }
    }

    pub(crate) const fn order(&self) -> &Order {
        &self.order
    }

    /// The numbers that are here, of each origin.
    pub(crate) const fn numbers(&self) -> &Cursor {
        &self.numbers
    }

    /// What an entry would change.
    pub(crate) fn judge(&self, row: &Row) -> Verdict {
        match self.order.get(&row.place) {
            Some(known) if !row.is_better_than(known) => Verdict::Known,
            Some(_) => Verdict::News,
            None if row.origin.is_some_and(|origin| self.numbers.has(&origin)) => Verdict::Forks,
            None => Verdict::News,
        }
    }

    /// Takes in an entry; twice is the same as once. Returns what changes in the digest.
    pub(crate) fn take(&mut self, row: Row) -> (Put, Digest) {
        let (put, change) = self.order.put(row, self.salt);
        self.digest = self.digest.plus(change);
        if put != Put::Known {
            row.origin.into_iter().for_each(|origin| {
                self.numbers.add(origin);
            });
        }
        (put, change)
    }

    /// True if that message is here.
    pub(crate) fn has(&self, place: &Place) -> bool {
        self.order.get(place).is_some()
    }

    /// Position of a message that is here, from 1.
    pub(crate) fn serial(&self, place: &Place) -> u64 {
        u64::try_from(self.order.rank(place)).unwrap_or(u64::MAX).saturating_add(1)
    }

    pub(crate) fn summary(&self) -> Summary {
        let count = u64::try_from(self.order.len()).unwrap_or(u64::MAX);
        let measure = Measure { count, digest: self.digest };
        Summary { measure, last: self.order.last().map(|row| row.place) }
    }

    pub(crate) fn measure(&self, span: &Span) -> Measure {
        if *span == Span::ALL {
            return self.summary().measure;
        }
        self.order.measure(span, self.salt)
    }

    /// The origin of the next message of a life of a disk; none after 4 billion.
    pub(crate) fn next_origin(&self, incarnation: domain::Incarnation) -> Option<Origin> {
        let last = self.numbers.0.get(&incarnation).and_then(super::Numbers::greatest);
        let number = Number::new(last.map_or(0, Number::get).checked_add(1)?)?;
        Some(Origin { incarnation, number })
    }

    /// The stamp of a new message: after every message that is not further ahead than `leeway`.
    pub(crate) fn next_stamp(&self, wall: Stamp, leeway: Option<Millis>) -> Stamp {
        let limit = leeway.map(|leeway| ahead(wall, leeway));
        let greatest = match limit {
            None => self.order.last(),
            Some(limit) => {
                let after = Place { stamp: limit, id: domain::MessageId::from_bytes([0xff; 16]) };
                let here = self.order.get(&after);
                here.or_else(|| self.order.back_from(Some(after)).next())
            }
        };
        let next = greatest.map_or(0, |row| row.place.stamp.0.saturating_add(1));
        wall.max(Stamp(next))
    }

    /// Numbers that are missing below one that is here.
    pub(crate) fn gaps(&self) -> impl Iterator<Item = Gap> + '_ {
        self.numbers.0.iter().flat_map(|(incarnation, numbers)| {
            let incarnation = *incarnation;
            numbers.holes().map(move |(first, last)| Gap { incarnation, first, last })
        })
    }
}

/// The latest stamp that is not too far ahead of a clock.
pub(crate) fn ahead(wall: Stamp, leeway: Millis) -> Stamp {
    Stamp(wall.0.saturating_add(leeway.0.saturating_mul(1_000)))
}
