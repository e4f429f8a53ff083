//! The top of the core: dispatches inputs to the concerns, and nothing else.

use domain::{Millis, NodeId};

use crate::{
    Config, Durable, Input, MemberId, Mutant, Objects, Output, PeerMessage, Record, Timer, Urgency,
    WriteNo,
    live::{Live, News, OwnAnswer},
    roster::Gate,
    turn::Turn,
};

/// The protocol state machine of one node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Core {
    pub(crate) config: Config,
    pub(crate) me: MemberId,
    pub(crate) durable: Durable,
    pub(crate) live: Live,
}

impl Core {
    /// Rebuilds a node from what its disk kept; a new disk has an empty [`Durable`].
    #[must_use]
    pub fn recover(config: Config, node: NodeId, durable: Durable) -> Self {
        let me = MemberId { node, incarnation: durable.incarnation };
        let names_me = durable.roster.as_ref().is_some_and(|roster| roster.names(node));
        let count = WriteNo(durable.count);
        let live = Live {
            issued: count,
            promised_in: count,
            persisted: count,
            began: durable.unchecked.filter(|_| names_me).unwrap_or(durable.count),
            gate: Gate::new(names_me),
            floor: if config.broken(Mutant::UnreservedBallot) { 0 } else { durable.reserved },
            pushed: durable.serial(),
            ..Live::default()
        };
        Self { config, me, durable, live }
    }

    /// Takes one input and appends what to do about it, in order.
    pub fn handle(
        &mut self,
        now: Millis,
        input: Input,
        objects: &mut dyn Objects,
        out: &mut Vec<Output>,
    ) {
        if self.is_ending() && !matches!(input, Input::Renew { .. } | Input::Persisted(_)) {
            return;
        }
        let no = WriteNo(self.live.issued.0 + 1);
        let pending =
            (self.live.promised_in > self.live.persisted).then_some(self.live.promised_in);
        let unsynced = self.config.broken(Mutant::NoSyncBeforePromise);
        let mut turn = Turn::new(now, objects, no, pending, unsynced);
        self.dispatch(input, &mut turn);
        self.judge_sides(&mut turn);
        if self.live.asks_due {
            self.send_requests(&mut turn);
        }
        self.note_asked(&turn);
        if turn.writes() {
            self.note_unchecked(&mut turn);
            self.keep_heard(&mut turn);
            self.live.issued = no;
            self.durable.count = no.0;
            if turn.urgent() {
                self.live.promised_in = no;
            }
        }
        turn.finish(out);
    }

    /// Identity of this node.
    #[must_use]
    pub const fn me(&self) -> MemberId {
        self.me
    }

    /// What is durable here, or in a write that was issued.
    #[must_use]
    pub const fn durable(&self) -> &Durable {
        &self.durable
    }

    fn dispatch(&mut self, input: Input, turn: &mut Turn<'_>) {
        match input {
            Input::Started => self.on_started(turn),
            Input::PeerUp { peer, epoch, run, count, remembered } => {
                self.on_peer_up(peer, (epoch, run), (count, remembered), turn);
            }
            Input::Renew { incarnation } => self.on_renew(incarnation, turn),
            Input::Leave { token, to } => self.on_leave(token, to, turn),
            Input::PeerDown { peer } => self.on_peer_down(peer, turn),
            Input::Message { from, message } => self.on_message(from, message, turn),
            Input::Save { token, save } => self.on_save(token, save, turn),
            Input::Settle { token, save } => self.on_settle(token, save, turn),
            Input::Foreign(foreign) => self.on_foreign(foreign, turn),
            Input::Import { heads } => self.on_import(heads, turn),
            Input::Sync { token, key, dry } => self.on_sync(token, key, dry, turn),
            Input::Want { token, id } => self.on_want(token, id, turn),
            Input::Found { token, roster, heads } => self.on_found(token, roster, heads, turn),
            Input::Keep { objects } => self.on_keep(objects, turn),
            Input::Knock(member) => self.on_knock(member, turn),
            Input::Drain(drains) => self.live.draining = drains,
            Input::Change { token, change } => self.on_change(token, &change, turn),
            Input::Audit { token, entry } => self.on_audit(token, *entry, turn),
            Input::Beside => self.on_beside(turn),
            Input::Timer(timer) => self.on_timer(timer, turn),
            Input::Persisted(no) => self.on_persisted(no, turn),
        }
    }

