//! Three nodes, two of them beside a SWISH with accounts, and nginx in front of these two.

use std::{fs, process::Stdio, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use tests::{
    beside::RealSwish,
    client::Client,
    cluster::{Cluster, Plan},
    node::free_address,
    wait::until,
};
use tokio::process::{Child, Command};

use super::page::Page;

const STARTED: Duration = Duration::from_secs(30);
/// Users of the site: names, digests of `user:realm:password`, groups and addresses.
const USERS: &str = "ann:aeaeb2178a4de6117bc9fbef731f4374:user:Ann Lee:ann@example.org\n\
    bob:0fe68bb186bc6c2199dacfa5c236e4d8:user:Bob B:bob@example.org\n";
/// New visitors are brought to each server in turn: the other browser needs a few tries at most.
const TRIES: usize = 6;

/// The site; everything ends when it is dropped.
pub(super) struct Site {
    /// Where nginx listens.
    pub(super) address: String,
    cluster: Cluster,
    swishes: Vec<RealSwish>,
    nginx: Child,
    folder: tempfile::TempDir,
}

impl Site {
    pub(super) async fn start() -> Result<Self> {
        let mut cluster = Plan::default().prepare().await?;
        let mut swishes = Vec::new();
        for number in 1..=2 {
            let mut swish = RealSwish::prepare()?.context("SWISH_HOME")?;
            let store = &cluster.node(number).setup.store;
            fs::create_dir_all(store)?;
            swish.use_store(store)?;
            swish.use_passwords(USERS)?;
            swish.start().await?;
            let url = ("SWISH_CLUSTER_SWISH".to_owned(), format!("http://{}", swish.address()));
            cluster.node_mut(number).setup.environment.push(url);
            swishes.push(swish);
        }
        for node in &mut cluster.nodes {
            node.start().await?;
        }
        cluster.found().await?;
        for number in 1..=2 {
            let client = Client::new(&cluster.node(number).setup.gateway);
            let health = async || client.get("/cluster/health").await?.expect(200);
            until("its SWISH", STARTED, health).await?;
        }
        let folder = tempfile::tempdir()?;
        let address = free_address()?;
        let nginx = nginx(&folder, &address, &cluster)?;
        let client = Client::new(&address);
        until("nginx", STARTED, async || client.get("/cluster/health").await?.expect(200)).await?;
        Ok(Self { address, cluster, swishes, nginx, folder })
    }

    /// One on each server.
    pub(super) async fn two_browsers(&self) -> Result<(Page, Page)> {
        let a = Page::start("A", &self.address).await?;
        let b = Page::start("B", &self.address).await?;
        a.open("/").await?;
        for _ in 0..TRIES {
            b.open("/").await?;
            if a.node().await? != b.node().await? {
                return Ok((a, b));
            }
            b.forget().await?;
        }
        bail!("nginx brings all browsers to one server")
    }

    /// Metadata of the served head.
    pub(super) async fn meta(&self, name: &str) -> Result<Value> {
        let client = Client::new(&self.address);
        let file = client.get(&format!("/p/{name}?format=json")).await?.expect(200)?;
        Ok(file["meta"].clone())
    }

    /// The node whose name a session has.
    fn number(&self, route: &str) -> Result<usize> {
        let found = (1..=2).find(|number| route == format!("node{number}"));
        found.with_context(|| format!("no node has the route {route}"))
    }

    pub(super) async fn kill(&mut self, route: &str) -> Result<()> {
        let number = self.number(route)?;
        self.cluster.node_mut(number).kill().await
    }

    pub(super) async fn restart(&mut self, route: &str) -> Result<()> {
        let number = self.number(route)?;
        self.cluster.node_mut(number).start().await?;
        self.cluster.settles(STARTED).await?;
        Ok(())
    }

    /// Gateway of the node that has no SWISH beside it.
    pub(super) fn third(&self) -> &str {
        &self.cluster.node(3).setup.gateway
    }

    /// Nobody reaches the site any more.
    pub(super) async fn lose_network(&mut self) -> Result<()> {
        Ok(self.nginx.kill().await?)
    }

    pub(super) async fn mend_network(&mut self) -> Result<()> {
        self.nginx = nginx(&self.folder, &self.address, &self.cluster)?;
        let client = Client::new(&self.address);
        let health = async || client.get("/cluster/health").await?.expect(200);
        until("nginx", STARTED, health).await?;
        Ok(())
    }

    /// How long it takes until this node's own SWISH, asked directly, shows this text.
    pub(super) async fn shows(
        &self,
        route: &str,
        name: &str,
        text: &str,
        within: Duration,
    ) -> Result<Duration> {
        let swish = &self.swishes[self.number(route)? - 1];
        let client = Client::new(swish.address());
        let shown = until("SWISH shows it", within, async || {
            let page = client.get(&format!("/p/{name}?format=raw")).await?.text();
            ensure!(page.contains(text), "{page}");
            Ok(())
        });
        Ok(shown.await?.1)
    }

    pub(super) async fn end(self) -> Result<()> {
        self.cluster.end().await
    }
}

/// As docs/install.md says it, on one machine.
fn nginx(folder: &tempfile::TempDir, address: &str, cluster: &Cluster) -> Result<Child> {
    let gateway = |number| &cluster.node(number).setup.gateway;
    let (one, two) = (gateway(1), gateway(2));
    let folder = folder.path().display();
    let config = format!(
        "daemon off; master_process off; pid {folder}/pid; error_log {folder}/errors;
events {{}}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  map $cookie_swipl_session $node {{ ~\\.node1- node1; ~\\.node2- node2; default any; }}
  upstream any   {{ server {one} max_fails=1 fail_timeout=5s; server {two} max_fails=1 fail_timeout=5s; }}
  upstream node1 {{ server {one} max_fails=1 fail_timeout=5s; server {two} backup; }}
  upstream node2 {{ server {two} max_fails=1 fail_timeout=5s; server {one} backup; }}
  server {{
    listen {address};
    client_max_body_size 64m;
    location / {{
      proxy_pass http://$node;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_buffering off;
      proxy_read_timeout 15m;
    }}
  }}
}}
"
    );
    let file = format!("{folder}/nginx.conf");
    fs::write(&file, config)?;
    let mut command = Command::new("nginx");
    command.args(["-c", &file]).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().context("nginx is needed: apt-get install nginx-light")
}
