//! What the core wants done.

use std::collections::BTreeSet;

use cluster::{Event, MemberId, Output, PeerMessage, Record, Reply, SaveOutcome, Token, WriteNo};
use domain::{FileName, Millis, ObjectId};
use gitty::Object;
use tracing::{error, info, warn};

use super::{
    batch::{self, Held, Moved},
    driver::{Driver, Waiter},
    filer::Job,
    handle::NodeEvent,
    kill::{self, Point},
    link::{Kind, now_ms},
    relay::FromNode,
    view::MissingObject,
};
use crate::db::Apply;

/// Largest frame that several messages share.
const FRAME_BYTES: usize = 1 << 20;
/// Missing objects that are listed.
const MISSING: usize = 100;

impl Driver {
    pub(super) fn perform(&mut self, now: Millis, output: Output) {
        match output {
            Output::Persist { no, records, urgency } => {
                self.keep_objects(&records);
                self.pending.add(now, (no, records), urgency, self.core.durable());
            }
            Output::Send { to, message, after } => self.hold(after, Held::Send(to, message)),
            Output::Reply { token, reply, after } => self.hold(after, Held::Reply(token, reply)),
            Output::Arm { timer, between } => self.timers.arm(now, timer, between),
            Output::Disarm(timer) => self.timers.disarm(&timer),
            Output::Serve { to, ids } => self.serve(to, ids),
            Output::ServeChunks { to, id, first, count } => {
                self.serve_chunks(to, id, first, count);
            }
            Output::ServeAudit { to, origin, after } => self.serve_audit(to, origin, after),
            Output::Emit(event) => self.on_event(event),
            Output::Renew => self.renew(),
            Output::Raise(alarm) => self.raise(alarm),
        }
    }

    /// New objects can be read and served at once; they have no file until a head leads to them.
    fn keep_objects(&self, records: &[Record]) {
        let objects = records.iter().filter_map(|record| match record {
            Record::Object { id, object, .. } => Some((*id, object.clone())),
            _ => None,
        });
        self.shared.change_unfiled(|unfiled| unfiled.extend(objects));
    }

    fn hold(&mut self, after: Option<WriteNo>, held: Held) {
        match after.filter(|after| *after > self.persisted) {
            Some(after) => self.held.entry(after).or_default().push(held),
            None => self.release(held),
        }
    }

    fn release(&mut self, held: Held) {
        match held {
            Held::Send(to, message) => {
                let kind = kind_of(&message);
                self.outbox.entry((to, kind)).or_default().push(message);
            }
            Held::Reply(token, reply) => self.replies.push((token, reply)),
        }
    }

    pub(super) fn send_replies(&mut self) {
        for (token, reply) in std::mem::take(&mut self.replies) {
            self.reply(token, reply);
        }
    }

    fn reply(&mut self, token: Token, reply: Reply) {
        if matches!(reply, Reply::Save(SaveOutcome::Decided { .. })) {
            kill::point(Point::BeforeReply);
        }
        // Whoever asked may be gone: that is their business.
        let _ = match (self.waiters.remove(&token), reply) {
            (Some(Waiter::Settle(waiter)), Reply::Settle(outcome)) => waiter.send(outcome).is_ok(),
            (Some(Waiter::Sync(waiter)), Reply::Sync(report)) => waiter.send(report).is_ok(),
            (Some(Waiter::Save(waiter)), Reply::Save(outcome)) => waiter.send(outcome).is_ok(),
            (Some(Waiter::Object(waiter)), Reply::Object(here)) => waiter.send(here).is_ok(),
            (Some(Waiter::Found(waiter)), Reply::Found(outcome)) => waiter.send(outcome).is_ok(),
            (Some(Waiter::Change(waiter)), Reply::Change(outcome)) => waiter.send(outcome).is_ok(),
            (Some(Waiter::Leave(waiter)), Reply::Left(outcome)) => waiter.send(outcome).is_ok(),
            (Some(Waiter::Audit(waiter)), Reply::Audited(done)) => waiter.send(done).is_ok(),
            (_, _) => false,
        };
    }

