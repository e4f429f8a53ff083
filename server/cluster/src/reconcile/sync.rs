//! "Force sync" of one file: everything that brings it together and decides nothing (protocol 4.4).
//!
//! The register is read from a majority, each linked member is told head and tips and asked for
//! its own, missing objects are asked for, an open branch is proposed. Between two sides nothing
//! is chosen.

use std::collections::BTreeSet;

use domain::ObjectId;
use serde::{Deserialize, Serialize};

use crate::{Change, Core, Key, MemberId, PeerMessage, Reply, Timer, Token, turn::Turn};

/// What a sync did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SyncReport {
    /// Decided head when it was asked for.
    pub before: Option<ObjectId>,
    /// Decided head now.
    pub head: Option<ObjectId>,
    /// Open divergences now; they are left to people.
    pub diverging: usize,
    /// In the order in which they were begun.
    pub steps: Vec<SyncStep>,
}

/// One step of a sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SyncStep {
    /// What.
    pub work: SyncWork,
    /// How far it is.
    pub state: StepState,
}

/// What a sync does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncWork {
    /// Read the register from a majority.
    Read,
    /// Tell a member head and tips, and ask for its own.
    Compare(MemberId),
    /// Get the objects that heads and tips named by others need.
    Fetch,
    /// Have the own open branch, or the save under way, decided.
    Propose(ObjectId),
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Done.
    Done,
    /// To be done: it was only asked what is, or it was begun and has not ended.
    Needed,
}

/// A sync that somebody waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sync {
    key: Key,
    before: Option<ObjectId>,
    /// Draft when it began.
    draft: Option<ObjectId>,
    /// A round ended with a majority since.
    read: bool,
    /// Members that were asked and have not answered.
    asked: BTreeSet<MemberId>,
    fetches: bool,
}

impl Core {
    /// Time a sync is let take before what is left is reported as needed.
    const SYNC_MS: u64 = 2_000;

    pub(crate) fn on_sync(&mut self, token: Token, key: Key, dry: bool, turn: &mut Turn<'_>) {
        let sync = Sync {
            before: self.decided(&key),
            draft: self.state(&key).draft.map(|draft| draft.tip),
            read: false,
            asked: self.others().into_iter().collect(),
            fetches: self.waits_for_objects(&key),
            key: key.clone(),
        };
        if dry || !self.is_known(&self.me) {
            return self.report_sync(token, &sync, turn);
        }
        let change = self.change_of(&key);
        for peer in sync.asked.clone() {
            if let Some(change) = change.clone() {
                turn.promise(peer, PeerMessage::KeyIs(change));
            }
            turn.send(peer, PeerMessage::KeyRequest { key: key.clone() });
        }
        self.live.branches.syncs.insert(token, sync);
        turn.arm(Timer::Sync(token), Self::SYNC_MS, Self::SYNC_MS);
        self.start_round(&key, turn);
    }

    /// A peer asks for one key.
    pub(crate) fn on_key_request(&self, from: MemberId, key: Key, turn: &mut Turn<'_>) {
        if self.is_known(&from) {
            let nothing = Change { key, head: None, tips: Vec::new(), gaps: Vec::new() };
            let change = self.change_of(&nothing.key).unwrap_or(nothing);
            turn.promise(from, PeerMessage::KeyIs(change));
        }
    }

    /// A peer tells of one key.
    pub(crate) fn on_key_is(&mut self, from: MemberId, change: Change, turn: &mut Turn<'_>) {
        if !self.is_known(&from) {
            return;
        }
        for sync in self.live.branches.syncs.values_mut().filter(|sync| sync.key == change.key) {
            sync.asked.remove(&from);
        }
        let key = change.key.clone();
        self.take_changes(from, vec![change], turn);
        self.end_syncs(&key, turn);
    }

    /// A round of `key` ended with a majority.
    pub(crate) fn note_synced(&mut self, key: &Key) {
        let syncs = self.live.branches.syncs.values_mut();
        syncs.filter(|sync| sync.key == *key).for_each(|sync| sync.read = true);
    }

    /// Answers the syncs of `key` that have nothing left to do.
    pub(crate) fn end_syncs(&mut self, key: &Key, turn: &mut Turn<'_>) {
        if self.live.branches.syncs.is_empty() {
            return;
        }
        let busy = self.waits_for_objects(key) || self.state(key).draft.is_some();
        let done = |sync: &Sync| sync.key == *key && sync.read && sync.asked.is_empty() && !busy;
        let syncs = self.live.branches.syncs.iter();
        let tokens: Vec<Token> =
            syncs.filter(|(_, sync)| done(sync)).map(|(token, _)| *token).collect();
        for token in tokens {
            turn.disarm(Timer::Sync(token));
            self.sync_over(token, turn);
        }
    }

    /// Reports what was done, and what was not in time.
    pub(crate) fn sync_over(&mut self, token: Token, turn: &mut Turn<'_>) {
        if let Some(sync) = self.live.branches.syncs.remove(&token) {
            self.report_sync(token, &sync, turn);
        }
    }

    fn report_sync(&self, token: Token, sync: &Sync, turn: &mut Turn<'_>) {
        let state = |done| if done { StepState::Done } else { StepState::Needed };
        let step = |work, done| SyncStep { work, state: state(done) };
        let mut steps = vec![step(SyncWork::Read, sync.read)];
        let others = self.others().into_iter();
        steps.extend(others.map(|peer| step(SyncWork::Compare(peer), !sync.asked.contains(&peer))));
        let fetching = self.waits_for_objects(&sync.key);
        if sync.fetches || fetching {
            steps.push(step(SyncWork::Fetch, !fetching));
        }
        let draft = self.state(&sync.key).draft.map(|draft| draft.tip);
        if let Some(tip) = draft.or(sync.draft) {
            steps.push(step(SyncWork::Propose(tip), draft.is_none()));
        }
        let report = SyncReport {
            before: sync.before,
            head: self.decided(&sync.key),
            diverging: self.diverging(&sync.key),
            steps,
        };
        // What it says was fetched stays after a crash.
        turn.reply_durably(token, Reply::Sync(report));
    }

    fn waits_for_objects(&self, key: &Key) -> bool {
        self.live.learning.contains_key(key) || self.live.branches.learning.contains_key(key)
    }
}
