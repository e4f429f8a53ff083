//! F. One node becomes five and three again while pages save; one of them loses its disk.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tests::{
    cluster::{self, Cluster, Plan},
    directory::Directory,
    gateway::saved,
    history::{self, Chains, Outcome},
    node::Node,
    wait::until,
    writers::Writers,
};

use crate::kills::held_everywhere;

/// Each change is done within this, on a busy machine.
const CHANGED: Duration = Duration::from_secs(60);
/// Time in which pages save between two changes.
const BETWEEN: Duration = Duration::from_millis(300);
const WRITERS: u64 = 2;
const FILES: usize = 8;
const DONE: Option<i32> = Some(0);
const REFUSED: Option<i32> = Some(3);

/// Runs `nodes <deed> <name>` on a node until it is done.
async fn change(on: &Node, deed: &str, name: &str) -> Result<()> {
    let what = format!("{deed} {name}");
    let done = until(&what, CHANGED, async || {
        let (code, said) = on.command_line(&["nodes", deed, name]).await?;
        ensure!(code == DONE, "{code:?}: {said}");
        Ok(said)
    });
    let (said, took) = done.await?;
    eprintln!("{what} after {took:.1?}: {said}");
    tokio::time::sleep(BETWEEN).await;
    Ok(())
}

/// Starts a node and has it join, be filled and get a vote.
async fn add(cluster: &mut Cluster, number: usize) -> Result<()> {
    cluster.node_mut(number).start().await?;
    let name = cluster.node(number).setup.name.clone();
    let address = cluster.node(1).setup.reached();
    let (code, said) = cluster.node(number).command_line(&["join", &address]).await?;
    ensure!(code == DONE, "join: {said}");
    // Nobody lets it in by itself, and it is told nothing.
    let early = cluster.gateway(number).create("early.pl", "early.\n").await?;
    assert_eq!(early.expect(503)?["error"], "not_founded");
    change(cluster.node(1), "approve", &name).await?;
    change(cluster.node(1), "promote", &name).await
}

async fn role(asked: &Node, name: &str) -> Result<String> {
    let cards = asked.dashboard()?.get("/api/v1/nodes").await?.expect(200)?;
    let cards = cards.as_array().context("no nodes")?;
    let card = cards.iter().find(|card| card["name"] == name).context("no such node")?;
    Ok(card["role"].as_str().context("no role")?.to_owned())
}

/// Waits until `asked` says that a node has this role.
async fn has_role(asked: &Node, name: &str, wanted: &str) -> Result<()> {
    let found = until(wanted, CHANGED, async || {
        let role = role(asked, name).await?;
        ensure!(role == wanted, "{} says {name} is {role}", asked.setup.name);
        Ok(())
    });
    found.await.map(|_| ())
}

/// All chains as SWISH would find them.
fn chains(directory: &Directory) -> Result<Chains> {
    let heads = directory.heads()?.into_iter();
    heads.map(|(name, head)| Ok((name, directory.chain(head)?))).collect()
}

