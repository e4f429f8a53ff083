//! How long a store takes to open, read, check and repack, and how much of the machine.
//!
//! Each step is a process of its own, so that its memory and processor time are its own. Where
//! `SWISH_HOME` names a checkout and there is a `swipl`, SWISH's own library does the same reads
//! on the same files in the same run.

pub(super) mod make;
mod ours;
mod swish;

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::run::say;

pub use ours::step;

/// Versions of each file.
const VERSIONS: usize = 20;
/// Commits of the small store, in loose files, and of the large one, in packs.
const SMALL: usize = 50_000;
const LARGE: usize = 1_000_000;
/// The size of a test run.
const SMALL_VARIABLE: &str = "SWISH_CLUSTER_BENCH_COMMITS";

/// What a step did and used.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Measured {
    /// How many things it did.
    pub(super) count: u64,
    /// Without starting the process.
    pub(super) wall_ms: f64,
    /// User and system, all threads.
    pub(super) cpu_ms: f64,
    /// Most memory the process had.
    pub(super) peak_mb: f64,
    /// What to know of it.
    pub(super) note: String,
}

impl Measured {
    fn per_cpu_second(&self) -> f64 {
        super::float(self.count) / self.cpu_ms.max(1.0) * 1_000.0
    }
}

/// Measures the large store.
///
/// # Errors
/// A store cannot be made or read.
pub fn run_large() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("swish-cluster-stores-").tempdir()?;
    measure(&folder.path().join("large"), LARGE, "packs")
}

/// Measures the small store, by SWISH's library as well, and prints a table.
///
/// # Errors
/// A store cannot be made or read.
pub fn run() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("swish-cluster-stores-").tempdir()?;
    let said = std::env::var(SMALL_VARIABLE).ok().and_then(|text| text.parse().ok());
    let small = folder.path().join("small");
    measure(&small, said.unwrap_or(SMALL), "loose")?;
    compare(&small)?;
    for name in ["repack", "open", "open", "read"] {
        print(&format!("packed: {name}"), &child(name, &small)?)?;
    }
    super::super::cluster::remove(&folder.keep())
}

/// Makes a store and takes all steps that change nothing.
fn measure(store: &Path, commits: usize, how: &str) -> Result<()> {
    say(&format!("{commits} commits of {VERSIONS} to a file, and as many texts, {how}"))?;
    let files = commits.div_ceil(VERSIONS);
    let shape = make::Shape { files, commits, text: make::text, packed: how == "packs" };
    make::make(store, shape)?;
    for (name, what) in [
        ("open", "open, every object read"),
        ("open", "open, current index"),
        ("open", "open, current index"),
        ("refresh", "index written again"),
    ] {
        print(what, &child(name, store)?)?;
    }
    Ok(())
}

/// Reads and checks, by us and by SWISH.
fn compare(store: &Path) -> Result<()> {
    for (name, aim) in [("read", 3.0), ("history", 3.0), ("fsck", 4.0)] {
        let ours = child(name, store)?;
        print(name, &ours)?;
        let Some(theirs) = swish::measure(name, store)? else { continue };
        print(&format!("{name}, SWISH"), &theirs)?;
        let ratio = ours.per_cpu_second() / theirs.per_cpu_second();
        let verdict = if ratio >= aim { "reached" } else { "missed" };
        say(&format!("{name}: {ratio:.1} times SWISH per CPU second; {aim:.0} {verdict}"))?;
    }
    Ok(())
}

fn print(what: &str, measured: &Measured) -> Result<()> {
    let Measured { count, wall_ms, cpu_ms, peak_mb, note } = measured;
    say(&format!(
        "  {what:<28} {count:>9}  {wall_ms:>9.1} ms  {cpu_ms:>9.0} ms CPU  {peak_mb:>6.0} MB  {note}"
    ))
}

/// Takes a step in a process of its own.
fn child(name: &str, store: &Path) -> Result<Measured> {
    let output = Command::new(std::env::current_exe()?)
        .args(["store-step", name])
        .arg(store)
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "{name} failed");
    serde_json::from_slice(&output.stdout).context("no figures")
}
