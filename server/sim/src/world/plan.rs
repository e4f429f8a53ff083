//! The plan of a schedule: what faults, clients and operators do, and when.
//!
//! A first run draws it and writes it down, each step with the dice as they lay then. A later run
//! is told some of the steps: whatever follows from a step begins with the same dice, so that a
//! step that is left out changes as little as possible of what comes after it. Told all steps, it
//! is the first run again, line for line.

use std::collections::VecDeque;

use super::{World, event::Event};
use crate::dice::Dice;

/// Something that was planned.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Time and stamp in the queue.
    at: (u64, u64),
    event: Event,
    dice: Dice,
}

/// Where the steps of a run come from.
#[derive(Clone, Debug, Default)]
pub(crate) enum Plan {
    /// They are drawn, and forgotten.
    #[default]
    Drawn,
    /// They are drawn, and written down.
    Recorded(Vec<Step>),
    /// They are told; nothing else is planned.
    Told(VecDeque<Step>),
}

impl Plan {
    pub(crate) const fn is_told(&self) -> bool {
        matches!(self, Self::Told(_))
    }

    /// Steps that were written down.
    pub(crate) fn into_steps(self) -> Vec<Step> {
        match self {
            Self::Recorded(steps) => steps,
            Self::Drawn | Self::Told(_) => Vec::new(),
        }
    }

    /// Time and stamp of the next step that is told.
    fn due(&self) -> Option<(u64, u64)> {
        match self {
            Self::Told(steps) => steps.front().map(|step| step.at),
            Self::Drawn | Self::Recorded(_) => None,
        }
    }
}

impl World {
    /// When something happens next.
    pub(super) fn due(&self) -> Option<u64> {
        let queued = self.queue.first_key_value().map(|(at, _)| *at);
        let next = [queued, self.plan.due()].into_iter().flatten().min();
        next.map(|(at, _)| at)
    }

    /// Takes what happens next.
    pub(super) fn next_event(&mut self) -> Option<(u64, Event)> {
        let queued = self.queue.first_key_value().map(|(at, _)| *at);
        let told = self.plan.due();
        if told.is_some_and(|told| queued.is_none_or(|queued| told <= queued)) {
            let Plan::Told(steps) = &mut self.plan else { return None };
            let Step { at, event, dice } = steps.pop_front()?;
            self.dice = dice;
            return Some((at.0, event));
        }
        let (at, event) = self.queue.pop_first()?;
        if event.is_planned() && !self.healing && !self.is_idle(&event) {
            let dice = &self.dice;
            if let Plan::Recorded(steps) = &mut self.plan {
                steps.push(Step { at, event: event.clone(), dice: dice.clone() });
            }
        }
        Some((at.0, event))
    }

    /// True for the death of a node that has died in another way since it was planned.
    fn is_idle(&self, event: &Event) -> bool {
        let Event::Die { node, run } = event else { return false };
        !self.nodes[*node].up || self.nodes[*node].run != *run
    }
}
