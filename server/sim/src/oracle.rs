//! What really happened: every commit made, every save asked for, every head decided anywhere.
//!
//! Knows more than any node. The invariants read it; only the world writes it.

use std::collections::{BTreeMap, BTreeSet};

use cluster::{
    AuditEntry, Ballot, Copies, HoldReason, Key, MemberId, Roster, Save, SaveOutcome,
    SettleOutcome, Token, Version,
};
use domain::{ClusterId, Link, ObjectId};
use gitty::Commit;

/// A commit, and the operation that made it.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) commit: Commit,
    pub(crate) link: Link,
    /// None for a commit of the founder's store, of a SWISH, or of an operator.
    pub(crate) op: Option<usize>,
}

/// What somebody wants to have saved, however often it is tried.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub(crate) key: Key,
    pub(crate) attempts: Vec<Attempt>,
    /// Position on the decided path that was answered to somebody before this was first asked.
    pub(crate) floor: Option<usize>,
}

/// One request to save.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) node: usize,
    /// Start of the node that took it; none if the node was down.
    pub(crate) run: Option<u64>,
    pub(crate) base: Option<ObjectId>,
    pub(crate) commit: ObjectId,
    pub(crate) answer: Option<SaveOutcome>,
}

/// One request to settle.
#[derive(Clone, Debug)]
pub(crate) struct Settling {
    pub(crate) token: Token,
    pub(crate) node: usize,
    pub(crate) save: Save,
    /// Whether a node took it, and the start of that node.
    pub(crate) arrived: bool,
    pub(crate) run: u64,
    pub(crate) answer: Option<SettleOutcome>,
}

/// The decided path of a file, over everything any node ever held for decided.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path {
    pub(crate) order: Vec<ObjectId>,
    at: BTreeMap<ObjectId, usize>,
    /// Latest position that was answered to a client.
    pub(crate) answered: Option<usize>,
}

impl Path {
    pub(crate) fn position(&self, id: &ObjectId) -> Option<usize> {
        self.at.get(id).copied()
    }

    pub(crate) fn append(&mut self, commits: &[ObjectId]) {
        for id in commits {
            self.at.insert(*id, self.order.len());
            self.order.push(*id);
        }
    }
}

/// What an answer of a cluster that is no more still promises.
pub(crate) fn kept(answer: &SaveOutcome) -> Option<SaveOutcome> {
    match answer {
        SaveOutcome::Decided { commit } => Some(SaveOutcome::Held {
            commit: *commit,
            reason: HoldReason::NoMajority,
            copies: Copies::Told,
        }),
        SaveOutcome::Held { .. } => Some(answer.clone()),
        _ => None,
    }
}

/// A durable accept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Vote {
    pub(crate) epoch: u64,
    pub(crate) key: Key,
    pub(crate) ballot: Ballot,
    pub(crate) head: ObjectId,
}

/// Everything the invariants are judged by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Oracle {
    pub(crate) commits: BTreeMap<ObjectId, Made>,
    pub(crate) paths: BTreeMap<Key, Path>,
    pub(crate) ops: Vec<Op>,
    /// Operation and attempt of each token.
    pub(crate) tokens: BTreeMap<Token, (usize, usize)>,
    /// What operators asked for.
    pub(crate) settlings: Vec<Settling>,
    /// Commits that some node listed as divergences.
    pub(crate) listed: BTreeMap<Key, BTreeSet<ObjectId>>,
    /// Commits that somebody was told are saved, and whose last disk was lost.
    pub(crate) lost: BTreeSet<(Key, ObjectId)>,
    /// Objects that no node ever had.
    pub(crate) gaps: BTreeSet<ObjectId>,
    /// The cluster that promises are judged by.
    pub(crate) cluster: Option<ClusterId>,
    /// Whether there was another one before.
    pub(crate) is_anew: bool,
    /// Every roster of it that anybody adopted.
    pub(crate) rosters: BTreeMap<Version, Roster>,
    /// Who voted for what, and in which epoch.
    pub(crate) votes: BTreeMap<Vote, BTreeSet<MemberId>>,
    /// The latest head of each file that a majority of an epoch's members voted for.
    pub(crate) chosen: BTreeMap<Key, ObjectId>,
    /// Entries of the audit that were asked for and not answered yet, by token.
    pub(crate) deeds: BTreeMap<Token, AuditEntry>,
    /// Entries of the audit that were answered as durable.
    pub(crate) done: Vec<AuditEntry>,
    /// Head that was proposed or accepted under each ballot.
    pub(crate) proposed: BTreeMap<(Key, Ballot), ObjectId>,
}

