//! Clients: pages that save, wait, give up, try again elsewhere, and merge after a conflict.

use std::collections::BTreeMap;

use cluster::{Input, Key, Objects, Save, SaveOutcome, Token};
use domain::{FileName, ObjectId};
use gitty::{Commit, Meta, Object};
use serde_json::json;

use super::{World, event::Event};
use crate::{
    invariants::{Check, p3_saves, p7_real_time, p8_divergences},
    oracle::{self, Attempt, Op},
    trace::{name, short},
};

/// Milliseconds since 1970 at the beginning of every schedule.
const EPOCH_MS: u64 = 1_700_000_000_000;

/// One client, usually at one node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Client {
    home: usize,
    /// Head of each file that it saw last.
    seen: BTreeMap<usize, Option<ObjectId>>,
    /// What it wants to have saved now.
    task: Option<Task>,
}

/// A save under way.
#[derive(Clone, Debug)]
struct Task {
    op: usize,
    file: usize,
    base: Option<ObjectId>,
    text: Object,
    text_id: ObjectId,
    /// For a new file that is a fork: the commit of the other file.
    forked: Option<ObjectId>,
    /// The request whose answer it waits for.
    token: Option<Token>,
}

pub(crate) fn key(file: usize) -> Key {
    Key::from(FileName::from(format!("f{file}.pl").as_str()))
}

impl Client {
    pub(crate) fn at(home: usize) -> Self {
        Self { home, ..Self::default() }
    }
}

impl World {
    /// A client begins a save, or repeats the one it is at.
    pub(super) fn client_turn(&mut self, client: usize) {
        if self.healing {
            return;
        }
        if self.clients[client].task.is_none() {
            self.begin_op(client);
        }
        self.attempt(client);
    }

    /// The client of this node saves there, whatever it was at.
    pub(super) fn save_at(&mut self, node: usize) {
        self.clients[node].task = None;
        self.clients[node].seen.clear();
        self.begin_op(node);
        self.attempt_at(node, node);
    }

    fn begin_op(&mut self, client: usize) {
        let file = self.dice.index(self.profile.files);
        let key = key(file);
        let op = self.oracle.ops.len();
        let node = &self.nodes[self.clients[client].home];
        let reloads = self.dice.chance(700);
        if node.up && (reloads || !self.clients[client].seen.contains_key(&file)) {
            let head = node.core.served(&key);
            self.clients[client].seen.insert(file, head);
        }
        let base = self.clients[client].seen.get(&file).copied().flatten();
        let filler = if self.dice.chance(self.profile.large) {
            "% filler\n".repeat(7_000 + self.dice.index(14_000))
        } else {
            String::new()
        };
        let text = Object::blob(&format!("save({op}).\n{filler}"));
        let forked = self.fork(file);
        let text_id = text.id().expect("nobody attacks SHA-1 here");
        let floor = self.oracle.paths.get(&key).and_then(|path| path.answered);
        self.oracle.ops.push(Op { key, attempts: Vec::new(), floor });
        self.clients[client].task =
            Some(Task { op, file, base, text, text_id, forked, token: None });
    }

    /// Sends the save to the client's node, sometimes to another.
    fn attempt(&mut self, client: usize) {
        if self.clients[client].task.is_none() {
            return;
        }
        let node = if self.dice.chance(750) {
            self.clients[client].home
        } else {
            self.dice.index(self.nodes.len())
        };
        self.attempt_at(client, node);
    }

    fn attempt_at(&mut self, client: usize, node: usize) {
        let Some(mut task) = self.clients[client].task.clone() else {
            return;
        };
        let commit = self.commit(&task, node);
        let (object, link) = (commit.object(), commit.link());
        let id = object.id().expect("nobody attacks SHA-1 here");
        let token = Token(self.next_stamp());
        self.oracle.made_with(id, commit, link.clone(), Some(task.op));
        let attempts = &mut self.oracle.ops[task.op].attempts;
        self.oracle.tokens.insert(token, (task.op, attempts.len()));
        attempts.push(Attempt { node, run: None, base: task.base, commit: id, answer: None });
        let save = Save {
            key: key(task.file),
            base: task.base,
            commit: object,
            id,
            link,
            blob: Some((task.text_id, task.text.clone())),
        };
        task.token = Some(token);
        self.clients[client].task = Some(task);
        let way = self.dice.between((50, 3_000));
        let save = Box::new(save);
        self.after(way, Event::Save { node, token, save });
        let patience = self.dice.between(self.profile.client_patience_us);
        self.after(patience, Event::GiveUp { client, token });
    }

