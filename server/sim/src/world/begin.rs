//! How a cluster comes to be: every disk has the roster, or the first node founds with its store.

use cluster::{Input, Key, Member, Objects, Phase, Record, Roster, Token};
use domain::{ClusterId, ObjectId};
use gitty::{Meta, Object};

use super::{
    World,
    clients::{Client, key},
    event::Event,
};
use crate::{profile::Beginning, trace::name};

/// No save has it.
const FOUND: Token = Token(u64::MAX);

impl World {
    pub(super) fn begin(&mut self) {
        match self.profile.beginning {
            Beginning::Roster => {
                let roster = self.roster();
                for node in self.nodes.iter_mut().take(self.profile.nodes) {
                    node.disk.preset(vec![Record::Roster(roster.clone())]);
                }
                self.oracle.cluster = Some(roster.cluster);
                self.oracle.rosters.insert(roster.version(), roster);
            }
            Beginning::Store => {
                for file in 0..self.profile.files {
                    self.stock(file);
                }
            }
        }
        for node in 0..self.nodes.len() {
            self.at(0, Event::Start { node });
        }
        for client in 0..self.profile.clients {
            self.clients.push(Client::at(client % self.nodes.len()));
            self.thinks(client);
        }
        if let Some(within) = self.profile.wipe_us {
            let node = self.dice.index(self.nodes.len());
            let at = self.dice.between(within);
            self.at(at, Event::Wipe { node });
        }
        self.copy_later();
        self.lose_majority_later();
        self.begin_story();
        if let Some(gap) = self.profile.operator_gap_us {
            let gap = self.dice.between(gap);
            self.after(gap, Event::Operate);
        }
        if let Some(gap) = self.profile.swish_us {
            for node in 0..self.nodes.len() {
                let gap = self.dice.between(gap);
                self.after(gap, Event::Swish { node });
            }
        }
        if let Some(gap) = self.profile.operator_us {
            let gap = self.dice.between(gap);
            self.after(gap, Event::Operator);
        }
        self.deed_later();
        if let Some(gap) = self.profile.fault_gap_us {
            let gap = self.dice.between(gap);
            self.after(gap, Event::Fault);
        }
    }

    fn roster(&self) -> Roster {
        let member = |(at, node): (usize, &super::Node)| Member {
            id: node.id,
            name: name(at).into(),
            address: String::new(),
        };
        Roster {
            cluster: ClusterId::from_bytes([7; 8]),
            epoch: 1,
            phase: Phase::Steady,
            members: self.nodes.iter().enumerate().take(self.profile.nodes).map(member).collect(),
            learners: self
                .nodes
                .iter()
                .enumerate()
                .skip(self.profile.learners_from())
                .map(member)
                .collect(),
            removed: Vec::new(),
        }
    }

    /// Puts a history on the founder's disk; some lack their oldest commit or a text.
    fn stock(&mut self, file: usize) {
        let length = self.dice.index(4);
        let gap = self.dice.index(4);
        let mut last: Option<ObjectId> = None;
        for version in 0..length {
            let text = Object::blob(&format!("store({file}, {version}).\n"));
            let text_id = text.id().expect("nobody attacks SHA-1 here");
            let made = last.map(|id| (id, self.oracle.commits[&id].clone()));
            let now = gitty::commit::commit_time(1_600_000_000_000, 0);
            let commit = match made {
                Some((id, made)) => {
                    let now = gitty::commit::commit_time(0, made.link.time_ms);
                    gitty::commit::update(&made.commit, id, text_id, Meta::default(), now)
                }
                None => {
                    gitty::commit::create(key(file).file(), text_id, Meta::default(), None, now)
                }
            };
            let (object, link) = (commit.object(), commit.link());
            let id = object.id().expect("nobody attacks SHA-1 here");
            self.oracle.made_with(id, commit, link.clone(), None);
            last = Some(id);
            let newest = version + 1 == length;
            // Gap 0: the oldest commit is missing; gap 1: the oldest text; else nothing.
            self.keep(text_id, text, None, gap <= 1 && version == 0 && !newest);
            self.keep(id, object, Some(link), gap == 0 && version == 0 && !newest);
        }
    }

    fn keep(&mut self, id: ObjectId, object: Object, link: Option<domain::Link>, missing: bool) {
        if missing {
            self.oracle.gaps.insert(id);
        } else {
            let record = Record::Object { id, object, link };
            self.nodes[0].disk.preset(vec![record]);
        }
    }

    /// An operator founds the cluster with what is in the store; again if a crash undid it.
    pub(super) fn found(&mut self) {
        let is_in_one = self.nodes[0].core.durable().roster.is_some();
        if !self.nodes[0].up || is_in_one || self.oracle.is_anew {
            return;
        }
        let heads: Vec<(Key, ObjectId)> = (0..self.profile.files)
            .filter_map(|file| Some((key(file), self.stocked_head(file)?)))
            .collect();
        let roster = self.roster();
        let now = self.now;
        self.trace.line(now, || format!("A ⌂ founds with {} heads", heads.len()));
        let token = FOUND;
        self.input(0, Input::Found { token, roster, heads });
    }

    /// The latest commit of a file in the founder's store.
    fn stocked_head(&self, file: usize) -> Option<ObjectId> {
        let key = key(file);
        let of_store = self.oracle.commits.iter().filter(|(id, made)| {
            made.op.is_none() && &made.link.name == key.file() && self.nodes[0].shelf.holds(id)
        });
        of_store.max_by_key(|(_, made)| made.link.time_ms).map(|(id, _)| *id)
    }
}
