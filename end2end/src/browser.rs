//! One Chromium of its own for each test, and everything it started goes when the test ends.

use std::{process::Stdio, time::Duration};

use anyhow::{Context as _, Result, bail};
use fantoccini::{Client, ClientBuilder, Locator, wd::WebDriverCompatibleCommand};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

/// How long anything may take that has no limit of its own.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A running browser.
pub struct Browser {
    /// For what this type has no word.
    pub client: Client,
    driver: Group,
    _profile: TempDir,
}

/// A process with all its children: chromedriver leaves Chromium behind when only it is killed.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(id) = self.0.id() {
            let group = format!("-{id}");
            let _ = std::process::Command::new("kill").args(["-9", "--", &group]).status();
        }
    }
}

impl Browser {
    /// Starts chromedriver on any port, and a browser with an empty profile.
    ///
    /// # Errors
    /// There is no chromedriver or no Chromium: `make setup` brings both.
    pub async fn start() -> Result<Self> {
        let profile = tempfile::tempdir()?;
        let (driver, port) = driver().await?;
        let mut capabilities = serde_json::Map::new();
        let mut arguments: Vec<_> = [
            "--headless",
            "--no-sandbox", // tests run as root in containers
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,900",
        ]
        .map(str::to_owned)
        .into();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        capabilities.insert("goog:chromeOptions".into(), json!({ "args": arguments }));
        capabilities.insert("goog:loggingPrefs".into(), json!({ "browser": "ALL" }));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .context("a browser session")?;
        Ok(Self { client, driver, _profile: profile })
    }

    /// Opens a page and waits until it is alive.
    ///
    /// # Errors
    /// It does not come to life.
    pub async fn open(&self, address: &str) -> Result<()> {
        self.client.goto(address).await?;
        let alive = Locator::Css("body[data-hydrated]");
        self.client.wait().at_most(PATIENCE).for_element(alive).await.context("hydration")?;
        self.until("the stream is open", "document.querySelector('.pill.live')").await
    }

    /// Value of a JavaScript expression.
    ///
    /// # Errors
    /// It throws.
    pub async fn value(&self, expression: &str) -> Result<Value> {
        Ok(self.client.execute(&format!("return ({expression})"), Vec::new()).await?)
    }

    /// Waits until a JavaScript expression is true.
    ///
    /// # Errors
    /// It never is; the message says `what`.
    pub async fn until(&self, what: &str, expression: &str) -> Result<()> {
        self.within(PATIENCE, what, expression).await
    }

    /// Waits at most `limit` until a JavaScript expression is true.
    ///
    /// # Errors
    /// It is not true by then; the message says `what`.
    pub async fn within(&self, limit: Duration, what: &str, expression: &str) -> Result<()> {
        let start = Instant::now();
        while self.value(&format!("!!({expression})")).await? != Value::Bool(true) {
            if start.elapsed() > limit {
                bail!("not within {limit:?}: {what}");
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// What pages complained about on the console since the last call.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn complaints(&self) -> Result<Vec<String>> {
        let log = self.client.issue_cmd(ConsoleLog).await?;
        let entries = log.as_array().cloned().unwrap_or_default();
        let minor = |entry: &Value| entry["level"] == "INFO" || entry["level"] == "DEBUG";
        Ok(entries.iter().filter(|entry| !minor(entry)).map(Value::to_string).collect())
    }

    /// Shows pages at another size than any window can have, by Chromium's own command.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn narrow(&self, size: &Value) -> Result<()> {
        let command =
            DevTools { name: "Emulation.setDeviceMetricsOverride", options: size.clone() };
        self.client.issue_cmd(command).await?;
        Ok(())
    }

    /// Makes pages believe that the reader prefers this colour scheme: `light` or `dark`.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn prefer(&self, scheme: &str) -> Result<()> {
        let options = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.client.issue_cmd(DevTools { name: "Emulation.setEmulatedMedia", options }).await?;
        Ok(())
    }

    /// Ends the session in good order.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn close(self) -> Result<()> {
        self.client.clone().close().await?;
        drop(self.driver);
        Ok(())
    }
}

/// Chromedriver's own command for the console.
#[derive(Debug)]
struct ConsoleLog;

impl WebDriverCompatibleCommand for ConsoleLog {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

/// A command of Chromium's developer tools.
#[derive(Debug)]
struct DevTools {
    name: &'static str,
    options: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let body = json!({ "cmd": self.name, "params": self.options });
        (http::Method::POST, Some(body.to_string()))
    }
}

/// Starts chromedriver in a process group of its own and reads its port.
async fn driver() -> Result<(Group, String)> {
    let mut command = Command::new("chromedriver");
    command.arg("--port=0").process_group(0).stdout(Stdio::piped()).kill_on_drop(true);
    let mut driver = Group(command.spawn().context("chromedriver is not installed: make setup")?);
    let output = driver.0.stdout.take().context("its output")?;
    let mut lines = BufReader::new(output).lines();
    let port = timeout(PATIENCE, async {
        while let Some(line) = lines.next_line().await? {
            if let Some(rest) = line.split("started successfully on port ").nth(1) {
                return Ok(rest.trim_end_matches('.').to_owned());
            }
        }
        bail!("chromedriver ended before it was ready")
    })
    .await
    .context("chromedriver is not ready")??;
    // Nobody reads on: a full pipe would stop it.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok((driver, port))
}
