//! A SWISH on the same store directory: it saves by itself, and both read one journal (protocol 9).

use std::collections::{BTreeMap, BTreeSet};

use cluster::{Foreign, Input, Objects};
use domain::ObjectId;
use gitty::{Meta, Object};

use super::{World, clients::key, event::Event};
use crate::trace::{name, short};

/// One line `head(File, Old, New)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) file: usize,
    old: Option<ObjectId>,
    pub(crate) new: ObjectId,
}

/// The store directory of one node, and a SWISH that serves it. It outlives crashes of the node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Swish {
    pub(crate) journal: Vec<Line>,
    objects: BTreeMap<ObjectId, Object>,
    /// Lines that SWISH has read, and where it stands since.
    looked: usize,
    stands: BTreeMap<usize, ObjectId>,
    /// Lines that the node has read in this run.
    read: usize,
}

impl Swish {
    /// Where a SWISH stands that reads the journal from the beginning.
    pub(crate) fn replayed(&self, file: usize) -> Option<ObjectId> {
        let lines = self.journal.iter().filter(|line| line.file == file);
        lines.fold(None, |at, line| if at == line.old { Some(line.new) } else { at })
    }

    /// Where the running SWISH stands when it has read the journal to its end.
    pub(crate) fn stands(&mut self, file: usize) -> Option<ObjectId> {
        for line in &self.journal[self.looked..] {
            if self.stands.get(&line.file).copied() == line.old {
                self.stands.insert(line.file, line.new);
            }
        }
        self.looked = self.journal.len();
        self.stands.get(&file).copied()
    }

    /// Heads at which a running process may stand.
    fn ends(&self, file: usize) -> BTreeSet<Option<ObjectId>> {
        let mut ends = BTreeSet::from([None]);
        for line in self.journal.iter().filter(|line| line.file == file) {
            if ends.remove(&line.old) {
                ends.insert(Some(line.new));
            }
            ends.insert(Some(line.new));
        }
        ends
    }
}

impl World {
    /// SWISH saves; most often it has looked at its files before.
    pub(super) fn swish_saves(&mut self, node: usize) {
        let Some(gap) = self.profile.swish_us.filter(|_| !self.healing) else {
            return;
        };
        let file = self.dice.index(self.profile.files);
        let looks = self.dice.chance(800);
        let swish = &mut self.swishes[node];
        let stands = if looks { swish.stands(file) } else { swish.stands.get(&file).copied() };
        let number = self.next_stamp();
        let text = Object::blob(&format!("swish({number}).\n"));
        let text_id = text.id().expect("nobody attacks SHA-1 here");
        let now_ms = self.wall_ms(node);
        let made = stands.and_then(|id| Some((id, self.oracle.commits.get(&id)?)));
        let commit = match made {
            Some((id, made)) => {
                let now = gitty::commit::commit_time(now_ms, made.link.time_ms);
                gitty::commit::update(&made.commit, id, text_id, Meta::default(), now)
            }
            None => {
                let now = gitty::commit::commit_time(now_ms, 0);
                gitty::commit::create(key(file).file(), text_id, Meta::default(), None, now)
            }
        };
        let object = commit.object();
        let new = object.id().expect("nobody attacks SHA-1 here");
        self.oracle.made(new, commit, None);
        let swish = &mut self.swishes[node];
        swish.objects.extend([(text_id, text), (new, object)]);
        swish.journal.push(Line { file, old: stands, new });
        swish.stands.insert(file, new);
        self.counts.swish += 1;
        let now = self.now;
        self.trace.line(now, || format!("{} ✎ SWISH saves f{file}.pl {}", name(node), short(&new)));
        let gap = self.dice.between(gap);
        self.after(gap, Event::Swish { node });
    }

    /// The node has started: it reads the journal from its beginning.
    pub(super) fn journal_from_the_beginning(&mut self, node: usize) {
        if self.profile.swish_us.is_some() {
            self.swishes[node].read = 0;
            let run = self.nodes[node].run;
            self.after(1_000, Event::ReadJournal { node, run });
        }
    }

    /// The node reads the journal to its end, then leads every process to the served heads.
    pub(super) fn read_journal(&mut self, node: usize, run: u64) {
        if !self.nodes[node].up || self.nodes[node].run != run {
            return;
        }
        let from = self.swishes[node].read;
        let lines = self.swishes[node].journal.get(from..).unwrap_or_default().to_vec();
        self.swishes[node].read = from + lines.len();
        for line in lines {
            self.read_line(node, line);
            if !self.nodes[node].up {
                return;
            }
        }
        self.lead(node);
        let gap = self.dice.between((10_000, 400_000));
        self.after(gap, Event::ReadJournal { node, run });
    }

    fn read_line(&mut self, node: usize, line: Line) {
        let Line { file, old, new } = line;
        let objects = &self.swishes[node].objects;
        let blob = self.oracle.commits.get(&new).map(|made| made.link.blob);
        let unknown = [blob, Some(new)].into_iter().flatten();
        let unknown = unknown.filter(|id| !self.nodes[node].shelf.holds(id));
        let objects = unknown.filter_map(|id| objects.get(&id).cloned()).collect();
        self.input(node, Input::Foreign(Foreign { key: key(file), old, new, objects }));
    }

    /// Appends what leads every running process to the served head, once that is durable.
    fn lead(&mut self, node: usize) {
        if !self.nodes[node].disk.is_idle() {
            return;
        }
        for file in 0..self.profile.files {
            let Some(served) = self.nodes[node].core.served(&key(file)) else {
                continue;
            };
            let swish = &mut self.swishes[node];
            let last = swish.journal.iter().rev().find(|line| line.file == file);
            let last = last.map(|line| line.new);
            let mut ends = swish.ends(file);
            ends.remove(&Some(served));
            if last == Some(served) {
                ends.remove(&None);
            }
            for old in ends {
                // Those that stand at the served head already have nothing to follow.
                if old.is_some() || last != Some(served) {
                    swish.journal.push(Line { file, old, new: served });
                }
            }
        }
    }
}
