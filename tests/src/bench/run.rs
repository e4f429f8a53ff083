//! The order of things: slices of every case and of the reference take turns, so that whatever
//! else the machine does falls on all of them.

use std::{
    io::{self, Write},
    path::PathBuf,
    time::Duration,
};

use anyhow::{Result, ensure};
use tempfile::TempDir;

use super::{
    drain::{Drained, Watch},
    length,
    load::{Case, Load},
    meter::{Meter, Neighbours},
    reference::Appenders,
    report::{self, CREATE, OTHER, Row, SAME, THREE, Table},
    shim::Shim,
};
use crate::{
    cluster::{self, Cluster, Plan},
    program::{self, Build},
};

/// Rounds of slices.
const ROUNDS: usize = 5;
/// One slice of saves.
const SLICE: Duration = Duration::from_millis(1_500);
/// One slice of the reference.
const REFERENCE: Duration = Duration::from_millis(500);
/// The load whose backlog is watched.
const DRAIN: Duration = Duration::from_secs(10);
/// Added to each sync for the slow disk.
const SLOW: Duration = Duration::from_millis(3);
const MANY: usize = 64;
/// Files that one writer alone, or each of many, takes turns over.
const FILES_ALONE: usize = 64;
const FILES_EACH: usize = 8;

/// A cluster whose syncs are counted, and the reference beside it.
struct Bench {
    cluster: Cluster,
    meter: Meter,
    alone: Appenders,
    three: Appenders,
    _folder: TempDir,
}

/// A case with its writers, and its row.
struct Entry {
    case: Case,
    load: Load,
    row: Row,
}

/// Measures everything and prints one table.
///
/// # Errors
/// Something is not built, or the nodes do not work.
pub async fn run() -> Result<()> {
    let shim = Shim::build(&program::target().join("bench"))?;
    let bench = Bench::start(&shim, Duration::ZERO).await?;
    say(&format!("{} rounds; program {}", ROUNDS, Build::Release.path()?.display()))?;
    let (quick, drained, first) = bench.measure_all().await?;
    say(&quick.print("this disk"))?;
    let bench = Bench::start(&shim, SLOW).await?;
    let (slow, second) = bench.measure_alone().await?;
    say(&slow.print(&format!("{SLOW:?} added to every sync")))?;
    let slow_ms = SLOW.as_secs_f64() * 1_000.0;
    say(&report::aims(&quick, &slow, slow_ms, drained))?;
    // Only now: removing hundreds of thousands of files would disturb what is measured.
    cluster::remove(&first)?;
    cluster::remove(&second)
}

/// Measures one writer alone, on the disk as it is and on a slow one: for whoever works on it.
///
/// Not twice within five minutes: the file system is slow to make files where many were removed.
///
/// # Errors
/// As [`run`].
pub async fn alone() -> Result<()> {
    let shim = Shim::build(&program::target().join("bench"))?;
    let mut folders = Vec::new();
    for delay in [Duration::ZERO, SLOW] {
        let (table, folder) = Bench::start(&shim, delay).await?.measure_alone().await?;
        say(&table.print(&format!("one writer, {delay:?} added to every sync")))?;
        folders.push(folder);
    }
    folders.iter().try_for_each(|folder| cluster::remove(folder))
}

impl Bench {
    async fn start(shim: &Shim, delay: Duration) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("swish-cluster-bench-").tempdir()?;
        let plan = Plan { build: Build::Release, ..Plan::default() };
        let mut cluster = plan.prepare().await?;
        let mut counts: Vec<PathBuf> = Vec::new();
        for node in &mut cluster.nodes {
            let file = folder.path().join(&node.setup.name);
            node.setup.environment = shim.environment(&file, delay);
            node.start().await?;
            counts.push(file);
        }
        cluster.found().await?;
        let meter = Meter::new(&cluster, &counts)?;
        let environment = shim.environment(&folder.path().join("reference"), delay);
        Ok(Self {
            alone: Appenders::start(folder.path(), 1, &environment)?,
            three: Appenders::start(folder.path(), 3, &environment)?,
            cluster,
            meter,
            _folder: folder,
        })
    }

    /// One writer and many, and what many leave behind.
    async fn measure_all(mut self) -> Result<(Table, (u64, Drained), PathBuf)> {
        let neighbours = Neighbours::watch(&self.meter)?;
        let mut entries = self.entries(1, FILES_ALONE).await?;
        entries.extend(self.entries(MANY, FILES_EACH).await?);
        let table = self.rounds(entries).await?;
        let drained = self.drain().await?;
        self.say_neighbours(&neighbours)?;
        Ok((table, drained, self.cluster.close().await?))
    }

    async fn measure_alone(mut self) -> Result<(Table, PathBuf)> {
        let neighbours = Neighbours::watch(&self.meter)?;
        let entries = self.entries(1, FILES_ALONE).await?;
        let table = self.rounds(entries).await?;
        self.say_neighbours(&neighbours)?;
        Ok((table, self.cluster.close().await?))
    }

    async fn entries(&self, writers: usize, files: usize) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for (case, name) in [(Case::Same, SAME), (Case::Other, OTHER), (Case::Create, CREATE)] {
            let name = match writers {
                1 => name.to_owned(),
                many => name.replace("1 writer", &format!("{many} writers")),
            };
            let group = format!("{case:?}-{writers}");
            entries.push(Entry {
                case,
                load: Load::new(&self.cluster, &group, writers, files).await?,
                row: Row::new(name),
            });
        }
        Ok(entries)
    }

    async fn rounds(&mut self, mut entries: Vec<Entry>) -> Result<Table> {
        let mut alone = Row::new("append + fdatasync, alone".into());
        let mut three = Row::new(THREE.into());
        let mut last = self.meter.read().await?;
        for _ in 0..ROUNDS {
            for Entry { case, load, row } in &mut entries {
                last.cpu_us = self.meter.cpu_us()?;
                let slice = load.run(*case, SLICE).await?;
                let now = self.meter.read().await?;
                row.add(slice, now.since(last));
                last = now;
            }
            alone.add_reference(&self.alone.measure(REFERENCE)?, REFERENCE);
            three.add_reference(&self.three.measure(REFERENCE)?, REFERENCE);
        }
        let rows = entries.into_iter().map(|entry| entry.row);
        Ok(Table(rows.chain([alone, three]).collect()))
    }

    /// A busy machine makes saves slower than the disk does: whoever reads the table has to know.
    fn say_neighbours(&self, neighbours: &Neighbours) -> Result<()> {
        let all = std::thread::available_parallelism()?;
        let cores = neighbours.cores(&self.meter)?;
        say(&format!("others kept {cores:.2} of {all} cores busy meanwhile"))
    }

    /// Many writers at once, until SWISH can see all of it.
    async fn drain(&self) -> Result<(u64, Drained)> {
        let mut load = Load::new(&self.cluster, "drain", MANY, FILES_EACH).await?;
        let clock = load.began();
        let watch = Watch::start(&self.cluster, clock);
        let began = clock.elapsed();
        let slice = load.run(Case::Same, DRAIN).await?;
        ensure!(slice.others.is_empty(), "not saved: {:?}", slice.others.first());
        let drained = watch.drained(&slice.samples, began).await?;
        Ok((length(slice.samples.len()), drained))
    }
}

pub(super) fn say(text: &str) -> Result<()> {
    writeln!(io::stdout(), "{text}")?;
    Ok(())
}
