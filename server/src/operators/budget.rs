//! How many refused logins are written: whoever guesses must not fill the disks of all nodes.

/// Entries at once.
const AT_ONCE: u64 = 60;
/// Time in which one more may be written.
const EVERY_MS: u64 = 60 * 1_000;

/// What is left of it.
#[derive(Debug)]
pub(super) struct Budget {
    left: u64,
    counted_ms: u64,
    unwritten: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: AT_ONCE, counted_ms: 0, unwritten: 0 }
    }
}

impl Budget {
    /// Whether one more may be written, with how many were not since the last one.
    pub(super) fn take(&mut self, now_ms: u64) -> Option<u64> {
        let more = now_ms.saturating_sub(self.counted_ms) / EVERY_MS;
        if more > 0 {
            self.left = self.left.saturating_add(more).min(AT_ONCE);
            self.counted_ms = now_ms;
        }
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Some(std::mem::take(&mut self.unwritten))
            }
            None => {
                self.unwritten = self.unwritten.saturating_add(1);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_and_not_written() {
        let mut budget = Budget::default();
        let written = (0..1_000).filter(|_| budget.take(1).is_some()).count();
        assert_eq!(written, 60);
        assert_eq!(budget.take(60_001), Some(940));
        assert_eq!(budget.take(60_002), None);
    }
}
