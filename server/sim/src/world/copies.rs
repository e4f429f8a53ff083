//! Old copies of disks: one is made while its node works, and put back at a later crash.
//!
//! Only where that can be found out (protocol 2): every other member remembers, on its own disk,
//! a higher durable count than the copy has, and no other disk is under suspicion. An operator
//! replaces the node that was rolled back.

use cluster::{Input, Mutant, Output, Phase, Roster, RosterChange, Token};
use domain::Incarnation;

use super::{World, event::Event};
use crate::{
    Violation,
    invariants::{Check, p3_saves},
    trace::name,
};

/// No save has one so high; founding has the last, and operators theirs from the half.
const FIRST: u64 = u64::MAX / 4 * 3;
/// Time between two tries to put a copy back, or to replace a node.
const AGAIN_US: u64 = 200_000;

impl World {
    pub(super) fn copy_later(&mut self) {
        if let Some(gap) = self.profile.copy_us {
            let gap = self.dice.between(gap);
            self.after(gap, Event::Copy);
        }
    }

    /// Somebody copies a disk, to put it back some time later.
    pub(super) fn copy(&mut self) {
        if self.healing {
            return;
        }
        let node = self.dice.index(self.nodes.len());
        if self.nodes[node].copy.is_none() {
            self.nodes[node].copy = Some(self.nodes[node].disk.copy());
            let now = self.now;
            self.trace.line(now, || format!("{} ⎘ its disk is copied", name(node)));
            let age = self.dice.between(self.profile.copy_age_us);
            self.after(age, Event::PutBack { node });
        }
        self.copy_later();
    }

    /// The copy comes back, if that can be found out; else a little later.
    pub(super) fn put_back(&mut self, node: usize) {
        if self.healing {
            return;
        }
        if !self.is_found_out(node) {
            return self.after(AGAIN_US, Event::PutBack { node });
        }
        let Some(copy) = self.nodes[node].copy.take() else { return };
        if self.nodes[node].up {
            self.crash(node);
        }
        p3_saves::before_copy(&mut self.oracle, &self.nodes, node, &copy);
        self.nodes[node].put_back(copy);
        self.counts.rolled += 1;
        let (now, count) = (self.now, self.nodes[node].disk.count().0);
        self.trace.line(now, || format!("{} ⎌ an old disk is put back: {count}", name(node)));
    }

    /// True if the roll-back cannot stay unseen, and leaves a majority of intact members.
    fn is_found_out(&self, node: usize) -> bool {
        let (Some(copy), Some(roster)) = (&self.nodes[node].copy, self.oracle.roster()) else {
            return false;
        };
        let id = copy.member(self.nodes[node].id.node);
        let others = || self.nodes.iter().filter(|other| other.id.node != id.node);
        let members = || others().filter(|other| roster.has(&other.id));
        let quiet = self.is_quiet(roster) && roster.phase == Phase::Steady;
        let remembered = members().all(|other| other.disk.remembers(&id) > copy.count().0);
        let intact = self.nodes.iter().all(|node| !node.is_old());
        quiet && remembered && intact && members().count() >= roster.quorum()
    }

    /// When everything works every old disk is found out, sooner or later. What it wrote in runs
    /// that compared with nobody who remembers does not hide it (`cluster/tests/rolled_back.rs`).
    pub(super) fn all_found_out(&self) -> Check {
        let is_broken = self.profile.config.mutant == Some(Mutant::RolledBackVotes);
        match self.nodes.iter().position(|node| node.is_old() && !is_broken) {
            None => Ok(()),
            Some(at) => {
                let sentence = format!("{} does not know that its disk is an old one", name(at));
                Err(Violation::new("old disks are found out (2)", sentence))
            }
        }
    }

    /// A core found out that its disk is an older one: as the driver, cuts it off and gives it a
    /// new life.
    pub(super) fn renew(&mut self, node: usize) {
        self.nodes[node].lives += 1;
        let lives = self.nodes[node].lives;
        let mut bytes = *self.nodes[node].id.incarnation.as_bytes();
        // No byte of the first lives is that high.
        bytes[2] = 128 + lives;
        let incarnation = Incarnation::from_bytes(bytes);
        let now = self.now;
        self.trace.line(now, || format!("{} ⚑ its disk is an older one", name(node)));
        self.nodes[node].held_back.retain(|(_, output)| !matches!(output, Output::Send { .. }));
        self.hang_up_all(node);
        self.counts.renewed += 1;
        self.input(node, Input::Renew { incarnation });
        let found = self.nodes[node].core.rolled_back();
        self.trace.line(now, || format!("{} ⚑ {found:?}", name(node)));
    }

    /// The new life is known: an operator gives it its vote back, sooner or later.
    pub(super) fn renewed(&mut self, node: usize) {
        let later = self.dice.between((100_000, 1_000_000));
        self.after(later, Event::Replace { node });
    }

    pub(super) fn replace(&mut self, node: usize) {
        let id = self.nodes[node].id;
        let is_done = self.oracle.roster().is_none_or(|roster: &Roster| roster.has(&id));
        if self.healing || is_done {
            return;
        }
        let at = self.dice.index(self.nodes.len());
        if at != node && self.nodes[at].up && !self.nodes[node].is_old() {
            let change = RosterChange::Replace(id.node);
            let now = self.now;
            self.trace.line(now, || format!("{} ⇐ operator: {change:?}", name(at)));
            let token = Token(FIRST + self.next_stamp());
            self.input(at, Input::Change { token, change });
        }
        self.after(AGAIN_US, Event::Replace { node });
    }
}
