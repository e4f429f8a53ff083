//! The driver: performs a core's outputs as production does (architecture, "The shape of a core").

use cluster::{Input, Key, Output, PeerMessage, Phase, Record, Reply, Timer, WriteNo};
use domain::ObjectId;

use super::{World, event::Event};
use crate::{
    invariants::{
        Check, no_alarm, one_head_per_ballot, p1_one_path, p2_forward_only, p4_objects_on_majority,
        p6_once, p8_divergences, p10_one_value, times_grow, tips_are_news,
    },
    trace::{name, short},
};

impl World {
    /// Hands an input to a core and performs what comes of it.
    pub(super) fn input(&mut self, node: usize, input: Input) {
        let outputs = self.nodes[node].handle(self.now, input);
        self.perform_all(node, outputs);
    }

    fn perform_all(&mut self, node: usize, outputs: Vec<Output>) {
        for output in outputs {
            if let Some(left) = self.nodes[node].dies_in {
                if left == 0 {
                    return self.crash(node);
                }
                self.nodes[node].dies_in = Some(left - 1);
            }
            let done = self.perform(node, output);
            self.note(done);
        }
        self.sync(node);
    }

    fn perform(&mut self, node: usize, output: Output) -> Check {
        match output {
            Output::Persist { no, records, urgency } => {
                self.note_records(node, no, &records)?;
                self.nodes[node].disk.write(no, records, urgency);
            }
            Output::Send { after, .. } | Output::Reply { after, .. }
                if self.is_held_back(node, after) =>
            {
                let after = after.unwrap_or_default();
                self.nodes[node].held_back.push((after, output));
            }
            Output::Send { to, message, .. } => self.send_out(node, to, message)?,
            Output::Reply { token, reply, .. } => match reply {
                Reply::Save(outcome) => self.answered(node, token, outcome)?,
                Reply::Change(outcome) => self.operated(node, outcome),
                Reply::Settle(outcome) => self.settle_answered(node, token, outcome)?,
                Reply::Left(outcome) => self.left(node, &outcome),
                Reply::Audited(is_done) => self.deed_done(node, token, is_done)?,
                Reply::Object(_) | Reply::Found(_) | Reply::Sync(_) => {}
            },
            Output::Arm { timer, between } => self.arm(node, timer, between),
            Output::Disarm(timer) => {
                self.nodes[node].timers.remove(&timer);
            }
            Output::Serve { to, ids } => {
                for id in ids {
                    let message = self.nodes[node].shelf.announce(id);
                    self.send_out(node, to, message)?;
                }
            }
            Output::ServeChunks { to, id, first, count } => {
                for message in self.nodes[node].shelf.chunks(id, first, count) {
                    self.send_out(node, to, message)?;
                }
            }
            Output::ServeAudit { to, origin, after } => {
                let message = self.nodes[node].disk.audit_after(origin, after);
                self.send_out(node, to, message)?;
            }
            Output::Emit(event) => self.core_event(node, event)?,
            Output::Renew => self.renew(node),
            Output::Raise(alarm) => no_alarm::check(&self.nodes, node, &alarm)?,
        }
        Ok(())
    }

    fn is_held_back(&self, node: usize, after: Option<WriteNo>) -> bool {
        after.is_some_and(|after| after > self.nodes[node].persisted)
    }

    fn arm(&mut self, node: usize, timer: Timer, (low, high): (u64, u64)) {
        let stamp = self.next_stamp();
        self.nodes[node].timers.insert(timer.clone(), stamp);
        let delay = self.dice.between((low * 1_000, high * 1_000));
        self.after(delay, Event::Timer { node, timer, stamp });
    }

    pub(super) fn fire(&mut self, node: usize, timer: Timer, stamp: u64) {
        if self.nodes[node].timers.get(&timer) == Some(&stamp) {
            self.nodes[node].timers.remove(&timer);
            let now = self.now;
            self.trace.line(now, || format!("{} ⏲ {timer:?}", name(node)));
            self.input(node, Input::Timer(timer));
        }
    }

    fn note_records(&mut self, node: usize, no: WriteNo, records: &[Record]) -> Check {
        for record in records {
            match record {
                Record::Object { id, object, .. } => {
                    self.nodes[node].shelf.put(*id, object.clone());
                }
                Record::Accepted { key, ballot, head } => {
                    one_head_per_ballot::check(&mut self.oracle, key, *ballot, *head)?;
                }
                // An old disk is told by others what its own life had reported.
                Record::Tip { key, tip, .. }
                    if tip.reporter == self.nodes[node].id && !self.nodes[node].is_old() =>
                {
                    tips_are_news::check(&self.nodes[node], node, key, tip.commit, &self.oracle)?;
                }
                Record::Promised { .. }
                | Record::Audit(_)
                | Record::Tip { .. }
                | Record::Draft { .. }
                | Record::Kept { .. }
                | Record::Decided { .. }
                | Record::Gaps { .. }
                | Record::Council(_)
                | Record::Remembered { .. }
                | Record::Unchecked { .. }
                | Record::Renewed { .. }
                | Record::Left { .. }
                | Record::Reserved(_) => {}
                Record::Roster(roster) => p10_one_value::note_roster(&mut self.oracle, roster)?,
            }
        }
        let now = self.now;
        self.trace.line(now, || {
            let kinds: Vec<&str> = records.iter().map(kind).collect();
            format!("{} ▤ write {}: {}", name(node), no.0, kinds.join(" "))
        });
        Ok(())
    }

