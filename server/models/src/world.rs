//! The world as stateright walks through it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use stateright::{Model, Property};

use crate::{
    Promise, Scenario,
    scenario::{Network, What, seat_of},
    table::{Step, Stimulus, Table},
};

/// A scenario, and everything that was numbered while it is searched.
#[derive(Debug)]
pub(crate) struct World {
    scenario: Scenario,
    table: Mutex<Table>,
}

/// A state of the world.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// Local state of each node.
    pub(crate) nodes: Vec<u32>,
    /// What may still come, in order.
    pub(crate) packets: Vec<u32>,
    /// Deeds that were done, as bits.
    pub(crate) done: u16,
    /// The first promise that was broken: the story ends there.
    pub(crate) broken: Option<Promise>,
}

/// Something happens to one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Action {
    pub(crate) seat: usize,
    pub(crate) stimulus: Stimulus,
}

impl World {
    pub(crate) fn new(scenario: Scenario) -> Self {
        Self { table: Mutex::new(Table::new(scenario.clone())), scenario }
    }

    pub(crate) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Deeds that may be done now.
    fn deeds(&self, state: &State, table: &Table, actions: &mut Vec<Action>) {
        for (number, deed) in self.scenario.deeds.iter().enumerate() {
            let facts = table.facts(state.nodes[deed.node]);
            let due = deed.after.is_none_or(|before| {
                facts.answered >> before & 1 == 1
                    || state.done >> before & 1 == 1 && is_silent(&self.scenario.deeds[before].what)
            });
            let may = match deed.what {
                What::Settle(_) => !table
                    .node(state.nodes[deed.node])
                    .core
                    .sides(&crate::library::key())
                    .sides
                    .is_empty(),
                _ => true,
            };
            if state.done >> number & 1 == 0 && due && may {
                let number = u8::try_from(number).unwrap_or(u8::MAX);
                actions.push(Action { seat: deed.node, stimulus: Stimulus::Deed(number) });
            }
        }
    }

    fn apply(&self, last: &State, action: Action, step: &Step, table: &mut Table) -> Option<State> {
        let mut state = last.clone();
        state.nodes[action.seat] = step.node;
        match action.stimulus {
            // A packet that changes nothing might as well be lost.
            Stimulus::Packet(_) if state.nodes == last.nodes && step.sends.is_empty() => {
                return None;
            }
            Stimulus::Packet(packet) if self.scenario.network == Network::Once => {
                state.packets.retain(|other| *other != packet);
            }
            Stimulus::Deed(deed) => state.done |= 1 << deed,
            Stimulus::Packet(_) | Stimulus::Sync | Stimulus::Fire(_) | Stimulus::Crash => {}
        }
        let Action { seat, .. } = action;
        if step.node != last.nodes[seat] {
            let mine = |table: &Table, packet| seat_of(table.packet(packet).to) == seat;
            state
                .packets
                .retain(|packet| !mine(table, *packet) || !table.is_past(step.node, *packet));
        }
        for packet in &step.sends {
            let to = state.nodes.get(seat_of(table.packet(*packet).to));
            if to.is_none_or(|to| table.is_past(*to, *packet)) {
                continue;
            }
            if let Err(place) = state.packets.binary_search(packet) {
                state.packets.insert(place, *packet);
            }
        }
        Some(state)
    }
}

/// Deeds that nobody is answered.
const fn is_silent(what: &What) -> bool {
    matches!(what, What::Foreign(..) | What::Line(_) | What::Import(_) | What::Wipe | What::Meet(_))
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut table = self.table();
        let mut begin = |crashes: &Vec<u8>| State {
            nodes: crashes.iter().enumerate().map(|(at, left)| table.begin(at, *left)).collect(),
            packets: Vec::new(),
            done: 0,
            broken: None,
        };
        self.scenario.crashes.iter().map(&mut begin).collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.broken.is_some() {
            return;
        }
        let table = self.table();
        for number in &state.packets {
            let to = table.packet(*number).to;
            let seat = seat_of(to);
            if state.nodes.get(seat).is_some_and(|node| table.facts(*node).id == to) {
                actions.push(Action { seat, stimulus: Stimulus::Packet(*number) });
            }
        }
        for (seat, node) in state.nodes.iter().enumerate() {
            let facts = table.facts(*node);
            let fires = (0..facts.fires).map(Stimulus::Fire);
            let syncs = facts.syncs.then_some(Stimulus::Sync);
            let crashes = facts.crashes.then_some(Stimulus::Crash);
            let stimuli = fires.chain(syncs).chain(crashes);
            actions.extend(stimuli.map(|stimulus| Action { seat, stimulus }));
        }
        self.deeds(state, &table, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut table = self.table();
        let step = table.step(last.nodes[action.seat], action.stimulus);
        let mut state = self.apply(last, action, &step, &mut table)?;
        state.broken = step.broken.or_else(|| table.judge(&state.nodes, &step));
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("no promise is broken", |_, state: &State| state.broken.is_none())]
    }
}
