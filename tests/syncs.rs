//! UX7: a dry run of a force sync says what the run does, and changes nothing on any node.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};
use tests::{
    cluster::{Cluster, Plan},
    gateway::{is_held, saved},
    node::Node,
    wait::until,
};

/// Files that a sync is asked for: some alike everywhere, some with two sides, some that nobody has.
const FILES: usize = 200;
/// The first of them, saved on both sides of a cut.
const DIVERGED: usize = 40;
/// So many are enough where every file has the same outcome.
const FEW: usize = 8;
/// The last of them, which do not exist.
const UNKNOWN: usize = 20;
/// Nodes that can talk again say the same within this, on a busy machine with this many files.
const EQUAL: Duration = Duration::from_secs(15);
/// What a node tells of itself is not older than this.
const TOLD: Duration = Duration::from_secs(1);

fn name(number: usize) -> String {
    format!("f{number:03}.pl")
}

/// The expected outcomes, or those of a run, by file.
async fn synced(node: &Node, files: usize, is_plan: bool) -> Result<BTreeMap<String, Value>> {
    let names: Vec<String> = (0..files).map(name).collect();
    let mut words = vec!["sync", "--json"];
    words.extend(is_plan.then_some("--plan"));
    words.extend(names.iter().map(String::as_str));
    let (said, _) = node.command(&words).await?;
    let items: Vec<Value> = serde_json::from_str(&said).context("no list")?;
    let outcome = |item: &Value| {
        let outcome = if is_plan { &item["expect"] } else { item };
        Some((item["file"].as_str()?.to_owned(), outcome["outcome"].clone()))
    };
    Ok(items.iter().filter_map(outcome).collect())
}

/// The digests of all contents, when they are at rest: nodes tell them twice a second.
async fn roots(cluster: &Cluster) -> Result<Vec<String>> {
    let mut before = Vec::new();
    loop {
        let mut roots = Vec::new();
        for node in &cluster.nodes {
            roots.push(node.status().await?.root().context("no root")?.to_owned());
        }
        if before == roots {
            return Ok(roots);
        }
        before = roots;
        tokio::time::sleep(TOLD).await;
    }
}

/// Every file once, and some of them on both sides of a cut that is still there.
async fn cut_and_save(cluster: &Cluster) -> Result<()> {
    let (one, three) = (cluster.gateway(1), cluster.gateway(3));
    let create = |number| {
        let one = &one;
        async move { saved(&one.create(&name(number), "first.\n").await?) }
    };
    let create = stream::iter((0..FILES - UNKNOWN).map(create)).buffered(8);
    let heads: Vec<_> = create.try_collect().await?;
    cluster.settles(EQUAL).await?;
    cluster.cut(&[3]).await?;
    for (number, head) in heads.into_iter().enumerate().take(DIVERGED) {
        let name = name(number);
        let (ours, theirs) =
            tokio::join!(one.save(&name, head, "ours.\n"), three.save(&name, head, "theirs.\n"));
        saved(&ours?)?;
        let theirs = theirs?;
        let (status, said) = (theirs.status, theirs.json());
        ensure!(status == 200 && is_held(&said), "{name} without a majority: {status} {said}");
    }
    Ok(())
}

#[tokio::test]
async fn a_dry_run_of_a_sync_is_what_the_run_does_and_changes_nothing() -> Result<()> {
    let cluster = Plan { recorded: true, ..Plan::default() }.start().await?;
    cut_and_save(&cluster).await?;

    // Cut off: nothing can be read from a majority, and each file is tried for two seconds.
    let before = roots(&cluster).await?;
    let planned = synced(cluster.node(3), FEW, true).await?;
    ensure!(planned[&name(0)] == json!("no_majority"), "{planned:?}");
    assert_eq!(planned, synced(cluster.node(3), FEW, false).await?);
    assert_eq!(before, roots(&cluster).await?);

    cluster.mend();
    let listed = until("the divergences on every node", EQUAL, async || {
        for node in &cluster.nodes {
            let page = node.dashboard()?.get("/api/v1/divergences").await?.expect(200)?;
            ensure!(page["total"] == json!(DIVERGED), "{} of {DIVERGED}", page["total"]);
        }
        Ok(())
    });
    listed.await?;
    cluster.settles(EQUAL).await?;

    let before = roots(&cluster).await?;
    let planned = synced(cluster.node(1), FILES, true).await?;
    assert_eq!(before, roots(&cluster).await?, "a dry run changed something");
    let count = |outcome: &str| planned.values().filter(|found| **found == json!(outcome)).count();
    assert_eq!((count("unchanged"), count("failed")), (FILES - UNKNOWN, UNKNOWN), "{planned:?}");
    assert_eq!(planned, synced(cluster.node(1), FILES, false).await?);
    assert_eq!(before, roots(&cluster).await?, "a sync chose something");
    cluster.end().await
}
