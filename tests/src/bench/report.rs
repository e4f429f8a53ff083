//! The table, and the aims beside it: met or not.

use std::{fmt::Write, time::Duration};

use super::{drain::Drained, float, length, load::Slice, meter::Usage};

/// What E of the issue asks for.
const DRAINED_PER_S: f64 = 1_500.0;
const OLDEST: Duration = Duration::from_secs(1);
/// On top of three appends at once.
const MARGIN_MS: f64 = 1.0;
/// How much slower than a slow disk's sync a save may be.
const SLOW_FACTOR: f64 = 1.5;
/// Syncs beside those of batches: tables, checkpoints and files, some each second.
const SYNCS_PER_BATCH: f64 = 1.1;
const NODES: f64 = 3.0;

/// One row: everything measured under one name.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// What was done.
    pub(super) name: String,
    figures_us: Vec<u64>,
    time: Duration,
    /// What the nodes used; none for the reference.
    usage: Option<Usage>,
    /// Answers that were not "saved".
    others: Vec<String>,
}

impl Row {
    pub(super) fn new(name: String) -> Self {
        Self { name, ..Self::default() }
    }

    pub(super) fn add(&mut self, slice: Slice, usage: Usage) {
        self.figures_us.extend(slice.samples.iter().map(|sample| sample.took_us));
        self.others.extend(slice.others);
        self.time += slice.time;
        *self.usage.get_or_insert_default() += usage;
    }

    pub(super) fn add_reference(&mut self, figures_us: &[u64], time: Duration) {
        self.figures_us.extend(figures_us);
        self.time += time;
    }

    /// A percentile in milliseconds.
    pub(super) fn ms(&self, percent: usize) -> f64 {
        let mut sorted = self.figures_us.clone();
        sorted.sort_unstable();
        let at = sorted.len().saturating_sub(1) * percent / 100;
        sorted.get(at).map_or(f64::NAN, |us| float(*us) / 1_000.0)
    }

    fn count(&self) -> f64 {
        float(length(self.figures_us.len()))
    }

    /// Syncs of one node for each batch it made durable.
    pub(super) fn syncs_per_batch(&self) -> f64 {
        let usage = self.usage.unwrap_or_default();
        float(usage.syncs) / float(usage.batches)
    }

    fn line(&self) -> String {
        let Self { name, usage, .. } = self;
        let (p50, p99) = (self.ms(50), self.ms(99));
        let per_s = self.count() / self.time.as_secs_f64();
        let mut line = format!("{name:<44}{p50:>8.2}{p99:>9.2}{per_s:>9.0}");
        if let Some(usage) = usage {
            let cpu = float(usage.cpu_us) / self.count();
            let syncs = float(usage.syncs) / self.count() / NODES;
            let _ = write!(line, "{cpu:>10.0}{syncs:>12.2}{:>12.2}", self.syncs_per_batch());
        }
        if let Some(first) = self.others.first() {
            let _ = write!(line, "   {} not saved: {first}", self.others.len());
        }
        line
    }
}

/// All rows of one disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Table(pub(super) Vec<Row>);

impl Table {
    pub(super) fn print(&self, title: &str) -> String {
        let mut text = format!(
            "\n{title:<44}{:>8}{:>9}{:>9}{:>10}{:>12}{:>12}\n",
            "p50 ms", "p99 ms", "per s", "CPU µs", "syncs/node", "syncs/batch"
        );
        for row in &self.0 {
            text.push_str(&row.line());
            text.push('\n');
        }
        text
    }

    fn row(&self, name: &str) -> Option<&Row> {
        self.0.iter().find(|row| row.name == name)
    }

    fn p50(&self, name: &str) -> f64 {
        self.row(name).map_or(f64::NAN, |row| row.ms(50))
    }
}

/// Names of rows that aims compare.
pub(super) const SAME: &str = "(a) update, node that decided last, 1 writer";
pub(super) const OTHER: &str = "(b) update, another node, 1 writer";
pub(super) const CREATE: &str = "(c) create, 1 writer";
pub(super) const THREE: &str = "append + fdatasync, three at once";

/// The aims with what was found.
pub(super) fn aims(quick: &Table, slow: &Table, slow_ms: f64, drained: (u64, Drained)) -> String {
    let mut text = String::from("\nAims\n");
    let mut aim = |what: &str, found: f64, most: f64, unit: &str| {
        let word = if found <= most { "met" } else { "NOT MET" };
        let _ = writeln!(text, "  {word:<8}{what}: {found:.2} {unit}, aim ≤ {most:.2} {unit}");
    };
    let sync = quick.p50(THREE);
    aim("(a) p50, one sync", quick.p50(SAME), sync + MARGIN_MS, "ms");
    aim("(b) p50, two syncs", quick.p50(OTHER), 2.0 * sync + MARGIN_MS, "ms");
    aim("(c) p50, two syncs", quick.p50(CREATE), 2.0 * sync + MARGIN_MS, "ms");
    let most = SLOW_FACTOR * slow_ms;
    aim("(a) p50 on the slow disk", slow.p50(SAME), most, "ms");
    aim("(b) p50 on the slow disk, one sync more", slow.p50(OTHER), most + slow_ms, "ms");
    aim("(c) p50 on the slow disk, one sync more", slow.p50(CREATE), most + slow_ms, "ms");
    let syncs = quick.row(SAME).map_or(f64::NAN, Row::syncs_per_batch);
    aim("syncs per node and batch, (a) with 1 writer", syncs, SYNCS_PER_BATCH, "");
    let (saves, drained) = drained;
    let oldest = drained.oldest.as_secs_f64();
    aim("age of the oldest journal line", oldest, OLDEST.as_secs_f64(), "s");
    let per_s = float(saves) / drained.time.as_secs_f64();
    let word = if per_s >= DRAINED_PER_S { "met" } else { "NOT MET" };
    let _ = writeln!(
        text,
        "  {word:<8}drained with 64 writers: {per_s:.0} saves/s, aim ≥ {DRAINED_PER_S:.0} \
         ({saves} saves, all files and lines written after {:.2} s)",
        drained.time.as_secs_f64()
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, figures_us: &[u64]) -> Row {
        let mut row = Row::new(name.into());
        row.add_reference(figures_us, Duration::from_secs(1));
        row
    }

    #[test]
    fn percentiles_are_of_all_slices_together() {
        let mut all = row("x", &[3_000, 1_000]);
        all.add_reference(&[2_000], Duration::from_secs(1));
        assert_eq!((all.ms(50), all.ms(99), all.ms(100)), (2.0, 2.0, 3.0));
        assert!(row("none", &[]).ms(50).is_nan());
    }

    #[test]
    fn an_aim_without_a_figure_is_not_met() {
        let drained = Drained { time: Duration::from_secs(2), oldest: Duration::from_secs(3) };
        let quick = Table(vec![row(SAME, &[1_500]), row(THREE, &[600])]);
        let text = aims(&quick, &Table::default(), 3.0, (4_000, drained));
        let met: Vec<_> =
            text.lines().filter(|line| line.trim_start().starts_with("met")).collect();
        assert_eq!(met.len(), 2, "{text}");
        assert!(met[0].contains("1.50 ms, aim ≤ 1.60 ms"), "{text}");
        assert!(met[1].contains("2000 saves/s"), "{text}");
    }
}
