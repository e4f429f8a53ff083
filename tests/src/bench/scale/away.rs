//! A node is away while files change: how long until it has them, and over how many bytes.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;

use crate::{
    bench::float,
    cluster::Cluster,
    gateway::{self, Gateway},
    node::Node,
    wait::until,
};

/// A paused node's links end after this, so that it has to link again.
const LINKS_END: Duration = Duration::from_secs(12);
/// A node shows its root twice a second, later on a busy machine.
const SHOWN_WITHIN: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(120);
const WRITERS: usize = 16;
/// A prime: which files change has nothing to do with their order.
const STEP: usize = 7_919;
/// Said in the log for each peer.
const LINKED: &str = "linked with ";
const SENT: &str = "swish_cluster_link_bytes_total{direction=\"out\"}";
const RECEIVED: &str = "swish_cluster_link_bytes_total{direction=\"in\"}";

/// How catching up went.
#[derive(Clone, Copy, Debug)]
pub(super) struct CaughtUp {
    /// From the node's start, or its going on, to its first link.
    linked: Duration,
    /// From there to the same root.
    equal: Duration,
    /// What the node sent and received on its links until then.
    bytes: u64,
}

impl CaughtUp {
    pub(super) fn equal_ms(self) -> f64 {
        self.equal.as_secs_f64() * 1_000.0
    }
}

impl fmt::Display for CaughtUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (linked, equal, kilobytes) = (self.linked, self.equal, float(self.bytes) / 1_000.0);
        write!(
            f,
            "linked after {linked:.2?}, equal {equal:.2?} later, {kilobytes:.0} kB on its links"
        )
    }
}

/// Node 3 keeps its memory and stands still.
pub(super) async fn paused(
    cluster: &mut Cluster,
    files: usize,
    changed: usize,
) -> Result<CaughtUp> {
    cluster.node(3).pause()?;
    let began = Instant::now();
    change(cluster, files, changed, 0).await?;
    tokio::time::sleep(LINKS_END.saturating_sub(began.elapsed())).await;
    let mark = Mark::before(cluster).await?;
    let before = bytes(cluster.node(3), true).await?;
    let log = log_length(cluster.node(3))?;
    let began = Instant::now();
    cluster.node(3).resume()?;
    mark.reached(cluster, began, log, before).await
}

/// Node 3 is stopped, and started when all is done.
pub(super) async fn stopped(
    cluster: &mut Cluster,
    files: usize,
    changed: usize,
) -> Result<CaughtUp> {
    cluster.node_mut(3).stop().await?;
    change(cluster, files, changed, changed).await?;
    let mark = Mark::before(cluster).await?;
    let log = log_length(cluster.node(3))?;
    let began = Instant::now();
    cluster.node_mut(3).start().await?;
    mark.reached(cluster, began, log, 0).await
}

/// What node 3 has to reach.
struct Mark {
    root: String,
}

impl Mark {
    /// Nodes 1 and 2 agree.
    async fn before(cluster: &Cluster) -> Result<Self> {
        // What they show may be of before the last save.
        tokio::time::sleep(SHOWN_WITHIN).await;
        let (root, _) = until("two equal nodes", PATIENCE, async || {
            let (one, two) = (cluster.node(1).status().await?, cluster.node(2).status().await?);
            ensure!(one.root() == two.root(), "they differ");
            Ok(one.root().context("no root")?.to_owned())
        })
        .await?;
        Ok(Self { root })
    }

    async fn reached(
        self,
        cluster: &Cluster,
        began: Instant,
        log: usize,
        bytes_before: u64,
    ) -> Result<CaughtUp> {
        let node = cluster.node(3);
        until("a link", PATIENCE, async || {
            let text = std::fs::read(&node.setup.log)?;
            let news = String::from_utf8_lossy(text.get(log..).unwrap_or_default()).into_owned();
            ensure!(news.contains(LINKED), "not linked");
            Ok(())
        })
        .await?;
        let linked = began.elapsed();
        until("the same root", PATIENCE, async || {
            let status = node.status().await?;
            ensure!(status.root() == Some(&self.root), "another root");
            Ok(())
        })
        .await?;
        let equal = began.elapsed().saturating_sub(linked);
        let bytes = bytes(node, false).await?.saturating_sub(bytes_before);
        Ok(CaughtUp { linked, equal, bytes })
    }
}

/// Saves so many files once through nodes 1 and 2, beginning with number `first`.
async fn change(cluster: &Cluster, files: usize, count: usize, first: usize) -> Result<()> {
    let gateways = [cluster.gateway(1), cluster.gateway(2)];
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let gateway = gateways[writer % gateways.len()].clone();
        let numbers = (first..first + count).skip(writer).step_by(WRITERS);
        let numbers: Vec<_> = numbers.map(|number| number * STEP % files).collect();
        writers.spawn(async move { save(&gateway, &numbers).await });
    }
    writers.join_all().await.into_iter().collect()
}

async fn save(gateway: &Gateway, numbers: &[usize]) -> Result<()> {
    for number in numbers {
        let name = format!("file-{number}.pl");
        let file = gateway.file(&name).await?;
        let text = format!("{}% changed\n", file.text);
        gateway::saved(&gateway.save(&name, file.commit, &text).await?)?;
    }
    Ok(())
}

/// Bytes on all links of a node since its start; one that stands still cannot say.
async fn bytes(node: &Node, stands_still: bool) -> Result<u64> {
    if stands_still {
        return Ok(0);
    }
    let answer = node.dashboard()?.get("/metrics").await?;
    ensure!(answer.status == 200, "no metrics: {}", answer.status);
    let text = answer.text();
    let count = |name: &str| -> Result<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        Ok(line.with_context(|| format!("no {name}"))?.trim().parse()?)
    };
    Ok(count(SENT)? + count(RECEIVED)?)
}

fn log_length(node: &Node) -> Result<usize> {
    Ok(std::fs::read(&node.setup.log)?.len())
}
