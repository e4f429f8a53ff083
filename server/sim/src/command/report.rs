//! What many schedules gave, in figures.

use std::{collections::BTreeMap, ops::AddAssign, time::Duration};

use sim::{Counts, Kind, Violation};

/// Invariants that a lost save breaks.
const LOST: [&str; 3] = ["answered saves (P3)", "held saves (P3)", "SWISH follows (P9)"];

/// Figures of the schedules of one weather.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) counts: Counts,
    /// What they took.
    pub(crate) took: Duration,
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.counts += other.counts;
        self.took += other.took;
    }
}

impl Figures {
    fn hours(&self) -> f64 {
        seconds(self.counts.virtual_us) / 3_600.0
    }

    fn speed(&self) -> f64 {
        self.hours() / self.took.as_secs_f64().max(1e-9)
    }

    /// How many of something there are in a simulated minute.
    fn a_minute(&self, count: u64) -> f64 {
        real(count) / (self.hours() * 60.0).max(1e-9)
    }
}

/// What a share of the seeds gave.
#[derive(Default)]
pub(crate) struct Share {
    pub(crate) by_kind: BTreeMap<Kind, Figures>,
    pub(crate) failed: Vec<(u64, Violation)>,
}

impl Share {
    pub(crate) fn add(&mut self, other: Self) {
        for (kind, figures) in other.by_kind {
            *self.by_kind.entry(kind).or_default() += figures;
        }
        self.failed.extend(other.failed);
    }

    pub(crate) fn print(&self) {
        let mut whole = Figures::default();
        for figures in self.by_kind.values() {
            whole += *figures;
        }
        let c = whole.counts;
        println!(
            "{} schedules, {:.1} simulated hours, {:.2} hours per second and core",
            c.schedules,
            whole.hours(),
            whole.speed()
        );
        print_counts(&c);
        let faults =
            |c: &Counts| c.crashes + c.cuts + c.pauses + c.wipes + c.rolled + c.clock_steps;
        println!(
            "{:<10} {:>9} {:>8} {:>9}  a simulated minute has",
            "weather", "schedules", "hours", "hours/s"
        );
        for (kind, figures) in &self.by_kind {
            let c = &figures.counts;
            println!(
                "{:<10} {:>9} {:>8.1} {:>9.2}  {:.0} saves or posts, {:.0} faults, {:.0} messages",
                format!("{kind:?}"),
                c.schedules,
                figures.hours(),
                figures.speed(),
                figures.a_minute(c.attempts + c.swish + c.posts),
                figures.a_minute(faults(c)),
                figures.a_minute(c.messages),
            );
        }
        let lost = self.failed.iter().filter(|(_, broken)| LOST.contains(&broken.invariant));
        println!("{} broken promises, {} lost saves", self.failed.len(), lost.count());
    }
}

fn print_counts(c: &Counts) {
    println!(
        "nodes: {} crashes ({} lost unsynced writes), {} wiped disks, {} old disks put back \
         ({} found out), {} pauses, {} clock steps, \
         {} slow syncs",
        c.crashes, c.torn, c.wipes, c.rolled, c.renewed, c.pauses, c.clock_steps, c.slow_syncs
    );
    println!(
        "network: {} cuts ({} links one way only), {} messages; {} dropped, {} doubled, \
         {} overtaken, {} after their connection was gone",
        c.cuts, c.one_way, c.messages, c.dropped, c.doubled, c.overtaken, c.late
    );
    println!(
        "saves: {} tried, {} decided, {} held, {} conflicts, {} refused; {} by a SWISH itself; \
         {} commits decided",
        c.attempts, c.decided, c.held, c.conflicts, c.refused, c.swish, c.commits
    );
    println!(
        "operators: {} divergences listed, {} settlings tried, {} done; {} changes of the roster; \
         {} deeds",
        c.diverged, c.settlings, c.settled, c.changes, c.deeds
    );
    if c.posts > 0 {
        println!(
            "chat: {} messages posted, {} answered as safe, {} given to pages, {} visits",
            c.posts, c.safe, c.deliveries, c.visits
        );
    }
    println!("slowest healing {:.1} s", seconds(c.healing_us));
}

fn seconds(us: u64) -> f64 {
    Duration::from_micros(us).as_secs_f64()
}

/// A count, as far as figures on a screen go.
fn real(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
