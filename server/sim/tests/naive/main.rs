//! The old plan taken literally loses data: each trace breaks its promise there, and the core keeps
//! it under the same script (docs/protocol.md, 10).

mod procedure;
mod world;

use cluster::Mutant;
use procedure::{Majority, Rules};
use sim::{Profile, Scene, Trace};
use world::broken;

use Scene::{Block, Delay, Die, Lose, Pause, Save, StepClock, Unblock};

/// The plan as it was meant: a majority of all, a lock that expires, accepts that are durable.
const MEANT: Rules = Rules {
    majority: Majority::OfAll,
    lock_ms: Some(500),
    syncs: true,
    carries: true,
    fast_forward_only: false,
};
const HOUR_MS: u64 = 3_600_000;
/// Schedules of the core for one script, each with other delays.
const SEEDS: u64 = 40;

/// The script breaks the promise of the old plan.
#[track_caller]
fn breaks(promise: &str, nodes: usize, rules: Rules, script: &[(u64, Scene)]) {
    let broken = broken(nodes, rules, script);
    assert!(broken.contains(promise), "{promise} is kept, broken are {broken:?}");
}

/// The core keeps all promises, whichever moment of its rounds the script meets, and decides so
/// many saves at least.
#[track_caller]
fn core_keeps(nodes: usize, script: &[(u64, Scene)], least: u64) {
    for seed in 1..=SEEDS {
        let outcome = sim::run(Profile::script(nodes, script, seed, None), Trace::on());
        let lines = outcome.lines.join("\n");
        assert_eq!(outcome.violation, None, "seed {seed}\n{lines}");
        let commits = outcome.counts.commits;
        assert!(commits >= least, "seed {seed}: {commits} commits were decided\n{lines}");
    }
}

/// The script shows it when this rule of the core is broken too.
#[track_caller]
fn core_breaks(mutant: Mutant, script: &[(u64, Scene)]) {
    let profile = |seed| Profile::script(3, script, seed, Some(mutant));
    let broken = |seed| sim::run(profile(seed), Trace::off()).violation.is_some();
    assert!((1..=SEEDS).any(broken), "{mutant:?} survives the script");
}

/// The first node on one side, all others on the other.
fn alone(at: u64) -> Vec<(u64, Scene)> {
    [(0, 1), (0, 2), (1, 0), (2, 0)].map(|(from, to)| (at, Block(from, to))).to_vec()
}

fn together(at: u64) -> Vec<(u64, Scene)> {
    [(0, 1), (0, 2), (1, 0), (2, 0)].map(|(from, to)| (at, Unblock(from, to))).to_vec()
}

#[test]
fn without_a_fault_one_save_after_the_other_is_what_the_old_plan_is_for() {
    let script = [(2_100, Save(0)), (2_300, Save(1)), (2_500, Save(2)), (2_700, Save(0))];
    assert!(broken(3, MEANT, &script).is_empty());
    core_keeps(3, &script, 4);
}

#[test]
fn h1_majorities_of_the_reachable_decide_two_heads() {
    let script = [alone(2_050), vec![(2_100, Save(0)), (2_100, Save(1))], together(6_000)].concat();
    let rules = Rules { majority: Majority::OfReachable, ..MEANT };
    breaks("P1", 3, rules, &script);
    let of_all = Rules { fast_forward_only: true, ..MEANT };
    assert!(!broken(3, of_all, &script).contains("P1"), "it is what the majority is of");
    core_keeps(3, &script, 1);
    core_breaks(Mutant::MinorityQuorum, &script);
}

/// The proposer has counted the accepts, and what it says then does not arrive before the locks
/// expire.
#[test]
fn h2_a_lock_expires_before_the_new_head_arrives() {
    let cut = [(2_107, Block(0, 1)), (2_107, Block(0, 2))];
    let mended = [(4_500, Unblock(0, 1)), (4_500, Unblock(0, 2))];
    let script = [&[(2_100, Save(0))], &cut[..], &[(2_700, Save(1))], &mended].concat();
    breaks("P1", 3, MEANT, &script);
    core_keeps(3, &script, 1);
    core_breaks(Mutant::OwnValue, &script);
}

/// The accepts wait for a proposer that stands still for longer than its locks hold.
#[test]
fn h3_a_proposer_stands_still_for_longer_than_its_locks() {
    let script = [(2_100, Save(0)), (2_107, Pause(0, 1_000)), (2_700, Save(1))];
    breaks("P1", 3, MEANT, &script);
    let patient = Rules { lock_ms: Some(2_000), ..MEANT };
    assert!(!broken(3, patient, &script).contains("P1"), "it is the lock that expires");
    core_keeps(3, &script, 1);
    core_breaks(Mutant::OwnValue, &script);
}

