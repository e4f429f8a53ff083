//! Makes a failing schedule short: leaves out what faults, clients and operators did, as long as
//! the same promise still breaks (delta debugging).

use crate::{Kind, Outcome, Profile, Trace, Violation, World, chat, world::Step};

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
    let (outcome, plan) = Plan::of(profile);
    let (violation, steps) = (outcome.violation?, plan.len());
    let mut search = Search { profile, plan: &plan, violation, runs: 0 };
    let mut kept: Vec<usize> = (0..steps).collect();
    loop {
        let before = kept.len();
        kept = search.halve(kept);
        // Whether a step is needed depends on the others.
        if kept.len() == before || search.runs >= MAX_RUNS {
            break;
        }
    }
    Some(Shrunk { violation: search.violation, steps, kept, runs: search.runs })
}

/// Runs the schedule of a profile with some of its planned steps only.
#[must_use]
pub fn replay(profile: &Profile, kept: &[usize], trace: Trace) -> Outcome {
    Plan::of(profile).1.told(profile, kept, trace)
}

/// The planned steps of a schedule.
enum Plan {
    /// Of saves: as a whole run drew them.
    Saves(Vec<Step>),
    /// Of chat: as many, each known by its number.
    Chat(usize),
}

impl Plan {
    /// Runs a whole schedule and writes down its plan.
    fn of(profile: &Profile) -> (Outcome, Self) {
        if profile.kind == Kind::Chat {
            let (outcome, acts) = chat::record(profile);
            return (outcome, Self::Chat(acts));
        }
        let (outcome, steps) = World::new(profile.clone(), Trace::off()).record();
        (outcome, Self::Saves(steps))
    }

    const fn len(&self) -> usize {
        match self {
            Self::Saves(steps) => steps.len(),
            Self::Chat(acts) => *acts,
        }
    }

    fn told(&self, profile: &Profile, kept: &[usize], trace: Trace) -> Outcome {
        match self {
            Self::Saves(steps) => {
                let chosen = kept.iter().filter_map(|at| steps.get(*at).cloned()).collect();
                World::new(profile.clone(), trace).told(chosen)
            }
            Self::Chat(_) => chat::told(profile, kept, trace),
        }
    }
}

struct Search<'a> {
    profile: &'a Profile,
    plan: &'a Plan,
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
        let violation = self.plan.told(self.profile, kept, Trace::off()).violation;
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
