//! G. Disks that come back from the past: an old copy is put back, and a copy runs beside its
//! original.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::{
    cluster::{self, Cluster},
    gateway::{is_held, saved},
    history::{self, Chains, Outcome},
    node::{self, Node},
    wait::until,
    writers::Writers,
};

use crate::kills::held_everywhere;

/// What has to happen does within this, on a busy machine.
const SOON: Duration = Duration::from_secs(30);
/// Files that are saved.
const FILES: usize = 6;
/// Pages save for so long between two changes.
const WORKS: Duration = Duration::from_millis(1_500);
const DONE: Option<i32> = Some(0);

/// Copies data and store of a node that is down.
fn copy_disk(node: &Node, to: &Path) -> Result<()> {
    cluster::copy(&node.setup.data, &to.join("data"))?;
    Ok(cluster::copy(&node.setup.store, &to.join("store"))?)
}

/// Puts a copy back in the place of the disk of a node that is down.
fn put_back(node: &Node, from: &Path) -> Result<()> {
    for (place, copy) in [(&node.setup.data, "data"), (&node.setup.store, "store")] {
        fs::remove_dir_all(place)?;
        cluster::copy(&from.join(copy), place)?;
    }
    Ok(())
}

async fn overview(node: &Node) -> Result<Value> {
    node.dashboard()?.get("/api/v1/overview").await?.expect(200)
}

/// What `asked` shows of `name`.
async fn card(asked: &Node, name: &str) -> Result<Value> {
    let overview = overview(asked).await?;
    let cards = overview["nodes"].as_array().context("no nodes")?;
    let card = cards.iter().find(|card| card["name"] == name);
    Ok(card.context("no card")?.clone())
}

/// `asked` lists a need that begins with `what`; its reason.
async fn need(asked: &Node, what: &str) -> Result<String> {
    let overview = overview(asked).await?;
    let needs = overview["needs"].as_array().context("no needs")?;
    let is = |need: &&Value| need["what"].as_str().is_some_and(|text| text.starts_with(what));
    let need = needs.iter().find(is).with_context(|| format!("{what}: not in {needs:?}"))?;
    Ok(format!("{}: {}", need["what"], need["reason"]))
}

async fn has_alarm(node: &Node, alarm: &str) -> Result<()> {
    let status = node.status().await?;
    let named = status.alarms().iter().any(|raised| raised["alarm"] == alarm);
    ensure!(named, "no {alarm} in {:?}", status.alarms());
    Ok(())
}

/// All nodes have the same heads, and nothing waits or diverges; one of them has no vote.
async fn equal(cluster: &Cluster) -> Result<()> {
    let mut roots = Vec::new();
    for node in &cluster.nodes {
        let status = node.status().await?;
        let open = [&status.0["importing"], &status.0["counts"]["diverged"], &status.0["waiting"]];
        ensure!(open.iter().all(|count| **count == 0), "{}: {open:?}", node.setup.name);
        roots.push(status.root().context("no root")?.to_owned());
    }
    ensure!(roots.windows(2).all(|pair| pair[0] == pair[1]), "roots differ: {roots:?}");
    Ok(())
}

fn name(number: usize) -> String {
    format!("file-{number}.pl")
}

