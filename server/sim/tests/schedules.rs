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
fn one_node_against_two_holds_saves_and_operators_settle_what_came_of_it() {
    let mut counts = Counts::default();
    for seed in 1..2_501 {
        let outcome = sim::run(Profile::in_weather(Kind::Held, seed, 3, None), Trace::off());
        assert_eq!(outcome.violation, None, "seed {seed}, --kind held");
        counts += outcome.counts;
    }
    assert!(
        counts.held > 10_000 && counts.diverged > 10_000 && counts.settled > 2_000,
        "{counts:?}"
    );
}

#[test]
fn a_swish_beside_each_node_loses_nothing_and_is_led() {
    for seed in 1..1_501 {
        let outcome = sim::run(Profile::in_weather(Kind::Beside, seed, 3, None), Trace::off());
        assert_eq!(outcome.violation, None, "seed {seed}, --kind beside");
    }
}

#[test]
fn a_node_that_lost_its_disk_is_refilled_and_has_no_vote() {
    let mut wipes = 0;
    for seed in 1..1_001 {
        let profile = Profile::in_weather(Kind::Wiped, seed, 3, None);
        let outcome = sim::run(profile, Trace::off());
        assert_eq!(outcome.violation, None, "seed {seed}, --kind wiped");
        wipes += outcome.counts.wipes;
    }
    assert!(wipes > 900, "{wipes}");
}

#[test]
fn an_old_disk_is_found_out_and_does_not_vote() {
    let mut counts = Counts::default();
    for seed in 1..1_001 {
        let outcome = sim::run(Profile::in_weather(Kind::Rolled, seed, 3, None), Trace::off());
        assert_eq!(outcome.violation, None, "seed {seed}, --kind rolled");
        counts += outcome.counts;
    }
    assert!(counts.rolled > 2_000 && counts.changes > 300, "{counts:?}");
    // Each is found out, also one whose node crashed before its new life was durable.
    assert!(counts.renewed >= counts.rolled, "{counts:?}");
}

/// Five thousand schedules in which members come and go, in parts that run beside each other.
mod members_come_and_go_and_every_promise_is_kept {
    use super::{Counts, Kind, Profile, Trace};

    fn keeps(kind: Kind, seeds: std::ops::Range<u64>) -> Counts {
        let mut counts = Counts::default();
        for seed in seeds {
            let outcome = sim::run(Profile::in_weather(kind, seed, 3, None), Trace::off());
            assert_eq!(outcome.violation, None, "seed {seed}, --kind {kind:?}");
            counts += outcome.counts;
        }
        counts
    }

    #[test]
    fn first_half() {
        let counts = keeps(Kind::Members, 1..2_001);
        assert!(counts.changes > 2_000 && counts.wipes > 1_000, "{counts:?}");
    }

    #[test]
    fn second_half() {
        keeps(Kind::Members, 2_001..4_001);
    }

    #[test]
    fn turnovers() {
        keeps(Kind::Turnover, 1..1_001);
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
        counts.held,
        counts.diverged,
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
