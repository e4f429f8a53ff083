//! I. Nobody uses a dashboard who should not: a table of attacks, over HTTP, on a real node.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use http::Method;
use serde_json::{Value, json};
use tests::{
    browser::Browser,
    client::Client,
    cluster::{Cluster, Plan},
    node::Node,
};

const PASSWORD: &str = "correct horse battery";

/// Runs a command on a node's data directory, and reads its JSON.
async fn command(node: &Node, arguments: &[&str]) -> Result<Value> {
    let output = tokio::process::Command::new(&node.setup.program)
        .args(arguments)
        .arg("--data")
        .arg(&node.setup.data)
        .output()
        .await?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{arguments:?}: {}: {said}", output.status);
    Ok(serde_json::from_slice(&output.stdout).unwrap_or_default())
}

/// A one-time link: its path.
async fn link(node: &Node, more: &[&str]) -> Result<String> {
    let made = command(node, &[&["operator", "link", "--json"], more].concat()).await?;
    let url = made["url"].as_str().context("no link")?.to_owned();
    let at = url.find("/invitation/").context("another link")?;
    Ok(url[at..].to_owned())
}

/// Somebody with an account who is logged in.
async fn somebody(node: &Node, name: &str, role: &str) -> Result<Browser> {
    let path = link(node, &["--role", role]).await?;
    let mut browser = Browser::new(&node.setup.dashboard);
    let done = browser.form(&path, &[("name", name), ("password", PASSWORD)]).await?;
    ensure!(done.status == 303, "{}: {}", done.status, done.text());
    Ok(browser)
}

/// One node, not founded: entry needs no cluster.
async fn one_node() -> Result<Cluster> {
    let mut cluster = Plan::default().prepare().await?;
    cluster.node_mut(1).start().await?;
    Ok(cluster)
}

#[tokio::test]
async fn without_a_login_nothing_is_told() -> Result<()> {
    let cluster = one_node().await?;
    let node = cluster.node(1);
    let stranger = Browser::new(&node.setup.dashboard);
    for path in ["/", "/files", "/nodes", "/activity", "/no/such/page"] {
        let answer = stranger.get(path).await?;
        ensure!(answer.status == 303, "{path}: {}", answer.status);
        ensure!(answer.header("location").starts_with("/login"), "{path}");
        ensure!(answer.body.is_empty(), "{path}: {}", answer.text());
    }
    let api = ["overview", "files", "status", "events", "me", "activity", "operators", "no"];
    for path in api.map(|name| format!("/api/v1/{name}")).iter().chain(&["/metrics".to_owned()]) {
        let answer = stranger.get(path).await?;
        ensure!(answer.status == 401, "{path}: {}", answer.status);
        ensure!(answer.json()["code"] == "login", "{path}: {}", answer.text());
    }
    let health = stranger.get("/health").await?.json();
    ensure!(health["word"].is_string() && health["sentence"].is_null(), "{health}");
    ensure!(stranger.get("/login").await?.status == 200);

    // The token of the data directory reads, and does nothing else.
    let token = node.dashboard()?;
    ensure!(token.get("/api/v1/status").await?.status == 200);
    ensure!(token.get("/metrics").await?.status == 200);
    ensure!(token.send_json(Method::POST, "/api/v1/init", &json!([])).await?.status == 403);
    let wrong = Browser::new(&node.setup.dashboard);
    let wrong = wrong.get_with("/metrics", &[("authorization", "Bearer 00")]).await?;
    ensure!(wrong.status == 401);
    Ok(())
}

#[tokio::test]
async fn attacks_on_the_entry_fail() -> Result<()> {
    let cluster = one_node().await?;
    let node = cluster.node(1);
    let mut ann = somebody(node, "ann", "operator").await?;
    ensure!(ann.get("/api/v1/me").await?.json() == json!({ "name": "ann", "role": "operator" }));
    cookie_is_guarded(&ann)?;
    fixation(node, &mut ann).await?;
    replayed_link(node).await?;
    cross_site(node, &ann).await?;
    foreign_host(node, &ann).await?;
    viewer(node).await?;
    spraying(node).await?;
    logged_out(&mut ann).await
}

fn cookie_is_guarded(ann: &Browser) -> Result<()> {
    let line = ann.set_cookie.as_deref().context("no cookie")?;
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=604800"] {
        ensure!(line.contains(part), "{line} without {part}");
    }
    let value = line.split(['=', ';']).nth(1).unwrap_or_default();
    ensure!(value.len() == 64, "256 bits: {line}");
    Ok(())
}

