//! `demo`: three nodes on this machine, as three processes, founded and linked.
//!
//! Everything is in one directory, so that a second start goes on where the first stopped, and
//! removing the directory removes the demo.

mod child;
mod login;
mod place;
mod ready;
mod setting;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use self::{child::Child, login::Login, place::Place, setting::Setting};
use super::{Exit, client::AskError, init, out};
use crate::{node::identity::KeyError, shutdown};

/// Names of the nodes, in order of their numbers.
const NAMES: [&str; 3] = ["alpha", "bravo", "charlie"];

/// Time a node that ended stays away.
const AWAY: std::time::Duration = std::time::Duration::from_secs(10);

/// Arguments of `demo`.
#[derive(Args, Debug)]
pub(super) struct Demo {
    /// Where the three nodes keep everything.
    #[arg(long, value_name = "DIR", default_value = "demo-data")]
    data: PathBuf,
    /// Node n listens at N+n, N+10+n and N+20+n; 0: any free ports
    /// [default: 306n, 705n and 706n].
    #[arg(long, value_name = "N")]
    port_base: Option<u16>,
    /// A store to begin with, copied at the first start
    /// [default: tests/fixtures/swish/store, when it is there].
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Print a line of JSON for each node, and one when they are ready.
    #[arg(long)]
    json: bool,
}

/// The demo does not run; its directory stays as it is.
#[derive(Debug, thiserror::Error)]
enum DemoError {
    #[error("{path}: {source}")]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("node {name} did not start; see {log}")]
    Child { name: &'static str, log: PathBuf },
    #[error("node {name} has no account for you: {source}")]
    Login {
        name: &'static str,
        #[source]
        source: AskError,
    },
    #[error("the cluster was not founded: {0}")]
    Init(AskError),
    #[error("the three nodes are not ready after {seconds} s; node {name} says: {said}")]
    NotReady { seconds: u64, name: &'static str, said: String },
    #[error("signals cannot be heard: {0}")]
    Signals(#[source] std::io::Error),
}

/// What `--json` prints of a node.
#[derive(Serialize)]
struct Line<'a> {
    node: usize,
    name: &'static str,
    gateway: &'a str,
    dashboard: &'a str,
    link: &'a str,
    pid: u32,
    data: &'a PathBuf,
    store: PathBuf,
}

/// What `--json` prints when all three agree.
#[derive(Serialize)]
struct Ready<'a> {
    ready: bool,
    login: &'a Login,
}

impl Demo {
    pub(super) async fn run(self) -> Exit {
        match self.play().await {
            Ok(()) => Exit::Done,
            Err(error) => out::complain(&out::chain(&error), Exit::Wrong),
        }
    }

    /// From the first child to the last; children that still run end when they are dropped.
    async fn play(&self) -> Result<(), DemoError> {
        let setting = Setting::prepare(&self.data, self.store.as_deref())?;
        let stopped = shutdown::interrupted();
        tokio::pin!(stopped);
        let started = async {
            let children = self.start(&setting).await?;
            found(&children).await?;
            children.iter().enumerate().for_each(|(index, child)| self.say_node(index, child));
            ready::wait(&children).await?;
            let login = Login::on_all(&self.data, &children).await?;
            self.say_ready(&children, &login);
            Ok::<_, DemoError>(children)
        };
        let mut children = tokio::select! {
            started = started => started?,
            signal = &mut stopped => return signal.map_err(DemoError::Signals),
        };
        let ended = tokio::select! {
            signal = &mut stopped => signal.map_err(DemoError::Signals),
            failed = self.keep_running(&mut children, &setting) => Err(failed),
        };
        child::stop_all(children).await;
        ended
    }

    /// A node that ends is started again after a while, in which the others show what they do
    /// without it. Returns when one cannot be started.
    async fn keep_running(&self, children: &mut [Child], setting: &Setting) -> DemoError {
        loop {
            let index = child::first_lost(children).await;
            let seconds = AWAY.as_secs();
            let name = children[index].place.name;
            out::note(&format!("{name} has ended; it is started again in {seconds} s"));
            tokio::time::sleep(AWAY).await;
            let place = Place::of(&self.data, NAMES[index], self.ports(index));
            let started = match place {
                Ok(place) => Child::start(place, setting).await,
                Err(error) => Err(error),
            };
            match started {
                Ok(child) => children[index] = child,
                Err(error) => return error,
            }
        }
    }

    async fn start(&self, setting: &Setting) -> Result<Vec<Child>, DemoError> {
        let mut children = Vec::new();
        for (index, name) in NAMES.into_iter().enumerate() {
            let place = Place::of(&self.data, name, self.ports(index))?;
            children.push(Child::start(place, setting).await?);
        }
        Ok(children)
    }

    /// Ports of gateway, dashboard and links.
    fn ports(&self, index: usize) -> [u16; 3] {
        let number = u16::try_from(index + 1).unwrap_or(u16::MAX);
        match self.port_base {
            None => [3060, 7050, 7060].map(|base| base + number),
            Some(0) => [0; 3],
            Some(base) => [0, 10, 20].map(|more| base.saturating_add(more + number)),
        }
    }

    fn say_node(&self, index: usize, child: &Child) {
        let (number, place, addresses) = (index + 1, &child.place, &child.addresses);
        if self.json {
            out::json(&Line {
                node: number,
                name: place.name,
                gateway: &addresses.gateway,
                dashboard: &addresses.dashboard,
                link: &addresses.link,
                pid: child.pid,
                data: &place.data,
                store: place.store(),
            });
        } else {
            let (gateway, dashboard) = (&addresses.gateway, &addresses.dashboard);
            let name = place.name;
            out::line(&format!("{name:<8} dashboard {dashboard}  gateway {gateway}"));
        }
    }

    fn say_ready(&self, children: &[Child], login: &Login) {
        if self.json {
            out::json(&Ready { ready: true, login });
            return;
        }
        let Some(first) = children.first() else {
            return;
        };
        out::line("");
        let Login { name, password } = login;
        out::line(&format!("Log in on each dashboard as {name} with the password {password}"));
        out::line("");
        out::line("All three agree. Save a file through alpha, and look at any dashboard:");
        out::line("");
        out::line(&format!(
            r#"  curl -H 'Content-Type: application/json' -d '{{"type":"pl","data":"hello(world).\n","meta":{{}}}}' {}/p/"#,
            first.addresses.gateway
        ));
        out::line("");
        out::line(&format!("Logs are in {}/*.log. Ctrl-C stops all three.", self.data.display()));
    }
}

/// Founds the cluster at the first start; at a later one it is there already.
async fn found(children: &[Child]) -> Result<(), DemoError> {
    let [first, others @ ..] = children else {
        return Ok(());
    };
    let others = others.iter().map(|child| child.addresses.link.clone()).collect();
    match init::found(&first.place.at(), others).await {
        Ok(_) => Ok(()),
        Err(AskError::Problem(problem)) if problem.code == "already_member" => Ok(()),
        Err(error) => Err(DemoError::Init(error)),
    }
}
