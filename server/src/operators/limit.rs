//! How often somebody may guess: waits that double, for each name and for each address.

use std::collections::HashMap;

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Guessed {
    Name(String),
    Address(String),
}

/// Wrong passwords since the last good one.
#[derive(Clone, Copy, Debug)]
struct Guesses {
    count: u32,
    last_ms: u64,
}

/// Time until the next password is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Whole seconds, at least 1.
    pub seconds: u64,
}

/// Names and addresses that guess.
#[derive(Debug, Default)]
pub(super) struct Limits {
    guesses: HashMap<Guessed, Guesses>,
}

/// Names and addresses that are remembered; beyond, the oldest are forgotten.
const REMEMBERED: usize = 10_000;
/// After so long without a guess nothing is held against anybody.
const FORGOTTEN_AFTER_MS: u64 = 24 * 60 * 60 * 1_000;
/// Longest name that is remembered as it is.
const NAME_BYTES: usize = 128;

impl Guessed {
    /// Guesses without a wait.
    const fn free(&self) -> u32 {
        match self {
            Self::Name(_) => 5,
            Self::Address(_) => 20,
        }
    }

    /// Longest wait. Short for an address: behind a proxy it is everybody's.
    const fn longest_ms(&self) -> u64 {
        match self {
            Self::Name(_) => 15 * 60 * 1_000,
            Self::Address(_) => 60 * 1_000,
        }
    }
}

impl Limits {
    /// The longer of both waits.
    pub(super) fn wait(&self, name: &str, address: &str, now_ms: u64) -> Option<Wait> {
        let waits = both(name, address).map(|guessed| self.wait_of(&guessed, now_ms));
        let longest = waits.into_iter().max().unwrap_or(0);
        (longest > 0).then(|| Wait { seconds: longest.div_ceil(1_000) })
    }

    /// Counts a guess for both.
    pub(super) fn note(&mut self, name: &str, address: &str, now_ms: u64) {
        self.make_room(now_ms);
        for guessed in both(name, address) {
            let guesses = self.guesses.entry(guessed).or_insert(Guesses { count: 0, last_ms: 0 });
            guesses.count = guesses.count.saturating_add(1);
            guesses.last_ms = now_ms;
        }
    }

    /// The password was right. The address keeps what others were guessed from it.
    pub(super) fn forgive(&mut self, name: &str, address: &str) {
        let [name, address] = both(name, address);
        self.guesses.remove(&name);
        if let Some(guesses) = self.guesses.get_mut(&address) {
            guesses.count = guesses.count.saturating_sub(1);
        }
    }

    fn wait_of(&self, guessed: &Guessed, now_ms: u64) -> u64 {
        let Some(guesses) = self.guesses.get(guessed) else { return 0 };
        let since = now_ms.saturating_sub(guesses.last_ms);
        let Some(over) = guesses.count.checked_sub(guessed.free()) else { return 0 };
        if since > FORGOTTEN_AFTER_MS {
            return 0;
        }
        let wait = 1_000_u64.saturating_mul(1 << over.min(20)).min(guessed.longest_ms());
        wait.saturating_sub(since)
    }

    fn make_room(&mut self, now_ms: u64) {
        if self.guesses.len() + 2 <= REMEMBERED {
            return;
        }
        self.guesses
            .retain(|_, guesses| now_ms.saturating_sub(guesses.last_ms) <= FORGOTTEN_AFTER_MS);
        while self.guesses.len() + 2 > REMEMBERED {
            let oldest = self.guesses.iter().min_by_key(|(_, guesses)| guesses.last_ms);
            let Some(oldest) = oldest.map(|(guessed, _)| guessed.clone()) else { return };
            self.guesses.remove(&oldest);
        }
    }
}

fn both(name: &str, address: &str) -> [Guessed; 2] {
    let name: String = name.trim().to_lowercase().chars().take(NAME_BYTES).collect();
    [Guessed::Name(name), Guessed::Address(address.to_owned())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_for_a_name_double_up_to_a_quarter_of_an_hour() {
        let mut limits = Limits::default();
        let mut waits = Vec::new();
        for number in 0..18 {
            // Each from another address.
            waits.push(limits.wait("ann", "x", 0).map_or(0, |wait| wait.seconds));
            limits.note("Ann ", &number.to_string(), 0);
        }
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        assert_eq!(limits.wait("ann", "x", 899_001).map(|wait| wait.seconds), Some(1));
        assert_eq!(limits.wait("ann", "x", 900_000), None);
        assert_eq!(limits.wait("ben", "x", 0), None);
    }

    #[test]
    fn one_address_cannot_try_one_password_on_every_name() {
        let mut limits = Limits::default();
        for number in 0..40 {
            limits.note(&format!("name{number}"), "10.0.0.7", 0);
        }
        assert_eq!(limits.wait("another", "10.0.0.7", 0).map(|wait| wait.seconds), Some(60));
        assert_eq!(limits.wait("another", "10.0.0.8", 0), None);
    }

    #[test]
    fn a_good_password_clears_the_name_and_memory_is_bounded() {
        let mut limits = Limits::default();
        (0..9).for_each(|_| limits.note("ann", "a", 0));
        limits.forgive("ann", "a");
        assert_eq!(limits.wait("ann", "a", 0), None);
        for number in 0..10_000_u64 {
            limits.note(&number.to_string(), "a", number);
        }
        assert!(limits.guesses.len() <= REMEMBERED);
    }
}
