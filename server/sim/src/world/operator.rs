//! The operator: changes the roster one node at a time, and sometimes a disk is lost.
//!
//! Knows where everything is, so that it never leaves fewer intact members than a majority: then
//! nothing could be decided any more, by design (protocol 11).

use cluster::{ChangeOutcome, Input, Member, Phase, Roster, RosterChange, Token};

use super::{World, event::Event};
use crate::trace::name;

/// No save has one so high, and founding has the last.
const FIRST: u64 = u64::MAX / 2;

impl World {
    pub(super) fn operate(&mut self) {
        let Some(gap) = self.profile.operator_gap_us else { return };
        if self.healing {
            return;
        }
        let gap = self.dice.between(gap);
        self.after(gap, Event::Operate);
        let Some(roster) = self.oracle.roster().cloned() else { return };
        if self.dice.chance(150) {
            let node = self.dice.index(self.nodes.len());
            self.lose_disk(&roster, node);
        } else {
            self.change(&roster);
        }
    }

    pub(super) fn operated(&mut self, node: usize, outcome: ChangeOutcome) {
        let now = self.now;
        self.trace.line(now, || format!("{} ⇒ operator: {outcome:?}", name(node)));
        self.counts.changes += u64::from(outcome == ChangeOutcome::Done);
    }

    /// Members whose disk is the one that they were made members with.
    fn intact(&self, members: &[Member], but: Option<usize>) -> usize {
        let nodes = self.nodes.iter().enumerate().filter(|(at, _)| Some(*at) != but);
        nodes.filter(|(_, node)| members.iter().any(|member| member.id == node.id)).count()
    }

    /// True if no change of the roster is under way.
    pub(super) fn is_quiet(&self, roster: &Roster) -> bool {
        let version = roster.version();
        self.nodes.iter().all(|node| {
            let durable = node.core.durable();
            let open = durable.council.accepted.is_some()
                && durable.roster.as_ref().map(Roster::version) == Some(version);
            !open && !node.core.changing()
        })
    }

    /// Takes a disk away, if what is left can decide and no change is under way.
    fn lose_disk(&mut self, roster: &Roster, node: usize) {
        let left = self.intact(&roster.members, Some(node));
        if self.is_quiet(roster) && roster.phase == Phase::Steady && left >= roster.quorum() {
            self.wipe(node);
        }
    }

    fn change(&mut self, roster: &Roster) {
        let at = self.dice.index(self.nodes.len());
        if !self.nodes[at].up {
            return;
        }
        let which = self.dice.index(self.nodes.len());
        let id = self.nodes[which].id;
        let is = |member: &Member| member.id.node == id.node;
        let (mut members, was_wiped) = (roster.members.clone(), !roster.has(&id));
        let change = if roster.members.iter().any(is) {
            members.retain(|member| !is(member));
            match self.dice.index(3) {
                _ if was_wiped && self.dice.chance(700) => RosterChange::Replace(id.node),
                0 => RosterChange::Demote(id.node),
                _ => RosterChange::Remove(id.node),
            }
        } else if roster.learners.iter().any(is) {
            members.push(self.member(which));
            if self.dice.chance(850) {
                RosterChange::Promote(id.node)
            } else {
                RosterChange::Remove(id.node)
            }
        } else {
            RosterChange::Approve(self.member(which))
        };
        // Removing has to leave a majority intact; so has every change on its own way.
        let quorum = members.len() / 2 + 1;
        let shrinks = members.len() < roster.members.len();
        if shrinks && (members.len() < 2 || self.intact(&members, None) < quorum) {
            return;
        }
        if self.intact(&roster.members, None) < quorum {
            return;
        }
        let now = self.now;
        self.trace.line(now, || format!("{} ⇐ operator: {change:?}", name(at)));
        let token = Token(FIRST + self.next_stamp());
        self.input(at, Input::Change { token, change });
    }

    fn member(&self, at: usize) -> Member {
        Member { id: self.nodes[at].id, name: name(at).into(), address: String::new() }
    }
}
