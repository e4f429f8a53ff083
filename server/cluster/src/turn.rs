//! One call of the core: what it may read, and the outputs it collects.

use domain::{Link, Millis, ObjectId};

use crate::{
    Alarm, Event, MemberId, Objects, Output, PeerMessage, Record, Reply, Timer, Token, Urgency,
    WriteNo,
};

/// Lent to every handler for the time of one input.
pub(crate) struct Turn<'a> {
    pub(crate) now: Millis,
    pub(crate) objects: &'a mut dyn Objects,
    /// Number that the records of this turn are written under.
    pub(crate) no: WriteNo,
    /// Newest unwritten write that promises wait for; none when all is durable.
    pub(crate) pending: Option<WriteNo>,
    /// Whether replies overtake writes on purpose.
    pub(crate) unsynced: bool,
    records: Vec<Record>,
    urgent: bool,
    outputs: Vec<Output>,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(
        now: Millis,
        objects: &'a mut dyn Objects,
        no: WriteNo,
        pending: Option<WriteNo>,
        unsynced: bool,
    ) -> Self {
        Self {
            now,
            objects,
            no,
            pending,
            unsynced,
            records: Vec::new(),
            urgent: false,
            outputs: Vec::new(),
        }
    }

    /// Notes a record that was applied to the memory.
    pub(crate) fn record(&mut self, record: Record, urgency: Urgency) {
        if let Record::Object { id, link, .. } = &record {
            self.objects.insert(*id, link.clone());
        }
        self.records.push(record);
        if urgency == Urgency::Now {
            self.urgent = true;
            self.pending = Some(self.no);
        }
    }

    /// The write that whatever tells acceptor state has to wait for (protocol 4.1).
    pub(crate) fn after(&self) -> Option<WriteNo> {
        if self.unsynced { None } else { self.pending }
    }

    /// Sends what depends on no write.
    pub(crate) fn send(&mut self, to: MemberId, message: PeerMessage) {
        self.outputs.push(Output::Send { to, message, after: None });
    }

    /// Sends what tells acceptor state, or tips: what a crash must not take back.
    pub(crate) fn promise(&mut self, to: MemberId, message: PeerMessage) {
        let after = self.after();
        self.outputs.push(Output::Send { to, message, after });
    }

    /// Sends after a certain write.
    pub(crate) fn send_after(
        &mut self,
        to: MemberId,
        message: PeerMessage,
        after: Option<WriteNo>,
    ) {
        self.outputs.push(Output::Send { to, message, after });
    }

    /// What was sent so far.
    pub(crate) fn sent(&self) -> impl Iterator<Item = (&MemberId, &PeerMessage)> {
        self.outputs.iter().filter_map(|output| match output {
            Output::Send { to, message, .. } => Some((to, message)),
            _ => None,
        })
    }

    pub(crate) fn reply(&mut self, token: Token, reply: Reply) {
        self.outputs.push(Output::Reply { token, reply, after: None });
    }

    /// Answers when everything recorded so far is durable.
    pub(crate) fn reply_durably(&mut self, token: Token, reply: Reply) {
        let after = self.after();
        self.outputs.push(Output::Reply { token, reply, after });
    }

    pub(crate) fn arm(&mut self, timer: Timer, earliest: u64, latest: u64) {
        self.outputs.push(Output::Arm { timer, between: (earliest, latest) });
    }

    pub(crate) fn disarm(&mut self, timer: Timer) {
        self.outputs.push(Output::Disarm(timer));
    }

    pub(crate) fn output(&mut self, output: Output) {
        self.outputs.push(output);
    }

    pub(crate) fn emit(&mut self, event: Event) {
        self.outputs.push(Output::Emit(event));
    }

    pub(crate) fn raise(&mut self, alarm: Alarm) {
        self.outputs.push(Output::Raise(alarm));
    }

    /// True if the newest record of this turn has to be waited for.
    pub(crate) const fn urgent(&self) -> bool {
        self.urgent
    }

    /// True if this turn writes.
    pub(crate) fn writes(&self) -> bool {
        !self.records.is_empty()
    }

    /// The outputs, the write first.
    pub(crate) fn finish(self, out: &mut Vec<Output>) {
        if !self.records.is_empty() {
            let urgency = if self.urgent { Urgency::Now } else { Urgency::Soon };
            out.push(Output::Persist { no: self.no, records: self.records, urgency });
        }
        out.extend(self.outputs);
    }

    /// The commit `id`, if it is here.
    pub(crate) fn link(&self, id: &ObjectId) -> Option<Link> {
        self.objects.link(id)
    }
}
