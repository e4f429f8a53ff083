//! Operators: they look at a node's divergences and settle them, sometimes two at once.

use cluster::{Input, Objects, Save, SettleOutcome, Token};
use domain::ObjectId;
use gitty::Meta;
use serde_json::json;

use super::{World, event::Event};
use crate::{
    invariants::{Check, settled_once},
    oracle::Settling,
    trace::{name, short},
};

impl World {
    /// An operator looks at a node and settles one of its divergences; often another one does the
    /// same on another node.
    pub(super) fn operator_looks(&mut self) {
        let Some(gap) = self.profile.operator_us.filter(|_| !self.healing) else {
            return;
        };
        let first = self.dice.index(self.nodes.len());
        self.settle_on(first);
        if self.dice.chance(600) {
            let second = self.dice.index(self.nodes.len());
            self.settle_on(second);
        }
        let gap = self.dice.between(gap);
        self.after(gap, Event::Operator);
    }

    fn settle_on(&mut self, node: usize) {
        if !self.nodes[node].up {
            return;
        }
        let again = self.dice.chance(150);
        let latest = self.oracle.settlings.last().map(|settling| settling.save.clone());
        let save = match latest.filter(|_| again) {
            Some(save) => Some(save),
            None => self.settling(node),
        };
        let Some(save) = save else { return };
        let token = Token(self.next_stamp());
        self.oracle.settling(token, node, save.clone());
        self.counts.settlings += 1;
        let way = self.dice.between((50, 3_000));
        let save = Box::new(save);
        self.after(way, Event::Settle { node, token, save });
    }

    /// A commit on the decided head that settles the first divergence of a node: by its text, or
    /// by that of the head.
    fn settling(&mut self, node: usize) -> Option<Save> {
        let core = &self.nodes[node].core;
        let (key, sides) = core.diverged().next()?;
        let (key, tips) = (key.clone(), sides.iter().map(|side| side.commit).collect::<Vec<_>>());
        let head = core.sides(&key).head?;
        let latest = core.latest_ms(&key, |id| self.nodes[node].shelf.link(id));
        let picked = if self.dice.chance(500) { tips[0] } else { head };
        let made = &self.oracle.commits[&head];
        let text = self.oracle.commits[&picked].link.blob;
        let operator = format!("settle {}", self.oracle.settlings.len());
        let meta = Meta::from_json(&json!({ "commit_message": operator }), false).settles(&tips);
        let now_ms = self.wall_ms(node);
        let time = gitty::commit::commit_time(now_ms, latest);
        let commit = gitty::commit::update(&made.commit, head, text, meta, time);
        let (object, link) = (commit.object(), commit.link());
        let id = object.id().expect("nobody attacks SHA-1 here");
        self.oracle.made_with(id, commit, link.clone(), None);
        Some(Save { key, base: Some(head), commit: object, id, link, blob: None })
    }

    pub(super) fn settle_arrives(&mut self, node: usize, token: Token, save: Box<Save>) {
        if !self.nodes[node].up {
            return;
        }
        let Save { key, base, id, .. } = &*save;
        let (now, key, base, id) = (self.now, key.clone(), *base, *id);
        self.trace.line(now, || {
            let base = base.map_or_else(String::new, |base: ObjectId| short(&base));
            format!("{} ⇐ settle {key} {} on {base}", name(node), short(&id))
        });
        let run = self.nodes[node].run;
        self.oracle.arrived(token, run);
        self.input(node, Input::Settle { token, save });
    }

    /// A node answers a settling; what it says is judged as it leaves.
    pub(super) fn settle_answered(
        &mut self,
        node: usize,
        token: Token,
        outcome: SettleOutcome,
    ) -> Check {
        let now = self.now;
        self.trace.line(now, || format!("{} ⇒ settle {outcome:?}", name(node)));
        self.counts.settled += u64::from(matches!(outcome, SettleOutcome::Decided { .. }));
        let found = self.oracle.settlings.iter_mut().find(|settling| settling.token == token);
        if let Some(settling) = found {
            settling.answer = Some(outcome);
            let settling: Settling = settling.clone();
            settled_once::check_answer(&self.oracle, &settling)?;
        }
        Ok(())
    }
}