    pub(super) fn send_outbox(&mut self) {
        let outbox = std::mem::take(&mut self.outbox).into_iter();
        for ((to, kind), messages) in
            outbox.filter(|((to, _), _)| !self.is_elsewhere(to)).collect::<Vec<_>>()
        {
            let proposes = messages.iter().any(|m| matches!(m, PeerMessage::Propose(_)));
            for frame in frames(messages) {
                self.links.links.send(to, kind, frame);
            }
            if proposes {
                kill::point(Point::AfterPropose);
            }
        }
    }

    /// The batch that was written is durable: what waited for it may leave.
    pub(super) fn batch_durable(&mut self) {
        let Some(writing) = self.writing.take() else { return };
        kill::point(Point::AfterPersist);
        self.persisted = writing.upto;
        self.durable_row = writing.number;
        self.batches += 1;
        let now = self.now();
        self.unfiled_since.push_back((writing.number, now));
        let (number, upto) = (writing.number, writing.upto);
        if let Some(chat) = writing.chat {
            self.tell_hub(FromNode::Written(chat));
        }
        let Moved { served, tips } = self.shadow.take(writing);
        self.show_audit(self.shadow.audit_of(number));
        let mut objects = Vec::new();
        for (name, head) in tips.iter().chain(&served) {
            objects.extend(self.path_objects(name, *head));
        }
        let job = Job { number, objects, served: self.led(served, &tips) };
        if self.jobs.send(job).is_err() {
            error!("the filer's thread has ended: this node stops; what was answered is kept");
            std::process::abort();
        }
        let later = self.held.split_off(&WriteNo(upto.0 + 1));
        for held in std::mem::replace(&mut self.held, later).into_values().flatten() {
            self.release(held);
        }
        self.input(cluster::Input::Persisted(upto));
    }

    /// The files whose journal lines are looked at with this batch: heads that moved, tips that
    /// came, and lines of a SWISH that waited for it.
    fn led(
        &mut self,
        served: Vec<(FileName, ObjectId)>,
        tips: &[(FileName, ObjectId)],
    ) -> Vec<(FileName, ObjectId)> {
        let later = self.to_lead.split_off(&(self.durable_row + 1));
        let waited = std::mem::replace(&mut self.to_lead, later).into_values().flatten();
        let names: BTreeSet<FileName> =
            waited.chain(tips.iter().map(|(name, _)| name.clone())).collect();
        let heads = names.into_iter().filter_map(|name| {
            let head = self.durably_served(&name)?;
            Some((name, head))
        });
        served.into_iter().chain(heads).collect()
    }

    /// Has the journal lead every SWISH to the served head of a file, wherever it stands.
    pub(super) fn lead_again(&self, name: &FileName) {
        let served = self.durably_served(name);
        let served = served.map(|head| (name.clone(), head)).into_iter().collect();
        let job = Job { number: self.durable_row, objects: Vec::new(), served };
        // The filer's thread is gone: the next batch finds that out and says so.
        let _ = self.jobs.send(job);
    }

    /// The served head of a file, unless a batch that is not durable yet moves it: that leads it.
    fn durably_served(&self, name: &FileName) -> Option<ObjectId> {
        let key = Self::key_of(name);
        let written = self.writing.iter().flat_map(|writing| &writing.records);
        let moves = |record: &Record| record.key() == Some(&key) && batch::moves(record);
        let is_moving = written.chain(&self.pending.records).any(moves);
        if is_moving { None } else { self.core.durable().served(&key) }
    }

    /// Objects on the path of a head that have no file and were not handed to the filer before.
    fn path_objects(&mut self, name: &FileName, head: ObjectId) -> Vec<(ObjectId, Object)> {
        let mut found = Vec::new();
        let (index, handed) = (&self.index, &mut self.handed);
        self.shared.change_unfiled(|unfiled| {
            let mut at = Some(head);
            while let Some(id) = at {
                let Some(link) = index.link(&id).filter(|link| link.name == *name) else { return };
                let Some(commit) = unfiled.get(&id) else { return };
                // Whatever is before a commit that was handed over was handed over with it.
                if !handed.insert(id) {
                    return;
                }
                found.push((id, commit.clone()));
                let blob = unfiled.get(&link.blob).filter(|_| handed.insert(link.blob));
                found.extend(blob.map(|blob| (link.blob, blob.clone())));
                at = link.previous;
            }
        });
        // The oldest first: SWISH never finds a commit whose predecessor is not there.
        found.reverse();
        found
    }

