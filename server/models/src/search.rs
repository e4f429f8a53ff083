//! Searches: every state of a story, or as many as are asked for.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use stateright::{Checker, HasDiscoveries, Model, Path};

use crate::{
    Promise, Scenario, Witness,
    text::describe,
    world::{Action, State, World},
};

/// The order in which states are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Deep first: needs little memory.
    Deep,
    /// Wide first: a broken promise is found with the fewest steps.
    Wide,
}

/// How to search.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// In which order.
    pub order: Order,
    /// Steps after which the search ends, whether or not there are more states.
    pub steps: usize,
    /// Threads.
    pub threads: usize,
}

/// What a search found.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Different states.
    pub states: usize,
    /// Steps that were tried: states, each as often as it was come to.
    pub steps: usize,
    /// Most steps from a beginning.
    pub depth: usize,
    /// Whether there are no other states.
    pub exhausted: bool,
    /// How long it took.
    pub took: Duration,
    /// Different local states, packets, and steps of single nodes.
    pub table: (usize, usize, usize),
    /// What happened in some order of events.
    pub seen: BTreeSet<Witness>,
    /// The promise that was broken, and the steps that led there.
    pub broken: Option<(Promise, Vec<String>)>,
}

/// Looks at every state of the scenario.
#[must_use]
pub fn search(scenario: Scenario, search: Search) -> Outcome {
    let began = Instant::now();
    let builder = World::new(scenario)
        .checker()
        .threads(search.threads)
        .target_state_count(search.steps)
        .finish_when(HasDiscoveries::AnyFailures);
    match search.order {
        Order::Deep => outcome(&builder.spawn_dfs().join(), search, began),
        Order::Wide => outcome(&builder.spawn_bfs().join(), search, began),
    }
}

fn outcome(checker: &impl Checker<World>, search: Search, began: Instant) -> Outcome {
    let took = began.elapsed();
    let broken = checker.discoveries().into_values().next().and_then(|path| {
        let promise = path.last_state().broken?;
        Some((promise, tell(checker.model(), path)))
    });
    let table = checker.model().table();

    Outcome {
        states: checker.unique_state_count(),
        steps: checker.state_count(),
        depth: checker.max_depth(),
        exhausted: broken.is_none() && checker.state_count() < search.steps,
        took,
        table: table.sizes(),
        seen: table.seen.clone(),
        broken,
    }
}

/// The steps of a path, a line each.
fn tell(world: &World, path: Path<State, Action>) -> Vec<String> {
    let table = world.table();
    let steps = path.into_vec();
    let line = |(state, action): &(State, Option<Action>)| {
        action.map(|action| describe(&table, state, action))
    };
    steps.iter().filter_map(line).collect()
}
