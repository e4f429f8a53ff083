//! Three nodes on this machine, founded, with everything they write in one temporary folder.

use std::{
    fmt::Write as _,
    fs, io,
    os::unix::{fs::OpenOptionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use domain::ObjectId;
use tempfile::TempDir;

use crate::{
    directory::Directory,
    gateway::Gateway,
    network::Network,
    node::{self, Node, Setup},
    program::Build,
    turn::{self, Turn},
    wait::until,
    wire::Wire,
};

/// Founding may need this long, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lines of each log that are shown when a story fails.
const SHOWN_LINES: usize = 30;

/// How the nodes are started.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many nodes there are; node 1 founds with all of them, if it is asked to.
    pub nodes: usize,
    /// Which program.
    pub build: Build,
    /// Stores that the first nodes begin with, copied.
    pub stores: Vec<PathBuf>,
    /// Whether links pass through forwarders that keep every byte.
    pub recorded: bool,
    /// Whether each node has a network namespace of its own.
    pub apart: bool,
    /// Environment of all nodes.
    pub environment: Vec<(String, String)>,
}

/// What no log may hold, also that of a run whose alarms nobody asked for.
const BAD: &[&str] = &["panicked", "ERROR", " alarm="];

/// Three nodes; killed, with all they started, when dropped.
#[derive(Debug)]
pub struct Cluster {
    /// In the order of their numbers, the founder first.
    pub nodes: Vec<Node>,
    /// What passed over the links, if it is recorded.
    pub wires: Vec<Wire>,
    /// What is between the nodes, if each has a namespace of its own.
    pub network: Option<Network>,
    folder: Option<TempDir>,
    began: Instant,
    _turn: Turn,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            nodes: 3,
            build: Build::Plain,
            stores: Vec::new(),
            recorded: false,
            apart: false,
            environment: Vec::new(),
        }
    }
}

impl Plan {
    /// Starts three nodes and founds a cluster of them.
    ///
    /// # Errors
    /// The program is not built, or the nodes do not agree in time.
    pub async fn start(self) -> Result<Cluster> {
        let mut cluster = self.prepare().await?;
        for node in &mut cluster.nodes {
            node.start().await?;
        }
        cluster.found().await?;
        Ok(cluster)
    }

    /// Makes the folders; nothing is started.
    ///
    /// # Errors
    /// The program is not built, or the store cannot be copied.
    pub async fn prepare(self) -> Result<Cluster> {
        let program = self.build.path()?;
        let turn = turn::take().await?;
        let folder = tempfile::Builder::new().prefix("swish-cluster-test-").tempdir()?;
        let secret = make_secret(folder.path())?;
        let network = self.apart.then(|| Network::open(self.nodes)).transpose()?;
        let free_address = |number: usize, port: u16| match &network {
            Some(network) => Ok(format!("{}:{port}", network.address(number))),
            None => node::free_address(),
        };
        let mut wires = Vec::new();
        let mut nodes = Vec::new();
        for number in 1..=self.nodes {
            let home = folder.path().join(format!("node-{number}"));
            fs::create_dir(&home)?;
            let link = free_address(number, 3052)?;
            if self.recorded {
                wires.push(Wire::open(&link).await?);
            }
            nodes.push(Node::new(Setup {
                name: format!("node-{number}"),
                program: program.clone(),
                data: home.join("data"),
                store: home.join("store"),
                secret: secret.clone(),
                log: home.join("log"),
                gateway: free_address(number, 3050)?,
                dashboard: free_address(number, 3051)?,
                link,
                advertise: wires.last().map(|wire| wire.address().to_owned()),
                space: network.as_ref().map(|network| network.space(number).to_owned()),
                environment: self.environment.clone(),
            }));
        }
        for (store, node) in self.stores.iter().zip(&nodes) {
            copy(store, &node.setup.store)?;
        }
        let began = Instant::now();
        Ok(Cluster { nodes, wires, network, folder: Some(folder), began, _turn: turn })
    }
}

impl Cluster {
    /// Three nodes with empty stores.
    ///
    /// # Errors
    /// The program is not built, or the nodes do not agree in time.
    pub async fn start() -> Result<Self> {
        Plan::default().start().await
    }

    /// `init` on node 1 with the other two, and waits until all of them are in the cluster.
    ///
    /// # Errors
    /// It is refused, or they do not agree in time.
    pub async fn found(&mut self) -> Result<()> {
        self.found_within(PATIENCE).await?;
        Ok(())
    }