impl Oracle {
    /// Notes a commit, and the operation that made it.
    pub(crate) fn made(&mut self, id: ObjectId, commit: Commit, op: Option<usize>) {
        let link = commit.link();
        self.made_with(id, commit, link, op);
    }

    /// The same, with the commit's link.
    pub(crate) fn made_with(
        &mut self,
        id: ObjectId,
        commit: Commit,
        link: Link,
        op: Option<usize>,
    ) {
        self.commits.insert(id, Made { commit, link, op });
    }

    pub(crate) fn settling(&mut self, token: Token, node: usize, save: Save) {
        let (arrived, run, answer) = (false, 0, None);
        self.settlings.push(Settling { token, node, save, arrived, run, answer });
    }

    pub(crate) fn arrived(&mut self, token: Token, run: u64) {
        if let Some(settling) = self.settlings.iter_mut().find(|s| s.token == token) {
            settling.arrived = true;
            settling.run = run;
        }
    }

    /// The commits of the path of `head`, newest first.
    pub(crate) fn back<'a>(
        &'a self,
        key: &'a Key,
        head: ObjectId,
    ) -> impl Iterator<Item = ObjectId> + 'a {
        let own = |id: ObjectId| {
            self.commits.get(&id).filter(|made| &made.link.name == key.file()).map(|_| id)
        };
        std::iter::successors(own(head), move |id| own(self.commits.get(id)?.link.previous?))
    }

    /// Everything on the paths of these commits, themselves included.
    pub(crate) fn behind(
        &self,
        key: &Key,
        ends: impl IntoIterator<Item = ObjectId>,
    ) -> BTreeSet<ObjectId> {
        let mut found = BTreeSet::new();
        for end in ends {
            for id in self.back(key, end) {
                if !found.insert(id) {
                    break;
                }
            }
        }
        found
    }

    /// Another cluster was founded anew on a node: what happened before binds it only by what was
    /// answered as saved.
    pub(crate) fn begin_anew(&mut self, roster: &Roster, on: usize) {
        self.cluster = Some(roster.cluster);
        self.is_anew = true;
        self.rosters = BTreeMap::from([(roster.version(), roster.clone())]);
        self.paths.clear();
        self.votes.clear();
        self.chosen.clear();
        self.listed.clear();
        for op in &mut self.ops {
            op.floor = None;
            for attempt in &mut op.attempts {
                let is_asked = attempt.answer.is_none() && attempt.node == on;
                attempt.answer = attempt.answer.as_ref().and_then(kept);
                if attempt.answer.is_none() && !is_asked {
                    attempt.run = None;
                }
            }
        }
    }

    /// The latest roster that anybody adopted.
    pub(crate) fn roster(&self) -> Option<&Roster> {
        self.rosters.last_key_value().map(|(_, roster)| roster)
    }

    /// The last roster of the epoch before this one.
    pub(crate) fn roster_before(&self, epoch: u64) -> Option<&Roster> {
        self.rosters.values().rev().find(|roster| roster.epoch < epoch)
    }

    /// True if the latest roster names the node; nodes that were removed are not looked after.
    pub(crate) fn names(&self, node: &crate::world::Node) -> bool {
        self.roster().is_none_or(|roster| roster.names(node.id.node))
    }

    pub(crate) fn position(&self, key: &Key, id: &ObjectId) -> Option<usize> {
        self.paths.get(key)?.position(id)
    }
}
