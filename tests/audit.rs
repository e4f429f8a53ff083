//! J. What people do is on every node within two seconds, once, in chains that anybody can check.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::{
    browser::Browser,
    cluster::{Cluster, Plan},
    node::Node,
    wait::until,
};

const PASSWORD: &str = "correct horse battery";
/// An entry is on every node's page within this.
const SEEN: Duration = Duration::from_secs(2);
/// After a node comes back, links have to come first.
const BACK: Duration = Duration::from_secs(20);

async fn command(node: &Node, arguments: &[&str]) -> Result<Value> {
    let output = tokio::process::Command::new(&node.setup.program)
        .args(arguments)
        .arg("--data")
        .arg(&node.setup.data)
        .output()
        .await?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{arguments:?}: {}: {said}", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Somebody new who is logged in on a node, by a link of its command line.
async fn somebody(node: &Node, name: &str) -> Result<Browser> {
    let made = command(node, &["operator", "link", "--json", "--name", name]).await?;
    let url = made["url"].as_str().context("no link")?;
    let path = &url[url.find("/invitation/").context("another link")?..];
    let mut browser = Browser::new(&node.setup.dashboard);
    let done = browser.form(path, &[("password", PASSWORD)]).await?;
    ensure!(done.status == 303, "{}: {}", done.status, done.text());
    Ok(browser)
}

/// Actions on a node's Activity page, newest first, each with its person and node.
async fn actions(node: &Node, query: &str) -> Result<Vec<[String; 3]>> {
    let answer = node.dashboard()?.get(&format!("/api/v1/activity{query}")).await?.expect(200)?;
    let rows = answer["rows"].as_array().context("rows")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let action =
        |row: &Value| [text(&row["action"]), text(&row["person"]), text(&row["node"]["name"])];
    Ok(rows.iter().map(action).collect())
}

/// The export of a node, after each chain was checked from its first entry.
async fn export(node: &Node) -> Result<String> {
    let text = node.dashboard()?.get("/api/v1/activity?format=jsonl").await?.text();
    let mut chains: BTreeMap<String, (u64, Value)> = BTreeMap::new();
    for line in text.lines() {
        let entry: Value = serde_json::from_str(line)?;
        let chain = format!("{}/{}", entry["node"], entry["incarnation"]);
        let last = chains.entry(chain).or_insert((0, Value::Null));
        ensure!(entry["number"] == last.0 + 1, "a hole before {line}");
        ensure!(entry["previous"] == last.1, "another one before {line}");
        ensure!(entry["hash"] == hash(&entry)?, "another hash than that of {line}");
        *last = (last.0 + 1, entry["hash"].clone());
    }
    Ok(text)
}

/// The hash as docs/protocol.md has it.
fn hash(entry: &Value) -> Result<String> {
    use sha2::Digest;
    let bytes = |name: &str| -> Result<Vec<u8>> {
        let text = entry[name].as_str().unwrap_or_default();
        let pair = |at: usize| Ok(u8::from_str_radix(&text[at..at + 2], 16)?);
        (0..text.len()).step_by(2).map(pair).collect()
    };
    let mut hash = sha2::Sha256::new();
    hash.update(b"swish-cluster audit 1");
    hash.update(bytes("node")?);
    hash.update(bytes("incarnation")?);
    hash.update(entry["number"].as_u64().context("number")?.to_be_bytes());
    let previous = bytes("previous")?;
    hash.update(if previous.is_empty() { vec![0; 32] } else { previous });
    hash.update(entry["content"].as_str().context("content")?);
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Waits until a node's newest entry is of this action and person.
async fn sees(node: &Node, action: &str, person: &str, patience: Duration) -> Result<Duration> {
    let what = format!("{action} by {person} on {}", node.setup.name);
    let newest = async || {
        let rows = actions(node, "?limit=1").await?;
        let is_there = rows.first().is_some_and(|row| row[0] == action && row[1] == person);
        ensure!(is_there, "{rows:?}");
        Ok(())
    };
    Ok(until(&what, patience, newest).await?.1)
}

#[tokio::test]
async fn every_action_is_on_every_node_within_two_seconds() -> Result<()> {
    let cluster = Cluster::start().await?;
    let mut ann = somebody(cluster.node(1), "ann").await?;
    let mut times = Vec::new();
    for number in 1..=3 {
        times.push(sees(cluster.node(number), "account_made", "ann", SEEN).await?);
    }
    // Somebody else, on another node, does not know the password.
    let mut eve = Browser::new(&cluster.node(2).setup.dashboard);
    let guess = [("name", "ann\u{1b}[2J"), ("password", "guess guess guess")];
    ensure!(eve.form("/login", &guess).await?.status == 401);
    for number in 1..=3 {
        times.push(sees(cluster.node(number), "login_refused", "ann\u{1b}[2J", SEEN).await?);
    }
    command(cluster.node(1), &["operator", "role", "ann", "operator", "--json"]).await?;
    for number in 1..=3 {
        times.push(sees(cluster.node(number), "role_changed", "command line", SEEN).await?);
    }
    ensure!(ann.form("/logout", &[]).await?.status == 303);
    for number in 1..=3 {
        times.push(sees(cluster.node(number), "logout", "ann", SEEN).await?);
    }
    eprintln!("seen after {times:.0?}");

    let all = actions(cluster.node(3), "").await?;
    let names: Vec<&str> = all.iter().rev().map(|row| row[0].as_str()).collect();
    let done = ["founded", "link_made", "account_made", "login_refused", "role_changed", "logout"];
    ensure!(names == done, "{names:?}");
    for (query, count) in [
        ("?person=ann", 2),
        ("?action=role_changed", 1),
        ("?node=node-2", 1),
        ("?from=2000-01-01&to=2000-01-02", 0),
        ("?file=x", 0),
    ] {
        ensure!(actions(cluster.node(3), query).await?.len() == count, "{query}");
    }
    let change = cluster.node(2).dashboard()?.get("/api/v1/activity?action=role_changed").await?;
    let change = &change.json()["rows"][0];
    ensure!(change["before"] == "Viewer" && change["after"] == "Operator", "{change}");
    let said = command(cluster.node(2), &["activity", "--json", "--person", "ann"]).await?;
    ensure!(said["shown"] == 2 && said["total"] == 6, "{said}");
    equal_exports(&cluster).await?;
    cluster.end().await
}

/// The same lines on all nodes.
async fn equal_exports(cluster: &Cluster) -> Result<()> {
    let first = export(cluster.node(1)).await?;
    ensure!(!first.is_empty());
    for number in 2..=3 {
        ensure!(export(cluster.node(number)).await? == first, "node {number} has others");
    }
    Ok(())
}

/// Who is muted, as a node's page of visitors says, and why.
async fn muted(node: &Node) -> Result<Vec<(String, String)>> {
    let answer = node.dashboard()?.get("/api/v1/visitors").await?.expect(200)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let muted = answer["muted"].as_array().context("muted")?;
    Ok(muted.iter().map(|one| (text(&one["name"]), text(&one["ruling"]["reason"]))).collect())
}

#[tokio::test]
async fn what_was_done_meanwhile_comes_to_nodes_that_were_away_and_stays() -> Result<()> {
    let mut cluster = Cluster::start().await?;
    somebody(cluster.node(1), "ann").await?;
    sees(cluster.node(3), "account_made", "ann", SEEN).await?;
    cluster.node_mut(3).kill().await?;
    // Also without a majority.
    cluster.node_mut(2).kill().await?;
    for number in 0..5 {
        let role = if number % 2 == 0 { "operator" } else { "viewer" };
        command(cluster.node(1), &["operator", "role", "ann", role, "--json"]).await?;
    }
    // Moderation is nothing but such entries (decision 0041).
    let mute = ["chat", "mute", "uid:u-1", "--name", "Mallory", "--for", "1h", "--reason", "spam"];
    let said = command(cluster.node(1), &[&mute[..], &["--json"]].concat()).await?;
    ensure!(said["outcome"] == "done", "{said}");
    command(cluster.node(1), &["operator", "role", "ann", "viewer", "--json"]).await?;
    // What was answered is on the disk.
    cluster.node_mut(1).kill().await?;
    for number in 1..=3 {
        cluster.node_mut(number).start().await?;
    }
    for number in 1..=3 {
        sees(cluster.node(number), "role_changed", "command line", BACK).await?;
    }
    let changes = async || {
        for number in 1..=3 {
            let count = actions(cluster.node(number), "?action=role_changed").await?.len();
            ensure!(count == 6, "{count} on node {number}");
        }
        Ok(())
    };
    until("six changes on all nodes", BACK, changes).await?;
    for number in 1..=3 {
        let muted = muted(cluster.node(number)).await?;
        ensure!(muted == [("Mallory".into(), "spam".into())], "node {number}: {muted:?}");
    }
    command(cluster.node(2), &["chat", "unmute", "uid:u-1", "--json"]).await?;
    for number in 1..=3 {
        let taken_back = async || {
            let muted = muted(cluster.node(number)).await?;
            ensure!(muted.is_empty(), "{muted:?}");
            Ok(())
        };
        until(&format!("nobody muted on node {number}"), SEEN, taken_back).await?;
    }
    equal_exports(&cluster).await?;
    cluster.end().await
}

#[tokio::test]
async fn a_node_without_a_cluster_has_an_audit_too() -> Result<()> {
    let mut cluster = Plan::default().prepare().await?;
    cluster.node_mut(1).start().await?;
    somebody(cluster.node(1), "ann").await?;
    cluster.node_mut(1).stop().await?;
    cluster.node_mut(1).start().await?;
    let names = actions(cluster.node(1), "").await?;
    ensure!(names.len() == 2, "{names:?}");
    export(cluster.node(1)).await?;
    Ok(())
}
