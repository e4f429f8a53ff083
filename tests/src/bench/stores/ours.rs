//! The steps, taken by this program.

use std::{fs, io::Write, path::Path, time::Instant};

use anyhow::{Context, Result, bail, ensure};
use gitty::Commit;
use store::{IndexUse, Loose, Opened, Store};

use super::Measured;
use crate::bench::{length, meter};

/// Heads that are read, and files whose history is.
const READS: usize = 20_000;
/// Versions of a history that are looked for.
const DEPTH: usize = 100;

/// Takes one step and prints what it used.
///
/// # Errors
/// There is no such step, or the store cannot be read.
pub fn step(name: &str, dir: &Path) -> Result<()> {
    let measured = match name {
        "open" => open(dir)?,
        "refresh" => refresh(dir)?,
        "read" => read(dir)?,
        "history" => history(dir)?,
        "fsck" => measure(|| {
            let fsck = store::fsck(dir, &|_| {})?;
            ensure!(!fsck.is_damaged(), "{:?}", fsck.findings.first());
            Ok((fsck.loose + fsck.packed, String::new()))
        })?,
        "repack" => measure(|| {
            let repacked = store::repack(dir, Loose::Drop, &|_| {})?;
            Ok((repacked.objects, format!("{} files removed", repacked.removed)))
        })?,
        _ => bail!("no step {name}"),
    };
    serde_json::to_writer(std::io::stdout(), &measured)?;
    Ok(std::io::stdout().flush()?)
}

fn measure(work: impl FnOnce() -> Result<(usize, String)>) -> Result<Measured> {
    let (began, cpu) = (Instant::now(), meter::own_cpu_us()?);
    let (count, note) = work()?;
    Ok(Measured {
        count: length(count),
        wall_ms: began.elapsed().as_secs_f64() * 1_000.0,
        cpu_ms: crate::bench::float(meter::own_cpu_us()? - cpu) / 1_000.0,
        peak_mb: peak_mb()?,
        note,
    })
}

fn opened(dir: &Path) -> Result<Opened> {
    Ok(Store::open_indexed(dir, &dir.with_extension("index"), &mut |_| {})?)
}

fn open(dir: &Path) -> Result<Measured> {
    measure(|| {
        let opened = opened(dir)?;
        Ok((opened.index.len(), format!("{:?}", opened.report.index)))
    })
}

fn refresh(dir: &Path) -> Result<Measured> {
    let Opened { store, index, .. } = opened(dir)?;
    let measured = measure(|| {
        let written = store.refresh_index(&dir.with_extension("index"), &mut |_, _| {})?;
        Ok((index.len(), format!("written: {written}, beside a second one in memory")))
    });
    drop(index);
    measured
}

/// Heads here and there, each with its metadata and text.
fn read(dir: &Path) -> Result<Measured> {
    let Opened { store, heads, report, .. } = opened(dir)?;
    ensure!(!matches!(report.index, IndexUse::Rebuilt(_)), "the index is not current");
    let heads: Vec<_> = heads.into_values().collect();
    // Packs are attached by the first read.
    store.read(heads.first().context("an empty store")?)?;
    measure(|| {
        for number in 0..READS {
            let head = heads[number * 7_919 % heads.len()];
            let commit = Commit::parse(&store.read(&head)?.content)?;
            ensure!(store.read(&commit.data())?.text().is_some_and(|text| !text.is_empty()));
        }
        Ok((READS, String::new()))
    })
}

/// All versions of files, with their metadata.
fn history(dir: &Path) -> Result<Measured> {
    let Opened { store, heads, .. } = opened(dir)?;
    measure(|| {
        let mut versions = 0;
        for head in heads.into_values().take(READS / 20) {
            let mut at = Some(head);
            for _ in 0..DEPTH {
                let Some(id) = at else { break };
                at = Commit::parse(&store.read(&id)?.content)?.previous();
                versions += 1;
            }
        }
        Ok((versions, "commits".to_owned()))
    })
}

fn peak_mb() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes / 1_024.0)
}