    /// As [`Cluster::found`], of a store that needs this long; tells how long it took.
    ///
    /// # Errors
    /// It is refused, or they do not agree in time.
    pub async fn found_within(&mut self, patience: Duration) -> Result<Duration> {
        let (said, exit) = self.init(1).await?;
        ensure!(exit == Some(0), "init: {exit:?}: {said}");
        let agreed = self.settles(patience).await?;
        eprintln!("founded; all nodes agree after {agreed:.1?}");
        Ok(agreed)
    }

    /// `init` on a node with the others: what it prints, and how it ends.
    ///
    /// # Errors
    /// It cannot be run.
    pub async fn init(&self, number: usize) -> Result<(String, Option<i32>)> {
        let founder = self.node(number);
        let others = self.nodes.iter().filter(|node| node.setup.name != founder.setup.name);
        let others: Vec<_> = others.map(|node| node.setup.reached()).collect();
        founder.command(&["init", "--members", &others.join(",")]).await
    }

    /// Node by number, from 1.
    #[must_use]
    pub fn node(&self, number: usize) -> &Node {
        &self.nodes[number - 1]
    }

    /// Node by number, from 1.
    #[must_use]
    pub fn node_mut(&mut self, number: usize) -> &mut Node {
        &mut self.nodes[number - 1]
    }

    /// Gateway of a node, by number from 1.
    #[must_use]
    pub fn gateway(&self, number: usize) -> Gateway {
        self.node(number).gateway()
    }

    /// The gitty directory of a node, by number from 1.
    #[must_use]
    pub fn directory(&self, number: usize) -> Directory {
        Directory::new(&self.node(number).setup.store)
    }

    /// Cuts every link between these few nodes, by number from 1, and the others, and waits until
    /// they have noticed; the plan is recorded.
    ///
    /// # Errors
    /// They do not notice.
    pub async fn cut(&self, numbers: &[usize]) -> Result<()> {
        for to in 1..=self.nodes.len() {
            for from in 1..=self.nodes.len() {
                if numbers.contains(&to) != numbers.contains(&from) {
                    self.wires[to - 1].cut(&self.node(from).setup.name);
                }
            }
        }
        for number in numbers {
            until("a node that is cut off", PATIENCE, async || {
                let status = self.node(*number).status().await?;
                ensure!(status.state() == "no_majority", "it says {}", status.state());
                Ok(())
            })
            .await?;
        }
        Ok(())
    }

    /// Mends all links.
    pub fn mend(&self) {
        self.wires.iter().for_each(Wire::mend);
    }

    /// Waits until all nodes are equal by content and nothing waits; tells how long that took.
    ///
    /// # Errors
    /// They are not within `patience`.
    pub async fn settles(&self, patience: Duration) -> Result<Duration> {
        let settled = until("three equal nodes", patience, async || self.equal().await).await?;
        Ok(settled.1)
    }

    /// Waits until all nodes serve this version of a file; tells how long that took.
    ///
    /// # Errors
    /// They do not within `patience`.
    pub async fn serves(
        &self,
        name: &str,
        commit: ObjectId,
        patience: Duration,
    ) -> Result<Duration> {
        let gateways: Vec<_> = self.nodes.iter().map(Node::gateway).collect();
        let what = format!("{name} at {commit} on all nodes");
        let served = until(&what, patience, async || {
            for gateway in &gateways {
                let head = gateway.file(name).await?.commit;
                ensure!(head == commit, "one serves {head}");
            }
            Ok(())
        });
        Ok(served.await?.1)
    }

    /// Waits until SWISH would see this version in one node's journal.
    ///
    /// # Errors
    /// It does not within `patience`.
    pub async fn directory_ends(
        &self,
        number: usize,
        name: &str,
        commit: ObjectId,
        patience: Duration,
    ) -> Result<()> {
        let written = until("the line", patience, async || {
            let heads = self.directory(number).heads()?;
            ensure!(heads.get(name) == Some(&commit), "it ends with {:?}", heads.get(name));
            Ok(())
        });
        written.await.map(|_| ())
    }

    /// Waits until SWISH would see this version in every node's journal.
    ///
    /// # Errors
    /// It does not within `patience`.
    pub async fn journals_end(
        &self,
        name: &str,
        commit: ObjectId,
        patience: Duration,
    ) -> Result<Duration> {
        let what = format!("{name} at {commit} in every ref/head");
        let written = until(&what, patience, async || {
            for number in 1..=3 {
                let heads = self.directory(number).heads()?;
                let head = heads.get(name).context("no line")?;
                ensure!(*head == commit, "node {number} ends with {head}");
            }
            Ok(())
        });
        Ok(written.await?.1)
    }

