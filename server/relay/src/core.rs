//! The top of the core: dispatches inputs to the concerns, and nothing else.

use std::collections::BTreeMap;

use domain::{Incarnation, MemberId, Run};

use crate::{
    Alarm, Config, DocumentId, Event, Input, Now, Output, Record, RelayMessage, Row, Timer,
    WriteNo,
    chat::{Documents, Readers, Waiting},
    peer::Peer,
    presence::Presence,
    turn::Turn,
};

/// Chat and visitors of one node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Core {
    pub(crate) config: Config,
    pub(crate) me: MemberId,
    /// This start of the program.
    pub(crate) run: Run,
    /// Every message that is durable here, or in a write that was issued.
    pub(crate) documents: Documents,
    /// Messages that were not delivered yet.
    pub(crate) waiting: Waiting,
    /// Local pages that read documents.
    pub(crate) readers: Readers,
    /// Visitors, here and on other nodes.
    pub(crate) presence: Presence,
    /// Nodes that are linked, or were in this run.
    pub(crate) peers: BTreeMap<MemberId, Peer>,
    /// Origins whose stamps were too far ahead, as was told once.
    pub(crate) ahead: std::collections::BTreeSet<Option<Incarnation>>,
    /// Last write that was issued, and that is durable.
    pub(crate) issued: WriteNo,
    pub(crate) persisted: WriteNo,
    /// When the timer for beats last fired.
    pub(crate) beat_at: domain::Millis,
}

impl Core {
    /// Rebuilds a node from the messages on its disk; `run` is drawn for this start.
    #[must_use]
    pub fn recover(
        config: Config,
        me: MemberId,
        run: Run,
        rows: impl IntoIterator<Item = (DocumentId, Row)>,
    ) -> Self {
        let mut documents = Documents::default();
        for (document, row) in rows {
            documents.take(&document, row);
        }
        Self {
            config,
            me,
            run,
            documents,
            waiting: Waiting::default(),
            readers: Readers::default(),
            presence: Presence::default(),
            peers: BTreeMap::new(),
            ahead: std::collections::BTreeSet::new(),
            issued: WriteNo::default(),
            persisted: WriteNo::default(),
            beat_at: domain::Millis::default(),
        }
    }

    /// Takes one input and appends what to do about it, in order.
    pub fn handle(&mut self, now: Now, input: Input, out: &mut Vec<Output>) {
        let no = WriteNo(self.issued.0 + 1);
        let mut turn = Turn::new(now, no);
        self.dispatch(input, &mut turn);
        self.tell_census(&mut turn);
        if turn.writes() {
            self.issued = no;
        }
        turn.finish(out);
    }

    /// Identity of this node.
    #[must_use]
    pub const fn me(&self) -> MemberId {
        self.me
    }

    /// This start of the program.
    #[must_use]
    pub const fn run(&self) -> Run {
        self.run
    }

    fn dispatch(&mut self, input: Input, turn: &mut Turn) {
        match input {
            Input::Started => self.on_started(turn),
            Input::PeerUp { peer, run } => self.on_peer_up(peer, run, turn),
            Input::PeerDown { peer } => self.on_peer_down(peer),
            Input::Message { from, message } => self.on_message(from, message, turn),
            Input::Renew { incarnation } => self.me.incarnation = incarnation,
            Input::Post { token, document, id, body } => {
                self.on_post(token, document, id, body, turn);
            }
            Input::Import { document, messages } => self.on_import(&document, messages, turn),
            Input::Pass { document, body } => self.on_pass_here(document, body, turn),
            Input::Range { token, document, last, before } => {
                self.on_range(token, &document, last, before, turn);
            }
            Input::Fetch { token, document } => self.on_fetch(token, &document, turn),
            Input::Read { token, wsid, document, cursor } => {
                self.on_read(token, wsid, document, cursor, turn);
            }
            Input::Unread { token, wsid, document } => {
                self.on_unread(token, &wsid, &document, turn);
            }
            Input::Join { wsid, user } => self.on_join(wsid, user, turn),
            Input::Leave { token, wsid, reason } => self.on_leave(token, &wsid, reason, turn),
            Input::Update { wsid, user, reason } => self.on_update(wsid, user, reason, turn),
            Input::Open { wsid, document } => self.on_open(wsid, document, turn),
            Input::Close { wsid, document } => self.on_close(wsid, document, turn),
            Input::Stop => self.on_stop(turn),
            Input::Timer(Timer::Beat) => self.on_beat_due(turn),
            Input::Timer(Timer::Safe) => self.on_safe_due(turn),
            Input::Persisted(no) => self.on_persisted(no, turn),
        }
    }

