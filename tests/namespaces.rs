//! N. Five nodes in network namespaces: two minutes of bad weather, and nothing acknowledged is
//! lost; what the dashboards said is what the disks have.
//!
//! `make soak` does the same for thirty minutes, and wants every fault healed within five seconds.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use tests::{
    cluster::{self, Cluster},
    directory::Directory,
    history::{self, Chains, Outcome, Save},
    kills,
    network::{Line, Network},
    observer,
    wait::until,
    writers::Writers,
};

use crate::kills::held_everywhere;

const NODES: usize = 5;
const WRITERS: u64 = 8;
const FILES: usize = 20;
/// Names the length in the environment, in seconds.
const LENGTH: &str = "SWISH_CLUSTER_SOAK_SECONDS";
/// Of `make test`.
const USUAL_LENGTH: u64 = 120;
/// How long each fault lasts, in milliseconds.
const LASTS: std::ops::Range<u64> = 2_000..6_000;
/// From the first packet that passes to equal roots (protocol 10, P5).
const HEALED: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(60);

/// What goes wrong between or on the nodes, numbered from 1.
#[derive(Clone, Debug)]
enum Fault {
    /// These hear nothing of the others, nor the others of them.
    Split(Vec<usize>),
    /// Nobody hears this one.
    Mute(usize),
    /// This one hears nobody.
    Deaf(usize),
    /// So many packets of a hundred are lost.
    Loss(u8),
    /// It stands still.
    Stop(usize),
    /// `kill -9`; started again when the others are mended.
    Kill(usize),
}

impl Fault {
    /// Every kind comes up equally often.
    fn draw(round: usize, dice: &mut StdRng) -> Self {
        let mut numbers: Vec<usize> = (1..=NODES).collect();
        numbers.shuffle(dice);
        match round % 6 {
            0 => Self::Split(numbers[..2].to_vec()),
            1 => Self::Mute(numbers[0]),
            2 => Self::Loss(dice.random_range(5..=20)),
            3 => Self::Stop(numbers[0]),
            4 => Self::Deaf(numbers[0]),
            _ => Self::Kill(numbers[0]),
        }
    }

    fn change(&self, from: usize, to: usize, line: &mut Line) {
        match self {
            Self::Split(side) => line.cut = side.contains(&from) != side.contains(&to),
            Self::Mute(number) => line.cut = from == *number,
            Self::Deaf(number) => line.cut = to == *number,
            Self::Loss(percent) => line.loss = *percent,
            Self::Stop(_) | Self::Kill(_) => {}
        }
    }