/// A session that somebody else chose does not become good, and a login makes a new one.
async fn fixation(node: &Node, ann: &mut Browser) -> Result<()> {
    let mut victim = Browser::new(&node.setup.dashboard);
    let (name, _) = ann.cookie.clone().context("no cookie")?;
    let chosen = "5e".repeat(32);
    victim.cookie = Some((name, chosen.clone()));
    ensure!(victim.get("/api/v1/me").await?.status == 401);
    let answer = victim.form("/login", &[("name", "ann"), ("password", PASSWORD)]).await?;
    ensure!(answer.status == 303, "{}", answer.status);
    ensure!(victim.cookie.as_ref().is_some_and(|(_, value)| *value != chosen));
    ensure!(victim.get("/api/v1/me").await?.status == 200);
    // Whoever logs in again has a new session, and the one before is over.
    let before = ann.clone();
    ensure!(ann.form("/login", &[("name", "ann"), ("password", PASSWORD)]).await?.status == 303);
    ensure!(before.get("/api/v1/me").await?.status == 401);
    ensure!(ann.get("/api/v1/me").await?.status == 200);
    // Nobody is led to another site.
    let next = [("name", "ann"), ("password", PASSWORD), ("next", "//evil.example/")];
    let answer = victim.form("/login", &next).await?;
    ensure!(answer.header("location") == "/", "{}", answer.header("location"));
    Ok(())
}

async fn replayed_link(node: &Node) -> Result<()> {
    let path = link(node, &["--role", "viewer", "--name", "carl"]).await?;
    let mut carl = Browser::new(&node.setup.dashboard);
    ensure!(carl.get(&path).await?.status == 200);
    let short = carl.form(&path, &[("password", "short")]).await?;
    ensure!(short.status == 422 && short.text().contains("10 characters"), "{}", short.text());
    // The name in the link counts, whatever the form says.
    let fields = [("name", "ann"), ("password", PASSWORD)];
    ensure!(carl.form(&path, &fields).await?.status == 303);
    ensure!(carl.get("/api/v1/me").await?.json()["name"] == "carl");
    let mut eve = Browser::new(&node.setup.dashboard);
    ensure!(eve.get(&path).await?.status == 410);
    ensure!(eve.form(&path, &fields).await?.status == 410);
    ensure!(eve.cookie.is_none() && eve.get("/api/v1/me").await?.status == 401);
    ensure!(eve.form("/invitation/00", &fields).await?.status == 410);
    Ok(())
}

async fn cross_site(node: &Node, ann: &Browser) -> Result<()> {
    let address = &node.setup.dashboard;
    let other_port = "http://127.0.0.1:1".to_owned();
    let tls = format!("https://{address}");
    for origin in ["http://evil.example", "null", "", &other_port, &tls] {
        for path in ["/login", "/logout", "/invitation/00", "/api/v1/init", "/api/v1/operators"] {
            let answer = ann.post_from(Some(origin), path).await?;
            ensure!(answer.status == 403, "{origin} {path}: {}", answer.status);
            ensure!(answer.json()["code"] == "foreign_origin", "{}", answer.text());
        }
    }
    ensure!(ann.post_from(None, "/logout").await?.status == 403);
    ensure!(ann.get("/api/v1/me").await?.status == 200, "still logged in");
    // Accounts and founding are not there over TCP, whoever asks.
    let own = format!("http://{address}");
    for path in ["/api/v1/init", "/api/v1/operators", "/api/v1/operators/links"] {
        let status = ann.post_from(Some(&own), path).await?.status;
        ensure!(matches!(status, 404 | 405), "{path}: {status}");
    }
    Ok(())
}

async fn foreign_host(node: &Node, ann: &Browser) -> Result<()> {
    let port = node.setup.dashboard.rsplit(':').next().unwrap_or_default();
    for host in ["evil.example", "10.0.0.7", "127.0.0.1.evil.example", ""] {
        let answer = ann.get_with("/api/v1/me", &[("host", &format!("{host}:{port}"))]).await?;
        ensure!(matches!(answer.status, 400 | 421), "{host}: {}", answer.status);
    }
    let local = ann.get_with("/api/v1/me", &[("host", &format!("localhost:{port}"))]).await?;
    ensure!(local.status == 200, "{}", local.status);
    Ok(())
}

async fn viewer(node: &Node) -> Result<()> {
    let vera = somebody(node, "vera", "viewer").await?;
    ensure!(vera.get("/api/v1/overview").await?.status == 200);
    let own = format!("http://{}", node.setup.dashboard);
    for path in ["/api/v1/init", "/api/v1/settle", "/api/v1/operators", "/files"] {
        let answer = vera.post_from(Some(&own), path).await?;
        ensure!(answer.status == 403, "{path}: {}", answer.status);
        let problem = answer.json();
        ensure!(problem["code"] == "forbidden", "{problem}");
        ensure!(problem["message"].as_str().is_some_and(|text| text.ends_with('.')), "{problem}");
    }
    // Another role holds for the session that there is.
    command(node, &["operator", "role", "vera", "operator", "--json"]).await?;
    ensure!(vera.post_from(Some(&own), "/api/v1/no-such").await?.status == 404);
    command(node, &["operator", "remove", "vera", "--json"]).await?;
    ensure!(vera.get("/api/v1/overview").await?.status == 401);
    let names = command(node, &["operator", "list", "--json"]).await?;
    ensure!(!names.to_string().contains("vera"), "{names}");
    Ok(())
}

