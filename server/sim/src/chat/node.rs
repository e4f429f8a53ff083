//! One node: a core, its disk, its clocks, its timers.

use std::collections::BTreeMap;

use domain::{Incarnation, MemberId, Millis, NodeId, Run};
use relay::{Config, Core, DocumentId, Input, Now, Output, Place, Row, Stamp, Timer, WriteNo};

use super::disk::Disk;

/// Wall clock of a good clock at the beginning, in microseconds since 1970.
const BEGIN_US: u64 = 1_795_000_000_000_000;

/// A node, running or not.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) id: MemberId,
    pub(crate) up: bool,
    /// Number of its start.
    pub(crate) run: u64,
    pub(crate) core: Core,
    pub(crate) disk: Disk,
    /// Armed timers; a fired one counts only with the same stamp.
    pub(crate) timers: BTreeMap<Timer, u64>,
    /// What is served when a write is durable.
    pub(crate) held: Vec<(WriteNo, Output)>,
    pub(crate) persisted: WriteNo,
    /// Stands still until then.
    pub(crate) asleep_until: u64,
    /// Whether it dies when it next writes something, or just after.
    pub(crate) is_doomed: bool,
    /// What its wall clock is off by, in microseconds.
    pub(crate) clock_us: i64,
    /// Until when messages may be stamped by a clock that was wrong, and is right now.
    pub(crate) off_until: u64,
}

impl Node {
    pub(crate) fn new(at: usize, config: &Config) -> Self {
        let byte = u8::try_from(at + 1).unwrap_or(u8::MAX);
        let id = MemberId {
            node: NodeId::from_bytes([byte; 8]),
            incarnation: Incarnation::from_bytes([byte; 8]),
        };
        Self {
            id,
            up: false,
            run: 0,
            core: Core::recover(config.clone(), id, Run::from_bytes([0; 8]), []),
            disk: Disk::default(),
            timers: BTreeMap::new(),
            held: Vec::new(),
            persisted: WriteNo::default(),
            asleep_until: 0,
            is_doomed: false,
            clock_us: 0,
            off_until: 0,
        }
    }

    /// Starts the program from what is on the disk.
    pub(crate) fn start(&mut self, config: &Config) {
        self.run += 1;
        let mut run = self.run.to_be_bytes();
        run[0] = self.id.node.as_bytes()[0];
        let rows = self.disk.all().map(|(document, message)| (document.clone(), message.row));
        self.core = Core::recover(config.clone(), self.id, Run::from_bytes(run), rows);
        self.up = true;
        self.persisted = WriteNo::default();
    }

    /// Stops it as by a cut of the power; true if that took back something that was written.
    pub(crate) fn crash(&mut self, is_lucky: bool) -> bool {
        self.up = false;
        self.timers.clear();
        self.held.clear();
        self.asleep_until = 0;
        self.is_doomed = false;
        self.disk.crash(is_lucky)
    }

    /// Takes its disk away; it comes back as the same node in another life.
    pub(crate) fn wipe(&mut self) {
        let mut incarnation = *self.id.incarnation.as_bytes();
        incarnation[1] = incarnation[1].wrapping_add(100);
        self.id.incarnation = Incarnation::from_bytes(incarnation);
        self.disk = Disk::default();
    }

    /// What its clocks say.
    pub(crate) fn now(&self, now_us: u64) -> Now {
        let wall = true_wall(now_us).0.saturating_add_signed(self.clock_us);
        Now { at: Millis(now_us / 1_000 + self.run * 1_000), wall: Stamp(wall) }
    }

    pub(crate) fn handle(&mut self, now_us: u64, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        let now = self.now(now_us);
        self.core.handle(now, input, &mut out);
        out
    }

    /// Outputs that this write was in the way of.
    pub(crate) fn release(&mut self, no: WriteNo) -> Vec<Output> {
        self.persisted = self.persisted.max(no);
        let (free, held) =
            std::mem::take(&mut self.held).into_iter().partition(|(after, _)| *after <= no);
        self.held = held;
        let free: Vec<(WriteNo, Output)> = free;
        free.into_iter().map(|(_, output)| output).collect()
    }

    /// All entries of a document that pages may see, in order.
    pub(crate) fn rows(&self, document: &DocumentId) -> Vec<Row> {
        let (mut pages, mut before): (Vec<Vec<Row>>, Option<Place>) = (Vec::new(), None);
        loop {
            let page = self.core.page(document, relay::MAX_PAGE_ROWS, before);
            let Some((_, first)) = page.rows.first() else { break };
            before = Some(first.place);
            pages.push(page.rows.into_iter().map(|(_, row)| row).collect());
        }
        pages.into_iter().rev().flatten().collect()
    }
}

/// What a good wall clock says.
pub(crate) const fn true_wall(now_us: u64) -> Stamp {
    Stamp(BEGIN_US + now_us)
}
