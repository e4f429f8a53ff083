//! A real, unmodified SWISH on a node's store, where a checkout of it is named.

use std::{fs, os::unix::fs::symlink, path::Path, process::Stdio, time::Duration};

use anyhow::{Context, Result, ensure};
use tokio::process::{Child, Command};

use crate::{client::Client, node, wait::until};

/// Names the checkout.
const HOME: &str = "SWISH_HOME";
/// It loads all its programs at each start.
const STARTED: Duration = Duration::from_secs(60);

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct RealSwish {
    address: String,
    /// Path below which it answers; empty, or such as `/swish`.
    prefix: &'static str,
    folder: tempfile::TempDir,
    child: Option<Child>,
}

impl RealSwish {
    /// Prepares one; it does not run yet. None where no checkout is named.
    ///
    /// # Errors
    /// Its folder cannot be made.
    pub fn prepare() -> Result<Option<Self>> {
        Self::prepare_below("")
    }

    /// As [`RealSwish::prepare`], below a path such as `/swish`.
    ///
    /// # Errors
    /// Its folder cannot be made.
    pub fn prepare_below(prefix: &'static str) -> Result<Option<Self>> {
        if std::env::var_os(HOME).is_none() {
            return Ok(None);
        }
        let folder = tempfile::Builder::new().prefix("swish-cluster-swish-").tempdir()?;
        fs::create_dir_all(folder.path().join("data"))?;
        Ok(Some(Self { address: node::free_address()?, prefix, folder, child: None }))
    }

    /// It will have its files in this store.
    ///
    /// # Errors
    /// It was told before.
    pub fn use_store(&self, store: &Path) -> Result<()> {
        Ok(symlink(store, self.folder.path().join("data/storage"))?)
    }

    /// It will have accounts, for whoever wants to log in (`auth_http`): lines of a password file.
    ///
    /// # Errors
    /// The checkout has no such configuration.
    pub fn use_passwords(&self, lines: &str) -> Result<()> {
        let home = std::env::var(HOME)?;
        let folder = self.folder.path();
        fs::create_dir_all(folder.join("config-enabled"))?;
        symlink(
            Path::new(&home).join("config-available/auth_http.pl"),
            folder.join("config-enabled/auth_http.pl"),
        )?;
        Ok(fs::write(folder.join("passwd"), lines)?)
    }

    /// `host:port`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start(&mut self) -> Result<()> {
        ensure!(self.child.is_none(), "it runs");
        let home = std::env::var(HOME)?;
        let (_, port) = self.address.split_once(':').context("no port")?;
        let prefix = match self.prefix {
            "" => String::new(),
            prefix => format!("set_setting(http:prefix, '{prefix}'), "),
        };
        let goal = format!(
            "use_module('{home}/server'), {prefix}server(localhost:{port}), thread_get_message(_)"
        );
        let log = fs::File::create(self.folder.path().join("log"))?;
        let child = Command::new("swipl")
            .args(["-g", &goal])
            .current_dir(self.folder.path())
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("swipl is needed: scripts/setup.sh test installs it")?;
        self.child = Some(child);
        let client = Client::new(&self.address);
        let home = format!("{}/", self.prefix);
        until("SWISH answers", STARTED, async || client.get(&home).await?.expect(200)).await?;
        Ok(())
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// It does not run.
    pub async fn kill(&mut self) -> Result<()> {
        Ok(self.child.take().context("it does not run")?.kill().await?)
    }
}
