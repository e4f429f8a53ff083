//! How fast a catch-up goes: objects a second, over the last few looks.

use std::collections::VecDeque;

use cluster::CatchUp;
use domain::Millis;

/// Looks that count: five seconds, at two a second.
const LOOKS: usize = 10;

/// A catch-up under way, as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct CatchUpView {
    /// What the core says of it; its times are milliseconds since the start of the program.
    pub status: CatchUp,
    /// Objects a second, lately.
    pub per_second: f64,
}

/// What came in until when.
#[derive(Debug, Default)]
pub(super) struct Pace(VecDeque<(Millis, u64)>);

impl Pace {
    /// Looks at a catch-up; none ends the last one.
    pub(super) fn look(&mut self, now: Millis, status: Option<CatchUp>) -> Option<CatchUpView> {
        let Some(status) = status else {
            self.0.clear();
            return None;
        };
        if self.0.back().is_some_and(|(_, before)| *before > status.arrived) {
            self.0.clear();
        }
        let (since, before) = self.0.front().copied().unwrap_or((status.began, 0));
        self.0.push_back((now, status.arrived));
        if self.0.len() > LOOKS {
            self.0.pop_front();
        }
        let arrived = u32::try_from(status.arrived.saturating_sub(before)).unwrap_or(u32::MAX);
        let ms = u32::try_from(now.since(since).0).unwrap_or(u32::MAX).max(1);
        let per_second = f64::from(arrived) * 1_000.0 / f64::from(ms);
        Some(CatchUpView { status, per_second })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(arrived: u64) -> Option<CatchUp> {
        let (began, from) = (Millis(1_000), Vec::new());
        let (heads, wanted, missing, waiting) = (1, 9_000, 0, None);
        Some(CatchUp { began, heads, wanted, arrived, missing, from, waiting })
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let mut pace = Pace::default();
        let rate = |view: Option<CatchUpView>| view.map(|view| view.per_second);
        assert_eq!(rate(pace.look(Millis(2_000), status(500))), Some(500.0));
        assert_eq!(rate(pace.look(Millis(2_500), status(600))), Some(200.0));
        assert_eq!(pace.look(Millis(3_000), None), None);
        assert_eq!(rate(pace.look(Millis(3_000), status(10))), Some(5.0));
    }
}
