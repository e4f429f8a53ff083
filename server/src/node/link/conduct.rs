//! How a peer behaves, and when that is enough: its connections are closed, and refused for a while.
//!
//! An honest peer makes no such points, or few: a newer one may say a word a second that this node
//! does not know. So what counts is how many come in a short time.

use std::time::Duration;

use tokio::time::Instant;

/// Points at which a peer is cut off.
const ENOUGH: u32 = 200;
/// One point is forgotten in this time.
const FORGIVEN_IN: Duration = Duration::from_millis(500);
/// A peer that was cut off may link again after this: it may have been repaired.
const CUT_OFF_FOR: Duration = Duration::from_secs(60);

/// What no peer of this version does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offence {
    /// A frame that cannot be decoded.
    Undecodable,
    /// Bytes that are not sealed as they should be, or a frame without end.
    Malformed,
    /// An answer that nobody asked for.
    Unasked,
    /// An object whose bytes are not those of its hash.
    WrongBytes,
}

impl Offence {
    const fn points(self) -> u32 {
        match self {
            Self::Undecodable | Self::Unasked => 1,
            Self::WrongBytes => 20,
            Self::Malformed => 100,
        }
    }
}

impl From<cluster::Offence> for Offence {
    fn from(offence: cluster::Offence) -> Self {
        match offence {
            cluster::Offence::Unasked => Self::Unasked,
            cluster::Offence::WrongBytes => Self::WrongBytes,
        }
    }
}

/// What is held against one peer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Conduct {
    points: u32,
    /// When points were last forgotten.
    looked: Option<Instant>,
    cut_off_until: Option<Instant>,
}

impl Conduct {
    /// Notes an offence; true if that was one too many, once.
    pub(super) fn offend(&mut self, now: Instant, offence: Offence) -> bool {
        if self.is_cut_off(now) {
            return false;
        }
        self.forgive(now);
        self.points = self.points.saturating_add(offence.points());
        if self.points < ENOUGH {
            return false;
        }
        *self = Self { cut_off_until: Some(now + CUT_OFF_FOR), ..Self::default() };
        true
    }

    pub(super) fn is_cut_off(&self, now: Instant) -> bool {
        self.cut_off_until.is_some_and(|until| now < until)
    }

    fn forgive(&mut self, now: Instant) {
        let since = *self.looked.get_or_insert(now);
        let forgiven = now.saturating_duration_since(since).as_millis() / FORGIVEN_IN.as_millis();
        if forgiven > 0 {
            let forgiven = u32::try_from(forgiven).unwrap_or(u32::MAX);
            self.points = self.points.saturating_sub(forgiven);
            self.looked = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_at_once_are_too_many_and_a_few_for_ever_are_not() {
        let begin = Instant::now();
        let mut flood = Conduct::default();
        let cut = (0..300).filter(|_| flood.offend(begin, Offence::Unasked)).count();
        assert_eq!(cut, 1);
        assert!(flood.is_cut_off(begin) && !flood.is_cut_off(begin + CUT_OFF_FOR));
        let mut newer = Conduct::default();
        for second in 0..3_600 {
            assert!(!newer.offend(begin + Duration::from_secs(second), Offence::Undecodable));
        }
    }

    #[test]
    fn wrong_bytes_count_more_than_words_that_are_not_known() {
        let begin = Instant::now();
        let until = |offence| {
            let mut conduct = Conduct::default();
            1 + (0..).take_while(|_| !conduct.offend(begin, offence)).count()
        };
        let all = [Offence::Undecodable, Offence::Unasked, Offence::WrongBytes, Offence::Malformed];
        assert_eq!(all.map(until), [200, 200, 10, 2]);
    }
}