/// Two saves on one parent and no fault: the one that was decided is not known to the majority
/// that is asked for the other.
#[test]
fn h4_the_head_of_a_majority_overwrites_an_acknowledged_save() {
    let slow = [(2_107, Delay(0, 2, 5)), (2_130, Delay(0, 2, 0))];
    let script = [&[(2_100, Save(0)), (2_100, Save(1))], &slow[..]].concat();
    breaks("P3", 3, MEANT, &script);
    core_keeps(3, &script, 1);
    core_breaks(Mutant::OwnValue, &script);
}

/// A new head overtakes the one before it.
#[test]
fn h4b_new_heads_in_another_order_drop_a_decided_commit() {
    let slow = [(2_107, Delay(0, 2, 60)), (2_115, Delay(0, 2, 0))];
    let script = [&[(2_100, Save(0))], &slow[..], &[(2_120, Save(1))]].concat();
    breaks("P2", 3, MEANT, &script);
    core_keeps(3, &script, 1);
    core_breaks(Mutant::OverwriteHead, &script);
}

/// The proposer loses its disk before anybody has fetched what was decided.
#[test]
fn h5_an_accept_of_a_hash_decides_what_one_disk_has() {
    let cut = [(2_107, Block(0, 1)), (2_107, Block(0, 2)), (2_109, Lose(0))];
    let mended = [(4_500, Unblock(0, 1)), (4_500, Unblock(0, 2))];
    let script = [&[(2_100, Save(0))], &cut[..], &mended].concat();
    breaks("P4", 3, Rules { carries: false, ..MEANT }, &script);
    assert!(!broken(3, MEANT, &script).contains("P4"));
    core_keeps(3, &script, 0);
}

/// Two nodes, each locked by its own proposal, refuse each other and start again.
#[test]
fn h6_one_against_one_restarts_for_ever() {
    let script = [(2_100, Save(0)), (2_100, Save(1))];
    breaks("P5", 2, MEANT, &script);
    core_keeps(2, &script, 1);
}

/// The proposer dies, and nobody ever takes its locks away.
#[test]
fn h7_locks_that_never_expire_block_after_a_crash() {
    let script = [(2_100, Save(0)), (2_107, Die(0)), (3_000, Save(1))];
    breaks("P5", 3, Rules { lock_ms: None, ..MEANT }, &script);
    assert!(!broken(3, MEANT, &script).contains("P5"));
    core_keeps(3, &script, 1);
}

/// Two heads of one parent, and everybody waits for the other to follow.
#[test]
fn h8_fast_forward_only_never_converges() {
    let script = [alone(2_050), vec![(2_100, Save(0)), (2_100, Save(1))], together(6_000)].concat();
    let rules = Rules { majority: Majority::OfReachable, fast_forward_only: true, ..MEANT };
    breaks("P5", 3, rules, &script);
    core_keeps(3, &script, 1);
}

/// Everybody reports, and it is enough that one lock expires.
#[test]
fn h10_all_report_and_one_lock_expires() {
    let first = [(2_100, Save(0)), (2_103, Delay(0, 1, 600)), (2_107, Block(0, 2))];
    let then = [(2_690, Delay(0, 1, 0)), (2_700, Save(1)), (4_500, Unblock(0, 2))];
    let script = [first, then].concat();
    breaks("P1", 3, Rules { majority: Majority::AllReport, ..MEANT }, &script);
    core_keeps(3, &script, 1);
}

/// The acceptors' clocks go forward by an hour, and with them the end of the lock.
///
/// The links are mended between two attempts of the second save: else it would be H4.
#[test]
fn h12_a_clock_step_ends_a_lock() {
    let cut = [(2_107, Block(0, 1)), (2_107, Block(0, 2))];
    let steps = [(2_110, StepClock(1, HOUR_MS)), (2_110, StepClock(2, HOUR_MS))];
    let mended = [(2_308, Unblock(0, 1)), (2_308, Unblock(0, 2))];
    let save = [(2_100, Save(0))];
    let script = [&save[..], &cut, &steps, &[(2_111, Save(1))], &mended].concat();
    breaks("P1", 3, MEANT, &script);
    let steady: Vec<_> =
        script.iter().filter(|(_, s)| !matches!(s, StepClock(..))).copied().collect();
    assert!(!broken(3, MEANT, &steady).contains("P1"), "it is the clock");
    core_keeps(3, &script, 1);
}

/// An acceptor dies and has forgotten what it accepted.
#[test]
fn amnesia_decides_two_heads() {
    let cut = [(2_103, Block(0, 1)), (2_107, Block(0, 2)), (2_108, Die(2))];
    let mended = [(4_504, Unblock(0, 1)), (4_504, Unblock(0, 2))];
    let script = [&[(2_100, Save(0))], &cut[..], &[(2_150, Save(1))], &mended].concat();
    breaks("P1", 3, Rules { syncs: false, lock_ms: None, ..MEANT }, &script);
    assert!(!broken(3, Rules { lock_ms: None, ..MEANT }, &script).contains("P1"));
    core_keeps(3, &script, 1);
    core_breaks(Mutant::NoSyncBeforePromise, &script);
}
