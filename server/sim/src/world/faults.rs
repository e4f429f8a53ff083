//! Crashes, cuts and pauses, and their end.

use cluster::{Event as CoreEvent, Input};

use super::{World, event::Event};
use crate::{
    invariants::{Check, p2_forward_only, p3_saves, p8_divergences},
    profile::Beginning,
    trace::name,
};

/// What a clock is put forward or back by.
const HOUR_MS: i64 = 3_600_000;

impl World {
    /// Something breaks; then the next fault is drawn.
    pub(super) fn fault(&mut self) {
        let Some(gap) = self.profile.fault_gap_us else {
            return;
        };
        if self.healing {
            return;
        }
        let odds = self.profile.fault_odds;
        let mut drawn = self.dice.between((0, odds.iter().sum::<u64>() - 1));
        let node = self.dice.index(self.nodes.len());
        let kind = odds.iter().position(|odds| {
            let is_it = drawn < *odds;
            drawn = drawn.saturating_sub(*odds);
            is_it
        });
        match kind {
            Some(0) => self.crash_soon(node),
            Some(1) => self.crash_several(),
            Some(2) => self.cut_some(node),
            Some(3) => {
                let length = self.dice.between(self.profile.pause_us);
                self.pause(node, length);
            }
            Some(4) => self.step_clock(node),
            Some(_) => self.slow_down(node),
            None => {}
        }
        let gap = self.dice.between(gap);
        self.after(gap, Event::Fault);
    }

    fn crash_several(&mut self) {
        for node in 0..self.nodes.len() {
            if self.dice.chance(700) {
                self.crash_soon(node);
            }
        }
    }

    /// Somebody puts the clock of a node forward or back by an hour, or right.
    ///
    /// The program tells time by a clock that never goes back, but one that stood while the
    /// machine slept may jump forward.
    fn step_clock(&mut self, node: usize) {
        let step = [-HOUR_MS, 0, HOUR_MS][self.dice.index(3)];
        self.nodes[node].clock_ms = step;
        if self.dice.chance(200) {
            self.nodes[node].ahead_ms += HOUR_MS.unsigned_abs();
        }
        self.counts.clock_steps += 1;
        let now = self.now;
        self.trace.line(now, || format!("{} ◷ its clock is off by {step} ms", name(node)));
    }

    /// Both clocks of a node go forward.
    pub(super) fn step_forward(&mut self, node: usize, ms: u64) {
        self.nodes[node].clock_ms = self.nodes[node].clock_ms.saturating_add_unsigned(ms);
        self.nodes[node].ahead_ms += ms;
        self.counts.clock_steps += 1;
    }

    /// For a while each sync of a node takes 100 ms to 2 s.
    fn slow_down(&mut self, node: usize) {
        let length = self.dice.between((500_000, 10_000_000));
        self.nodes[node].slow_until = self.now + length;
        let now = self.now;
        self.trace.line(now, || format!("{} ▤ slow for {} ms", name(node), length / 1_000));
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
        let is_it = self.nodes[node].run == run || self.plan.is_told();
        if self.nodes[node].up && is_it && !self.healing {
            self.crash(node);
        }
    }

    pub(super) fn crash(&mut self, node: usize) {
        let lucky = self.dice.chance(500);
        self.counts.torn += u64::from(self.nodes[node].crash(lucky));
        self.note_cluster(node);
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
        p3_saves::before_wipe(&mut self.oracle, &self.nodes, node);
        self.nodes[node].wipe();
        self.counts.wipes += 1;
        let now = self.now;
        self.trace.line(now, || format!("{} ⌫ loses its disk", name(node)));
    }

    /// The program starts from what its disk kept.
    pub(super) fn start(&mut self, node: usize) -> Check {
        if self.nodes[node].up || self.nodes[node].gone {
            return Ok(());
        }
        let ahead = self.dice.between((0, 5_000));
        self.nodes[node].start(&self.profile.config, ahead);
        let now = self.now;
        self.trace.line(now, || format!("{} ☼ start", name(node)));
        let is_elsewhere = self.is_elsewhere(node);
        for (key, head) in self.nodes[node].core.durable().heads().filter(|_| !is_elsewhere) {
            p2_forward_only::check_recovered(&self.oracle, node, key, head)?;
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
                self.counts.one_way += u64::from(ways == 1 || ways == 2);
                if ways != 1 {
                    self.cut(node, peer);
                }
                if ways != 2 {
                    self.cut(peer, node);
                }
            }
        }
    }

    pub(super) fn pause(&mut self, node: usize, length: u64) {
        let until = self.nodes[node].asleep_until.max(self.now + length);
        self.nodes[node].asleep_until = until;
        self.counts.pauses += 1;
        let now = self.now;
        self.trace.line(now, || format!("{} z stands still for {} ms", name(node), length / 1_000));
    }

    /// A node goes on before its time: what waited for that happens now.
    fn wake(&mut self, node: usize) {
        let until = std::mem::take(&mut self.nodes[node].asleep_until);
        let waiting = self.queue.range((until, 0)..=(until, u64::MAX));
        let waiting = waiting.filter(|(_, event)| event.node() == Some(node));
        let waiting: Vec<(u64, u64)> = waiting.map(|(at, _)| *at).collect();
        for at in waiting.into_iter().filter(|(at, _)| *at > self.now) {
            if let Some(event) = self.queue.remove(&at) {
                self.queue.insert((self.now, at.1), event);
            }
        }
    }

    /// Everything works again, for good.
    pub(super) fn heal(&mut self) -> Check {
        self.healing = true;
        self.network.mend_all();
        let now = self.now;
        self.trace.line(now, || "everything works again".into());
        for node in 0..self.nodes.len() {
            self.wake(node);
            self.nodes[node].slow_until = 0;
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
                self.part_from_others(node);
                Ok(())
            }
            CoreEvent::Renewed => {
                if self.nodes[node].core.rolled_back().is_some() {
                    self.renewed(node);
                }
                Ok(())
            }
            CoreEvent::SidesChanged { .. } if self.is_elsewhere(node) => Ok(()),
            CoreEvent::SidesChanged { key } => {
                let sides = self.nodes[node].core.sides(&key).sides;
                let sides: Vec<_> = sides.iter().map(|side| side.commit).collect();
                self.counts.diverged += u64::from(!sides.is_empty());
                p8_divergences::listed(&mut self.oracle, node, &key, &sides)
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
