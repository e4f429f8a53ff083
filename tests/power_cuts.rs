//! D. Twenty power cuts: whatever was acknowledged is there afterwards. And with syncs that do
//! nothing it is not, so that the story proves something.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use domain::ObjectId;
use futures_util::{StreamExt, TryStreamExt, stream};
use rand::{Rng, SeedableRng, rngs::StdRng};
use tempfile::TempDir;
use tests::{
    bench::Shim,
    directory::Directory,
    gateway::{Gateway, is_held, saved},
    image::Image,
    kills,
    node::{self, Node, Setup},
    program::{self, Build},
    turn,
    wait::until,
};
use tokio::task::JoinSet;

const CUTS: usize = 20;
/// Disks that are looked at together.
const CHECKS: usize = 5;
const WRITERS: usize = 4;
/// Time between two cuts, in milliseconds.
const BETWEEN_MS: std::ops::Range<u64> = 50..400;
/// Between two saves of a writer.
const PAUSE: Duration = Duration::from_millis(20);
/// After its start a node has decided what had been accepted within this.
const DECIDED: Duration = Duration::from_secs(10);

/// Saves that were answered: file and commit.
type Acknowledged = Arc<Mutex<Vec<(String, ObjectId)>>>;

/// One node on a disk whose power can be cut, and its writers.
struct Site {
    node: Node,
    image: Image,
    acknowledged: Acknowledged,
    writers: JoinSet<Result<()>>,
    _folder: TempDir,
    _turn: turn::Turn,
}

/// Where a node lives: all it writes is on `disk`.
fn setup(disk: &Path, folder: &Path, environment: Vec<(String, String)>) -> Result<Setup> {
    let secret = disk.join("secret");
    if !secret.exists() {
        use std::os::unix::fs::PermissionsExt;
        fs::write(&secret, "5e".repeat(32))?;
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600))?;
    }
    Ok(Setup {
        name: "node-1".to_owned(),
        program: Build::Plain.path()?,
        data: disk.join("data"),
        store: disk.join("store"),
        secret,
        log: folder.join("log"),
        gateway: node::free_address()?,
        dashboard: node::free_address()?,
        link: node::free_address()?,
        advertise: None,
        space: None,
        environment,
    })
}

impl Site {
    /// Founds a cluster of one node; what that wrote is on the disk. Nothing, and the reason is
    /// printed, where no image can be mounted.
    async fn start(environment: Vec<(String, String)>) -> Result<Option<Self>> {
        let turn = turn::take().await?;
        let folder = tempfile::Builder::new().prefix("swish-cluster-cuts-").tempdir()?;
        let image = match Image::make(folder.path()) {
            Ok(image) => image,
            Err(reason) => {
                println!("not run: no image can be mounted here: {reason:#}");
                return Ok(None);
            }
        };
        let mut node = Node::new(setup(image.path(), folder.path(), Vec::new())?);
        node.start().await?;
        found(&node).await?;
        let writers = (0..WRITERS).map(|number| format!("file-{number}.pl"));
        for name in writers {
            saved(&node.gateway().create(&name, "first").await?)?;
        }
        node.stop().await?;
        nix::unistd::sync();
        node.setup.environment = environment;
        node.start().await?;
        until("a decided save", DECIDED, async || decides(&node).await).await?;
        let acknowledged = Acknowledged::default();
        let mut writers = JoinSet::new();
        for number in 0..WRITERS {
            let name = format!("file-{number}.pl");
            writers.spawn(write(node.gateway(), name, Arc::clone(&acknowledged)));
        }
        Ok(Some(Self { node, image, acknowledged, writers, _folder: folder, _turn: turn }))
    }

    /// Stops the node's processor time, copies the disk, and lets it go on. Returns the copy, and
    /// what had been acknowledged at that moment.
    async fn cut(&self, name: &str) -> Result<(Image, Vec<(String, ObjectId)>)> {
        self.node.pause()?;
        let pid = self.node.pid().context("the node is down")?;
        until("all threads are stopped", DECIDED, async || is_stopped(pid)).await?;
        let cut = self.image.cut(name);
        // An answer that was sent before the stop counts, also if nobody has read it yet; it was
        // sent when its sync was done, so it loses nothing to read them after the copy.
        let acknowledged =
            self.acknowledged.lock().map_err(|_| anyhow::anyhow!("poisoned"))?.clone();
        self.node.resume()?;
        Ok((cut?, acknowledged))
    }

    async fn end(mut self) -> Result<()> {
        self.writers.abort_all();
        while self.writers.join_next().await.is_some() {}
        self.node.kill().await
    }
}

