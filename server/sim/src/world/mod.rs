//! The world: nodes, network, clients and faults, in virtual time, one event at a time.

mod anew;
mod begin;
mod clients;
mod copies;
mod deeds;
mod disk;
mod drive;
mod event;
mod faults;
mod network;
mod node;
mod operator;
mod operators;
mod plan;
mod relapse;
mod shelf;
mod swish;
mod turnover;

use std::collections::BTreeMap;

use crate::{
    Counts, Outcome, Profile, Trace, Violation,
    dice::Dice,
    invariants::{
        Check, one_chain, p3_saves, p5_convergence, p8_divergences, p9_swish_follows, settled_once,
    },
    oracle::Oracle,
};
use clients::Client;
pub(crate) use clients::key;
pub(crate) use disk::Disk;
use event::Event;
use network::Network;
pub(crate) use node::Node;
use plan::Plan;
pub(crate) use plan::Step;
pub(crate) use swish::Swish;

/// Healing has to be over within this time.
const HEAL_WITHIN_US: u64 = 40_000_000;
/// Time between two looks whether it is.
const LOOK_EVERY_US: u64 = 100_000;

/// A cluster and everything around it.
#[derive(Debug)]
pub struct World {
    profile: Profile,
    dice: Dice,
    /// Microseconds since the beginning.
    now: u64,
    stamp: u64,
    queue: BTreeMap<(u64, u64), Event>,
    plan: Plan,
    nodes: Vec<Node>,
    /// The store directory of each node and its SWISH.
    swishes: Vec<Swish>,
    network: Network,
    clients: Vec<Client>,
    /// Faults are over.
    healing: bool,
    oracle: Oracle,
    violation: Option<Violation>,
    counts: Counts,
    trace: Trace,
}

impl World {
    /// A world in which nothing has happened.
    #[must_use]
    pub fn new(profile: Profile, trace: Trace) -> Self {
        Self {
            dice: Dice::new(profile.seed),
            now: 0,
            stamp: 0,
            queue: BTreeMap::new(),
            plan: Plan::default(),
            nodes: (0..profile.nodes + profile.spare)
                .map(|at| Node::new(at, &profile.config))
                .collect(),
            swishes: vec![Swish::default(); profile.nodes + profile.spare],
            network: Network::default(),
            clients: Vec::new(),
            healing: false,
            oracle: Oracle::default(),
            violation: None,
            counts: Counts { schedules: 1, ..Counts::default() },
            trace,
            profile,
        }
    }

    /// Lets it happen: faults, then healing, until everything has converged or a promise broke.
    #[must_use]
    pub fn run(mut self) -> Outcome {
        self.play();
        self.outcome()
    }

    /// The same; also what was planned, step by step.
    pub(crate) fn record(mut self) -> (Outcome, Vec<Step>) {
        self.plan = Plan::Recorded(Vec::new());
        self.play();
        let steps = std::mem::take(&mut self.plan).into_steps();
        (self.outcome(), steps)
    }

    /// Lets happen what is told, and what follows from it.
    pub(crate) fn told(mut self, steps: Vec<Step>) -> Outcome {
        self.plan = Plan::Told(steps.into());
        self.play();
        self.outcome()
    }

    fn play(&mut self) {
        self.begin();
        while self.violation.is_none() {
            if !self.healing && self.due().is_none_or(|at| at >= self.profile.faults_us) {
                self.now = self.profile.faults_us;
                let healed = self.heal();
                self.note(healed);
                self.after(LOOK_EVERY_US, Event::Look);
                continue;
            }
            let Some((at, event)) = self.next_event() else {
                break;
            };
            self.now = at;
            let done = self.step(event);
            self.note(done);
        }
    }

    fn outcome(mut self) -> Outcome {
        self.counts.virtual_us = self.now;
        let paths = self.oracle.paths.values();
        let commits: usize = paths.map(|path| path.order.len()).sum();
        self.counts.commits = u64::try_from(commits).unwrap_or(u64::MAX);
        Outcome { counts: self.counts, violation: self.violation, lines: self.trace.into_lines() }
    }

