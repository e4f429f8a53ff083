//! Chat and visitors in bad weather: every promise is kept, and each rule that is broken on
//! purpose breaks one (docs/protocol.md, 6 and 7; docs/reliability.md, "Mutants").

use relay::Mutant;
use sim::{
    Counts, Profile, Trace,
    chat::mutants::{Row, TABLE},
    shrink,
};

/// Runs the schedules of these seeds and stops at the first broken promise.
fn keeps_every_promise(seeds: std::ops::Range<u64>, nodes: usize) -> Counts {
    let mut counts = Counts::default();
    for seed in seeds {
        let outcome = sim::run(Profile::chat(seed, nodes, None), Trace::off());
        if let Some(violation) = outcome.violation {
            panic!(
                "seed {seed}: {violation}\n  cargo run --release -p sim -- replay {seed} --kind \
                 chat --nodes {nodes}"
            );
        }
        counts += outcome.counts;
    }
    counts
}

#[test]
fn schedules_keep_every_promise_and_everything_happens_in_them() {
    let c = keeps_every_promise(1..401, 3);
    let seen = [
        ("crashes", c.crashes),
        ("unsynced writes lost", c.torn),
        ("wiped disks", c.wipes),
        ("cuts", c.cuts),
        ("one-way cuts", c.one_way),
        ("pauses", c.pauses),
        ("clock steps", c.clock_steps),
        ("slow syncs", c.slow_syncs),
        ("dropped", c.dropped),
        ("doubled", c.doubled),
        ("overtaken", c.overtaken),
        ("posts", c.posts),
        ("safe", c.safe),
        ("not safe", c.posts - c.safe),
        ("deliveries", c.deliveries),
        ("visits", c.visits),
    ];
    for (what, count) in seen {
        assert!(count > 100, "{what}: {count}");
    }
    assert!(c.healing_us < 15_000_000, "{c:?}");
}

#[test]
fn with_two_and_with_five_nodes() {
    keeps_every_promise(1..61, 2);
    keeps_every_promise(1..61, 5);
}

#[test]
fn one_seed_gives_one_trace() {
    for seed in 1..5 {
        let run = || sim::run(Profile::chat(seed, 3, None), Trace::on());
        let first = run();
        assert!(first.lines.len() > 100);
        assert_eq!(first, run(), "seed {seed}");
    }
}

#[test]
fn every_rule_that_is_broken_breaks_its_promise() {
    assert_eq!(TABLE.map(|row| row.mutant), Mutant::ALL);
    for row in TABLE {
        let Some(killed) = row.kill() else {
            panic!("{:?} survives {} seeds", row.mutant, row.within);
        };
        let healthy = sim::run(Profile::chat(killed.seed, 3, None), Trace::off());
        assert_eq!(healthy.violation, None, "{:?}", row.mutant);
    }
}

#[test]
fn a_failing_schedule_becomes_short() {
    let row = Row::of(Mutant::CursorBySerial).expect("the mutant has a row");
    let killed = row.kill().expect("it is killed");
    let profile = Profile::chat(killed.seed, 3, Some(Mutant::CursorBySerial));
    let shrunk = shrink::shrink(&profile).expect("it fails");
    assert!(shrunk.kept.len() < 20 && shrunk.kept.len() < shrunk.steps, "{shrunk:?}");
    let again = shrink::replay(&profile, &shrunk.kept, Trace::off());
    assert_eq!(again.violation, Some(shrunk.violation));
}