    fn on_started(&mut self, turn: &mut Turn<'_>) {
        self.live.started = turn.now;
        self.start_gate(turn);
        self.raise_rolled_back(turn);
        turn.arm(Timer::Heartbeat, 0, self.config.heartbeat.0);
        self.tips_of_before(turn);
        self.judge_all_sides();
        self.recover_rounds(turn);
    }

    pub(crate) fn on_message(&mut self, from: MemberId, message: PeerMessage, turn: &mut Turn<'_>) {
        if !self.live.gate.has_compared(from.node) {
            return;
        }
        self.note_count_in(from, &message);
        if self.keep_for_gate(from, &message) {
            return;
        }
        if let Some(epoch) = epoch_of(&message)
            && !self.judge_epoch(from, epoch, turn)
        {
            return;
        }
        self.note_answer(from, &message, turn);
        match message {
            PeerMessage::Prepare { epoch, key, ballot } => {
                self.on_prepare(from, epoch, key, ballot, turn);
            }
            PeerMessage::Promise { epoch, key, ballot, accepted, .. } => {
                let accepted = accepted.map(|(ballot, head)| crate::Accepted { ballot, head });
                self.on_promise(from, epoch, &key, ballot, accepted, turn);
            }
            PeerMessage::Propose(propose) => self.on_propose(from, propose, turn),
            PeerMessage::Fetching { key, .. } => self.on_fetching(from, &key),
            PeerMessage::Accept { epoch, key, ballot, head, .. } => {
                self.on_accept(from, epoch, &key, ballot, head, turn);
            }
            PeerMessage::Nack { key, ballot, promised, wait_ms, .. } => {
                self.on_nack(from, &key, ballot, promised, wait_ms, turn);
            }
            PeerMessage::NewHead { key, head, gaps, .. } => {
                let holder = from;
                self.on_new_head(&key, News { head, gaps, holder }, turn);
            }
            PeerMessage::Request { ids } => turn.output(Output::Serve { to: from, ids }),
            PeerMessage::RequestChunks { id, first, count } => {
                let count = count.min(self.config.chunk_window);
                turn.output(Output::ServeChunks { to: from, id, first, count });
            }
            PeerMessage::Announce { id, kind, size, content } => {
                self.on_announce(from, id, kind, size, content, turn);
            }
            PeerMessage::Chunk { id, number, content } => {
                self.on_chunk(from, id, number, content, turn);
            }
            PeerMessage::Absent { id } => self.on_absent(from, id, turn),
            PeerMessage::Heartbeat(heartbeat) => self.on_heartbeat(from, &heartbeat, turn),
            PeerMessage::Since { serial } => self.on_since(from, serial, turn),
            PeerMessage::Changes { since, upto, items } => {
                self.on_changes(from, since, upto, items, turn);
            }
            PeerMessage::TreeRequest { prefixes } => self.on_tree_request(from, &prefixes, turn),
            PeerMessage::TreeIs { branches } => self.on_tree(from, branches, turn),
            PeerMessage::KeyRequest { key } => self.on_key_request(from, key, turn),
            PeerMessage::KeyIs(change) => self.on_key_is(from, change, turn),
            PeerMessage::AuditSince { origin, after } => {
                self.on_audit_since(from, origin, after, turn);
            }
            PeerMessage::AuditIs { entries, upto } => self.on_audit_is(from, entries, upto, turn),
            PeerMessage::RosterIs { roster } => self.on_roster(from, roster, turn),
            PeerMessage::RosterRequest => self.tell_roster(from, turn),
            PeerMessage::RosterVote(vote) => self.on_roster_vote(from, vote, turn),
            PeerMessage::KeysRequest { epoch, after } => {
                self.on_keys_request(from, epoch, after, turn);
            }
            PeerMessage::KeysAre { keys, more, .. } => self.on_keys(from, keys, more, turn),
        }
    }