    /// The commit as the gateway of a node would make it now: the same save later has another time
    /// only.
    fn commit(&self, task: &Task, node: usize) -> Commit {
        let meta = json!({ "commit_message": format!("save {}", task.op) });
        let meta = Meta::from_json(&meta, false);
        let now_ms = self.wall_ms(node);
        let key = key(task.file);
        let at = &self.nodes[node];
        let latest = at.core.latest_ms(&key, |id| at.shelf.link(id));
        let base = task.base.and_then(|id| Some((id, self.oracle.commits.get(&id)?)));
        match base {
            Some((id, made)) => {
                let now = gitty::commit::commit_time(now_ms, latest.max(made.link.time_ms));
                gitty::commit::update(&made.commit, id, task.text_id, meta, now)
            }
            None => {
                let now = gitty::commit::commit_time(now_ms, latest);
                gitty::commit::create(key.file(), task.text_id, meta, task.forked, now)
            }
        }
    }

    /// The wall clock of a node, in milliseconds since 1970.
    pub(super) fn wall_ms(&self, node: usize) -> u64 {
        (EPOCH_MS + self.now / 1_000).saturating_add_signed(self.nodes[node].clock_ms)
    }

    /// Some new files are forks of another file, of a version that a page could be made from.
    fn fork(&mut self, file: usize) -> Option<ObjectId> {
        let other = file.checked_sub(1).filter(|_| self.dice.chance(300))?;
        let path = self.oracle.paths.get(&key(other))?;
        let gaps = &self.oracle.gaps;
        path.order.iter().find(|id| !gaps.contains(*id)).copied()
    }

    /// A save reaches its node.
    pub(super) fn save_arrives(&mut self, node: usize, token: Token, save: Box<Save>) {
        let (op, attempt) = self.oracle.tokens[&token];
        if !self.nodes[node].up {
            return;
        }
        self.counts.attempts += 1;
        self.oracle.ops[op].attempts[attempt].run = Some(self.nodes[node].run);
        let save = self.without_known_text(node, save);
        let now = self.now;
        self.trace.line(now, || {
            let base = save.base.map_or_else(|| "nothing".into(), |id| short(&id));
            let (node, id) = (name(node), short(&save.id));
            format!("{node} ⇐ save {op}.{attempt} {} {id} on {base}", save.key)
        });
        self.input(node, Input::Save { token, save });
    }

    /// A save whose text the node has comes without it, sometimes.
    fn without_known_text(&mut self, node: usize, mut save: Box<Save>) -> Box<Save> {
        let known = self.nodes[node].shelf.holds(&save.link.blob);
        if known && self.dice.chance(300) {
            save.blob = None;
        }
        save
    }

    /// A node answers; what it says is judged as it leaves.
    pub(super) fn answered(&mut self, node: usize, token: Token, outcome: SaveOutcome) -> Check {
        let Some(&(op, attempt)) = self.oracle.tokens.get(&token) else {
            return Ok(());
        };
        let now = self.now;
        self.trace.line(now, || format!("{} ⇒ save {op}.{attempt} {outcome:?}", name(node)));
        if self.is_elsewhere(node) {
            self.answered_elsewhere(op, attempt, &outcome);
            let way = self.dice.between((50, 5_000));
            self.after(way, Event::Answer { token, outcome });
            return Ok(());
        }
        self.oracle.ops[op].attempts[attempt].answer = Some(outcome.clone());
        match &outcome {
            SaveOutcome::Decided { commit } => {
                self.counts.decided += 1;
                p3_saves::check_decided(&self.oracle, node, op, *commit)?;
                p7_real_time::check(&self.oracle, op, *commit)?;
                self.note_answered(op, commit);
            }
            SaveOutcome::Conflict { head } => {
                self.counts.conflicts += 1;
                p8_divergences::check_conflict(&self.oracle, &self.nodes[node], op, *head)?;
            }
            SaveOutcome::Held { .. } => self.counts.held += 1,
            SaveOutcome::NoSuchFile | SaveOutcome::NotFounded | SaveOutcome::Busy => {
                self.counts.refused += 1;
            }
            SaveOutcome::Removed => self.counts.refused += 1,
        }
        let way = self.dice.between((50, 5_000));
        self.after(way, Event::Answer { token, outcome });
        Ok(())
    }

