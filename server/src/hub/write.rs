//! Rows that wait for the node's next batch: one write at a time, so that one sync covers many.

use std::time::{Duration, Instant};

use relay::{Record, Urgency, WriteNo};

use crate::db::{ChatRows, Filed};

/// A write that nobody waits for joins the next one, or goes by itself after this.
const SOON: Duration = Duration::from_millis(50);
/// How far SWISH's files are may be told later: a restart looks at what was appended since.
const FILED: Duration = Duration::from_secs(5);
/// Bytes of texts that may wait; then posts are busy, and what peers say is dropped.
const MAX_BYTES: usize = 32 << 20;

/// Rows that wait for the write before theirs.
#[derive(Debug, Default)]
pub(super) struct Pending {
    rows: ChatRows,
    bytes: usize,
    upto: WriteNo,
    by: Option<Instant>,
}

/// A write under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Writing {
    /// Its number between hub and node.
    pub(super) number: u64,
    /// The last write of the core in it.
    pub(super) upto: WriteNo,
}

impl Pending {
    /// Adds what the core wants durable.
    pub(super) fn add(&mut self, no: WriteNo, records: Vec<Record>, urgency: Urgency) {
        let size = |Record::Message { message, .. }: &Record| message.body.0.len();
        self.bytes += records.iter().map(size).sum::<usize>();
        self.rows.records.extend(records);
        self.upto = no;
        let now = Instant::now();
        self.due_by(if urgency == Urgency::Now { now } else { now + SOON });
    }

    /// SWISH's files have got further.
    pub(super) fn filed(&mut self, filed: Filed) {
        self.rows.filed = Some(filed);
        self.due_by(Instant::now() + FILED);
    }

    fn due_by(&mut self, by: Instant) {
        self.by = Some(self.by.map_or(by, |before| before.min(by)));
    }

    /// When it has to be written.
    pub(super) const fn by(&self) -> Option<Instant> {
        self.by
    }

    /// True when no more may wait.
    pub(super) const fn is_full(&self) -> bool {
        self.bytes > MAX_BYTES
    }

    /// Takes out what is due, with the last write of the core in it.
    pub(super) fn take(&mut self, now: Instant) -> Option<(ChatRows, WriteNo)> {
        self.by.filter(|by| *by <= now)?;
        let Self { rows, upto, .. } = std::mem::take(self);
        self.upto = upto;
        Some((rows, upto))
    }
}