    /// Ends a story that went well: nodes stop in good order, and nothing impossible happened.
    ///
    /// # Errors
    /// A node does not stop well, or raised an alarm.
    pub async fn end(self) -> Result<()> {
        remove(&self.close().await?)
    }

    /// Ends a story in which alarms had to be raised.
    ///
    /// # Errors
    /// A node does not stop well.
    pub async fn end_alarmed(mut self) -> Result<()> {
        self.stop().await?;
        remove(&self.folder.take().context("no folder")?.keep())
    }

    /// As [`Cluster::end`], and leaves the folder.
    ///
    /// # Errors
    /// A node does not stop well, or raised an alarm.
    pub async fn close(mut self) -> Result<PathBuf> {
        self.check_alarms().await?;
        self.stop().await?;
        for node in &self.nodes {
            let log = fs::read_to_string(&node.setup.log)?;
            let bad = log.lines().find(|line| BAD.iter().any(|words| line.contains(words)));
            ensure!(bad.is_none(), "{}: {bad:?}", node.setup.name);
        }
        eprintln!(
            "took {:.1} s from the first node to the last",
            self.began.elapsed().as_secs_f32()
        );
        Ok(self.folder.take().context("no folder")?.keep())
    }

    /// Nodes that are up have seen nothing that must not happen.
    ///
    /// # Errors
    /// One has.
    pub async fn check_alarms(&self) -> Result<()> {
        for node in self.nodes.iter().filter(|node| node.pid().is_some()) {
            let status = node.status().await?;
            ensure!(status.alarms().is_empty(), "{}: {:?}", node.setup.name, status.alarms());
        }
        Ok(())
    }

    /// Stops all nodes that are up, in good order.
    ///
    /// # Errors
    /// One does not stop well.
    pub async fn stop(&mut self) -> Result<()> {
        for node in self.nodes.iter_mut().filter(|node| node.pid().is_some()) {
            node.stop().await?;
        }
        Ok(())
    }

    async fn equal(&self) -> Result<()> {
        let mut roots = Vec::new();
        for node in &self.nodes {
            let name = &node.setup.name;
            let status = node.status().await.with_context(|| name.clone())?;
            // What diverged is the same on all of them too.
            let settled = ["healthy", "diverged"].contains(&status.state());
            ensure!(settled, "{name} says {}", status.0);
            ensure!(status.waiting() == Some(0), "on {name} waits {:?}", status.waiting());
            roots.push(status.root().with_context(|| format!("{name} has no root"))?.to_owned());
        }
        ensure!(roots.windows(2).all(|pair| pair[0] == pair[1]), "roots differ: {roots:?}");
        Ok(())
    }

    fn last_words(&self) -> String {
        let mut words = String::new();
        for node in &self.nodes {
            let log = fs::read_to_string(&node.setup.log).unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            let shown = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
            let _ = writeln!(words, "-- {}\n{}", node.setup.name, shown.join("\n"));
        }
        words
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Only `end` takes the folder away before.
        if let Some(folder) = self.folder.take() {
            let words = self.last_words();
            self.nodes.clear();
            eprintln!("{words}the nodes' files are kept in {}", folder.keep().display());
        }
    }
}

impl Setup {
    /// Where the other nodes reach it.
    #[must_use]
    pub fn reached(&self) -> String {
        self.advertise.clone().unwrap_or_else(|| self.link.clone())
    }
}

/// The store of the fixtures.
#[must_use]
pub fn fixture_store() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/swish/store")
}

/// Removes a folder, and does not wait for it: a disk may need a millisecond for each file.
///
/// # Errors
/// There is no `rm`.
pub fn remove(folder: &Path) -> Result<()> {
    let mut rm = std::process::Command::new("rm");
    // With our output it would keep a pipe open, and whoever reads it waiting.
    rm.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    rm.arg("-rf").arg(folder).process_group(0).spawn()?;
    Ok(())
}

fn make_secret(folder: &Path) -> io::Result<PathBuf> {
    let path = folder.join("secret");
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&path)?;
    let digits: String = (0..32).map(|_| format!("{:02x}", rand::random::<u8>())).collect();
    io::Write::write_all(&mut file, digits.as_bytes())?;
    Ok(path)
}

/// Copies a folder with all that is in it.
///
/// # Errors
/// A file cannot be read or written.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