async fn found(node: &Node) -> Result<()> {
    let output = tokio::process::Command::new(&node.setup.program)
        .arg("init")
        .arg("--data")
        .arg(&node.setup.data)
        .output()
        .await?;
    ensure!(output.status.success(), "init: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// The only member of a roster waits 5 s for somebody who knows more of its disk than itself
/// (protocol 2); until then it holds saves.
async fn decides(node: &Node) -> Result<()> {
    let probe = format!("probe-{}.pl", rand::random::<u32>());
    let answer = node.gateway().create(&probe, "probe").await?;
    ensure!(!is_held(&answer.expect(200)?), "it holds saves");
    Ok(())
}

/// Saves one file again and again, and notes each answer.
async fn write(gateway: Gateway, name: String, acknowledged: Acknowledged) -> Result<()> {
    let mut head = gateway.file(&name).await?.commit;
    for count in 0_u64.. {
        head = saved(&gateway.save(&name, head, &format!("p({count}).\n")).await?)?;
        if let Ok(mut all) = acknowledged.lock() {
            all.push((name.clone(), head));
        }
        // Each cut reads all histories from their beginning.
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// A thread that waits for the disk goes on until that is done, whatever signal it got.
fn is_stopped(pid: u32) -> Result<()> {
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let stat = fs::read_to_string(task?.path().join("stat"))?;
        let state = stat.rsplit(')').next().unwrap_or_default().trim_start();
        ensure!(state.starts_with('T'), "a thread is in state {state:.1}");
    }
    Ok(())
}

/// Starts a node on what the cut left; how many of the acknowledged saves it does not have.
async fn lost(cut: &Image, acknowledged: &[(String, ObjectId)]) -> Result<usize> {
    let folder = tempfile::tempdir()?;
    let mut node = Node::new(setup(cut.path(), folder.path(), Vec::new())?);
    node.start()
        .await
        .with_context(|| fs::read_to_string(folder.path().join("log")).unwrap_or_default())?;
    let directory = Directory::new(&node.setup.store);
    let count = async || -> Result<usize> {
        let mut there = std::collections::BTreeSet::new();
        for head in directory.heads()?.into_values() {
            there.extend(directory.chain(head)?.into_iter().map(|version| version.commit));
        }
        Ok(acknowledged.iter().filter(|(_, commit)| !there.contains(commit)).count())
    };
    let all_there = async || match count().await? {
        0 => Ok(()),
        lost => anyhow::bail!("{lost} of {} are lost", acknowledged.len()),
    };
    let lost = match until("all acknowledged saves", DECIDED, all_there).await {
        Ok(_) => 0,
        Err(_) => count().await?,
    };
    node.stop().await?;
    Ok(lost)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_power_cuts_lose_nothing_that_was_acknowledged() -> Result<()> {
    let Some(site) = Site::start(Vec::new()).await? else { return Ok(()) };
    let mut dice = StdRng::seed_from_u64(kills::Plan::seed());
    let began = Instant::now();
    let waits: Vec<_> = (0..CUTS).map(|_| dice.random_range(BETWEEN_MS)).collect();
    let cuts = stream::iter(waits.into_iter().enumerate()).then(async |(number, wait)| {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        site.cut(&format!("cut-{number}")).await
    });
    // Most of a check is the wait of a lonely member after its start.
    let checks = cuts.map_ok(async |(cut, acknowledged)| {
        let lost = lost(&cut, &acknowledged).await?;
        ensure!(lost == 0, "{}: {lost} of {} are lost", cut.path().display(), acknowledged.len());
        Ok(acknowledged.len())
    });
    let mut saves: Vec<usize> = checks.try_buffer_unordered(CHECKS).try_collect().await?;
    saves.sort_unstable();
    ensure!(saves.windows(2).all(|pair| pair[0] < pair[1]), "nobody saved anything: {saves:?}");
    let all = saves.last().copied().unwrap_or_default();
    eprintln!("{CUTS} power cuts in {:.1?}, {all} saves, none lost", began.elapsed());
    site.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_syncs_a_power_cut_loses_saves() -> Result<()> {
    let shim = Shim::build(&program::target().join("bench"))?;
    let Some(site) = Site::start(shim.lying()).await? else { return Ok(()) };
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (cut, acknowledged) = site.cut("cut").await?;
    let lost = lost(&cut, &acknowledged).await?;
    eprintln!("without syncs: {lost} of {} acknowledged saves are lost", acknowledged.len());
    ensure!(lost > 0, "the disk keeps everything: the other story proves nothing");
    site.end().await
}