    /// Nodes that pages cannot reach meanwhile.
    fn silent(&self) -> Option<usize> {
        match self {
            Self::Stop(number) | Self::Kill(number) => Some(*number),
            Self::Split(_) | Self::Mute(_) | Self::Deaf(_) | Self::Loss(_) => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// The cluster, what is between its nodes, and the pages.
struct Weather {
    cluster: Cluster,
    writers: Writers,
    dice: StdRng,
}

impl Weather {
    fn network(&self) -> Result<&Network> {
        self.cluster.network.as_ref().context("no namespaces")
    }

    /// One fault, its end, and how long the nodes need to be equal after it.
    async fn round(&mut self, round: usize) -> Result<Duration> {
        let fault = Fault::draw(round, &mut self.dice);
        let lasts = Duration::from_millis(self.dice.random_range(LASTS));
        let delay = Duration::from_millis(if self.dice.random_bool(0.5) { 20 } else { 0 });
        self.writers.use_nodes((0..NODES).collect());
        self.network()?.set(|from, to, line| {
            line.delay = delay;
            fault.change(from, to, line);
        });
        match fault {
            Fault::Stop(number) => self.cluster.node(number).pause()?,
            Fault::Kill(number) => self.cluster.node_mut(number).kill().await?,
            _ => {}
        }
        let silent = fault.silent();
        self.writers.use_nodes((0..NODES).filter(|index| Some(index + 1) != silent).collect());
        tokio::time::sleep(lasts).await;
        let mended = self.end(&fault).await?;
        let equal = self.equal_after(mended).await?;
        eprintln!("{fault} for {lasts:.1?}, {delay:?} away: equal after {equal:.1?}");
        Ok(equal)
    }

    /// Pages rest and the fault ends; tells from when the nodes could hear each other.
    async fn end(&mut self, fault: &Fault) -> Result<Instant> {
        self.writers.use_nodes(Vec::new());
        match *fault {
            Fault::Stop(number) => self.cluster.node(number).resume()?,
            Fault::Kill(number) => self.cluster.node_mut(number).start().await?,
            _ => {}
        }
        let mended = Instant::now();
        let cut = matches!(fault, Fault::Split(_) | Fault::Mute(_) | Fault::Deaf(_));
        self.network()?.mend();
        if !cut {
            return Ok(mended);
        }
        let first = until("a packet that passes", PATIENCE, async || {
            self.network()?.first_passed().context("none yet")
        });
        Ok(first.await?.0)
    }

    /// Waits for equal roots with nothing under way.
    async fn equal_after(&self, mended: Instant) -> Result<Duration> {
        self.cluster.settles(PATIENCE).await?;
        Ok(mended.elapsed())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_nodes_in_bad_weather_lose_nothing_and_their_pages_say_what_is() -> Result<()> {
    let soak = std::env::var(LENGTH).ok();
    let seconds = soak.as_ref().map_or(Ok(USUAL_LENGTH), |seconds| seconds.parse())?;
    let length = Duration::from_secs(seconds);
    if let Err(error) = Network::open(1) {
        eprintln!("not run: no network namespaces can be made here: {error:#}");
        return Ok(());
    }
    let seed = kills::Plan::seed();
    eprintln!("{}={seed}, {length:?}", kills::SEED);
    let plan = cluster::Plan { nodes: NODES, apart: true, ..cluster::Plan::default() };
    let cluster = plan.start().await?;
    let names = (0..FILES).map(|number| format!("file-{number}.pl")).collect();
    let gateways = (1..=NODES).map(|number| cluster.gateway(number)).collect();
    let writers = Writers::start(gateways, names, WRITERS, seed);
    let mut weather = Weather { cluster, writers, dice: StdRng::seed_from_u64(seed) };
    let began = Instant::now();
    let mut heals = Vec::new();
    while began.elapsed() < length || heals.len() < 6 {
        heals.push(weather.round(heals.len()).await?);
    }
    heals.sort();
    let (median, worst) = (heals[heals.len() / 2], heals[heals.len() - 1]);
    eprintln!("{} faults; equal after {median:.2?} (median), {worst:.2?} (worst)", heals.len());
    let Weather { cluster, writers, .. } = weather;
    let saves = writers.finish().await?;
    check(cluster, &saves).await?;
    // How fast this machine is decides nothing in `make test`.
    let late = heals.iter().filter(|heal| soak.is_some() && **heal > HEALED).count();
    ensure!(late == 0, "{late} of {} healed later than {HEALED:?}: {heals:.1?}", heals.len());
    Ok(())
}

/// Holds what pages and operators were told against the disks.
async fn check(mut cluster: Cluster, saves: &[Save]) -> Result<()> {
    cluster.settles(PATIENCE).await?;
    let beside = held_everywhere(&cluster, saves).await?;
    let ids = observer::ids(cluster.node(1)).await?;
    let mut said = Vec::new();
    for node in &cluster.nodes {
        said.push(observer::ask(node).await?);
    }
    tokio::time::sleep(observer::AGE).await;
    cluster.check_alarms().await?;
    cluster.nodes.iter().try_for_each(tests::node::Node::pause)?;
    let mut found = Vec::new();
    for node in &cluster.nodes {
        let id = ids.get(&node.setup.name).context("an unknown node")?;
        found.push(observer::read(node, *id).await?);
    }
    cluster.nodes.iter().try_for_each(tests::node::Node::resume)?;
    let differences = observer::differences(&said, &found)?;
    let shown = differences.join("\n");
    ensure!(differences.is_empty(), "{} differences:\n{shown}", differences.len());
    let last = said.last_mut().context("nobody said anything")?;
    last.misquote();
    ensure!(!observer::differences(&said, &found)?.is_empty(), "the observer sees no lie");
    let chains = chains(&cluster.directory(1))?;
    for number in 2..=NODES {
        ensure!(chains == self::chains(&cluster.directory(number))?, "other chains on {number}");
    }
    let faults = history::check(saves, &chains, &beside);
    let told: Vec<_> = faults.iter().take(20).map(ToString::to_string).collect();
    ensure!(faults.is_empty(), "{} faults:\n{}", faults.len(), told.join("\n"));
    let saved = saves.iter().filter(|save| matches!(save.outcome, Outcome::Saved(_))).count();
    let held = saves.iter().filter(|save| matches!(save.outcome, Outcome::Held(_))).count();
    eprintln!("{} saves: {saved} acknowledged, {held} held; lost 0; differences 0", saves.len());
    ensure!(saved > 100, "hardly anything was saved");
    cluster.stop().await?;
    cluster.end().await
}

/// All chains as SWISH would find them.
fn chains(directory: &Directory) -> Result<Chains> {
    let heads = directory.heads()?.into_iter();
    heads.map(|(name, head)| Ok((name, directory.chain(head)?))).collect()
}
