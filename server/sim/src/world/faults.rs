//! Crashes, cuts and pauses, and their end.

use cluster::{Event as CoreEvent, Input};

use super::{World, event::Event};
use crate::{
    invariants::{Check, divergences, forward_only, held_saves},
    profile::Beginning,
    trace::name,
};

impl World {
    /// Something breaks; then the next fault is drawn.
    pub(super) fn fault(&mut self) {
        let Some(gap) = self.profile.fault_gap_us else {
            return;
        };
        if self.healing {
            return;
        }
        let [crash, several, cut, pause] = self.profile.fault_odds;
        let drawn = self.dice.between((0, crash + several + cut + pause - 1));
        let node = self.dice.index(self.nodes.len());
        if drawn < crash {
            self.crash_soon(node);
        } else if drawn < crash + several {
            for node in 0..self.nodes.len() {
                if self.dice.chance(700) {
                    self.crash_soon(node);
                }
            }
        } else if drawn < crash + several + cut {
            self.cut_some(node);
        } else {
            self.pause(node);
        }
        let gap = self.dice.between(gap);
        self.after(gap, Event::Fault);
    }

    /// Crashes a node now, or in the middle of performing its next outputs.
    fn crash_soon(&mut self, node: usize) {
        if !self.nodes[node].up {
            return;
        }
        if self.dice.chance(500) {
            self.crash(node);
        } else {
            self.nodes[node].dies_in = Some(self.dice.between((0, 6)));
        }
    }

    /// Some proposers do not live to see their proposal decided.
    pub(super) fn die_perhaps(&mut self, node: usize) {
        if !self.healing && self.dice.chance(self.profile.deadly) {
            let run = self.nodes[node].run;
            let left = self.dice.between((0, 20_000));
            self.after(left, Event::Die { node, run });
        }
    }

    pub(super) fn die(&mut self, node: usize, run: u64) {
        if self.nodes[node].up && self.nodes[node].run == run && !self.healing {
            self.crash(node);
        }
    }

    pub(super) fn crash(&mut self, node: usize) {
        let lucky = self.dice.chance(500);
        self.nodes[node].crash(lucky);
        let votes = self.count_votes(node);
        self.note(votes);
        self.counts.crashes += 1;
        let now = self.now;
        self.trace.line(now, || format!("{} ☠ crash", name(node)));
        self.hang_up_all(node);
        let down = self.dice.between(self.profile.down_us);
        self.after(down, Event::Start { node });
    }

    /// Disk and database of a node are gone, and its identity is not.
    pub(super) fn wipe(&mut self, node: usize) {
        if self.healing {
            return;
        }
        if self.nodes[node].up {
            self.crash(node);
        }
        held_saves::before_wipe(&mut self.oracle, &self.nodes, node);
        self.nodes[node].wipe();
        self.counts.wipes += 1;
        let now = self.now;
        self.trace.line(now, || format!("{} ⌫ loses its disk", name(node)));
    }

    /// The program starts from what its disk kept.
    pub(super) fn start(&mut self, node: usize) -> Check {
        if self.nodes[node].up {
            return Ok(());
        }
        let ahead = self.dice.between((0, 5_000));
        self.nodes[node].start(&self.profile.config, ahead);
        let now = self.now;
        self.trace.line(now, || format!("{} ☼ start", name(node)));
        for (key, head) in self.nodes[node].core.durable().heads() {
            forward_only::check_recovered(&self.oracle, node, key, head)?;
        }
        self.input(node, Input::Started);
        self.journal_from_the_beginning(node);
        for peer in (0..self.nodes.len()).filter(|peer| *peer != node) {
            let pause = self.dice.between((500, 300_000));
            self.dial_in(node, peer, pause);
        }
        if node == 0 && self.profile.beginning == Beginning::Store {
            self.after(10_000, Event::Found);
        }
        Ok(())
    }

    fn cut_some(&mut self, node: usize) {
        let peers: Vec<usize> = (0..self.nodes.len()).filter(|peer| *peer != node).collect();
        let alone = self.dice.chance(400);
        let chosen = peers[self.dice.index(peers.len())];
        for peer in peers {
            if alone || peer == chosen {
                let ways = self.dice.between((0, 3));
                if ways != 1 {
                    self.cut(node, peer);
                }
                if ways != 2 {
                    self.cut(peer, node);
                }
            }
        }
    }

    fn pause(&mut self, node: usize) {
        let length = self.dice.between((50_000, 3_000_000));
        self.nodes[node].asleep_until = self.now + length;
        self.counts.pauses += 1;
        let now = self.now;
        self.trace.line(now, || format!("{} z stands still for {} ms", name(node), length / 1_000));
    }

    /// Everything works again, for good.
    pub(super) fn heal(&mut self) -> Check {
        self.healing = true;
        self.network.mend_all();
        let now = self.now;
        self.trace.line(now, || "everything works again".into());
        for node in 0..self.nodes.len() {
            self.nodes[node].asleep_until = 0;
            self.nodes[node].dies_in = None;
            self.start(node)?;
        }
        Ok(())
    }

    pub(super) fn core_event(&mut self, node: usize, event: CoreEvent) -> Check {
        match event {
            CoreEvent::HeadMoved { key, from, to, .. } => self.head_moved(node, &key, from, to),
            CoreEvent::RosterAdopted => {
                self.story_roster(node);
                Ok(())
            }
            CoreEvent::Renewed => {
                self.renewed(node);
                Ok(())
            }
            CoreEvent::SidesChanged { key } => {
                let sides = self.nodes[node].core.sides(&key).sides;
                let sides: Vec<_> = sides.iter().map(|side| side.commit).collect();
                self.counts.diverged += u64::from(!sides.is_empty());
                divergences::listed(&mut self.oracle, node, &key, &sides)
            }
            // What comes late or twice may look like an offence; too much of it is an alarm.
            CoreEvent::Offended { .. }
            | CoreEvent::SettleEnded { .. }
            | CoreEvent::Behind { .. }
            | CoreEvent::DraftChanged { .. }
            | CoreEvent::PeerReported { .. }
            | CoreEvent::PeerHeard { .. }
            | CoreEvent::PeerKnown { .. }
            | CoreEvent::ObjectMissing { .. } => Ok(()),
        }
    }
}
