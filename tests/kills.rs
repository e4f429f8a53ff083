//! C. A hundred `kill -9` at the points where a promise could break, and nothing acknowledged is
//! lost, doubled or reordered.

use std::{
    collections::{BTreeMap, BTreeSet},
    os::unix::process::ExitStatusExt,
    process::ExitStatus,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use domain::ObjectId;
use tests::{
    cluster::{self, Cluster},
    directory::Directory,
    gateway::File,
    history::{self, Chains, Outcome, Save, Version},
    kills::{self, Draw, Role},
    node::Node,
    program::Build,
    writers::Writers,
};

const KILLS: usize = 100;
const WRITERS: u64 = 16;
const FILES: usize = 20;
/// After the last restart everything is decided and equal within this.
const EQUAL: Duration = Duration::from_secs(30);

/// Who is armed with what, and what happened so far.
struct Killer {
    cluster: Cluster,
    plan: kills::Plan,
    armed: [Option<Draw>; 3],
    writers: Writers,
    done: BTreeMap<(Role, kills::Point), usize>,
}

impl Killer {
    /// Lets writers save where a proposer is up.
    fn point_writers(&self) {
        let proposes = |index: &usize| {
            let is_up = self.cluster.nodes[*index].pid().is_some();
            is_up && self.armed[*index].is_none_or(|draw| draw.role == Role::Proposer)
        };
        self.writers.use_nodes((0..3).filter(proposes).collect());
    }

    /// Starts a node with the next kill of the plan, or without one when the plan is at its end.
    async fn start(&mut self, index: usize) -> Result<()> {
        let only_votes =
            |other: usize| self.armed[other].is_some_and(|draw| draw.role == Role::Acceptor);
        let needs_proposer = (0..3).filter(|other| *other != index).all(only_votes);
        let draw = self.plan.next(needs_proposer);
        self.armed[index] = draw;
        let environment: Vec<_> = draw.iter().map(Draw::environment).collect();
        self.cluster.nodes[index].start_with(&environment).await?;
        self.point_writers();
        Ok(())
    }

    /// Waits for the next kill and starts that node again.
    async fn next(&mut self) -> Result<()> {
        let (index, status) = next_end(&mut self.cluster.nodes).await?;
        let draw = self.armed[index].take().context("a node without a plan ended")?;
        ensure!(status.signal() == Some(9), "node {} ended by itself: {status}", index + 1);
        *self.done.entry((draw.role, draw.point)).or_default() += 1;
        self.point_writers();
        self.start(index).await
    }
}

/// The first node that ends.
async fn next_end(nodes: &mut [Node]) -> Result<(usize, ExitStatus)> {
    let [one, two, three] = nodes else { bail!("three nodes") };
    let (index, status) = tokio::select! {
        status = one.ended() => (0, status),
        status = two.ended() => (1, status),
        status = three.ended() => (2, status),
    };
    Ok((index, status.context("no kill happened")?))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_double_and_reorder_nothing() -> Result<()> {
    let seed = kills::Plan::seed();
    eprintln!(
        "seed {seed}; again: {}={seed} cargo test -p tests --test all \
         a_hundred_kills -- --nocapture",
        kills::SEED
    );
    let plan = cluster::Plan { build: Build::KillPoints, ..cluster::Plan::default() };
    let cluster = plan.start().await?;
    let names: Vec<_> = (0..FILES).map(|number| format!("file-{number}.pl")).collect();
    let gateways = (1..=3).map(|number| cluster.gateway(number)).collect();
    let mut killer = Killer {
        cluster,
        plan: kills::Plan::draw(seed, KILLS),
        armed: [None; 3],
        writers: Writers::start(gateways, names, WRITERS, seed),
        done: BTreeMap::new(),
    };
    let began = Instant::now();
    for index in 0..3 {
        killer.cluster.nodes[index].stop().await?;
        killer.start(index).await?;
    }
    while killer.armed.iter().any(Option::is_some) {
        killer.next().await?;
    }
    let Killer { cluster, writers, done, .. } = killer;
    let saves = writers.finish().await?;
    eprintln!(
        "{} kills in {:.1} s: {done:?}",
        done.values().sum::<usize>(),
        began.elapsed().as_secs_f32()
    );
    let equal = cluster.settles(EQUAL).await?;
    eprintln!("equal {equal:.0?} after the last save");
    compare(cluster, &saves).await
}

/// Holds what the writers saw against every node's gateway and directory.
async fn compare(mut cluster: Cluster, saves: &[Save]) -> Result<()> {
    let chains = chains_over_http(&cluster).await?;
    for (name, chain) in &chains {
        let head = chain.last().context("an empty chain")?.commit;
        cluster.serves(name, head, EQUAL).await?;
        cluster.journals_end(name, head, EQUAL).await?;
    }
    let beside = held_everywhere(&cluster, saves).await?;
    cluster.check_alarms().await?;
    cluster.stop().await?;
    for number in 1..=3 {
        ensure!(on_disk(&cluster.directory(number))? == chains, "node {number} has other chains");
    }
    let faults = history::check(saves, &chains, &beside);
    let count =
        |wanted: fn(&Outcome) -> bool| saves.iter().filter(|save| wanted(&save.outcome)).count();
    eprintln!(
        "{} saves: {} acknowledged, {} held, {} refused, {} of unknown end; {} versions of {} files",
        saves.len(),
        count(|outcome| matches!(outcome, Outcome::Saved(_))),
        count(|outcome| matches!(outcome, Outcome::Held(_))),
        count(|outcome| *outcome == Outcome::Refused),
        count(|outcome| *outcome == Outcome::Unknown),
        chains.values().map(Vec::len).sum::<usize>(),
        chains.len()
    );
    let told: Vec<_> = faults.iter().take(20).map(ToString::to_string).collect();
    ensure!(faults.is_empty(), "{} faults:\n{}", faults.len(), told.join("\n"));
    ensure!(chains.values().map(Vec::len).sum::<usize>() > KILLS, "hardly anything was saved");
    cluster.end().await
}

/// Held saves that can be read on every node, on the chain or beside it.
pub(crate) async fn held_everywhere(
    cluster: &Cluster,
    saves: &[Save],
) -> Result<BTreeSet<ObjectId>> {
    let mut found = BTreeSet::new();
    for save in saves {
        let Outcome::Held(commit) = save.outcome else { continue };
        let mut everywhere = true;
        for number in 1..=3 {
            let read = cluster.gateway(number).file(&commit.to_string()).await;
            everywhere &= read.is_ok_and(|file| file.text == save.text);
        }
        if everywhere {
            found.insert(commit);
        }
    }
    Ok(found)
}

/// All chains, each asked of another node.
async fn chains_over_http(cluster: &Cluster) -> Result<Chains> {
    let mut chains = Chains::new();
    for (index, name) in cluster.directory(1).heads()?.into_keys().enumerate() {
        let gateway = cluster.gateway(index % 3 + 1);
        let mut chain = Vec::new();
        let mut at = Some(name.clone());
        while let Some(version) = at {
            let File { commit, text, meta } = gateway.file(&version).await?;
            chain.push(Version { commit, text });
            at = meta["previous"].as_str().map(str::to_owned);
        }
        chain.reverse();
        chains.insert(name, chain);
    }
    Ok(chains)
}

/// All chains as SWISH would find them.
fn on_disk(directory: &Directory) -> Result<Chains> {
    let heads = directory.heads()?.into_iter();
    heads.map(|(name, head)| Ok((name, directory.chain(head)?))).collect()
}
