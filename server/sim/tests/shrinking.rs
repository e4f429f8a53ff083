//! A schedule that breaks a promise is made short, and breaks the same promise still.

use cluster::Mutant;
use sim::{
    Profile, Trace,
    mutants::Row,
    shrink::{replay, shrink},
};

/// Shrinks the first schedule that shows a mutant.
fn shrinks(mutant: Mutant) {
    let row = Row::of(mutant).expect("the mutant has a row");
    let killed = row.kill().expect("the mutant is killed");
    let profile = row.profile(killed.seed);
    let shrunk = shrink(&profile).expect("the schedule fails");
    assert_eq!(shrunk.violation.invariant, killed.violation.invariant);
    assert!(shrunk.kept.len() < shrunk.steps, "{shrunk:?}");
    let again = replay(&profile, &shrunk.kept, Trace::on());
    assert_eq!(again.violation, Some(shrunk.violation.clone()));
    let whole = sim::run(profile.clone(), Trace::on());
    assert!(again.lines.len() < whole.lines.len(), "{shrunk:?}");
    // Nothing more can be left out.
    for at in 0..shrunk.kept.len() {
        let mut fewer = shrunk.kept.clone();
        fewer.remove(at);
        let violation = replay(&profile, &fewer, Trace::off()).violation;
        assert_ne!(violation.map(|it| it.invariant), Some(shrunk.violation.invariant), "{at}");
    }
}

#[test]
fn few_steps_are_left_of_a_proposer_that_proposes_its_own() {
    shrinks(Mutant::OwnValue);
}

#[test]
fn few_steps_are_left_of_an_accept_that_was_counted_early() {
    shrinks(Mutant::OwnAcceptEarly);
}

#[test]
fn few_steps_are_left_of_a_wiped_member_that_votes() {
    shrinks(Mutant::WipedMemberVotes);
}

#[test]
fn what_breaks_nothing_is_not_shrunk() {
    assert!(shrink(&Profile::of(1, 3, None)).is_none());
}

/// Told every planned step, a schedule is the same again, in every weather.
#[test]
fn all_steps_give_the_same_trace() {
    for seed in 1..=20 {
        let profile = Profile::of(seed, 3, None);
        let first = sim::run(profile.clone(), Trace::on());
        let all: Vec<usize> = (0..100_000).collect();
        assert_eq!(replay(&profile, &all, Trace::on()), first, "seed {seed}");
    }
}
