//! Random schedules of the real core: every promise is kept, in each of them.
//!
//! Twenty thousand in all, in parts that run beside each other. Each part goes round through all
//! weathers, so every one of them has a thousand schedules or two.

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

/// In parts, because each test is a process of its own.
mod twenty_thousand_schedules_keep_every_promise {
    use super::keeps_every_promise;

    macro_rules! parts {
        ($($name:ident: $first:literal;)*) => {
            $(#[test]
            fn $name() {
                keeps_every_promise($first..$first + 1_900, 3);
            })*
        };
    }

    parts! {
        part_0: 1;
        part_1: 1_901;
        part_2: 3_801;
        part_3: 5_701;
        part_4: 7_601;
        part_5: 9_501;
        part_6: 11_401;
        part_7: 13_301;
        part_8: 15_201;
        part_9: 17_101;
    }

    #[test]
    fn with_five_nodes() {
        keeps_every_promise(1..1_001, 5);
    }
}

/// What a weather is there for does happen in it, and every promise is kept.
fn happens_in(kind: Kind, seeds: u64, enough: fn(&Counts) -> bool) {
    let mut counts = Counts::default();
    for seed in 1..=seeds {
        let outcome = sim::run(Profile::in_weather(kind, seed, 3, None), Trace::off());
        assert_eq!(outcome.violation, None, "seed {seed}, --kind {kind:?}");
        counts += outcome.counts;
    }
    assert!(enough(&counts), "--kind {kind:?}: {counts:?}");
}

#[test]
fn one_node_against_two_holds_saves_and_operators_settle_what_came_of_it() {
    happens_in(Kind::Held, 100, |c| c.held > 400 && c.diverged > 400 && c.settled > 80);
}

#[test]
fn a_swish_saves_by_itself_and_its_saves_diverge() {
    happens_in(Kind::Beside, 40, |c| c.swish > 400 && c.diverged > 200);
}

#[test]
fn a_node_loses_its_disk() {
    happens_in(Kind::Wiped, 100, |c| c.wipes > 90);
}

#[test]
fn old_disks_come_back_and_are_found_out() {
    // Each is found out, also one whose node crashed before its new life was durable.
    happens_in(Kind::Rolled, 60, |c| c.rolled > 80 && c.renewed >= c.rolled);
}

#[test]
fn a_majority_is_lost_one_founds_anew_and_the_lost_ones_come_back() {
    happens_in(Kind::Anew, 60, |c| {
        c.anew == 60 && c.left > 110 && c.wipes > 30 && c.changes > 120 && c.diverged > 200
    });
}

#[test]
fn members_come_and_go() {
    happens_in(Kind::Members, 60, |c| c.changes > 30 && c.wipes > 15);
    happens_in(Kind::Turnover, 60, |c| c.changes > 30);
}

#[test]
fn people_do_things_that_the_audit_keeps() {
    happens_in(Kind::Deeds, 60, |c| c.deeds > 600);
}

#[test]
fn clocks_step_disks_are_slow_and_nodes_stand_still() {
    happens_in(Kind::Rough, 60, |c| {
        c.clock_steps > 100 && c.slow_syncs > 100 && c.pauses > 100 && c.one_way > 100
    });
}

#[test]
fn faults_and_every_outcome_do_occur() {
    let c = keeps_every_promise(1..101, 3);
    let seen = [
        ("crashes", c.crashes),
        ("unsynced writes lost", c.torn),
        ("cuts", c.cuts),
        ("one-way cuts", c.one_way),
        ("pauses", c.pauses),
        ("slow syncs", c.slow_syncs),
        ("dropped", c.dropped),
        ("doubled", c.doubled),
        ("overtaken", c.overtaken),
        ("late", c.late),
        ("decided", c.decided),
        ("held", c.held),
        ("diverged", c.diverged),
        ("conflicts", c.conflicts),
        ("refused", c.refused),
    ];
    for (what, count) in seen {
        assert!(count > 50, "{what}: {count}");
    }
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
