//! Three nodes with 100,000 files: what catching up, memory and search cost.
//!
//! One node is away while files change, in two ways: stopped (it knows nothing of the others' logs
//! when it is back) and paused (it goes on where it was). What is measured then is one process that
//! has started, caught up, listed everything and searched.

mod away;
mod memory;
mod query;

use std::time::Duration;

use anyhow::Result;

use super::{run::say, stores::make};
use crate::{
    cluster::{self, Cluster, Plan},
    program::Build,
};

use memory::Memory;

/// Files of the site.
const FILES: usize = 100_000;
/// Files that change while a node is away.
const CHANGED: usize = 1_000;
/// The size of a test run.
const FILES_VARIABLE: &str = "SWISH_CLUSTER_BENCH_FILES";
/// Founding decides every file.
const FOUNDING: Duration = Duration::from_secs(900);
/// From the link up to equal roots.
const EQUAL_MS: f64 = 2_000.0;
/// Of one node, after all that.
const MEMORY_MB: f64 = 200.0;
/// A page of a search for a plain word.
const SEARCH_MS: f64 = 20.0;

/// Measures everything and prints the aims beside it.
///
/// # Errors
/// Something is not built, or the nodes do not work.
pub async fn run() -> Result<()> {
    let said = std::env::var(FILES_VARIABLE).ok().and_then(|text| text.parse().ok());
    let files = said.unwrap_or(FILES);
    say(&format!(
        "three nodes with {files} files of 2 kB; program {}",
        Build::Release.path()?.display()
    ))?;
    let mut cluster = founded(files).await?;
    for number in 1..=3 {
        query::is_indexed(&cluster.gateway(number)).await?;
    }
    let pid = |cluster: &Cluster| cluster.node(3).pid();
    say(&format!("  founded and indexed          {}", Memory::of(pid(&cluster))?))?;
    let changed = CHANGED.min(files / 4);
    let paused = away::paused(&mut cluster, files, changed).await?;
    say(&format!("  paused, {changed} files changed   {paused}"))?;
    let stopped = away::stopped(&mut cluster, files, changed).await?;
    say(&format!("  stopped, {changed} files changed  {stopped}"))?;
    say(&format!("  started and caught up        {}", Memory::of(pid(&cluster))?))?;
    let gateway = cluster.gateway(3);
    query::is_indexed(&gateway).await?;
    let listed = query::list_all(&gateway, files).await?;
    say(&format!("  all files listed in {listed:.1?}   {}", Memory::of(pid(&cluster))?))?;
    let searched = query::search(&gateway, files).await?;
    searched.iter().try_for_each(|row| say(&format!("  {row}")))?;
    let memory = Memory::of(pid(&cluster))?;
    say(&format!("  after all                    {memory}"))?;
    aim("equal roots after a pause", paused.equal_ms(), EQUAL_MS, "ms")?;
    aim("equal roots after a restart", stopped.equal_ms(), EQUAL_MS, "ms")?;
    aim("memory of a node", memory.pss_mb(), MEMORY_MB, "MB")?;
    for row in &searched {
        aim(&format!("search for {}, p50", row.what), row.ms(50), SEARCH_MS, "ms")?;
        aim(&format!("search for {}, p99", row.what), row.ms(99), SEARCH_MS, "ms")?;
    }
    cluster::remove(&cluster.close().await?)
}

/// Three nodes that have the files of a store that was made for them.
async fn founded(files: usize) -> Result<Cluster> {
    let folder = tempfile::Builder::new().prefix("swish-cluster-scale-").tempdir()?;
    let store = folder.path().join("store");
    make::make(&store, make::Shape { files, commits: files, text: query::text, packed: true })?;
    let plan = Plan { build: Build::Release, stores: vec![store], ..Plan::default() };
    let mut cluster = plan.prepare().await?;
    drop(folder);
    for node in &mut cluster.nodes {
        node.start().await?;
    }
    let took = cluster.found_within(FOUNDING).await?;
    say(&format!("  founded, all nodes equal after {took:.1?}"))?;
    Ok(cluster)
}

fn aim(what: &str, found: f64, most: f64, unit: &str) -> Result<()> {
    let word = if found <= most { "met" } else { "NOT MET" };
    say(&format!("  {word:<8}{what}: {found:.1} {unit}, aim ≤ {most:.0} {unit}"))
}