    /// What a node of the old cluster answers after there is a new one: what it says is saved must
    /// be found in the end, and nothing else binds anybody.
    fn answered_elsewhere(&mut self, op: usize, attempt: usize, outcome: &SaveOutcome) {
        let attempt = &mut self.oracle.ops[op].attempts[attempt];
        attempt.answer = oracle::kept(outcome);
        if attempt.answer.is_none() {
            attempt.run = None;
        }
    }

    fn note_answered(&mut self, op: usize, commit: &ObjectId) {
        let key = self.oracle.ops[op].key.clone();
        if let Some(path) = self.oracle.paths.get_mut(&key) {
            path.answered = path.answered.max(path.position(commit));
        }
    }

    /// The client reads the answer; one to an earlier attempt from the same base is as good.
    pub(super) fn client_reads(&mut self, token: Token, outcome: SaveOutcome) {
        let (op, attempt) = self.oracle.tokens[&token];
        let base = self.oracle.ops[op].attempts[attempt].base;
        let waits = |client: &Client| {
            let task = client.task.as_ref();
            task.is_some_and(|task| task.op == op && task.base == base)
        };
        let Some(client) = self.clients.iter().position(waits) else {
            return;
        };
        let again = match outcome {
            SaveOutcome::Decided { commit } | SaveOutcome::Held { commit, .. } => {
                self.saw(client, commit);
                false
            }
            SaveOutcome::Conflict { head } => {
                self.saw(client, head);
                self.merges(client, head)
            }
            SaveOutcome::NoSuchFile
            | SaveOutcome::NotFounded
            | SaveOutcome::Removed
            | SaveOutcome::Busy => self.dice.chance(600),
        };
        if !again {
            self.clients[client].task = None;
        }
        self.thinks(client);
    }

    fn saw(&mut self, client: usize, head: ObjectId) {
        if let Some(task) = &self.clients[client].task {
            let file = task.file;
            self.clients[client].seen.insert(file, Some(head));
        }
    }

    /// After a conflict most people put their change on the other version and save again.
    fn merges(&mut self, client: usize, head: ObjectId) -> bool {
        let merges = self.dice.chance(600);
        let Some(task) = self.clients[client].task.as_mut().filter(|_| merges) else {
            return merges;
        };
        let before = task.base.replace(head);
        // Put on a branch that may lose, or taken from one, it is another change from then on: the
        // one that was tried before may be decided meanwhile.
        let key = key(task.file);
        let is_branch = |id: &ObjectId| self.oracle.position(&key, id).is_none();
        // And so it is where nobody knows of the cluster that it was tried in.
        if is_branch(&head) || before.as_ref().is_some_and(is_branch) || self.counts.anew > 0 {
            task.op = self.oracle.ops.len();
            let floor = self.oracle.paths.get(&key).and_then(|path| path.answered);
            self.oracle.ops.push(Op { key, attempts: Vec::new(), floor });
        }
        merges
    }

    /// No answer for too long: tries again, perhaps elsewhere, or never learns what became of it.
    pub(super) fn client_gives_up(&mut self, client: usize, token: Token) {
        let task = self.clients[client].task.as_ref();
        if task.is_none_or(|task| task.token != Some(token)) {
            return;
        }
        if self.dice.chance(250) {
            self.clients[client].task = None;
        }
        self.thinks(client);
    }

    pub(super) fn thinks(&mut self, client: usize) {
        if let Some(task) = &mut self.clients[client].task {
            task.token = None;
        }
        let time = self.dice.between(self.profile.think_us);
        self.after(time, Event::Client { client });
    }
}
