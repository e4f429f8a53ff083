//! The order of one document: its entries in blocks, each with the digest of its entries.
//!
//! A message that comes late moves at most one block, and the digest of any range is the sum of a
//! few blocks and at most two parts of them. With 100,000 messages there are about 200 blocks.

use crate::{
    Place, Row,
    digest::{Digest, Salt},
};

/// Entries of a full block.
const BLOCK: usize = 512;

/// A range of places: after the first, up to and with the second; none is the end on that side.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Span {
    /// What is before it.
    pub after: Option<Place>,
    /// Its last possible place.
    pub upto: Option<Place>,
}

impl Span {
    /// Everything.
    pub const ALL: Self = Self { after: None, upto: None };

    /// True if `place` lies in it.
    #[must_use]
    pub fn has(&self, place: &Place) -> bool {
        self.after.is_none_or(|after| after < *place) && self.upto.is_none_or(|upto| *place <= upto)
    }
}

/// How many messages are in a range, and their digest.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Measure {
    /// How many.
    pub count: u64,
    /// Their digest.
    pub digest: Digest,
}

/// What came of putting in an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    /// It is new.
    New,
    /// It was here, and its origin is known now.
    Completed,
    /// It was here as it is; or another origin of it, which counts before this one.
    Known,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Block {
    rows: Vec<Row>,
    digest: Digest,
}

/// Entries of one document in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Order {
    blocks: Vec<Block>,
    count: usize,
}

impl Order {
    pub(crate) const fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn last(&self) -> Option<&Row> {
        self.blocks.last()?.rows.last()
    }

    /// Puts in an entry; what changes in the digest is returned beside it.
    pub(crate) fn put(&mut self, row: Row, salt: Salt) -> (Put, Digest) {
        let at = self.block_of(&row.place);
        let own = salt.digest(&row);
        let Some(block) = self.blocks.get_mut(at) else {
            self.push_back(row, own);
            return (Put::New, own);
        };
        match block.rows.binary_search_by_key(&row.place, |row| row.place) {
            Ok(found) => Self::complete(block, found, row, salt),
            Err(position) => {
                block.rows.insert(position, row);
                block.digest = block.digest.plus(own);
                self.count += 1;
                self.split(at, salt);
                (Put::New, own)
            }
        }
    }

    fn complete(block: &mut Block, found: usize, row: Row, salt: Salt) -> (Put, Digest) {
        let known = block.rows[found];
        if !row.is_better_than(&known) {
            return (Put::Known, Digest::default());
        }
        let change = salt.digest(&row).minus(salt.digest(&known));
        block.rows[found] = row;
        block.digest = block.digest.plus(change);
        (Put::Completed, change)
    }

    /// Adds what comes after everything: full blocks stay full.
    fn push_back(&mut self, row: Row, digest: Digest) {
        self.count += 1;
        if let Some(last) = self.blocks.last_mut().filter(|last| last.rows.len() < BLOCK) {
            last.rows.push(row);
            last.digest = last.digest.plus(digest);
        } else {
            self.blocks.push(Block { rows: vec![row], digest });
        }
    }

    fn split(&mut self, at: usize, salt: Salt) {
        let block = &mut self.blocks[at];
        if block.rows.len() <= BLOCK {
            return;
        }
        let rows = block.rows.split_off(BLOCK / 2);
        let digest = sum(&rows, salt);
        block.digest = block.digest.minus(digest);
        self.blocks.insert(at + 1, Block { rows, digest });
    }

    /// The first block that ends at or after a place; one too many when there is none.
    fn block_of(&self, place: &Place) -> usize {
        self.blocks.partition_point(|block| block.rows.last().is_some_and(|r| r.place < *place))
    }

    pub(crate) fn get(&self, place: &Place) -> Option<&Row> {
        let rows = &self.blocks.get(self.block_of(place))?.rows;
        let found = rows.binary_search_by_key(place, |row| row.place).ok()?;
        rows.get(found)
    }

