//! A majority is lost for good: the members that are left can decide nothing. One of them founds
//! anew, and then the lost ones come back after all, one by one, with their disks as they were or
//! with empty ones. Each leaves the old cluster, is let in and gets a vote (protocol 11).
//!
//! They come back one at a time, so that the old cluster never has a majority again: what it would
//! decide then is another cluster's business.

use cluster::{Input, LeaveOutcome, Leaving, Member, RosterChange, Token};
use domain::ClusterId;

use super::{World, event::Event};
use crate::{Violation, invariants::Check, trace::name};

/// No save has one so high, and no other operator's command.
const FIRST: u64 = u64::MAX / 8 * 7;
/// Time between two tries of the operator.
const AGAIN_US: u64 = 200_000;
/// Tries to give a node its vote; one that is not filled by then stays a learner.
const PROMOTIONS: u8 = 30;

/// What the operator does next.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stage {
    /// A majority is lost, and this node is not among them.
    Lose,
    /// This node founds anew, as soon as it is up.
    Found { on: usize },
    /// The next node that is not in the new cluster comes back, if it was lost.
    Return { on: usize },
    /// It leaves the old cluster.
    Leave { on: usize, node: usize },
    /// It is let in.
    Approve { on: usize, node: usize },
    /// It gets a vote.
    Promote { on: usize, node: usize, tries: u8 },
}

impl World {
    pub(super) fn lose_majority_later(&mut self) {
        if let Some(within) = self.profile.anew_us {
            let at = self.dice.between(within);
            self.at(at, Event::Anew(Stage::Lose));
        }
    }

    /// The operator goes on.
    pub(super) fn anew(&mut self, stage: Stage) {
        match stage {
            Stage::Lose => self.lose_majority(),
            Stage::Found { on } => self.found_anew(on),
            Stage::Return { on } => self.come_back(on),
            Stage::Leave { on, node } => self.leave_old(on, node),
            Stage::Approve { on, node } => self.let_in(on, node),
            Stage::Promote { on, node, tries } => self.give_vote(on, node, tries),
        }
    }

    fn lose_majority(&mut self) {
        let on = self.dice.index(self.nodes.len());
        let Some(roster) = self.nodes[on].disk.roster().cloned() else {
            // It has not heard of the founding.
            return self.after(AGAIN_US, Event::Anew(Stage::Lose));
        };
        let others: Vec<usize> = (0..self.nodes.len()).filter(|node| *node != on).collect();
        let first = self.dice.index(others.len());
        for at in 0..roster.quorum() {
            let node = others[(first + at) % others.len()];
            self.nodes[node].gone = true;
            if self.nodes[node].up {
                self.crash(node);
            }
            let now = self.now;
            self.trace.line(now, || format!("{} ✝ is lost", name(node)));
        }
        let later = self.dice.between((50_000, 4_000_000));
        self.after(later, Event::Anew(Stage::Found { on }));
    }

    fn found_anew(&mut self, on: usize) {
        if self.is_anew(on) {
            let later = self.dice.between((10_000, 2_000_000));
            return self.after(later, Event::Anew(Stage::Return { on }));
        }
        if self.nodes[on].up && self.nodes[on].core.left().is_empty() {
            let mut cluster = [10; 8];
            cluster[0] = self.nodes[on].lives;
            let cluster = ClusterId::from_bytes(cluster);
            let survivors = self.nodes.iter().map(|node| node.id.node).collect();
            let now = self.now;
            self.trace.line(now, || format!("{} ⌂ founds anew", name(on)));
            let token = Token(FIRST + self.next_stamp());
            self.input(on, Input::Leave { token, to: Leaving::Anew { cluster, survivors } });
        }
        self.after(AGAIN_US, Event::Anew(Stage::Found { on }));
    }

    /// True if that is durable, and everything is judged by the new cluster.
    fn is_anew(&self, on: usize) -> bool {
        self.nodes[on].disk.left() && self.cluster_of(on) == self.oracle.cluster
    }

    fn come_back(&mut self, on: usize) {
        let outside = |node: &usize| self.is_elsewhere(*node);
        let Some(node) = (0..self.nodes.len()).find(outside) else { return };
        if std::mem::take(&mut self.nodes[node].gone) {
            if self.dice.chance(500) {
                // Only the machine came back.
                self.wipe(node);
            }
            let started = self.start(node);
            self.note(started);
        }
        let later = self.dice.between((10_000, 1_500_000));
        self.after(later, Event::Anew(Stage::Leave { on, node }));
    }

    fn leave_old(&mut self, on: usize, node: usize) {
        let is_out = self.nodes[node].disk.cluster().is_none();
        let is_in = self.cluster_of(node) == self.oracle.cluster;
        if !is_in && (!is_out || self.cluster_of(node).is_some()) {
            let cluster = self.oracle.cluster.filter(|_| self.nodes[node].up);
            if let Some(cluster) = cluster.filter(|_| self.cluster_of(node).is_some()) {
                let now = self.now;
                self.trace.line(now, || format!("{} ⇠ leaves the old cluster", name(node)));
                let token = Token(FIRST + self.next_stamp());
                self.input(node, Input::Leave { token, to: Leaving::Join { cluster } });
            }
            return self.after(AGAIN_US, Event::Anew(Stage::Leave { on, node }));
        }
        let later = self.dice.between((1_000, 500_000));
        self.after(later, Event::Anew(Stage::Approve { on, node }));
    }