#[tokio::test]
async fn an_old_copy_of_a_disk_is_found_out_and_nothing_is_lost() -> Result<()> {
    let mut cluster = Cluster::start().await?;
    let mut heads = Vec::new();
    for number in 0..FILES {
        let one = saved(&cluster.gateway(1).create(&name(number), "one.\n").await?)?;
        heads.push(saved(&cluster.gateway(3).save(&name(number), one, "two.\n").await?)?);
    }
    cluster.settles(SOON).await?;
    cluster.node_mut(3).stop().await?;
    let copy = tempfile::tempdir()?;
    copy_disk(cluster.node(3), copy.path())?;
    cluster.node_mut(3).start().await?;
    for (number, head) in heads.iter_mut().enumerate() {
        *head = saved(&cluster.gateway(3).save(&name(number), *head, "three.\n").await?)?;
        *head = saved(&cluster.gateway(2).save(&name(number), *head, "four.\n").await?)?;
    }
    cluster.settles(SOON).await?;
    cluster.node_mut(3).stop().await?;
    put_back(cluster.node(3), copy.path())?;
    cluster.node_mut(3).start().await?;

    // Every node shows it, with both numbers and what to do.
    for asked in &cluster.nodes {
        let what = "The database of node-3 is older than what it told node-";
        let shown = until("rolled back", SOON, async || need(asked, what).await).await?;
        assert!(shown.0.contains(" < ") && shown.0.contains("nodes replace node-3"), "{}", shown.0);
        has_alarm(asked, "rolled_back").await?;
        until("a learner", SOON, async || {
            let card = card(asked, "node-3").await?;
            let (role, health) = (&card["role"], &card["health"]);
            ensure!(role == "learner" && health == "rolled_back", "{role} {health}");
            Ok(())
        })
        .await?;
    }
    // What it lacked it has again; nothing became a divergence.
    until("equal roots", SOON, async || equal(&cluster).await).await?;
    for (number, head) in heads.iter().enumerate() {
        cluster.serves(&name(number), *head, SOON).await?;
    }
    // It votes no more: one member alone with it decides nothing.
    cluster.node_mut(2).kill().await?;
    let alone = cluster.gateway(1).save(&name(0), heads[0], "five.\n").await?;
    assert!(is_held(&alone.expect(200)?), "a node that was rolled back was counted");
    cluster.node_mut(2).start().await?;
    until("equal roots", SOON, async || equal(&cluster).await).await?;

    // Its life has ended for good: a restart does not bring the vote back, replacing does.
    cluster.node_mut(3).stop().await?;
    cluster.node_mut(3).start().await?;
    has_alarm(cluster.node(3), "rolled_back").await?;
    let (said, took) = until("replaced", SOON, async || {
        let (code, said) = cluster.node(1).command_line(&["nodes", "replace", "node-3"]).await?;
        ensure!(code == DONE, "{code:?}: {said}");
        Ok(said)
    })
    .await?;
    eprintln!("replaced after {took:.1?}: {said}");
    until("a member", SOON, async || {
        for asked in &cluster.nodes {
            let card = card(asked, "node-3").await?;
            ensure!(card["role"] == "member" && card["health"] == "up", "{card}");
            let gone = need(asked, "The database of node-3").await.is_err();
            ensure!(gone, "{} still shows it", asked.setup.name);
        }
        Ok(())
    })
    .await?;
    cluster.node_mut(2).kill().await?;
    let head = cluster.gateway(3).file(&name(0)).await?.commit;
    let last = cluster.gateway(3).save(&name(0), head, "six.\n").await?;
    assert!(!is_held(&last.expect(200)?), "its vote is back");
    cluster.node_mut(2).start().await?;
    cluster.serves(&name(0), saved(&last)?, SOON).await?;
    cluster.settles(SOON).await?;
    cluster.end_alarmed().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_an_old_disk_loses_nothing_and_decides_nothing_twice() -> Result<()> {
    let mut cluster = Cluster::start().await?;
    let names = (0..FILES).map(name).collect();
    let gateways = (1..=3).map(|number| cluster.gateway(number)).collect();
    let writers = Writers::start(gateways, names, 3, 5);
    writers.use_nodes(vec![0, 1, 2]);
    tokio::time::sleep(WORKS).await;
    writers.use_nodes(vec![0, 1]);
    cluster.node_mut(3).stop().await?;
    let copy = tempfile::tempdir()?;
    copy_disk(cluster.node(3), copy.path())?;
    cluster.node_mut(3).start().await?;
    // After the copy it votes and answers pages.
    writers.use_nodes(vec![0, 1, 2]);
    tokio::time::sleep(WORKS).await;
    writers.use_nodes(vec![0, 1]);
    cluster.node_mut(3).stop().await?;
    put_back(cluster.node(3), copy.path())?;
    cluster.node_mut(3).start().await?;
    until("rolled back", SOON, async || has_alarm(cluster.node(1), "rolled_back").await).await?;
    writers.use_nodes(vec![0, 1, 2]);
    until("replaced", SOON, async || {
        let (code, said) = cluster.node(1).command_line(&["nodes", "replace", "node-3"]).await?;
        ensure!(code == DONE, "{code:?}: {said}");
        Ok(())
    })
    .await?;
    tokio::time::sleep(WORKS).await;
    let saves = writers.finish().await?;

    cluster.settles(SOON).await?;
    let beside = held_everywhere(&cluster, &saves).await?;
    let chains = |number: usize| -> Result<Chains> {
        let directory = cluster.directory(number);
        let heads = directory.heads()?.into_iter();
        heads.map(|(name, head)| Ok((name, directory.chain(head)?))).collect()
    };
    let (all, _) = until("equal stores", SOON, async || {
        let all = chains(1)?;
        ensure!((2..=3).all(|number| chains(number).is_ok_and(|other| other == all)), "not yet");
        Ok(all)
    })
    .await?;
    let faults = history::check(&saves, &all, &beside);
    let told: Vec<_> = faults.iter().take(10).map(ToString::to_string).collect();
    ensure!(faults.is_empty(), "{} faults:\n{}", faults.len(), told.join("\n"));
    for node in &cluster.nodes {
        let status = node.status().await?;
        let other = status.alarms().iter().find(|alarm| alarm["alarm"] != "rolled_back");
        ensure!(other.is_none(), "{}: {other:?}", node.setup.name);
    }
    let saved = saves.iter().filter(|save| matches!(save.outcome, Outcome::Saved(_))).count();
    eprintln!("{} saves, {saved} acknowledged", saves.len());
    ensure!(saved > 50, "hardly anything was saved");
    cluster.end_alarmed().await
}

#[tokio::test]
async fn a_copy_that_runs_beside_its_original_is_an_alarm_and_neither_counts() -> Result<()> {
    let mut cluster = Cluster::start().await?;
    let head = saved(&cluster.gateway(1).create("a.pl", "one.\n").await?)?;
    cluster.settles(SOON).await?;
    cluster.node_mut(3).stop().await?;
    let folder = tempfile::tempdir()?;
    copy_disk(cluster.node(3), folder.path())?;
    cluster.node_mut(3).start().await?;
    cluster.settles(SOON).await?;

    let mut setup = cluster.node(3).setup.clone();
    setup.data = folder.path().join("data");
    setup.store = folder.path().join("store");
    setup.log = folder.path().join("log");
    (setup.gateway, setup.dashboard) = (node::free_address()?, node::free_address()?);
    (setup.link, setup.advertise) = (node::free_address()?, None);
    let mut clone = Node::new(setup);
    clone.start().await?;
    for asked in [cluster.node(1), cluster.node(2)] {
        let alarmed = until("an alarm", SOON, async || has_alarm(asked, "cloned").await).await?;
        let shown = need(asked, "node-3 runs twice").await?;
        eprintln!("after {:.1?} {}: {shown}", alarmed.1, asked.setup.name);
    }
    // Neither counts: the others go on with two votes of three, and no more without one of them.
    until("nobody linked", SOON, async || {
        for asked in [cluster.node(1), cluster.node(2)] {
            let health = card(asked, "node-3").await?["health"].clone();
            ensure!(health == "suspect" || health == "away", "{health}");
        }
        Ok(())
    })
    .await?;
    let two = saved(&cluster.gateway(1).save("a.pl", head, "two.\n").await?)?;
    cluster.node_mut(2).kill().await?;
    let alone = cluster.gateway(1).save("a.pl", two, "three.\n").await?;
    assert!(is_held(&alone.expect(200)?), "a node that runs twice was counted");
    cluster.node_mut(2).start().await?;

    // When the copy is stopped the original counts again.
    clone.stop().await?;
    let again = until("node-3 counts", SOON, async || {
        let health = card(cluster.node(1), "node-3").await?["health"].clone();
        ensure!(health == "up", "{health}");
        Ok(())
    });
    let (_, took) = again.await?;
    eprintln!("counts again {took:.1?} after its copy was stopped");
    cluster.settles(SOON).await?;
    let text = cluster.gateway(3).file("a.pl").await?.text;
    assert_eq!(text, "three.\n");
    cluster.end_alarmed().await
}
