//! One node: a `serve` process that is started, killed, paused and started again.

use std::{
    collections::BTreeSet,
    fs::OpenOptions,
    net::TcpListener,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use domain::ObjectId;
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use rand::Rng;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdin, Command},
    time::timeout,
};

use crate::{client::Client, gateway::Gateway, network};

/// Signal number of SIGKILL.
const KILLED: i32 = 9;
/// A debug build may need this long to start or stop, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Below the ports that the system gives to connections: a node that is down keeps its own.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// What a node is started with, the same each time.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Its name on screens.
    pub name: String,
    /// Which program.
    pub program: PathBuf,
    /// Directory of its database and keys.
    pub data: PathBuf,
    /// Its gitty directory.
    pub store: PathBuf,
    /// File of the cluster secret.
    pub secret: PathBuf,
    /// Where its standard error goes, appended.
    pub log: PathBuf,
    /// Where SWISH pages are answered.
    pub gateway: String,
    /// Where operators look.
    pub dashboard: String,
    /// Where the other nodes connect.
    pub link: String,
    /// Where they are told to connect, if that is somewhere else.
    pub advertise: Option<String>,
    /// The network namespace it runs in, if it has one of its own.
    pub space: Option<String>,
    /// Environment for each start.
    pub environment: Vec<(String, String)>,
}

/// A node, up or down.
#[derive(Debug)]
pub struct Node {
    /// What it is started with.
    pub setup: Setup,
    /// The one-time link that its last start printed, if it did.
    pub first_login: Option<String>,
    child: Option<Child>,
    /// It stops when this is closed: nodes do not outlive their test, however that ends.
    life: Option<ChildStdin>,
}

/// What a node says of itself and the cluster: `/api/v1/status`.
#[derive(Clone, Debug, PartialEq)]
pub struct Status(pub Value);

impl Node {
    /// A node that is down.
    #[must_use]
    pub const fn new(setup: Setup) -> Self {
        Self { setup, first_login: None, child: None, life: None }
    }

    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// It does not start; its log says why.
    pub async fn start(&mut self) -> Result<()> {
        self.start_with(&[]).await
    }

    /// Starts it with more in its environment, this time only.
    ///
    /// # Errors
    /// It does not start; its log says why.
    pub async fn start_with(&mut self, environment: &[(String, String)]) -> Result<()> {
        ensure!(self.child.is_none(), "{} is up", self.setup.name);
        let mut child = self.serve(environment)?.spawn().context("spawn")?;
        let output = child.stdout.take().context("no output")?;
        self.life = child.stdin.take();
        self.child = Some(child);
        let mut lines = BufReader::new(output).lines();
        let first = timeout(PATIENCE, lines.next_line())
            .await
            .with_context(|| format!("{} says no addresses", self.setup.name))??;
        // Killed by a kill point on its way up, perhaps: the caller looks at how it ended.
        if let Some(line) = first {
            self.first_login = self.check_addresses(&line)?;
        }
        Ok(())
    }

