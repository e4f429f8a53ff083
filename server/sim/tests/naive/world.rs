//! A little world for the old plan: messages, clocks and crashes as a script says, and the promises
//! that broke.

use std::collections::{BTreeMap, BTreeSet};

use sim::Scene;

use crate::procedure::{Done, FIRST, Message, Node, Rules};

/// A message takes so long, in milliseconds.
const WAY_MS: u64 = 2;
/// Reports are waited for so long.
const REPORTS_MS: u64 = 10;
/// A round that failed begins again after this.
const AGAIN_MS: u64 = 1;
/// A node that died starts again after this.
const DOWN_MS: u64 = 20;
/// Everything has to have converged so long after the last scene.
const CALM_MS: u64 = 20_000;

enum Event {
    Scene(Scene),
    Deliver(usize, usize, Message),
    /// The reports that have come are counted.
    Count(usize, usize),
    Again(usize, usize),
}

/// Nodes that follow the old plan.
pub(crate) struct World {
    rules: Rules,
    now: u64,
    queue: BTreeMap<(u64, usize), Event>,
    stamp: usize,
    nodes: Vec<Node>,
    /// When each is awake again, and what its wall clock is ahead by.
    asleep: Vec<u64>,
    ahead: Vec<u64>,
    blocked: BTreeSet<(usize, usize)>,
    delays: BTreeMap<(usize, usize), u64>,
    /// Parent of each commit, and the node whose page waits for it.
    commits: Vec<(usize, Option<usize>)>,
    decided: Vec<usize>,
    /// Promises that broke: `P1` to `P5`.
    broken: BTreeSet<&'static str>,
}

/// Carries a script out; the promises that broke.
pub(crate) fn broken(
    nodes: usize,
    rules: Rules,
    script: &[(u64, Scene)],
) -> BTreeSet<&'static str> {
    let mut world = World {
        rules,
        now: 0,
        queue: BTreeMap::new(),
        stamp: 0,
        nodes: (0..nodes).map(Node::new).collect(),
        asleep: vec![0; nodes],
        ahead: vec![0; nodes],
        blocked: BTreeSet::new(),
        delays: BTreeMap::new(),
        commits: vec![(FIRST, None)],
        decided: vec![FIRST],
        broken: BTreeSet::new(),
    };
    for (at, scene) in script {
        world.at(*at, Event::Scene(*scene));
    }
    let end = script.iter().map(|(at, _)| *at).max().unwrap_or(0) + CALM_MS;
    world.run(end);
    world.broken
}

impl World {
    fn at(&mut self, time: u64, event: Event) {
        self.stamp += 1;
        self.queue.insert((time, self.stamp), event);
    }

    fn run(&mut self, end: u64) {
        while let Some(((at, _), event)) = self.queue.pop_first() {
            if at > end {
                break;
            }
            self.now = at;
            match event {
                Event::Scene(scene) => self.scene(scene),
                Event::Deliver(_, node, _) | Event::Count(node, _) | Event::Again(node, _)
                    if self.asleep[node] > at =>
                {
                    self.at(self.asleep[node], event);
                }
                Event::Deliver(from, node, message) => self.deliver(from, node, message),
                Event::Count(node, commit) => {
                    if self.nodes[node].round.as_ref().is_some_and(|r| r.commit == commit) {
                        self.count(node);
                    }
                }
                Event::Again(node, commit) => self.begin(node, commit),
            }
        }
        self.judge_end();
    }

    fn scene(&mut self, scene: Scene) {
        match scene {
            Scene::Save(node) => {
                self.commits.push((self.nodes[node].head, Some(node)));
                self.begin(node, self.commits.len() - 1);
            }
            Scene::Block(from, to) => drop(self.blocked.insert((from, to))),
            Scene::Unblock(from, to) => {
                // Whoever is linked again says what its head is.
                self.blocked.remove(&(from, to));
                let commit = self.nodes[from].head;
                self.send(from, to, Message::NewHead { commit });
            }
            Scene::Delay(from, to, ms) => drop(self.delays.insert((from, to), ms)),
            Scene::Pause(node, ms) => self.asleep[node] = self.now + ms,
            Scene::StepClock(node, ms) => self.ahead[node] += ms,
            Scene::Die(node) => {
                let rules = self.rules;
                self.nodes[node].crash(rules);
                self.asleep[node] = self.now + DOWN_MS;
                // Its page does not hear of its save any more.
                self.commits
                    .iter_mut()
                    .filter(|(_, by)| *by == Some(node))
                    .for_each(|c| c.1 = None);
            }
            Scene::Lose(node) => self.nodes[node] = Node::new(node),
            Scene::SlowDisk(..) => {}
            other => panic!("the old plan has no members: {other:?}"),
        }
    }