/// Wrong names and wrong passwords look the same, and soon nobody is asked any more.
async fn spraying(node: &Node) -> Result<()> {
    let mut eve = Browser::new(&node.setup.dashboard);
    let mut times = [Duration::ZERO; 2];
    let mut texts = Vec::new();
    for (at, name) in ["ann", "nobody"].into_iter().enumerate() {
        let began = Instant::now();
        let answer = eve.form("/login", &[("name", name), ("password", "wrong password")]).await?;
        times[at] = began.elapsed();
        ensure!(answer.status == 401 && eve.cookie.is_none(), "{name}: {}", answer.status);
        texts.push(answer.text());
    }
    ensure!(texts[0] == texts[1], "the answers differ");
    let ratio = times[0].as_secs_f64() / times[1].as_secs_f64();
    ensure!((0.2..5.0).contains(&ratio), "one name takes longer: {times:?}");
    // The right password after too many wrong ones is not looked at either.
    let mut refused = 0;
    for _ in 0..8 {
        let answer = eve.form("/login", &[("name", "ann"), ("password", "wrong password")]).await?;
        refused += u32::from(answer.status == 429);
    }
    ensure!(refused >= 3, "only {refused} refused");
    let answer = eve.form("/login", &[("name", "ann"), ("password", PASSWORD)]).await?;
    ensure!(answer.status == 429 && !answer.header("retry-after").is_empty(), "{}", answer.status);
    // One password on many names, from one address.
    let mut statuses = Vec::new();
    for number in 0..30 {
        let name = format!("name{number}");
        let fields = [("name", name.as_str()), ("password", "Summer2026!")];
        statuses.push(eve.form("/login", &fields).await?.status);
    }
    ensure!(statuses.contains(&429), "{statuses:?}");
    Ok(())
}

async fn logged_out(ann: &mut Browser) -> Result<()> {
    let before = ann.clone();
    let answer = ann.form("/logout", &[]).await?;
    ensure!(answer.status == 303 && answer.header("location") == "/login");
    ensure!(before.get("/api/v1/me").await?.status == 401, "the session is good after a logout");
    Ok(())
}

#[tokio::test]
async fn a_session_that_is_too_old_is_over_also_after_a_restart() -> Result<()> {
    let mut cluster = one_node().await?;
    let ann = somebody(cluster.node(1), "ann", "operator").await?;
    cluster.node_mut(1).stop().await?;
    cluster.node_mut(1).start().await?;
    ensure!(ann.get("/api/v1/me").await?.status == 200, "a restart ends no session");
    cluster.node_mut(1).stop().await?;
    let path = cluster.node(1).setup.data.join("operators.json");
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
    for session in kept["sessions"].as_object_mut().context("sessions")?.values_mut() {
        let seen = session["seen_ms"].as_u64().context("seen_ms")?;
        session["seen_ms"] = json!(seen - 12 * 60 * 60 * 1_000 - 60_000);
    }
    std::fs::write(&path, kept.to_string())?;
    cluster.node_mut(1).start().await?;
    ensure!(ann.get("/api/v1/me").await?.status == 401, "12 idle hours");
    ensure!(ann.get("/").await?.header("location") == "/login");
    Ok(())
}

#[tokio::test]
async fn a_first_start_prints_a_link_until_there_is_an_account() -> Result<()> {
    let mut cluster = Plan::default().prepare().await?;
    cluster.node_mut(1).start().await?;
    let first = cluster.node(1).first_login.clone().context("no link at the first start")?;
    let path = first[first.find("/invitation/").context("another link")?..].to_owned();
    let mut ann = Browser::new(&cluster.node(1).setup.dashboard);
    let done = ann.form(&path, &[("name", "ann"), ("password", PASSWORD)]).await?;
    ensure!(done.status == 303, "{}", done.text());
    ensure!(ann.get("/api/v1/me").await?.json()["role"] == "operator");
    cluster.node_mut(1).stop().await?;
    cluster.node_mut(1).start().await?;
    ensure!(cluster.node(1).first_login.is_none(), "a link although there is an account");
    let log = std::fs::read_to_string(&cluster.node(1).setup.log)?;
    ensure!(!log.contains("invitation"), "the log holds the link");
    let client = Client::new(&cluster.node(1).setup.dashboard);
    ensure!(client.get("/api/v1/me").await?.status == 401);
    Ok(())
}
