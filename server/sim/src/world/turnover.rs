//! Turnovers: a save is decided by two of three members, and the third does not hear of it; then
//! the members change, and those two are not both there any more. Three stories, for three rules:
//!
//! - the proposer loses its disk and is replaced: not in one change (V5);
//! - it is removed and another node is added: each change is repaired (V6);
//! - a member that does not hear of the changes goes on in its old epoch: it is refused (V10).
//!
//! Nodes 0, 1, 2 are members, 3 and 4 learners. Node 0 is the one that changes the roster.

use cluster::{Input, RosterChange, Token};

use super::{World, event::Event};
use crate::{Scene, profile::Story, trace::name};

const FIRST: u64 = u64::MAX / 4;
const MS: u64 = 1_000;

impl World {
    pub(super) fn begin_story(&mut self) {
        match self.profile.story.clone() {
            Some(Story::ReplaceTheProposer) => self.lost_proposer(&[Scene::Replace(2)]),
            Some(Story::RemoveTheProposer) => {
                self.lost_proposer(&[Scene::Remove(2), Scene::Promote(3)]);
            }
            Some(Story::LeftBehind) => self.left_behind(),
            Some(Story::Relapse) => self.relapse(),
            Some(Story::Script(scenes)) => {
                for (at, scene) in scenes.iter() {
                    self.plan((*at, *at), *scene);
                }
            }
            None => {}
        }
    }

    pub(super) fn plan(&mut self, ms: (u64, u64), scene: Scene) {
        let at = self.dice.between((ms.0 * MS, ms.1 * MS));
        self.at(at, Event::Story(scene));
    }

    fn both_ways(&mut self, at: u64, a: usize, b: usize, scene: fn(usize, usize) -> Scene) {
        self.plan((at, at), scene(a, b));
        self.plan((at, at), scene(b, a));
    }

    /// Node 2 decides a save with node 1 and loses its disk; node 0 was cut off meanwhile.
    fn lost_proposer(&mut self, changes: &[Scene]) {
        for node in [1, 2, 3, 4] {
            self.both_ways(1_000, 0, node, Scene::Block);
        }
        for learner in [3, 4] {
            self.both_ways(1_000, learner, 1, Scene::Block);
            self.both_ways(1_000, learner, 2, Scene::Block);
        }
        self.plan((1_500, 1_500), Scene::Save(2));
        self.plan((1_502, 1_530), Scene::Lose(2));
        for node in [1, 2, 3, 4] {
            self.both_ways(2_000, 0, node, Scene::Unblock);
        }
        for (number, change) in (0..).zip(changes) {
            for again in 0..4 {
                let at = 3_500 + 1_500 * number + 300 * again;
                self.plan((at, at + 200), *change);
            }
        }
        for at in [7_500, 8_500, 9_500] {
            self.plan((at, at + 500), Scene::Save(0));
        }
    }

    /// Node 2 hears nothing, and speaks to node 1 only.
    fn left_behind(&mut self) {
        for node in [0, 1, 3, 4] {
            self.plan((1_000, 1_000), Scene::Block(node, 2));
        }
        for node in [0, 3, 4] {
            self.plan((1_000, 1_000), Scene::Block(2, node));
        }
        for (number, change) in (0..).zip([Scene::Demote(2), Scene::Promote(3)]) {
            for again in 0..4 {
                let at = 2_000 + 1_500 * number + 300 * again;
                self.plan((at, at + 200), change);
            }
        }
        // Node 1 votes for node 2, if it does, and nobody else hears of it.
        for node in [0, 3, 4] {
            self.both_ways(6_000, 1, node, Scene::Block);
        }
        // Before a heartbeat of node 1 tells it of the last epoch.
        let at = self.dice.between((6_100, 7_100));
        self.plan((at, at), Scene::Unblock(1, 2));
        self.plan((at, at + 2), Scene::Save(2));
        for at in [7_500, 8_500] {
            self.plan((at, at + 500), Scene::Save(0));
        }
    }

    pub(super) fn scene(&mut self, scene: Scene) {
        if self.healing {
            return;
        }
        let now = self.now;
        self.trace.line(now, || format!("§ {scene:?}"));
        match scene {
            Scene::Block(from, to) => self.network.block(from, to),
            Scene::Unblock(from, to) => self.network.unblock(from, to),
            Scene::Save(node) => self.save_at(node),
            Scene::Lose(node) => self.wipe(node),
            Scene::Die(node) if self.nodes[node].up => self.crash(node),
            Scene::Die(_) => {}
            Scene::Pause(node, ms) => self.pause(node, ms * MS),
            Scene::Delay(from, to, ms) => self.network.slow(from, to, ms * MS),
            Scene::StepClock(node, ms) => self.step_forward(node, ms),
            Scene::SlowDisk(node, ms) => self.nodes[node].slow_until = self.now + ms * MS,
            Scene::Replace(node) => self.tell_first(RosterChange::Replace(self.node_id(node))),
            Scene::Remove(node) => self.tell_first(RosterChange::Remove(self.node_id(node))),
            Scene::Demote(node) => self.tell_first(RosterChange::Demote(self.node_id(node))),
            Scene::Promote(node) => self.tell_first(RosterChange::Promote(self.node_id(node))),
        }
    }

    fn node_id(&self, node: usize) -> domain::NodeId {
        self.nodes[node].id.node
    }

    fn tell_first(&mut self, change: RosterChange) {
        let now = self.now;
        self.trace.line(now, || format!("{} ⇐ operator: {change:?}", name(0)));
        let token = Token(FIRST + self.next_stamp());
        if self.nodes[0].up {
            self.input(0, Input::Change { token, change });
        }
    }

    /// When node 0 has the last roster of a story, node 1 is cut off from it and the others.
    pub(super) fn story_roster(&mut self, node: usize) {
        let last = match &self.profile.story {
            Some(Story::ReplaceTheProposer) => 2,
            Some(Story::RemoveTheProposer) => 3,
            Some(Story::LeftBehind | Story::Relapse | Story::Script(_)) | None => return,
        };
        if node == 0 && !self.healing && self.nodes[0].epoch() == last {
            let wait = self.dice.between((0, 3 * MS));
            for other in [0, 2, 3, 4] {
                self.after(wait, Event::Story(Scene::Block(1, other)));
                self.after(wait, Event::Story(Scene::Block(other, 1)));
            }
        }
    }
}