    fn on_timer(&mut self, timer: Timer, turn: &mut Turn<'_>) {
        match timer {
            Timer::Heartbeat => self.heartbeat(turn),
            Timer::Push => self.push_changes(turn),
            Timer::Compare => self.compare_due(turn),
            Timer::Round(key) => self.round_again(&key, turn),
            Timer::Patience(key) => self.patience_over(&key, turn),
            Timer::Fetch(peer) => self.no_progress(peer, turn),
            Timer::Want(token) => self.want_over(token, turn),
            Timer::Council => self.council_due(turn),
            Timer::Sync(token) => self.sync_over(token, turn),
            Timer::Gate => self.gate_due(turn),
        }
    }

    fn on_persisted(&mut self, no: WriteNo, turn: &mut Turn<'_>) {
        self.live.persisted = self.live.persisted.max(no);
        if turn.pending.is_some_and(|pending| pending <= self.live.persisted) {
            turn.pending = None;
        }
        while let Some((_, answer)) = self.live.own.pop_front_if(|(at, _)| *at <= no) {
            self.on_own_answer(answer, turn);
        }
        self.start_waiting_rounds(turn);
    }

    fn on_own_answer(&mut self, answer: OwnAnswer, turn: &mut Turn<'_>) {
        match answer {
            OwnAnswer::Promise { epoch, key, ballot, accepted } => {
                self.on_promise(self.me, epoch, &key, ballot, accepted, turn);
            }
            OwnAnswer::Accept { epoch, key, ballot, head } => {
                self.on_accept(self.me, epoch, &key, ballot, head, turn);
            }
            OwnAnswer::Roster(vote) => self.on_roster_vote(self.me, vote, turn),
        }
    }

    /// A write of its own number that changes nothing. Nothing of the core waits for it: how soon
    /// it is made is the driver's.
    fn on_beside(&mut self, turn: &mut Turn<'_>) {
        self.record(Record::Reserved(self.durable.reserved), Urgency::Soon, turn);
    }

    /// Changes the durable state in memory and notes it for the write of this turn.
    pub(crate) fn record(&mut self, record: Record, urgency: Urgency, turn: &mut Turn<'_>) {
        let before = record.key().and_then(|key| self.durable.get(key)?.decided);
        self.durable.apply(&record);
        if self.config.broken(Mutant::StaleTree)
            && let (Record::Decided { key, .. }, Some(before)) = (&record, before)
        {
            self.durable.put_in_tree(key, before.head);
        }
        match &record {
            Record::Decided { key, .. }
            | Record::Tip { key, .. }
            | Record::Draft { key, draft: None } => {
                self.live.branches.due.insert(key.clone());
            }
            // Whoever is not in it any more proposes nothing.
            Record::Roster(_) => self.live.branches.due_again(),
            _ => {}
        }
        turn.record(record, urgency);
    }
}

/// Epoch of a register message; the others are judged without one (protocol 11).
fn epoch_of(message: &PeerMessage) -> Option<u64> {
    match message {
        PeerMessage::Prepare { epoch, .. }
        | PeerMessage::Promise { epoch, .. }
        | PeerMessage::Fetching { epoch, .. }
        | PeerMessage::Accept { epoch, .. }
        | PeerMessage::Nack { epoch, .. }
        | PeerMessage::NewHead { epoch, .. }
        | PeerMessage::KeysRequest { epoch, .. }
        | PeerMessage::KeysAre { epoch, .. } => Some(*epoch),
        PeerMessage::Propose(propose) => Some(propose.epoch),
        PeerMessage::Request { .. }
        | PeerMessage::RequestChunks { .. }
        | PeerMessage::Announce { .. }
        | PeerMessage::Chunk { .. }
        | PeerMessage::Absent { .. }
        | PeerMessage::Heartbeat(_)
        | PeerMessage::Since { .. }
        | PeerMessage::Changes { .. }
        | PeerMessage::TreeRequest { .. }
        | PeerMessage::TreeIs { .. }
        | PeerMessage::KeyRequest { .. }
        | PeerMessage::KeyIs(_)
        | PeerMessage::AuditSince { .. }
        | PeerMessage::AuditIs { .. }
        | PeerMessage::RosterIs { .. }
        | PeerMessage::RosterRequest
        | PeerMessage::RosterVote(_) => None,
    }
}