    fn send_out(&mut self, node: usize, to: cluster::MemberId, message: PeerMessage) -> Check {
        if let PeerMessage::Propose(propose) = &message {
            let (key, ballot, head) = (&propose.key, propose.ballot, propose.head);
            one_head_per_ballot::check(&mut self.oracle, key, ballot, head)?;
            self.die_perhaps(node);
        }
        if let Some(to) = self.nodes.iter().position(|node| node.id == to) {
            self.send(node, to, message);
        }
        Ok(())
    }

    /// Begins a sync if somebody waits for one; lets other batches wait up to 50 ms.
    fn sync(&mut self, node: usize) {
        let run = self.nodes[node].run;
        if self.nodes[node].disk.begin_sync() {
            let time = self.sync_time(node);
            self.after(time, Event::Synced { node, run });
        } else if self.nodes[node].disk.idles() {
            self.nodes[node].disk.flush_armed = true;
            let wait = self.dice.between((0, 50_000));
            self.after(wait, Event::Flush { node, run });
        }
    }

    fn sync_time(&mut self, node: usize) -> u64 {
        if self.healing {
            return self.dice.between((100, 4_000));
        }
        if self.nodes[node].slow_until > self.now {
            self.counts.slow_syncs += 1;
            return self.dice.between((100_000, 2_000_000));
        }
        if self.dice.chance(self.profile.slow_syncs) {
            self.counts.slow_syncs += 1;
            return self.dice.between((20_000, 400_000));
        }
        self.dice.between(self.profile.sync_us)
    }

    pub(super) fn flush(&mut self, node: usize, run: u64) {
        if self.nodes[node].up && self.nodes[node].run == run {
            self.nodes[node].disk.hurry();
            self.sync(node);
        }
    }

    pub(super) fn synced(&mut self, node: usize, run: u64) {
        if !self.nodes[node].up || self.nodes[node].run != run {
            return;
        }
        let Some(no) = self.nodes[node].disk.synced() else {
            return;
        };
        // What waited for writes of a life that this batch ends is said, and judged, as of that life.
        if let Some(last) = self.nodes[node].disk.take_before_left() {
            let free = self.nodes[node].release(last);
            self.perform_all(node, free);
        }
        self.note_cluster(node);
        let votes = self.count_votes(node);
        self.note(votes);
        let now = self.now;
        self.trace.line(now, || format!("{} ▣ durable up to {}", name(node), no.0));
        let free = self.nodes[node].release(no);
        self.perform_all(node, free);
        if self.nodes[node].up {
            self.input(node, Input::Persisted(no));
        }
    }

    /// Accepts that became durable on a disk are votes, whoever counts them.
    pub(super) fn count_votes(&mut self, node: usize) -> Check {
        let voter = self.nodes[node].id;
        for vote in self.nodes[node].disk.take_votes() {
            p10_one_value::check(&mut self.oracle, voter, &vote)?;
        }
        Ok(())
    }

    pub(super) fn head_moved(
        &mut self,
        node: usize,
        key: &Key,
        from: Option<ObjectId>,
        to: ObjectId,
    ) -> Check {
        let now = self.now;
        self.trace.line(now, || format!("{} ★ {key} is {}", name(node), short(&to)));
        if self.is_elsewhere(node) {
            return Ok(());
        }
        let added = p1_one_path::check(&self.oracle, key, to)?;
        // Of the epoch that it was decided in: this turn may have adopted the next one, or the node
        // lacked the objects until then. While an epoch is repaired (protocol 11), what was decided in
        // the one before may be on a majority of that one's members only.
        let now = self.nodes[node].core.durable().roster.clone();
        let before = now.as_ref().filter(|now| now.phase == Phase::Repairing);
        let before = before.and_then(|now| self.oracle.roster_before(now.epoch));
        let rosters: Vec<_> =
            now.iter().chain(self.nodes[node].disk.roster()).chain(before).cloned().collect();
        if !added.is_empty() {
            p4_objects_on_majority::check(&self.oracle, &self.nodes, &rosters, key, &added)?;
            p6_once::check(&self.oracle, key, &added)?;
            times_grow::check(&self.oracle, key, &added)?;
            p8_divergences::decided(&self.oracle, key, &added)?;
            self.oracle.paths.entry(key.clone()).or_default().append(&added);
        }
        p2_forward_only::check(&self.oracle, node, key, from, to)
    }
}

const fn kind(record: &Record) -> &'static str {
    match record {
        Record::Promised { .. } => "promised",
        Record::Accepted { .. } => "accepted",
        Record::Draft { .. } => "draft",
        Record::Kept { .. } => "kept",
        Record::Tip { .. } => "tip",
        Record::Decided { .. } => "decided",
        Record::Object { .. } => "object",
        Record::Gaps { .. } => "gaps",
        Record::Roster(_) => "roster",
        Record::Council(_) => "council",
        Record::Reserved(_) => "reserved",
        Record::Audit(_) => "audit",
        Record::Remembered { .. } => "remembered",
        Record::Unchecked { .. } => "unchecked",
        Record::Renewed { .. } => "renewed",
        Record::Left { .. } => "left",
    }
}
