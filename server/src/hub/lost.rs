//! Pages that were lost, and what they had seen: kept for a while, so that they can go on.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use relay::Wsid;

use super::Cursors;

/// How long a lost page may take to come back.
const KEPT: Duration = Duration::from_secs(15 * 60);
/// Lost pages that are known; of more the oldest are forgotten.
const MAX_LOST: usize = 20_000;

/// Lost pages.
#[derive(Debug, Default)]
pub(super) struct Lost {
    pages: BTreeMap<Wsid, (u64, Cursors)>,
    /// In the order they were lost.
    order: VecDeque<(Instant, u64, Wsid)>,
    number: u64,
}

impl Lost {
    /// Keeps what a page has seen.
    pub(super) fn keep(&mut self, now: Instant, wsid: Wsid, cursors: Cursors) {
        self.number += 1;
        self.pages.insert(wsid.clone(), (self.number, cursors));
        self.order.push_back((now, self.number, wsid));
        self.forget(now);
    }

    /// What a page that comes back has seen.
    pub(super) fn take(&mut self, now: Instant, wsid: &Wsid) -> Option<Cursors> {
        self.forget(now);
        self.pages.remove(wsid).map(|(_, cursors)| cursors)
    }

    fn forget(&mut self, now: Instant) {
        let is_old = |since: &Instant| now.saturating_duration_since(*since) >= KEPT;
        while let Some((since, number, wsid)) = self.order.front()
            && (is_old(since) || self.order.len() > MAX_LOST)
        {
            if self.pages.get(wsid).is_some_and(|(kept, _)| kept == number) {
                self.pages.remove(wsid);
            }
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wsid(number: usize) -> Wsid {
        Wsid::new(&format!("w-{number}")).unwrap()
    }

    #[test]
    fn a_lost_page_is_known_for_a_quarter_of_an_hour() {
        let (mut lost, begin) = (Lost::default(), Instant::now());
        lost.keep(begin, wsid(1), Cursors::default());
        lost.keep(begin, wsid(2), Cursors::default());
        assert!(lost.take(begin + KEPT / 2, &wsid(1)).is_some());
        assert!(lost.take(begin + KEPT / 2, &wsid(1)).is_none());
        // Lost again: counted from then.
        lost.keep(begin + KEPT / 2, wsid(1), Cursors::default());
        assert!(lost.take(begin + KEPT, &wsid(2)).is_none());
        assert!(lost.take(begin + KEPT, &wsid(1)).is_some());
    }

    #[test]
    fn of_too_many_the_oldest_are_forgotten() {
        let (mut lost, now) = (Lost::default(), Instant::now());
        (0..=MAX_LOST).for_each(|number| lost.keep(now, wsid(number), Cursors::default()));
        assert!(lost.take(now, &wsid(0)).is_none());
        assert!(lost.take(now, &wsid(1)).is_some());
        // Coming and going does not fill the memory either.
        (0..MAX_LOST * 3).for_each(|_| lost.keep(now, wsid(7), Cursors::default()));
        assert!(lost.order.len() <= MAX_LOST && lost.pages.len() <= MAX_LOST);
    }
}