    fn let_in(&mut self, on: usize, node: usize) {
        let id = self.nodes[node].id;
        if self.oracle.roster().is_some_and(|roster| roster.lists(&id)) {
            return self.after(AGAIN_US, Event::Anew(Stage::Promote { on, node, tries: 0 }));
        }
        let roster = self.oracle.roster();
        let is_member = roster.is_some_and(|r| r.members.iter().any(|m| m.id.node == id.node));
        let change = if is_member {
            // It was let in before, and fell back to the old cluster with a new life since.
            RosterChange::Replace(id.node)
        } else if roster.is_some_and(|roster| roster.names(id.node)) {
            RosterChange::Remove(id.node)
        } else {
            RosterChange::Approve(Member { id, name: name(node).into(), address: String::new() })
        };
        self.change_anew(on, change);
        self.after(AGAIN_US, Event::Anew(Stage::Approve { on, node }));
    }

    fn give_vote(&mut self, on: usize, node: usize, tries: u8) {
        let id = self.nodes[node].id;
        let is_done = self.oracle.roster().is_some_and(|roster| roster.has(&id));
        if is_done || tries == PROMOTIONS {
            return self.after(AGAIN_US, Event::Anew(Stage::Return { on }));
        }
        self.change_anew(on, RosterChange::Promote(id.node));
        self.after(AGAIN_US, Event::Anew(Stage::Promote { on, node, tries: tries + 1 }));
    }

    fn change_anew(&mut self, on: usize, change: RosterChange) {
        if self.nodes[on].up {
            let now = self.now;
            self.trace.line(now, || format!("{} ⇐ operator: {change:?}", name(on)));
            let token = Token(FIRST + self.next_stamp());
            self.input(on, Input::Change { token, change });
        }
    }

    pub(super) fn left(&mut self, node: usize, outcome: &LeaveOutcome) {
        let now = self.now;
        self.trace.line(now, || format!("{} ⇒ operator: {outcome:?}", name(node)));
        self.counts.left += u64::from(*outcome == LeaveOutcome::Left);
    }

    /// After a write of a node: from the moment that a new cluster is durable it is the one that
    /// promises are judged by. What the old one had decided is kept as what it had held: on the
    /// path of the head, or of a tip.
    pub(super) fn note_cluster(&mut self, node: usize) {
        let roster = self.nodes[node].disk.roster().filter(|_| self.nodes[node].disk.left());
        let Some(roster) = roster.cloned() else { return };
        if Some(roster.cluster) == self.oracle.cluster {
            return;
        }
        let now = self.now;
        let cluster = roster.cluster;
        self.trace.line(now, || format!("{} ⌂ cluster {cluster} is durable", name(node)));
        self.counts.anew += 1;
        self.oracle.begin_anew(&roster, node);
    }

    /// The cluster of a running node, or of its disk.
    pub(super) fn cluster_of(&self, node: usize) -> Option<ClusterId> {
        self.nodes[node].core.durable().roster.as_ref().map(|roster| roster.cluster)
    }

    /// True if a node is in another cluster than the one that promises are judged by, or has left
    /// it and is in none.
    pub(super) fn is_elsewhere(&self, node: usize) -> bool {
        let is_outside = self.cluster_of(node) != self.oracle.cluster;
        is_outside && self.oracle.cluster.is_some() && self.counts.anew > 0
    }

    /// Links between two clusters are refused, and with one that was left.
    pub(super) fn refuse_each_other(&self, a: usize, b: usize) -> bool {
        let leaves = |one: usize, other: usize| {
            let cluster = self.cluster_of(other);
            cluster.is_some_and(|cluster| self.nodes[one].core.left().contains(&cluster))
        };
        // A node of a cluster links with nodes that its roster names.
        let is_stranger = |one: usize, other: usize| {
            let roster = self.nodes[one].core.durable().roster.as_ref();
            roster.is_some_and(|roster| !roster.names(self.nodes[other].id.node))
        };
        let (one, other) = (self.cluster_of(a), self.cluster_of(b));
        let strangers = self.oracle.is_anew && (is_stranger(a, b) || is_stranger(b, a));
        let apart = one.is_some() && other.is_some() && one != other;
        apart || leaves(a, b) || leaves(b, a) || strangers
    }

    /// A node that adopted the roster of a cluster ends its links with nodes of another one.
    pub(super) fn part_from_others(&mut self, node: usize) {
        for peer in (0..self.nodes.len()).filter(|peer| *peer != node) {
            let apart = self.cluster_of(peer).is_some_and(|c| Some(c) != self.cluster_of(node));
            if apart {
                let session = self.network.session(node, peer);
                self.hang_up(node, peer, session);
            }
        }
    }

    /// In the end all are in the new cluster.
    pub(super) fn all_in_one_cluster(&self) -> Check {
        let is_waited_for = self.profile.anew_us.is_some();
        let outside = |node: &usize| self.is_elsewhere(*node) || self.nodes[*node].gone;
        let nodes = 0..self.nodes.len();
        match nodes.filter(|_| is_waited_for).find(outside) {
            None if is_waited_for && self.counts.anew == 0 => {
                let sentence = "nobody founded anew".to_owned();
                Err(Violation::new("one cluster (11)", sentence))
            }
            None => Ok(()),
            Some(at) => {
                let sentence = format!("{} is not in the new cluster", name(at));
                Err(Violation::new("one cluster (11)", sentence))
            }
        }
    }
}