    /// How many entries come before a place: the serial of one that is here, less one.
    pub(crate) fn rank(&self, place: &Place) -> usize {
        let at = self.block_of(place);
        let before: usize = self.blocks[..at].iter().map(|block| block.rows.len()).sum();
        let inside = self
            .blocks
            .get(at)
            .map_or(0, |block| block.rows.partition_point(|row| row.place < *place));
        before + inside
    }

    /// The entry at a position from 0.
    pub(crate) fn at(&self, mut position: usize) -> Option<&Row> {
        for block in &self.blocks {
            match block.rows.get(position) {
                Some(row) => return Some(row),
                None => position -= block.rows.len(),
            }
        }
        None
    }

    /// Entries before a place, the last one first; from the end without one.
    pub(crate) fn back_from(&self, place: Option<Place>) -> impl Iterator<Item = &Row> {
        let at = place.map_or(self.blocks.len(), |place| self.block_of(&place));
        let partial = self.blocks.get(at).map_or(&[][..], |block| {
            let upto = block.rows.partition_point(|row| place.is_some_and(|p| row.place < p));
            &block.rows[..upto]
        });
        let whole = self.blocks[..at].iter().rev().flat_map(|block| block.rows.iter().rev());
        partial.iter().rev().chain(whole)
    }

    /// Positions of a range: the first, and one after the last.
    fn bounds(&self, span: &Span) -> (usize, usize) {
        let upto = |place: Place| self.rank(&place) + usize::from(self.get(&place).is_some());
        let from = span.after.map_or(0, upto);
        (from, span.upto.map_or(self.count, upto).max(from))
    }

    /// How many entries are in a range.
    pub(crate) fn count_in(&self, span: &Span) -> usize {
        let (from, to) = self.bounds(span);
        to - from
    }

    /// How many entries are in a range, and their digest.
    pub(crate) fn measure(&self, span: &Span, salt: Salt) -> Measure {
        let (from, to) = self.bounds(span);
        let digest = self.digest_before(to, salt).minus(self.digest_before(from, salt));
        Measure { count: u64::try_from(to - from).unwrap_or(u64::MAX), digest }
    }

    fn digest_before(&self, mut position: usize, salt: Salt) -> Digest {
        let mut digest = Digest::default();
        for block in &self.blocks {
            if position < block.rows.len() {
                return digest.plus(sum(&block.rows[..position], salt));
            }
            digest = digest.plus(block.digest);
            position -= block.rows.len();
        }
        digest
    }

    /// Entries of a range in order, each with its position from 0.
    pub(crate) fn rows(&self, span: &Span) -> impl Iterator<Item = (usize, &Row)> {
        let (from, to) = self.bounds(span);
        let mut begins = 0;
        let parts = self.blocks.iter().map(move |block| {
            let begin = begins;
            begins += block.rows.len();
            (begin, block)
        });
        let inside =
            parts.filter(move |(begin, block)| *begin < to && begin + block.rows.len() > from);
        inside.flat_map(move |(begin, block)| {
            let low = from.saturating_sub(begin);
            let high = block.rows.len().min(to - begin);
            block.rows[low..high].iter().enumerate().map(move |(at, row)| (begin + low + at, row))
        })
    }

    /// Cuts a range into at most `parts` of about the same size.
    pub(crate) fn parts(&self, span: &Span, parts: usize) -> Vec<Span> {
        let (from, to) = self.bounds(span);
        let size = (to - from).div_ceil(parts.max(1)).max(1);
        let mut spans = Vec::new();
        let mut after = span.after;
        let mut end = from + size;
        while end < to {
            let upto = self.at(end - 1).map(|row| row.place);
            spans.push(Span { after, upto });
            after = upto;
            end += size;
        }
        spans.push(Span { after, upto: span.upto });
        spans
    }
}

