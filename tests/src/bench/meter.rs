//! What the nodes have used so far: processor time, syncs, durable batches.

use std::{
    fs,
    ops::AddAssign,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use super::{float, shim};
use crate::{client::Client, cluster::Cluster};

/// Nodes publish their counts every half second.
const PUBLISHED: Duration = Duration::from_millis(700);

/// A reading, or the difference of two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Processor time of all nodes, user and system.
    pub(super) cpu_us: u64,
    /// Syncs of all nodes.
    pub(super) syncs: u64,
    /// Batches that all nodes made durable.
    pub(super) batches: u64,
}

/// Reads the nodes of one cluster.
#[derive(Debug)]
pub(super) struct Meter {
    nodes: Vec<Metered>,
    tick_us: u64,
}

#[derive(Debug)]
struct Metered {
    pid: u32,
    counts: PathBuf,
    dashboard: Client,
}

impl Meter {
    /// `counts` are the files that the nodes' shims write.
    pub(super) fn new(cluster: &Cluster, counts: &[PathBuf]) -> Result<Self> {
        let nodes = cluster.nodes.iter().zip(counts).map(|(node, counts)| {
            Ok(Metered {
                pid: node.pid().context("a node is down")?,
                counts: counts.clone(),
                dashboard: node.dashboard()?,
            })
        });
        Ok(Self { nodes: nodes.collect::<Result<_>>()?, tick_us: tick_us()? })
    }

    /// Reads everything: processor time at once, the rest when the nodes have said it.
    pub(super) async fn read(&self) -> Result<Usage> {
        let cpu_us = self.cpu_us()?;
        tokio::time::sleep(PUBLISHED).await;
        let mut sum = Usage { cpu_us, ..Usage::default() };
        for node in &self.nodes {
            sum.syncs += shim::syncs(&node.counts)?;
            sum.batches += batches(&node.dashboard).await?;
        }
        Ok(sum)
    }

    /// Processor time until now.
    pub(super) fn cpu_us(&self) -> Result<u64> {
        let ticks = self.nodes.iter().map(|node| ticks(node.pid));
        Ok(ticks.sum::<Result<u64>>()? * self.tick_us)
    }
}

impl Usage {
    pub(super) const fn since(self, earlier: Self) -> Self {
        Self {
            cpu_us: self.cpu_us - earlier.cpu_us,
            syncs: self.syncs - earlier.syncs,
            batches: self.batches - earlier.batches,
        }
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.cpu_us += other.cpu_us;
        self.syncs += other.syncs;
        self.batches += other.batches;
    }
}

/// How much of the machine somebody else used, while something was measured.
#[derive(Debug)]
pub(super) struct Neighbours {
    began: Instant,
    busy: u64,
    ours: u64,
}

impl Neighbours {
    /// Begins to look; `cluster` and this process with its children are not neighbours.
    pub(super) fn watch(meter: &Meter) -> Result<Self> {
        Ok(Self { began: Instant::now(), busy: busy()?, ours: meter.ours()? })
    }

    /// Cores that others kept busy since then.
    pub(super) fn cores(&self, meter: &Meter) -> Result<f64> {
        let all = busy()?.saturating_sub(self.busy);
        let others = all.saturating_sub(meter.ours()?.saturating_sub(self.ours));
        let time = self.began.elapsed().as_secs_f64();
        Ok(float(others * meter.tick_us) / 1_000_000.0 / time)
    }
}

impl Meter {
    /// Ticks of the nodes, of this process, and of those it started that live.
    fn ours(&self) -> Result<u64> {
        let me = std::process::id();
        let mut children = Vec::new();
        // Each thread lists those it started itself.
        for thread in fs::read_dir(format!("/proc/{me}/task"))? {
            let text = fs::read_to_string(thread?.path().join("children")).unwrap_or_default();
            children.extend(text.split_whitespace().flat_map(str::parse::<u32>));
        }
        // Nodes are children as well.
        let nodes: Vec<_> = self.nodes.iter().map(|node| node.pid).collect();
        let rest = children.into_iter().filter(|pid| !nodes.contains(pid));
        let pids = nodes.iter().copied().chain(rest).chain([me]);
        Ok(pids.filter_map(|pid| ticks(pid).ok()).sum())
    }
}

/// Ticks in which a core was not idle (proc(5): /proc/stat, all but idle and iowait).
fn busy() -> Result<u64> {
    let text = fs::read_to_string("/proc/stat")?;
    let line = text.lines().next().context("an empty /proc/stat")?;
    let fields: Vec<u64> = line.split_whitespace().skip(1).flat_map(str::parse).collect();
    let busy = fields.iter().take(8).enumerate().filter(|(at, _)| !matches!(at, 3 | 4));
    Ok(busy.map(|(_, ticks)| ticks).sum())
}

/// utime + stime of all threads (proc(5): fields 14 and 15; the name may hold spaces).
fn ticks(pid: u32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = text.rsplit_once(')').context("no name")?;
    let times = fields.split_whitespace().skip(11).take(2);
    times.map(|ticks| Ok(ticks.parse::<u64>()?)).sum()
}

/// Processor time of this process, all threads.
pub(super) fn own_cpu_us() -> Result<u64> {
    cpu_of(std::process::id())
}

/// Processor time of a process, all threads, in microseconds.
pub(super) fn cpu_of(pid: u32) -> Result<u64> {
    Ok(ticks(pid)? * tick_us()?)
}

fn tick_us() -> Result<u64> {
    let output = Command::new("getconf").arg("CLK_TCK").output()?;
    let hertz: u64 = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(1_000_000 / hertz)
}

async fn batches(dashboard: &Client) -> Result<u64> {
    let answer = dashboard.get("/metrics").await?;
    let text = String::from_utf8(answer.body)?;
    let line =
        text.lines().find_map(|line| line.strip_prefix("swish_cluster_durable_batches_total "));
    Ok(line.context("no batches in /metrics")?.trim().parse()?)
}
