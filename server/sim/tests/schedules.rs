//! Random schedules of the real core: every promise is kept, in each of them.
//!
//! Twenty thousand in all, in parts that run beside each other.

use sim::{Counts, Kind, Profile, Trace};

/// Runs the schedules of these seeds and stops at the first broken promise.
fn keeps_every_promise(seeds: std::ops::Range<u64>, nodes: usize) -> Counts {
    let mut counts = Counts::default();
    for seed in seeds {
        let outcome = sim::run(Profile::of(seed, nodes, None), Trace::off());
        if let Some(violation) = outcome.violation {
            let nodes = if nodes == 3 { String::new() } else { format!(" --nodes {nodes}") };
            panic!(
                "seed {seed}: {violation}\n  cargo run --release -p sim -- replay {seed}{nodes}"
            );
        }
        counts += outcome.counts;
    }
    counts
}

mod twenty_thousand_schedules_keep_every_promise {
    use super::keeps_every_promise;

    #[test]
    fn first_quarter() {
        keeps_every_promise(1..4_751, 3);
    }

    #[test]
    fn second_quarter() {
        keeps_every_promise(4_751..9_501, 3);
    }

    #[test]
    fn third_quarter() {
        keeps_every_promise(9_501..14_251, 3);
    }

    #[test]
    fn last_quarter() {
        keeps_every_promise(14_251..19_001, 3);
    }

    #[test]
    fn with_five_nodes() {
        keeps_every_promise(1..1_001, 5);
    }
}

#[test]
fn nodes_that_were_away_catch_up_on_many_files() {
    for seed in 1..301 {
        let profile = Profile::in_weather(Kind::Rejoin, seed, 3, None);
        let outcome = sim::run(profile, Trace::off());
        assert_eq!(outcome.violation, None, "seed {seed}, --kind rejoin");
    }
}

#[test]
fn faults_and_every_outcome_do_occur() {
    let counts = keeps_every_promise(1..101, 3);
    let seen = [
        counts.crashes,
        counts.cuts,
        counts.pauses,
        counts.decided,
        counts.waiting,
        counts.conflicts,
        counts.refused,
    ];
    assert!(seen.iter().all(|count| *count > 50), "{counts:?}");
}

#[test]
fn one_seed_gives_one_trace() {
    for seed in 1..15 {
        let run = || sim::run(Profile::of(seed, 3, None), Trace::on());
        let first = run();
        assert!(first.lines.len() > 100);
        assert_eq!(first, run(), "seed {seed}");
    }
}

#[test]
fn every_weather_can_be_chosen() {
    for kind in Kind::ALL {
        let profile = Profile::in_weather(kind, 7, 3, None);
        assert_eq!(profile.kind, kind);
        assert_eq!(sim::run(profile, Trace::off()).violation, None);
    }
}

#[test]
fn what_people_did_is_on_every_node_once() {
    let mut deeds = 0;
    for seed in 1..301 {
        let profile = Profile::in_weather(Kind::Deeds, seed, 3, None);
        let outcome = sim::run(profile, Trace::off());
        assert_eq!(outcome.violation, None, "seed {seed}, --kind deeds");
        deeds += outcome.counts.deeds;
    }
    assert!(deeds > 3_000, "{deeds}");
}
