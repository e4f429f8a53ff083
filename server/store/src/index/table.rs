//! An open-addressing table of places in arenas, keyed by object names.
//!
//! Four bytes a slot and no copies of the names: the arenas hold them.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
};

/// A name as the arenas hold it.
pub(super) type Id = [u8; 20];

/// No place has this number.
const EMPTY: u32 = u32::MAX;
/// Slots of the smallest table.
const MIN_SLOTS: usize = 64;

/// Places by name; the caller lends the arenas that say which name is at a place.
#[derive(Debug)]
pub(super) struct Table {
    slots: Vec<u32>,
    count: usize,
    /// Random and odd: whoever chooses names cannot make them collide here.
    factor: u64,
}

impl Table {
    /// A table with room for `count` names.
    pub(super) fn with_room(count: usize) -> Self {
        // At most three of four slots are taken.
        let slots = (count + count / 2).next_power_of_two().max(MIN_SLOTS);
        let factor = RandomState::new().build_hasher().finish() | 1;
        Self { slots: vec![EMPTY; slots], count: 0, factor }
    }

    /// Number of names.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// Place of a name.
    pub(super) fn find(&self, id: &Id, name_at: impl Fn(u32) -> Id) -> Option<u32> {
        let place = self.slots[self.slot(id, name_at)];
        (place != EMPTY).then_some(place)
    }

    /// Sets the place of a name, new or not.
    pub(super) fn set(&mut self, id: &Id, place: u32, name_at: impl Fn(u32) -> Id) {
        if (self.count + 1) * 4 > self.slots.len() * 3 {
            self.grow(&name_at);
        }
        let slot = self.slot(id, name_at);
        self.count += usize::from(self.slots[slot] == EMPTY);
        self.slots[slot] = place;
    }

    /// Slot of a name, or the empty one in which it belongs.
    fn slot(&self, id: &Id, name_at: impl Fn(u32) -> Id) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = self.first_slot(id);
        while self.slots[slot] != EMPTY && name_at(self.slots[slot]) != *id {
            slot = (slot + 1) & mask;
        }
        slot
    }

    /// Multiply-shift hashing: the name is a hash already, the factor makes it ours.
    fn first_slot(&self, id: &Id) -> usize {
        let [a, b, c, d, e, f, g, h, ..] = *id;
        let product = u64::from_le_bytes([a, b, c, d, e, f, g, h]).wrapping_mul(self.factor);
        let shift = u64::BITS - self.slots.len().trailing_zeros();
        usize::try_from(product >> shift).expect("a slot number is smaller than the table")
    }

    fn grow(&mut self, name_at: impl Fn(u32) -> Id) {
        let slots = vec![EMPTY; self.slots.len() * 2];
        let before = std::mem::replace(&mut self.slots, slots);
        for place in before.into_iter().filter(|place| *place != EMPTY) {
            let slot = self.slot(&name_at(place), &name_at);
            self.slots[slot] = place;
        }
    }
}

impl Default for Table {
    fn default() -> Self {
        Self::with_room(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names that begin alike, so that a table that looks at their beginning only is a list.
    fn names() -> Vec<Id> {
        let name = |n: u32| {
            let mut id = [0; 20];
            id[..4].copy_from_slice(&n.to_le_bytes());
            id
        };
        (0..10_000).map(name).collect()
    }

    #[test]
    fn each_name_has_its_place_while_the_table_grows() {
        let names = names();
        let name_at = |place: u32| names[usize::try_from(place).unwrap()];
        let mut table = Table::default();
        for (place, name) in (0..).zip(&names) {
            assert_eq!(table.find(name, name_at), None);
            table.set(name, place, name_at);
            table.set(name, place, name_at);
        }
        assert_eq!(table.len(), names.len());
        assert!((0..).zip(&names).all(|(place, name)| table.find(name, name_at) == Some(place)));
    }
}
