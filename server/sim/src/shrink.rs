//! Makes a failing schedule short: leaves out what faults, clients and operators did, as long as
//! the same promise still breaks (delta debugging).

use crate::{Outcome, Profile, Trace, Violation, World, world::Step};

/// Schedules that are run before the shortest so far is taken.
const MAX_RUNS: u64 = 4_000;

/// The shortest schedule that was found.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// What it breaks.
    pub violation: Violation,
    /// Planned steps of the whole schedule.
    pub steps: usize,
    /// Those that are left, by their positions.
    pub kept: Vec<usize>,
    /// Schedules that were run to find it.
    pub runs: u64,
}

/// Shrinks the schedule of a profile; none if it breaks nothing.
#[must_use]
pub fn shrink(profile: &Profile) -> Option<Shrunk> {
    let (outcome, steps) = World::new(profile.clone(), Trace::off()).record();
    let violation = outcome.violation?;
    let mut search = Search { profile, steps: &steps, violation, runs: 0 };
    let mut kept: Vec<usize> = (0..steps.len()).collect();
    loop {
        let before = kept.len();
        kept = search.halve(kept);
        // Whether a step is needed depends on the others.
        if kept.len() == before || search.runs >= MAX_RUNS {
            break;
        }
    }
    Some(Shrunk { violation: search.violation, steps: steps.len(), kept, runs: search.runs })
}

/// Runs the schedule of a profile with some of its planned steps only.
#[must_use]
pub fn replay(profile: &Profile, kept: &[usize], trace: Trace) -> Outcome {
    let (_, steps) = World::new(profile.clone(), Trace::off()).record();
    World::new(profile.clone(), trace).told(chosen(&steps, kept))
}

fn chosen(steps: &[Step], kept: &[usize]) -> Vec<Step> {
    kept.iter().filter_map(|at| steps.get(*at).cloned()).collect()
}

struct Search<'a> {
    profile: &'a Profile,
    steps: &'a [Step],
    /// As the shortest schedule so far breaks it.
    violation: Violation,
    runs: u64,
}

impl Search<'_> {
    /// True if these steps alone break the same promise.
    fn fails(&mut self, kept: &[usize]) -> bool {
        if self.runs >= MAX_RUNS {
            return false;
        }
        self.runs += 1;
        let world = World::new(self.profile.clone(), Trace::off());
        let violation = world.told(chosen(self.steps, kept)).violation;
        match violation.filter(|found| found.invariant == self.violation.invariant) {
            None => false,
            Some(violation) => {
                self.violation = violation;
                true
            }
        }
    }

    /// Leaves out one part after the other, in ever smaller parts.
    fn halve(&mut self, mut kept: Vec<usize>) -> Vec<usize> {
        let mut size = kept.len().div_ceil(2);
        while size > 0 {
            let mut from = 0;
            while from < kept.len() {
                let upto = kept.len().min(from + size);
                let rest = [&kept[..from], &kept[upto..]].concat();
                if self.fails(&rest) {
                    kept = rest;
                } else {
                    from = upto;
                }
            }
            size /= 2;
        }
        kept
    }
}