    /// A sync covers the files of everything up to this batch: memory need not keep them.
    pub(super) fn cover(&mut self, upto: u64) {
        let (covered, rest) =
            std::mem::take(&mut self.filed).into_iter().partition(|(row, _)| *row <= upto);
        self.filed = rest;
        let covered: Vec<(u64, Vec<ObjectId>)> = covered;
        for id in covered.into_iter().flat_map(|(_, ids)| ids) {
            if let Some(object) = self.shared.change_unfiled(|unfiled| unfiled.remove(&id)) {
                self.shared.remember(id, object);
            }
            self.handed.remove(&id);
            if self.in_table.remove(&id) {
                self.out_of_table.push(id);
            }
        }
    }

    /// Brings what files and a sync cover from the log into the tables.
    pub(super) async fn apply(&mut self) {
        if self.writing.is_some() {
            return;
        }
        let Some(upto) = self.covered.take() else { return };
        let (registers, ids, audit) = self.shadow.split(upto);
        let unfiled: Vec<(ObjectId, Object)> = self.shared.change_unfiled(|unfiled| {
            ids.into_iter().filter_map(|id| Some((id, unfiled.get(&id)?.clone()))).collect()
        });
        self.in_table.extend(unfiled.iter().map(|(id, _)| *id));
        let apply = Apply {
            upto,
            registers,
            unfiled,
            filed: std::mem::take(&mut self.out_of_table),
            roster: self.shadow.roster.clone(),
            reserved: self.shadow.reserved,
            council: self.shadow.council.clone(),
            remembered: self.shadow.remembered.iter().map(|(id, count)| (*id, *count)).collect(),
            unchecked: self.shadow.unchecked,
            life: self.shadow.life(upto),
            audit,
        };
        if let Err(reason) = self.db.apply(apply).await {
            error!(%reason, "core.db cannot be written: this node stops; what was answered is kept");
            std::process::abort();
        }
    }

    pub(super) fn raise(&self, alarm: cluster::Alarm) {
        warn!(?alarm, "something happened that must not: an operator must look");
        self.shared.change_node(|node| {
            if node.alarms.len() < 100 && !node.alarms.contains(&alarm) {
                node.alarms.push(alarm.clone());
            }
        });
        let _ = self.events.send(NodeEvent::Alarm(alarm));
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::HeadMoved { key, to, .. } => {
                kill::point(Point::AfterDecide);
                self.note_move(key.file(), to);
            }
            Event::Behind { key } | Event::DraftChanged { key } | Event::SidesChanged { key } => {
                self.changed.insert(key.file().clone());
            }
            Event::SettleEnded { key, commit, outcome } => {
                info!(file.name = %key.file(), %commit, ?outcome, "settling {key} has ended");
            }
            Event::PeerReported { keys, .. } => {
                self.changed.extend(keys.iter().map(|key| key.file().clone()));
            }
            Event::PeerKnown { peer } => {
                self.shared.forget_reported(&peer);
                self.publish_node();
                let _ = self.events.send(NodeEvent::AllFiles);
            }
            Event::PeerHeard { .. } => self.peers_changed = true,
            Event::RosterAdopted => {
                self.part_from_others();
                self.import_store();
                self.dial();
                self.tell_hub_of_peers();
                self.peers_changed = true;
            }
            Event::Renewed => self.on_renewed(),
            Event::Offended { peer, offence } => {
                if self.links.links.offend(&peer, offence.into()) {
                    self.raise(cluster::Alarm::CutOff { peer });
                }
            }
            Event::ObjectMissing { id, asked, again } => self.note_missing(id, &asked, again),
        }
    }

    fn note_missing(&self, id: ObjectId, asked: &[MemberId], again: Millis) {
        warn!(
            object = %id, ?asked, again_ms = again.0,
            "object {id} is on no node that answers; asked for again in {} ms", again.0
        );
        self.shared.change_node(|node| {
            if node.missing.len() < MISSING || node.missing.contains_key(&id) {
                let again_ms = now_ms() + again.0;
                node.missing.insert(id, MissingObject { asked: asked.to_vec(), again_ms });
            }
        });
    }
}

