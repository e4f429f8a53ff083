//! The small stories, looked at in every order of events; and every rule that is broken on purpose
//! is seen in one of them.

use std::collections::BTreeSet;

use cluster::Mutant;
use models::{HUNTS, Hunt, NOT_HUNTED, Order, Outcome, Search};

/// Every state is looked at, no promise is broken, and what the story is about happens in it.
fn holds(name: &str) -> Outcome {
    let story = models::story(name).expect("a story of this name");
    let wants: BTreeSet<_> = story.wants.iter().copied().collect();
    let search = Search { order: Order::Deep, steps: usize::MAX, threads: 1 };
    let outcome = models::search(story, search);
    assert_eq!(outcome.broken, None);
    assert!(outcome.exhausted);
    assert!(outcome.seen.is_superset(&wants), "never seen: {:?}", &wants - &outcome.seen);
    outcome
}

/// Tests that a story is exhausted without a broken promise.
macro_rules! holds {
    ($($name:ident: $story:literal;)*) => {
        $(#[test]
        fn $name() {
            let Outcome { states, depth, .. } = holds($story);
            println!("{}: {states} states, depth {depth}", $story);
        })*
    };
}

holds! {
    two_proposers: "race";
    two_proposers_one_tries_again: "retry";
    a_save_repeated_at_another_node: "repeat";
    a_proposer_crashes: "crash";
    ballots_are_reserved: "reserved";
    one_round_trip_and_a_crash: "fast-crash";
    a_member_loses_its_disk: "wiped";
}

#[test]
fn every_broken_rule_is_seen() {
    for Hunt { mutant, story } in HUNTS {
        let broken = models::story(story).expect("a story of this name").broken(mutant);
        let search = Search { order: Order::Wide, steps: 6_000_000, threads: 1 };
        let outcome = models::search(broken, search);
        let (promise, steps) = outcome.broken.unwrap_or_else(|| panic!("{mutant:?} is not seen"));
        println!("{mutant:?} in {story}: {promise} after {} steps", steps.len());
    }
}

#[test]
fn no_mutant_is_forgotten() {
    let hunted = HUNTS.iter().map(|hunt| hunt.mutant);
    let known: BTreeSet<Mutant> = hunted.chain(NOT_HUNTED).collect();
    assert_eq!(known, BTreeSet::from(Mutant::ALL));
}
