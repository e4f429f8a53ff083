//! A schedule as the rest of the simulator runs it: whole, or with some of its acts only.

use super::{Act, Profile, World};
use crate::{Outcome, Trace};

fn profile(profile: &crate::Profile) -> Profile {
    Profile::of(profile.seed, profile.nodes, profile.relay)
}

/// Runs a whole schedule.
pub(crate) fn run(of: &crate::Profile, trace: Trace) -> Outcome {
    let profile = profile(of);
    let acts = profile.plan();
    World::new(profile, acts, trace).run()
}

/// How many acts a schedule has.
pub(crate) fn record(of: &crate::Profile) -> (Outcome, usize) {
    (run(of, Trace::off()), profile(of).plan().len())
}

/// Runs a schedule with some of its acts only.
pub(crate) fn told(of: &crate::Profile, kept: &[usize], trace: Trace) -> Outcome {
    let profile = profile(of);
    let acts: Vec<Act> = profile.plan();
    let acts = kept.iter().filter_map(|at| acts.get(*at).copied()).collect();
    World::new(profile, acts, trace).run()
}
