//! Where a reader is in the event stream: nothing lost, nothing twice.

/// Id of a message: `<boot>-<n>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Position {
    boot: String,
    n: u64,
}

/// How a message follows the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is the next one, or the first.
    Next,
    /// It was here already, or is a tick.
    Same,
    /// Messages between are missing, or the node was started anew.
    Gap,
}

impl Position {
    /// Reads an id; anything else is no position.
    pub(super) fn parse(id: &str) -> Option<Self> {
        let (boot, n) = id.rsplit_once('-')?;
        Some(Self { boot: boot.to_owned(), n: n.parse().ok()? })
    }

    /// Moves `seen` to this position and says how far that was.
    pub(super) fn follow(self, seen: &mut Option<Self>) -> Step {
        let step = match seen {
            None => Step::Next,
            Some(before) if before.boot != self.boot => Step::Gap,
            Some(before) if self.n <= before.n => Step::Same,
            Some(before) if self.n == before.n + 1 => Step::Next,
            Some(_) => Step::Gap,
        };
        if step != Step::Same {
            *seen = Some(self);
        }
        step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_a_repeat_and_a_new_boot_are_told_apart() {
        let mut seen = None;
        let mut follow = |id: &str| Position::parse(id).unwrap().follow(&mut seen);
        let steps = ["a-b-7", "a-b-8", "a-b-8", "a-b-11", "a-b-10", "c-1", "c-2"].map(&mut follow);
        use Step::{Gap, Next, Same};
        assert_eq!(steps, [Next, Next, Same, Gap, Same, Gap, Next]);
        assert_eq!(Position::parse("7"), None);
    }
}
