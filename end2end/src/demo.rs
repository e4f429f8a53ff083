//! Real nodes: `swish-cluster demo` on any ports, and a page's way to save a file.

use std::{path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context as _, Result, bail};
use axum::body::{Body, to_bytes};
use fantoccini::Locator;
use http::{Method, Request};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::browser::Browser;

/// Three nodes may need this long to start and agree, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Running nodes; killed when dropped.
pub struct Demo {
    /// In the order of their numbers.
    pub nodes: Vec<Node>,
    /// How to get in, on each of them.
    pub login: Login,
    _program: Child,
    data: TempDir,
}

/// What happens to a node's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// It dies at once; the demo starts it again.
    Kill,
    /// It gets no processor time.
    Stop,
    /// It goes on.
    Continue,
}

/// The operator's account of the demo.
#[derive(Clone, Debug, Deserialize)]
pub struct Login {
    /// Its name.
    pub name: String,
    /// Its password.
    pub password: String,
}

/// Where one node is.
#[derive(Clone, Debug, Deserialize)]
pub struct Node {
    /// Its number, from 1.
    pub node: u32,
    /// Its name.
    pub name: String,
    /// What SWISH pages talk to.
    pub gateway: String,
    /// What operators open.
    pub dashboard: String,
}

impl Demo {
    /// Starts three nodes with empty stores.
    ///
    /// # Errors
    /// The program is not built, or its nodes are not ready in time.
    pub async fn start() -> Result<Self> {
        let data = tempfile::tempdir()?;
        let program = program();
        let mut child = Command::new(&program)
            .args(["demo", "--port-base", "0", "--json", "--data"])
            .arg(data.path())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} is not built", program.display()))?;
        let mut lines = BufReader::new(child.stdout.take().context("its output")?).lines();
        let (nodes, login) = timeout(PATIENCE, async {
            let mut nodes = Vec::new();
            while let Some(line) = lines.next_line().await? {
                let line: Value = serde_json::from_str(&line).with_context(|| line.clone())?;
                if line["ready"] == true {
                    return Ok((nodes, serde_json::from_value(line["login"].clone())?));
                }
                nodes.push(serde_json::from_value::<Node>(line)?);
            }
            bail!("the demo ended before it was ready")
        })
        .await
        .context("the demo is not ready")??;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { nodes, login, _program: child, data })
    }
}

impl Demo {
    /// Logs a browser in on a node, by its login page.
    ///
    /// # Errors
    /// It is not let in.
    pub async fn log_in(&self, browser: &Browser, node: &Node) -> Result<()> {
        browser.client.goto(&format!("{}/nodes", node.dashboard)).await?;
        browser.until("the login page", "document.querySelector('body.sign-in form')").await?;
        for (field, text) in [("name", &self.login.name), ("password", &self.login.password)] {
            browser.client.find(Locator::Id(field)).await?.send_keys(text).await?;
        }
        browser.client.find(Locator::Css("form button")).await?.click().await?;
        browser.until("the page that was asked for", "location.pathname === '/nodes'").await
    }

    /// Sends JSON to a node's gateway as a SWISH page does, and reads the answer.
    ///
    /// # Errors
    /// The node refuses it, or answers something else than JSON.
    pub async fn post(&self, node: &Node, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::POST, node, path, body).await
    }

    /// The same for a new version of a file.
    ///
    /// # Errors
    /// The node refuses it, or answers something else than JSON.
    pub async fn put(&self, node: &Node, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::PUT, node, path, body).await
    }

    /// Sends a node's process a signal.
    ///
    /// # Errors
    /// It does not run.
    pub async fn signal(&self, node: &Node, signal: Signal) -> Result<()> {
        let lock = self.data.path().join(&node.name).join("lock");
        let process = std::fs::read_to_string(&lock).context("its lock")?;
        let signal = match signal {
            Signal::Kill => "-KILL",
            Signal::Stop => "-STOP",
            Signal::Continue => "-CONT",
        };
        let status = Command::new("kill").args([signal, process.trim()]).status().await?;
        anyhow::ensure!(status.success(), "kill {signal} {process}: {status}");
        Ok(())
    }

    async fn send(&self, method: Method, node: &Node, path: &str, body: &Value) -> Result<Value> {
        let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", node.gateway))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))?;
        let answer = client.request(request).await?;
        let status = answer.status();
        let text = to_bytes(Body::new(answer.into_body()), usize::MAX).await?;
        anyhow::ensure!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&text));
        Ok(serde_json::from_slice(&text)?)
    }
}

/// `SWISH_CLUSTER_BIN`, else what this workspace's debug build made.
fn program() -> PathBuf {
    if let Some(program) = std::env::var_os("SWISH_CLUSTER_BIN") {
        return program.into();
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")),
        PathBuf::from,
    );
    target.join("debug/swish-cluster")
}
