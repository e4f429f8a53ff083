//! One call of the core: the time of it, and the outputs it collects.

use domain::{MemberId, Millis};

use crate::{
    Alarm, Event, Now, Output, Record, RelayMessage, Reply, Timer, Token, Urgency, WriteNo,
};

/// Lent to every handler for the time of one input.
pub(crate) struct Turn {
    pub(crate) now: Now,
    /// Number that the records of this turn are written under.
    pub(crate) no: WriteNo,
    records: Vec<Record>,
    urgent: bool,
    outputs: Vec<Output>,
}

impl Turn {
    pub(crate) const fn new(now: Now, no: WriteNo) -> Self {
        Self { now, no, records: Vec::new(), urgent: false, outputs: Vec::new() }
    }

    /// The monotonic time.
    pub(crate) const fn at(&self) -> Millis {
        self.now.at
    }

    /// Notes a record that was applied to the memory.
    pub(crate) fn record(&mut self, record: Record, urgency: Urgency) {
        self.records.push(record);
        self.urgent |= urgency == Urgency::Now;
    }

    pub(crate) fn send(&mut self, to: MemberId, message: RelayMessage) {
        self.outputs.push(Output::Send { to, message });
    }

    pub(crate) fn reply(&mut self, token: Token, reply: Reply) {
        self.outputs.push(Output::Reply { token, reply });
    }

    pub(crate) fn arm(&mut self, timer: Timer, earliest: u64, latest: u64) {
        self.outputs.push(Output::Arm { timer, between: (earliest, latest) });
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

    /// True if this turn writes.
    pub(crate) const fn writes(&self) -> bool {
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
}
