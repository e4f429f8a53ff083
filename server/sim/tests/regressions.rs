//! Seeds that once broke a promise, and what they found. The weather of a seed changes with the
//! simulator; the table tests of the core keep what these found in a form that does not.

use sim::{Profile, Trace};

/// Runs the schedule of a seed.
fn keeps(seed: u64) {
    let outcome = sim::run(Profile::of(seed, 3, None), Trace::off());
    assert_eq!(outcome.violation, None, "seed {seed}");
}

#[test]
fn a_save_tried_on_two_nodes_does_not_lose_to_itself() {
    [10, 25, 27, 57].into_iter().for_each(keeps);
}

#[test]
fn an_unknown_base_is_refused_only_after_reading_the_register() {
    [63, 228, 253, 363].into_iter().for_each(keeps);
}

#[test]
fn a_repeated_save_waits_durably() {
    keeps(1306);
}

#[test]
fn a_member_that_was_away_learns_an_import_with_a_gap() {
    [99, 125, 143, 197].into_iter().for_each(keeps);
}
