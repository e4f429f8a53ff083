//! A set of numbers that is nearly a range from 1.

use serde::{Deserialize, Serialize};

use crate::Number;

/// Numbers as ranges, in order, none touching the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<(Number, Number)>", into = "Vec<(Number, Number)>")]
pub struct Numbers(Vec<(Number, Number)>);

impl Numbers {
    /// True if `number` is in it.
    #[must_use]
    pub fn has(&self, number: Number) -> bool {
        let at = self.0.partition_point(|(_, last)| *last < number);
        self.0.get(at).is_some_and(|(first, _)| *first <= number)
    }

    /// The greatest one.
    #[must_use]
    pub fn greatest(&self) -> Option<Number> {
        self.0.last().map(|(_, last)| *last)
    }

    /// What is missing below the greatest one: first and last of each hole.
    pub fn holes(&self) -> impl Iterator<Item = (Number, Number)> + '_ {
        let ends = std::iter::once(0).chain(self.0.iter().map(|(_, last)| last.get()));
        ends.zip(&self.0).filter_map(|(before, (first, _))| {
            let hole = (Number::new(before + 1)?, Number::new(first.get() - 1)?);
            (hole.0 <= hole.1).then_some(hole)
        })
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(first, last)| u64::from(last.get() - first.get()) + 1).sum()
    }

    /// What another set does not have.
    pub(crate) fn without(&self, other: &Self) -> Self {
        let mut rest = self.clone();
        for (first, last) in &other.0 {
            rest.remove_range(*first, *last);
        }
        rest
    }

    /// Adds one; false if it is there.
    pub(crate) fn add(&mut self, number: Number) -> bool {
        let at = self.0.partition_point(|(_, last)| *last < number);
        if self.0.get(at).is_some_and(|(first, _)| *first <= number) {
            return false;
        }
        let joins_before = at > 0 && self.0[at - 1].1.get() + 1 == number.get();
        let joins_after = self.0.get(at).is_some_and(|(first, _)| first.get() - 1 == number.get());
        match (joins_before, joins_after) {
            (true, true) => self.0[at - 1].1 = self.0.remove(at).1,
            (true, false) => self.0[at - 1].1 = number,
            (false, true) => self.0[at].0 = number,
            (false, false) => self.0.insert(at, (number, number)),
        }
        true
    }

    /// Adds all of another set.
    pub(crate) fn merge(&mut self, other: &Self) {
        let mut all: Vec<_> = self.0.iter().chain(&other.0).copied().collect();
        all.sort_unstable();
        self.0.clear();
        for (first, last) in all {
            match self.0.last_mut() {
                Some(before) if first.get() - 1 <= before.1.get() => {
                    before.1 = before.1.max(last);
                }
                _ => self.0.push((first, last)),
            }
        }
    }

    /// Takes one out.
    pub(crate) fn remove(&mut self, number: Number) {
        self.remove_range(number, number);
    }

    fn remove_range(&mut self, begin: Number, end: Number) {
        let from = self.0.partition_point(|(_, last)| *last < begin);
        let upto = self.0.partition_point(|(first, _)| *first <= end);
        let (Some((first, _)), Some((_, last))) =
            (self.0.get(from).copied(), self.0[..upto].last().copied())
        else {
            return;
        };
        if from >= upto {
            return;
        }
        let below = Number::new(begin.get() - 1).filter(|below| first <= *below);
        let above = end.get().checked_add(1).and_then(Number::new).filter(|a| *a <= last);
        let rest = [below.map(|below| (first, below)), above.map(|above| (above, last))];
        self.0.splice(from..upto, rest.into_iter().flatten());
    }
}

impl From<Numbers> for Vec<(Number, Number)> {
    fn from(numbers: Numbers) -> Self {
        numbers.0
    }
}

impl TryFrom<Vec<(Number, Number)>> for Numbers {
    type Error = &'static str;

    fn try_from(ranges: Vec<(Number, Number)>) -> Result<Self, &'static str> {
        let in_order = ranges.iter().all(|(first, last)| first <= last)
            && ranges.windows(2).all(|pair| pair[0].1.get() < pair[1].0.get() - 1);
        if in_order { Ok(Self(ranges)) } else { Err("ranges that overlap or touch") }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn number(value: u32) -> Number {
        Number::new(value).unwrap()
    }

    #[test]
    fn it_is_the_set_of_what_was_added_and_not_removed() {
        let mut numbers = Numbers::default();
        let mut model = BTreeSet::new();
        for step in 0_u32..4_000 {
            let value = step.wrapping_mul(2_654_435_761) % 40 + 1;
            if step % 3 == 0 {
                numbers.remove(number(value));
                model.remove(&value);
            } else {
                assert_eq!(numbers.add(number(value)), model.insert(value));
            }
            assert!((1..=41).all(|v| numbers.has(number(v)) == model.contains(&v)));
            assert_eq!(numbers.greatest().map(Number::get), model.last().copied());
            assert_eq!(numbers.count(), u64::try_from(model.len()).unwrap());
            let holes: BTreeSet<u32> =
                numbers.holes().flat_map(|(a, b)| a.get()..=b.get()).collect();
            let lacking = (1..model.last().copied().unwrap_or(1)).filter(|v| !model.contains(v));
            assert_eq!(holes, lacking.collect());
            let half: BTreeSet<u32> = model.iter().copied().filter(|v| v % 7 < 4).collect();
            let mut other = Numbers::default();
            half.iter().for_each(|v| assert!(other.add(number(*v))));
            let rest = model.difference(&half).count();
            assert_eq!(numbers.without(&other).count(), u64::try_from(rest).unwrap());
            other.merge(&numbers);
            assert_eq!(other, numbers);
            let ranges: Vec<(Number, Number)> = numbers.clone().into();
            assert_eq!(Numbers::try_from(ranges).as_ref(), Ok(&numbers));
        }
    }
}