/// The first three have the same root, and nothing is under way.
async fn equal(cluster: &Cluster) -> Result<()> {
    let mut roots = Vec::new();
    for node in &cluster.nodes[..3] {
        let status = node.status().await?;
        let settled = ["healthy", "diverged"].contains(&status.state());
        ensure!(settled && status.waiting() == Some(0), "{} says {}", node.setup.name, status.0);
        roots.push(status.root().context("no root")?.to_owned());
    }
    ensure!(roots.windows(2).all(|pair| pair[0] == pair[1]), "roots differ: {roots:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_becomes_five_and_three_again_under_load() -> Result<()> {
    let mut cluster = Plan { nodes: 5, ..Plan::default() }.prepare().await?;
    cluster.node_mut(1).start().await?;
    let (code, said) = cluster.node(1).command_line(&["init"]).await?;
    ensure!(code == DONE, "init: {said}");
    let names: Vec<_> = (0..FILES).map(|number| format!("file-{number}.pl")).collect();
    let gateways = (1..=5).map(|number| cluster.gateway(number)).collect();
    let writers = Writers::start(gateways, names, WRITERS, 7);
    writers.use_nodes(vec![0]);
    tokio::time::sleep(BETWEEN).await;
    for number in 2..=5 {
        add(&mut cluster, number).await?;
        writers.use_nodes((0..number).collect());
    }

    // One disk is lost; its node is refilled and gets its vote back, in two changes.
    writers.use_nodes((0..4).collect());
    cluster.node_mut(5).stop().await?;
    cluster.node(5).wipe()?;
    cluster.node_mut(5).start().await?;
    for asked in 1..=2 {
        has_role(cluster.node(asked), "node-5", "learner").await?;
    }
    let (code, said) = cluster.node(2).command_line(&["nodes", "promote", "node-5"]).await?;
    assert_eq!(code, REFUSED, "{said}");
    change(cluster.node(2), "replace", "node-5").await?;
    has_role(cluster.node(2), "node-5", "member").await?;
    writers.use_nodes((0..5).collect());
    tokio::time::sleep(BETWEEN).await;

    // Back to three; those who left are told so.
    change(cluster.node(3), "remove", "node-5").await?;
    change(cluster.node(1), "remove", "node-4").await?;
    until("a node that knows it was removed", CHANGED, async || {
        let answer = cluster.gateway(4).create("late.pl", "late.\n").await?;
        let body = answer.expect(503)?;
        ensure!(body["error"] == "removed", "{body}");
        Ok(())
    })
    .await?;
    has_role(cluster.node(4), "node-4", "removed").await?;
    // Who did that is known everywhere.
    until("the changes in the audit of node 2", CHANGED, async || {
        let (_, said) = cluster.node(2).command_line(&["activity"]).await?;
        for deed in ["Approved a node: node-4", "Replaced a node: node-5", "Removed a node: node-4"]
        {
            ensure!(said.contains(deed), "no {deed:?} in\n{said}");
        }
        Ok(())
    })
    .await?;
    tokio::time::sleep(BETWEEN).await;
    writers.use_nodes((0..3).collect());
    let saves = writers.finish().await?;

    let (_, took) = until("three equal nodes", CHANGED, async || equal(&cluster).await).await?;
    eprintln!("equal {took:.1?} after the last save");
    let one = saved(&cluster.gateway(2).create("last.pl", "last.\n").await?)?;
    cluster.node_mut(5).stop().await?;
    cluster.node_mut(4).stop().await?;
    until("last.pl in three journals", CHANGED, async || {
        for number in 1..=3 {
            let head = cluster.directory(number).heads()?.get("last.pl").copied();
            ensure!(head == Some(one), "node {number}: {head:?}");
        }
        Ok(())
    })
    .await?;
    let beside = held_everywhere(&cluster, &saves).await?;
    let mut all = chains(&cluster.directory(1))?;
    for number in 2..=3 {
        assert!(chains(&cluster.directory(number))? == all, "other chains on node {number}");
    }
    all.remove("last.pl");
    let faults = history::check(&saves, &all, &beside);
    let told: Vec<_> = faults.iter().take(10).map(ToString::to_string).collect();
    ensure!(faults.is_empty(), "{} faults:\n{}", faults.len(), told.join("\n"));
    let count = saves.iter().filter(|save| matches!(save.outcome, Outcome::Saved(_))).count();
    eprintln!("{} saves, {count} acknowledged", saves.len());
    assert!(count > 100, "hardly anything was saved: {count}");
    cluster.end().await
}

/// Files that need a choice, as a node lists them.
async fn diverged(on: &Node) -> Result<Vec<String>> {
    let page = on.dashboard()?.get("/api/v1/divergences").await?.expect(200)?;
    let rows = page["rows"].as_array().with_context(|| page.to_string())?;
    Ok(rows.iter().filter_map(|row| row["name"].as_str().map(str::to_owned)).collect())
}

#[tokio::test]
async fn a_store_with_a_past_of_its_own_joins() -> Result<()> {
    let mut cluster = Plan { nodes: 2, ..Plan::default() }.prepare().await?;
    cluster.node_mut(1).start().await?;
    let (code, said) = cluster.node(1).command_line(&["init"]).await?;
    ensure!(code == DONE, "init: {said}");
    let one = cluster.gateway(1);
    let mut heads = Vec::new();
    for name in ["same.pl", "behind.pl", "ahead.pl", "split.pl"] {
        heads.push(saved(&one.create(name, "one.\n").await?)?);
        cluster.directory_ends(1, name, heads[heads.len() - 1], CHANGED).await?;
    }
    let [_, behind, ahead, split] = heads[..] else { unreachable!("four files") };

    // The other one begins with a copy of the store, and goes on alone.
    cluster.node_mut(1).stop().await?;
    cluster::copy(&cluster.node(1).setup.store, &cluster.node(2).setup.store)?;
    cluster.node_mut(2).start().await?;
    let (code, said) = cluster.node(2).command_line(&["init"]).await?;
    ensure!(code == DONE, "init: {said}");
    let two = cluster.gateway(2);
    let ahead = saved(&two.save("ahead.pl", ahead, "two.\n").await?)?;
    let theirs = saved(&two.save("split.pl", split, "theirs.\n").await?)?;
    let own = saved(&two.create("own.pl", "own.\n").await?)?;
    for (name, head) in [("ahead.pl", ahead), ("split.pl", theirs), ("own.pl", own)] {
        cluster.directory_ends(2, name, head, CHANGED).await?;
    }
    cluster.node_mut(2).stop().await?;
    std::fs::remove_dir_all(&cluster.node(2).setup.data)?;

    cluster.node_mut(1).start().await?;
    let behind = saved(&one.save("behind.pl", behind, "two.\n").await?)?;
    let ours = saved(&one.save("split.pl", split, "ours.\n").await?)?;
    let mine = saved(&one.create("mine.pl", "mine.\n").await?)?;
    add_with_files(&mut cluster).await?;

    let same = heads[0];
    for (name, head) in [
        ("same.pl", same),
        ("behind.pl", behind),
        ("ahead.pl", ahead),
        ("own.pl", own),
        ("mine.pl", mine),
        // What the members have wins until somebody chooses.
        ("split.pl", ours),
    ] {
        cluster.serves(name, head, CHANGED).await?;
        for number in 1..=2 {
            cluster.directory_ends(number, name, head, CHANGED).await?;
        }
    }
    for node in &cluster.nodes {
        until("the divergence", CHANGED, async || {
            let listed = diverged(node).await?;
            ensure!(listed == ["split.pl"], "{} lists {listed:?}", node.setup.name);
            Ok(())
        })
        .await?;
    }
    // Nothing is lost: the other side is read on both, and can be picked.
    for number in 1..=2 {
        let file = cluster.gateway(number).file(&theirs.to_string()).await?;
        assert_eq!(file.text, "theirs.\n");
    }
    let theirs = theirs.to_string();
    let picked = ["settle", "split.pl", "--pick", &theirs];
    // Both nodes are needed, and a busy machine may miss a heartbeat.
    until("the settling", CHANGED, async || {
        let (code, said) = cluster.node(2).command_line(&picked).await?;
        ensure!(code == DONE, "settle: {said}");
        Ok(())
    })
    .await?;
    for number in 1..=2 {
        until("the choice", CHANGED, async || {
            let text = cluster.gateway(number).file("split.pl").await?.text;
            ensure!(text == "theirs.\n", "node {number} serves {text}");
            Ok(())
        })
        .await?;
    }
    cluster.end().await
}

/// Node 2 joins with its store, and gets a vote.
async fn add_with_files(cluster: &mut Cluster) -> Result<()> {
    cluster.node_mut(2).start().await?;
    let address = cluster.node(1).setup.reached();
    let (code, said) = cluster.node(2).command_line(&["join", &address]).await?;
    ensure!(code == DONE && said.contains("5 files come along"), "join: {said}");
    let report = "Of 5 files in its store: 1 equal, 1 behind, 1 ahead, 1 diverged, 1 new here.";
    until("what it brings", CHANGED, async || {
        let planned = cluster.node(1).command_line(&["nodes", "approve", "node-2", "--plan"]);
        let (code, said) = planned.await?;
        ensure!(code == DONE && said.contains(report), "{code:?}: {said}");
        Ok(())
    })
    .await?;
    change(cluster.node(1), "approve", "node-2").await?;
    change(cluster.node(1), "promote", "node-2").await
}
