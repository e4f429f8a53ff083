//! What breaks in a storm, what stays broken in a calm, and the end of both.

use relay::Input;

use super::{CALM_US, Event, World};
use crate::{dice::Dice, trace::name};

/// What a clock is put forward or back by.
const HOUR_US: i64 = 3_600_000_000;

impl World {
    pub(super) fn fault(&mut self, dice: &mut Dice) {
        let node = dice.index(self.nodes.len());
        match dice.index(6) {
            5 => self.nodes[node].is_doomed = true,
            0 => {
                let down = dice.between((5_000, 3_000_000));
                self.crash(node, down, dice);
            }
            1 | 2 => {
                let other = (node + 1 + dice.index(self.nodes.len() - 1)) % self.nodes.len();
                let until = self.now + dice.between((50_000, 4_000_000));
                let ways = dice.between((0, 3));
                self.counts.one_way += u64::from(ways == 1 || ways == 2);
                if ways != 1 {
                    self.cut(node, other, until);
                }
                if ways != 2 {
                    self.cut(other, node, until);
                }
            }
            3 => {
                self.counts.pauses += 1;
                let length = dice.between((50_000, 4_000_000));
                self.nodes[node].asleep_until = self.now + length;
                self.line(|| format!("{} z stands still for {} ms", name(node), length / 1_000));
            }
            _ => {
                let small = i64::try_from(dice.between((0, 4_000_000))).unwrap_or(0) - 2_000_000;
                let steps = [-HOUR_US, 0, HOUR_US];
                let step = if self.profile.clocks { steps[dice.index(3)] } else { 0 };
                self.set_clock(node, step + small);
                self.counts.clock_steps += 1;
                self.line(|| format!("{} ◷ its clock is off by {step} us", name(node)));
            }
        }
    }

    /// Stops a node as by a cut of the power; it starts again after a while.
    fn crash(&mut self, node: usize, down: u64, dice: &mut Dice) {
        if !self.nodes[node].up {
            return;
        }
        let is_lucky = dice.chance(500);
        self.counts.torn += u64::from(self.nodes[node].crash(is_lucky));
        self.counts.crashes += 1;
        self.note_durable(node);
        self.line(|| format!("{} ☠ crash", name(node)));
        for peer in (0..self.nodes.len()).filter(|peer| *peer != node) {
            self.hang_up(node, peer, None);
        }
        // What the hub knew of its pages is gone with it.
        for page in self.pages.iter_mut().filter(|page| page.at == Some(node)) {
            page.forget();
        }
        if dice.chance(self.profile.wipes) {
            self.wipe(node);
        }
        self.at(self.now + down, Event::Start { node });
    }

    /// Dies soon after a write, if it is still in that run.
    pub(super) fn die(&mut self, node: usize, run: u64) {
        if self.nodes[node].run == run && self.is_stormy() {
            let mut dice = self.dice.clone();
            let down = self.dice.between((5_000, 1_000_000));
            self.crash(node, down, &mut dice);
        }
    }

    fn wipe(&mut self, node: usize) {
        self.counts.wipes += 1;
        self.line(|| format!("{} ⌫ loses its disk", name(node)));
        let others: Vec<usize> = (0..self.nodes.len()).filter(|other| *other != node).collect();
        for (document, message) in self.nodes[node].disk.all() {
            let place = message.row.place;
            let is_elsewhere =
                others.iter().any(|other| self.nodes[*other].disk.get(document, place).is_some());
            if !is_elsewhere {
                self.oracle.lost.insert((document.clone(), place));
            }
        }
        self.nodes[node].wipe();
    }

    pub(super) fn start(&mut self, node: usize) {
        if self.nodes[node].up {
            return;
        }
        self.nodes[node].start(&self.profile.config);
        self.line(|| format!("{} ☼ start", name(node)));
        self.input(node, Input::Started);
        for peer in (0..self.nodes.len()).filter(|peer| *peer != node) {
            let pause = self.dice.between((500, 300_000));
            self.dial_in(node, peer, pause);
        }
    }

    /// A storm ends; something may stay broken until the calm is over.
    pub(super) fn calm(&mut self, dice: &mut Dice) {
        self.everything_works();
        let node = dice.index(self.nodes.len());
        let other = (node + 1) % self.nodes.len();
        let until = self.now + CALM_US - 2;
        match dice.index(4) {
            0 => self.crash(node, CALM_US - 2, dice),
            1 => {
                self.input(node, Input::Stop);
                self.crash(node, CALM_US - 2, dice);
            }
            2 => {
                self.cut(node, other, until);
                self.cut(other, node, until);
                self.hang_up(node, other, None);
            }
            _ => {}
        }
    }

    /// Everybody runs, everything passes, all clocks are right.
    pub(super) fn everything_works(&mut self) {
        self.mend_all();
        self.line(|| "everything works".into());
        for node in 0..self.nodes.len() {
            self.wake(node);
            self.set_clock(node, 0);
            self.nodes[node].is_doomed = false;
            self.start(node);
        }
    }

    /// Puts a clock; what was posted before and is not answered yet has the time of before.
    fn set_clock(&mut self, node: usize, off_us: i64) {
        self.nodes[node].clock_us = off_us;
        self.nodes[node].off_until = self.now + 10_000_000;
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
}
