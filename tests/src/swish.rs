//! A SWISH on a node's store: a `swipl` that follows and writes `ref/head` as SWISH does.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use domain::ObjectId;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// It answers within this, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running process; killed when dropped.
#[derive(Debug)]
pub struct Swish {
    _child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Swish {
    /// Starts one on a store: it restores its heads from the journal, or makes a journal by the
    /// greatest times where there is none.
    ///
    /// # Errors
    /// There is no `swipl`, or it cannot read the store.
    pub async fn start(store: &Path) -> Result<Self> {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("prolog/swish.pl");
        let mut child = Command::new("swipl")
            .arg(script)
            .arg(store)
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("swipl is needed: scripts/setup.sh test installs it")?;
        let input = child.stdin.take().context("no input")?;
        let lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        let mut swish = Self { _child: child, input, lines };
        let said = swish.line().await?;
        ensure!(said == "ready", "swipl says {said}");
        Ok(swish)
    }

    /// The head at which it stands; it looks at the journal if it has not for a second.
    ///
    /// # Errors
    /// It has no such file.
    pub async fn head(&mut self, name: &str) -> Result<ObjectId> {
        self.ask(&format!("head('{name}').")).await
    }

    /// Saves on top of the head at which it stands.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn save(&mut self, name: &str, text: &str) -> Result<ObjectId> {
        self.ask(&format!("save('{name}', {text:?}).")).await
    }

    /// The text that it serves: that of the head at which it stands.
    ///
    /// # Errors
    /// It has no such file, or cannot read its objects.
    pub async fn text(&mut self, name: &str) -> Result<String> {
        let said = self.say(&format!("text('{name}').")).await?;
        serde_json::from_str(&said).with_context(|| format!("{name}: {said}"))
    }

    async fn ask(&mut self, term: &str) -> Result<ObjectId> {
        let said = self.say(term).await?;
        said.parse().with_context(|| format!("{term} {said}"))
    }

    async fn say(&mut self, term: &str) -> Result<String> {
        self.input.write_all(format!("{term}\n").as_bytes()).await?;
        self.line().await
    }

    async fn line(&mut self) -> Result<String> {
        let line = timeout(PATIENCE, self.lines.next_line()).await.context("no answer")??;
        line.context("swipl has ended")
    }
}
