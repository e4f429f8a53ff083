//! One node of the demo, as a process that does not outlive us.

use std::{
    fs::File,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use futures_util::future::{join_all, select_all};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{ChildStdin, Command},
    time::timeout,
};

use super::{DemoError, place::Place, setting::Setting};
use crate::app::Addresses;

/// Time until a node says where it listens.
const STARTING: Duration = Duration::from_secs(30);
/// Time to end by itself; a little more than a node gives its requests and writes.
const STOPPING: Duration = Duration::from_secs(12);

/// A running node.
pub(super) struct Child {
    pub(super) place: Place,
    pub(super) addresses: Addresses,
    pub(super) pid: u32,
    process: tokio::process::Child,
    /// The node ends when this closes, however we end.
    life: ChildStdin,
}

impl Child {
    /// Starts a node and waits until it says where it listens.
    pub(super) async fn start(place: Place, setting: &Setting) -> Result<Self, DemoError> {
        let failed = |source| DemoError::File { path: place.log.clone(), source };
        let log = File::options().create(true).append(true).open(&place.log).map_err(failed)?;
        let mut process = command(&place, setting)
            .and_then(|mut command| command.stderr(log).spawn())
            .map_err(failed)?;
        let not_started = || DemoError::Child { name: place.name, log: place.log.clone() };
        let life = process.stdin.take().ok_or_else(not_started)?;
        let output = process.stdout.take().ok_or_else(not_started)?;
        let pid = process.id().ok_or_else(not_started)?;
        let mut lines = BufReader::new(output).lines();
        let Ok(Ok(Some(line))) = timeout(STARTING, lines.next_line()).await else {
            return Err(not_started());
        };
        let addresses: Addresses = serde_json::from_str(&line).map_err(|_| not_started())?;
        place.keep_link(&addresses.link)?;
        Ok(Self { place, addresses, pid, process, life })
    }

    async fn ended(&mut self) -> std::io::Result<ExitStatus> {
        self.process.wait().await
    }

    /// Asks the node to end, and waits; one that does not is killed when it is dropped.
    async fn stop(self) {
        let Self { mut process, life, .. } = self;
        drop(life);
        let _ = timeout(STOPPING, process.wait()).await;
    }
}

/// Waits until a node ends that nobody asked to, and tells which.
pub(super) async fn first_lost(children: &mut [Child]) -> usize {
    let ends = children.iter_mut().map(|child| Box::pin(child.ended()));
    let (_, index, _) = select_all(ends).await;
    index
}

/// Stops all nodes at once.
pub(super) async fn stop_all(children: Vec<Child>) {
    join_all(children.into_iter().map(Child::stop)).await;
}

fn command(place: &Place, setting: &Setting) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["serve", "--stdin-is-life", "--name", place.name, "--data"])
        .arg(&place.data)
        .arg("--store")
        .arg(place.store())
        .arg("--secret-file")
        .arg(&setting.secret_file)
        .args(["--gateway", &place.gateway, "--dashboard", &place.dashboard])
        .args(["--link", &place.link])
        // Ctrl-C goes to the whole foreground group; the children are stopped by us, in order.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    // Settings for a node of its own would move the demo's nodes.
    for (name, _) in std::env::vars_os() {
        let is_setting = name.to_str().is_some_and(|name| {
            name.starts_with("SWISH_CLUSTER_") && name != crate::telemetry::LOG_VARIABLE
        });
        if is_setting {
            command.env_remove(name);
        }
    }
    Ok(command)
}
