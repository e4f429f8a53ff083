//! Whether a SWISH on the same store finds a commit yet.
//!
//! A running SWISH reads what was appended to `ref/head` at most once a second (spec A.4), so a page
//! that it makes earlier may show the version before.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use domain::ObjectId;

/// After this it has looked.
const LOOKS: Duration = Duration::from_millis(1_050);

/// Where a commit is on its way to SWISH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filing {
    /// It has no file yet.
    Pending,
    /// Its file and its line are there; from this time on SWISH shows it.
    Until(Instant),
    /// It was filed a while ago.
    Shown,
}

/// What was filed within the last second.
#[derive(Debug, Default)]
pub(super) struct Filed(Mutex<VecDeque<(Instant, ObjectId)>>);

impl Filed {
    /// These have got their files, and their lines in the journal.
    pub(super) fn note(&self, ids: &[ObjectId], now: Instant) {
        let mut filed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while filed.front().is_some_and(|(at, _)| now.duration_since(*at) > LOOKS) {
            filed.pop_front();
        }
        filed.extend(ids.iter().map(|id| (now, *id)));
    }

    /// `has_file` is what is known besides: an object with a synced file is kept nowhere else.
    pub(super) fn of(&self, id: &ObjectId, has_file: bool) -> Filing {
        let filed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match filed.iter().rev().find(|(_, filed)| filed == id) {
            Some((at, _)) => Filing::Until(*at + LOOKS),
            None if has_file => Filing::Shown,
            None => Filing::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filed_commit_is_shown_a_second_later() {
        let id = |digit: u8| ObjectId::from_bytes([digit; 20]);
        let (filed, start) = (Filed::default(), Instant::now());
        assert_eq!(filed.of(&id(1), false), Filing::Pending);
        filed.note(&[id(1)], start);
        // The sync comes later: its object is still in the database.
        assert_eq!(filed.of(&id(1), false), Filing::Until(start + LOOKS));
        assert_eq!(filed.of(&id(1), true), Filing::Until(start + LOOKS));
        filed.note(&[id(2)], start + LOOKS + Duration::from_millis(1));
        assert_eq!(filed.of(&id(1), true), Filing::Shown);
    }
}