    fn step(&mut self, event: Event) -> Check {
        if let Some(node) = event.node() {
            let awake = self.nodes[node].asleep_until;
            if self.nodes[node].up && awake > self.now {
                self.at(awake, event);
                return Ok(());
            }
        }
        match event {
            Event::Deliver { between, from, to, session, message } => {
                self.deliver(between, (from, to), session, *message);
            }
            Event::Timer { node, timer, stamp } => self.fire(node, timer, stamp),
            Event::Flush { node, run } => self.flush(node, run),
            Event::Synced { node, run } => self.synced(node, run),
            Event::Dial { a, b } => self.dial(a, b),
            Event::HangUp { a, b, session } => self.hang_up(a, b, session),
            Event::Mend { from, to } => self.mend(from, to),
            Event::Fault => self.fault(),
            Event::Die { node, run } => self.die(node, run),
            Event::Start { node } => return self.start(node),
            Event::Wipe { node } => self.wipe(node),
            Event::Copy => self.copy(),
            Event::PutBack { node } => self.put_back(node),
            Event::Replace { node } => self.replace(node),
            Event::Anew(stage) => self.anew(stage),
            Event::Operate => self.operate(),
            Event::Story(scene) => self.scene(scene),
            Event::Found => self.found(),
            Event::Client { client } => self.client_turn(client),
            Event::GiveUp { client, token } => self.client_gives_up(client, token),
            Event::Save { node, token, save } => self.save_arrives(node, token, save),
            Event::Swish { node } => self.swish_saves(node),
            Event::ReadJournal { node, run } => self.read_journal(node, run),
            Event::Operator => self.operator_looks(),
            Event::Settle { node, token, save } => self.settle_arrives(node, token, save),
            Event::Answer { token, outcome } => self.client_reads(token, outcome),
            Event::Deed => self.deed(),
            Event::Look => return self.look(),
        }
        Ok(())
    }

    /// Ends the schedule if everything has converged; complains if it takes too long.
    fn look(&mut self) -> Check {
        let healing_us = self.now - self.profile.faults_us;
        let converged = p5_convergence::check(&self.oracle, &self.nodes)
            .and_then(|()| one_chain::check(&self.oracle, &self.nodes))
            .and_then(|()| self.all_found_out())
            .and_then(|()| self.all_in_one_cluster())
            // The tips of a node that was removed are taken when it is heard of again.
            .and_then(|()| p3_saves::check_held(&self.oracle, &self.nodes))
            // A branch whose node was removed is proposed by a member, sooner or later.
            .and_then(|()| p8_divergences::check(&self.oracle, &self.nodes))
            .and_then(|()| {
                let files = self.profile.files;
                p9_swish_follows::check(&self.oracle, &self.nodes, &mut self.swishes, files)
            });
        if converged.is_err() && healing_us < HEAL_WITHIN_US {
            self.after(LOOK_EVERY_US, Event::Look);
            return Ok(());
        }
        self.queue.clear();
        self.counts.healing_us = healing_us;
        converged?;
        p3_saves::check_answered(&self.oracle)?;
        settled_once::check(&self.oracle)?;
        p8_divergences::check_lost(&self.oracle)
    }

    /// Keeps the first broken promise.
    fn note(&mut self, check: Check) {
        if let Err(violation) = check
            && self.violation.is_none()
        {
            let text = violation.to_string();
            self.trace.line(self.now, || format!("✗ {text}"));
            self.violation = Some(violation);
        }
    }

    fn next_stamp(&mut self) -> u64 {
        self.stamp += 1;
        self.stamp
    }

    fn at(&mut self, time: u64, event: Event) {
        let stamp = self.next_stamp();
        if !(event.is_planned() && self.plan.is_told()) {
            self.queue.insert((time, stamp), event);
        }
    }

    fn after(&mut self, delay: u64, event: Event) {
        self.at(self.now + delay, event);
    }
}