    fn serve(&self, environment: &[(String, String)]) -> Result<Command> {
        let setup = &self.setup;
        let log = OpenOptions::new().create(true).append(true).open(&setup.log)?;
        let mut command = network::program_in(setup.space.as_deref(), &setup.program);
        command
            .args(["serve", "--stdin-is-life"])
            .args(["--name", &setup.name])
            .args(["--gateway", &setup.gateway, "--dashboard", &setup.dashboard])
            .args(["--link", &setup.link])
            .arg("--data")
            .arg(&setup.data)
            .arg("--store")
            .arg(&setup.store)
            .arg("--secret-file")
            .arg(&setup.secret);
        if let Some(advertise) = &setup.advertise {
            command.args(["--advertise", advertise]);
        }
        command
            .envs(setup.environment.iter().chain(environment).map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .process_group(0)
            .kill_on_drop(true);
        Ok(command)
    }

    fn check_addresses(&self, line: &str) -> Result<Option<String>> {
        let said: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
        let setup = &self.setup;
        for (what, address) in [("gateway", &setup.gateway), ("dashboard", &setup.dashboard)] {
            let there = said[what].as_str().is_some_and(|said| said.ends_with(address.as_str()));
            ensure!(there, "{what} is not at {address}: {line}");
        }
        Ok(said["first_login"].as_str().map(str::to_owned))
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// It is not up.
    pub async fn kill(&mut self) -> Result<()> {
        self.signal(Signal::SIGKILL)?;
        self.ended().await?;
        Ok(())
    }

    /// Stops it in good order.
    ///
    /// # Errors
    /// It does not stop, or not well.
    pub async fn stop(&mut self) -> Result<()> {
        self.signal(Signal::SIGTERM)?;
        let status = self.ended().await?;
        ensure!(status.success(), "{} ended with {status}", self.setup.name);
        Ok(())
    }

    /// Stops its processor time; its connections stay open and silent.
    ///
    /// # Errors
    /// It is not up.
    pub fn pause(&self) -> Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// It is not up.
    pub fn resume(&self) -> Result<()> {
        self.signal(Signal::SIGCONT)
    }

    /// Waits for its end, whatever the reason; it is down then.
    ///
    /// # Errors
    /// It does not end.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        let child = self.child.as_mut().context("not up")?;
        let status = timeout(PATIENCE, child.wait())
            .await
            .with_context(|| format!("{} does not end", self.setup.name))??;
        self.child = None;
        Ok(status)
    }

    /// True once `kill -9` ended it, by us or by a kill point.
    ///
    /// # Errors
    /// It ended in another way: it crashed.
    pub fn was_killed(&mut self) -> Result<bool> {
        let Some(child) = &mut self.child else {
            return Ok(false);
        };
        let Some(status) = child.try_wait()? else {
            return Ok(false);
        };
        self.child = None;
        if status.signal() != Some(KILLED) {
            bail!("{} ended by itself: {status}", self.setup.name);
        }
        Ok(true)
    }

    /// Process id, while it is up.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// Its gateway.
    #[must_use]
    pub fn gateway(&self) -> Gateway {
        Gateway::new(&self.setup.gateway)
    }

    /// Its dashboard, for reading.
    ///
    /// # Errors
    /// It was never started, so it has no token.
    pub fn dashboard(&self) -> Result<Client> {
        Client::with_token(&self.setup.dashboard, &self.setup.data)
    }

    /// Runs a command of the program against it: standard output, and how it ended.
    ///
    /// # Errors
    /// It cannot be run.
    pub async fn command(&self, words: &[&str]) -> Result<(String, Option<i32>)> {
        let mut command = Command::new(&self.setup.program);
        let output = command.args(words).arg("--data").arg(&self.setup.data).output().await?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        eprintln!("{words:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
        Ok((said, output.status.code()))
    }

    /// What it says of itself and the cluster.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn status(&self) -> Result<Status> {
        let answer = self.dashboard()?.get("/api/v1/status").await?;
        Ok(Status(answer.expect(200)?))
    }

    /// Runs a command of its program on it; tells how it ended and what it said.
    ///
    /// # Errors
    /// The program cannot be started.
    pub async fn command_line(&self, words: &[&str]) -> Result<(Option<i32>, String)> {
        let output = Command::new(&self.setup.program)
            .args(words)
            .arg("--data")
            .arg(&self.setup.data)
            .output()
            .await?;
        let said = [output.stdout, output.stderr].concat();
        Ok((output.status.code(), String::from_utf8_lossy(&said).trim().to_owned()))
    }

    /// Takes its databases and its store away while it is down; the identity stays.
    ///
    /// # Errors
    /// It is up, or they cannot be removed.
    pub fn wipe(&self) -> Result<()> {
        /// What a node must keep to be the same node.
        const KEYS: [&str; 2] = ["node.key", "link.key"];
        ensure!(self.child.is_none(), "{} is up", self.setup.name);
        for entry in std::fs::read_dir(&self.setup.data)? {
            let entry = entry?;
            if !KEYS.iter().any(|key| entry.file_name() == *key) {
                std::fs::remove_file(entry.path())?;
            }
        }
        std::fs::remove_dir_all(&self.setup.store)?;
        Ok(())
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = self.pid().with_context(|| format!("{} is not up", self.setup.name))?;
        killpg(Pid::from_raw(i32::try_from(pid)?), signal)?;
        Ok(())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // The whole group; it is gone already in the good case.
        let _ = self.signal(Signal::SIGKILL);
    }
}

impl Status {
    /// Digest of its decided heads.
    #[must_use]
    pub fn root(&self) -> Option<&str> {
        self.0["root"].as_str()
    }

    /// Saves that wait there for a majority.
    #[must_use]
    pub fn waiting(&self) -> Option<u64> {
        self.0["waiting"].as_u64()
    }

    /// Things that must not happen and did.
    #[must_use]
    pub fn alarms(&self) -> &[Value] {
        self.0["alarms"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The word for the cluster.
    #[must_use]
    pub fn state(&self) -> &str {
        self.0["state"].as_str().unwrap_or_default()
    }
}

/// The served head of a file, as the node's gateway says.
///
/// # Errors
/// The file is not there.
pub async fn head(node: &Node, name: &str) -> Result<ObjectId> {
    Ok(node.gateway().file(name).await?.commit)
}

/// An address of this machine that nobody listens on.
///
/// # Errors
/// There is none.
pub fn free_address() -> Result<String> {
    // Nine are drawn before the first is listened on, and no two may be the same.
    static DRAWN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    for _ in 0..100 {
        let port = rand::rng().random_range(PORTS);
        let address = format!("127.0.0.1:{port}");
        let is_new = DRAWN.lock().unwrap_or_else(PoisonError::into_inner).insert(port);
        if is_new && TcpListener::bind(&address).is_ok() {
            return Ok(address);
        }
    }
    bail!("no free port in {PORTS:?}")
}