/// Splits what a turn sends to one peer into frames of about [`FRAME_BYTES`]: a frame that is too
/// large is lost whole.
fn frames(messages: Vec<PeerMessage>) -> Vec<Vec<PeerMessage>> {
    let mut frames = vec![Vec::new()];
    let mut bytes = 0;
    for message in messages {
        let size = size_of_message(&message);
        if bytes > 0 && bytes + size > FRAME_BYTES {
            frames.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        frames.last_mut().expect("there is always one").push(message);
    }
    frames
}

/// About how many bytes a message has on the wire.
fn size_of_message(message: &PeerMessage) -> usize {
    /// Field names, hashes and ballots of an ordinary one.
    const ORDINARY: usize = 300;
    ORDINARY
        + match message {
            PeerMessage::Propose(propose) => {
                propose.objects.iter().map(|object| object.content.len()).sum()
            }
            PeerMessage::Announce { content: Some(content), .. }
            | PeerMessage::Chunk { content, .. } => content.0.len(),
            PeerMessage::KeysAre { keys, .. } => keys.len() * ORDINARY,
            PeerMessage::Changes { items, .. } => {
                items.iter().map(|change| ORDINARY + size_of_lists(change)).sum()
            }
            PeerMessage::KeyIs(change) => size_of_lists(change),
            PeerMessage::AuditIs { entries, .. } => {
                entries.iter().map(|entry| ORDINARY + entry.content.len()).sum()
            }
            PeerMessage::TreeIs { branches } => branches.iter().map(size_of_branch).sum(),
            _ => 0,
        }
}

fn size_of_branch(branch: &cluster::TreeBranch) -> usize {
    /// Field names, a file name and a hash.
    const HEAD: usize = 200;
    match &branch.below {
        cluster::Below::Digests(digests) => digests.0.len(),
        cluster::Below::Heads(heads) => {
            heads.iter().map(|change| HEAD + size_of_lists(change)).sum()
        }
    }
}

/// Tips and gaps.
fn size_of_lists(change: &cluster::Change) -> usize {
    40 * change.gaps.len() + 100 * change.tips.len()
}

/// Votes and heartbeats never wait behind objects (protocol 2).
const fn kind_of(message: &PeerMessage) -> Kind {
    match message {
        PeerMessage::Announce { .. }
        | PeerMessage::Chunk { .. }
        | PeerMessage::Changes { .. }
        | PeerMessage::KeyIs(_)
        | PeerMessage::TreeIs { .. }
        | PeerMessage::KeysAre { .. }
        | PeerMessage::AuditIs { .. } => Kind::Bulk,
        PeerMessage::Prepare { .. }
        | PeerMessage::Promise { .. }
        | PeerMessage::Propose(_)
        | PeerMessage::Fetching { .. }
        | PeerMessage::Accept { .. }
        | PeerMessage::Nack { .. }
        | PeerMessage::NewHead { .. }
        | PeerMessage::Request { .. }
        | PeerMessage::RequestChunks { .. }
        | PeerMessage::Absent { .. }
        | PeerMessage::Heartbeat(_)
        | PeerMessage::Since { .. }
        | PeerMessage::KeyRequest { .. }
        | PeerMessage::TreeRequest { .. }
        | PeerMessage::AuditSince { .. }
        | PeerMessage::RosterIs { .. }
        | PeerMessage::RosterRequest
        | PeerMessage::RosterVote(_)
        | PeerMessage::KeysRequest { .. } => Kind::Control,
    }
}