    fn on_message(&mut self, from: MemberId, message: RelayMessage, turn: &mut Turn) {
        if !self.note_heard(from, turn) {
            return;
        }
        if let Err(rejection) = message.check() {
            return turn.emit(Event::Rejected { peer: from, rejection });
        }
        match message {
            RelayMessage::Beat(beat) => self.on_beat(from, beat, turn),
            RelayMessage::Posted { document, message } => {
                self.on_posted(from, &document, message, turn);
            }
            RelayMessage::Have { document, places } => self.on_have(&document, &places, turn),
            RelayMessage::BucketsRequest { ask } => self.tell_buckets(from, ask, turn),
            RelayMessage::BucketsAre { ask, digests } => {
                self.on_buckets(from, ask, &digests, turn);
            }
            RelayMessage::DocumentsRequest { ask, bucket, after } => {
                self.tell_documents(from, ask, bucket, after.as_ref(), turn);
            }
            RelayMessage::DocumentsAre { ask, documents, more } => {
                self.on_documents(from, ask, documents, more, turn);
            }
            RelayMessage::SpansRequest { ask, document, spans } => {
                self.tell_spans(from, ask, &document, &spans, turn);
            }
            RelayMessage::SpansAre { ask, below } => self.on_spans(from, ask, below, turn),
            RelayMessage::MessagesRequest { ask, document, places } => {
                self.serve(from, ask, document, places, turn);
            }
            RelayMessage::MessagesAre { ask, document, messages } => {
                self.on_messages(from, ask, &document, messages, turn);
            }
            RelayMessage::Pass { document, body } => self.pass_to_readers(document, body, turn),
            RelayMessage::Changed { run, version, change, census } => {
                self.on_changed(from, (run, version), *change, census, turn);
            }
            RelayMessage::SnapshotRequest { run, after } => {
                self.tell_snapshot(from, run, after, turn);
            }
            RelayMessage::Snapshot { run, version, after, visitors, more, census } => {
                let page = crate::presence::SnapshotPage { after, visitors, more };
                self.on_snapshot(from, (run, version), page, census, turn);
            }
            RelayMessage::Leaving { run } => self.on_leaving(from, run, turn),
        }
    }

    fn on_started(&mut self, turn: &mut Turn) {
        self.beat_at = turn.at();
        turn.arm(Timer::Beat, 0, self.config.beat.0);
    }

    fn on_persisted(&mut self, no: WriteNo, turn: &mut Turn) {
        self.persisted = self.persisted.max(no);
        self.release_written(turn);
    }

    /// Notes a message for the write of this turn.
    pub(crate) fn record(
        document: &DocumentId,
        message: &crate::Message,
        urgency: crate::Urgency,
        turn: &mut Turn,
    ) {
        let (document, message) = (document.clone(), message.clone());
        turn.record(Record::Message { document, message }, urgency);
    }

    /// Raises an alarm about a stamp, once for each origin.
    pub(crate) fn raise_ahead(
        &mut self,
        origin: Option<Incarnation>,
        alarm: Alarm,
        turn: &mut Turn,
    ) {
        const MAX_ORIGINS: usize = 1_000;
        if self.ahead.len() < MAX_ORIGINS && self.ahead.insert(origin) {
            turn.raise(alarm);
        }
    }

    /// Peers with a link now.
    pub(crate) fn linked(&self) -> Vec<MemberId> {
        self.peers.iter().filter(|(_, peer)| peer.linked).map(|(id, _)| *id).collect()
    }

    /// Sends to every linked peer.
    pub(crate) fn send_all(&self, message: &RelayMessage, turn: &mut Turn) {
        for peer in self.linked() {
            turn.send(peer, message.clone());
        }
    }
}