fn sum(rows: &[Row], salt: Salt) -> Digest {
    rows.iter().fold(Digest::default(), |digest, row| digest.plus(salt.digest(row)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use domain::MessageId;

    use super::*;
    use crate::{DocumentId, Number, Origin, Stamp};

    fn place(value: u64) -> Place {
        let mut id = [0; 16];
        id[8..].copy_from_slice(&(value % 7).to_be_bytes());
        Place { stamp: Stamp(value / 7), id: MessageId::from_bytes(id) }
    }

    /// Numbers up to `below`, in an order that looks like none.
    fn shuffled(below: u64) -> impl Iterator<Item = u64> {
        (0..below).map(move |at| at * 7_919 % below)
    }

    fn salt() -> Salt {
        Salt::of(&DocumentId::new("gitty:a.pl").unwrap())
    }

    #[test]
    fn it_is_an_ordered_map_with_positions_and_digests() {
        let (mut order, salt) = (Order::default(), salt());
        let mut model: BTreeMap<Place, Row> = BTreeMap::new();
        for value in shuffled(5_000) {
            let row = Row { place: place(value * 2), origin: None };
            assert_eq!(order.put(row, salt).0, Put::New);
            assert_eq!(order.put(row, salt), (Put::Known, Digest::default()));
            model.insert(row.place, row);
        }
        assert!(order.blocks.iter().all(|block| (1..=BLOCK).contains(&block.rows.len())));
        assert!(order.blocks.iter().all(|block| block.digest == sum(&block.rows, salt)));
        assert_eq!(order.len(), model.len());
        assert_eq!(order.last(), model.values().last());
        for value in shuffled(10_003).take(300) {
            let at = place(value);
            assert_eq!(order.get(&at), model.get(&at));
            assert_eq!(order.rank(&at), model.range(..at).count());
            assert_eq!(order.at(order.rank(&at)), model.range(at..).next().map(|(_, row)| row));
            let back: Vec<&Row> = order.back_from(Some(at)).take(600).collect();
            let expected: Vec<&Row> = model.range(..at).rev().map(|(_, r)| r).take(600).collect();
            assert_eq!(back, expected);
            let other = place(value * 31 % 10_003);
            for (after, upto) in [(Some(at), Some(other)), (Some(at), None), (None, Some(at))] {
                let span = Span { after, upto };
                let inside: Vec<Row> =
                    model.values().filter(|row| span.has(&row.place)).copied().collect();
                let rows: Vec<Row> = order.rows(&span).map(|(_, row)| *row).collect();
                assert_eq!(rows, inside);
                assert!(order.rows(&span).all(|(at, row)| order.rank(&row.place) == at));
                let count = u64::try_from(inside.len()).unwrap();
                assert_eq!(
                    order.measure(&span, salt),
                    Measure { count, digest: sum(&inside, salt) }
                );
                assert_eq!(order.count_in(&span), inside.len());
                let parts = order.parts(&span, 16);
                assert!(parts.len() <= 16);
                let together: usize = parts.iter().map(|part| order.count_in(part)).sum();
                assert_eq!(together, inside.len());
            }
        }
    }

    #[test]
    fn appending_fills_the_blocks() {
        let mut order = Order::default();
        for value in 0..10_000 {
            order.put(Row { place: place(value), origin: None }, salt());
        }
        assert_eq!(order.blocks.len(), 10_000_usize.div_ceil(BLOCK));
    }

    #[test]
    fn the_better_origin_wins_in_either_order() {
        let origin = |byte, number| {
            let incarnation = domain::Incarnation::from_bytes([byte; 8]);
            Some(Origin { incarnation, number: Number::new(number).unwrap() })
        };
        let rows = [None, origin(1, 2), origin(1, 3), origin(2, 1)];
        let rows = rows.map(|origin| Row { place: place(5), origin });
        for first in rows {
            for second in rows {
                let both = |pair: [Row; 2]| {
                    let mut order = Order::default();
                    let changes = pair.map(|row| order.put(row, salt()).1);
                    let digest = changes[0].plus(changes[1]);
                    assert_eq!(digest, order.measure(&Span::ALL, salt()).digest);
                    order
                };
                assert_eq!(both([first, second]), both([second, first]));
            }
        }
        assert_eq!(
            rows.into_iter().reduce(|a, b| if b.is_better_than(&a) { b } else { a }),
            Some(rows[1])
        );
    }
}