    fn begin(&mut self, node: usize, commit: usize) {
        // Whoever died meanwhile has forgotten it.
        if self.commits[commit].1 == Some(node) {
            let message = self.nodes[node].ask(commit);
            self.send_all(node, &message);
            self.at(self.now + REPORTS_MS, Event::Count(node, commit));
        }
    }

    fn deliver(&mut self, from: usize, node: usize, message: Message) {
        let before = self.nodes[node].head;
        let commits = self.commits.clone();
        let follows = |commit, head| path(&commits, commit).contains(&head);
        let around = (self.nodes.len(), self.now + self.ahead[node], self.rules);
        let (done, answer) = self.nodes[node].hears(from, message, around, follows);
        let head = self.nodes[node].head;
        if done == Done::Nothing && self.decided.contains(&before) && !follows(head, before) {
            self.broken.insert("P2");
        }
        if let Some(answer) = answer {
            self.send(node, from, answer);
        }
        self.done(node, done);
        let all = |n: &Node| n.round.as_ref().is_some_and(|r| r.reports.len() == self.nodes.len());
        if all(&self.nodes[node]) {
            self.count(node);
        }
    }

    fn count(&mut self, node: usize) {
        let (commits, clock) = (self.commits.clone(), self.now + self.ahead[node]);
        let (rules, nodes) = (self.rules, self.nodes.len());
        let (done, message) =
            self.nodes[node].propose(nodes, clock, rules, |commit| path(&commits, commit));
        if let Some(message) = message {
            self.send_all(node, &message);
        }
        self.done(node, done);
    }

    fn done(&mut self, node: usize, done: Done) {
        match done {
            Done::Nothing => {}
            Done::Again => {
                let Some(round) = self.nodes[node].round.take() else { return };
                self.at(self.now + AGAIN_MS, Event::Again(node, round.commit));
            }
            Done::Conflict(commit) => {
                self.nodes[node].round = None;
                self.commits[commit].1 = None;
            }
            Done::Decided(commit) => {
                self.judge_decided(commit);
                self.decided.push(commit);
                self.commits[commit].1 = None;
                self.send_all(node, &Message::NewHead { commit });
            }
        }
    }

    fn judge_decided(&mut self, commit: usize) {
        let path = |commit| path(&self.commits, commit);
        let apart = |a, b| !path(a).contains(&b) && !path(b).contains(&a);
        if self.decided.iter().any(|other| apart(*other, commit)) {
            self.broken.insert("P1");
        }
        let have = self.nodes.iter().filter(|node| node.objects.contains(&commit)).count();
        if have <= self.nodes.len() / 2 {
            self.broken.insert("P4");
        }
    }

    fn judge_end(&mut self) {
        let heads: BTreeSet<usize> = self.nodes.iter().map(|node| node.head).collect();
        if heads.len() > 1 || self.commits.iter().any(|(_, waits)| waits.is_some()) {
            self.broken.insert("P5");
        }
        let lost = |id: &usize| heads.iter().any(|head| !path(&self.commits, *head).contains(id));
        if self.decided.iter().any(lost) {
            self.broken.insert("P3");
        }
    }

    fn send_all(&mut self, from: usize, message: &Message) {
        for to in (0..self.nodes.len()).filter(|to| *to != from) {
            self.send(from, to, message.clone());
        }
    }

    fn send(&mut self, from: usize, to: usize, message: Message) {
        if !self.blocked.contains(&(from, to)) {
            let more = self.delays.get(&(from, to)).copied().unwrap_or(0);
            self.at(self.now + WAY_MS + more, Event::Deliver(from, to, message));
        }
    }
}

/// A commit and all before it, newest first.
fn path(commits: &[(usize, Option<usize>)], commit: usize) -> Vec<usize> {
    let before = |id: &usize| (*id != FIRST).then(|| commits[*id].0);
    std::iter::successors(Some(commit), before).collect()
}
