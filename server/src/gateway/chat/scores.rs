//! Scores that rise with what somebody does and halve with time, as SWISH's flood control has them.

use std::sync::Arc;

use quick_cache::sync::Cache;

/// One doing, in points.
const POINTS: f64 = 10.0;
/// Time in which a score halves, in milliseconds.
const HALF_LIFE_MS: f64 = 60_000.0;

/// Scores by name; the least used of too many are forgotten. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Scores {
    scores: Arc<Cache<String, (f64, u64)>>,
    limit: f64,
}

impl Scores {
    /// Scores of at most `names`, which may not exceed `limit` points.
    pub(super) fn new(names: usize, limit: f64) -> Self {
        Self { scores: Arc::new(Cache::new(names)), limit }
    }

    /// Counts one doing; false if that was too many. It counts all the same.
    pub(super) fn count(&self, name: &str, now_ms: u64) -> bool {
        let score = self.score(name, now_ms) + POINTS;
        self.scores.insert(name.to_owned(), (score, now_ms));
        score <= self.limit
    }

    /// True if one more would not be too many, for whoever may have `share` of the limit.
    pub(super) fn has_room(&self, name: &str, share: f64, now_ms: u64) -> bool {
        self.score(name, now_ms) + POINTS <= self.limit * share
    }

    /// Forgets what somebody did.
    pub(super) fn clear(&self, name: &str) {
        self.scores.remove(name);
    }

    fn score(&self, name: &str, now_ms: u64) -> f64 {
        let Some((score, at)) = self.scores.get(name) else { return 0.0 };
        let gone = u32::try_from(now_ms.saturating_sub(at)).unwrap_or(u32::MAX);
        score * (-f64::from(gone) / HALF_LIFE_MS).exp2()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_in_quick_succession_is_too_many() {
        let scores = Scores::new(10, 50.0);
        let counted: Vec<bool> = (0..6).map(|at| scores.count("a", at)).collect();
        assert_eq!(counted, [true, true, true, true, true, false]);
        assert!(scores.count("b", 6));
        assert!(!scores.has_room("a", 1.0, 30_000) && scores.has_room("a", 1.0, 40_000));
        scores.clear("a");
        assert!(scores.count("a", 6));
    }

    #[test]
    fn a_share_is_less_room() {
        let scores = Scores::new(10, 40.0);
        assert!(scores.count("a", 0) && scores.count("a", 0));
        assert!(scores.has_room("a", 1.0, 0) && !scores.has_room("a", 0.5, 0));
    }
}
