//! C. Two stores with pasts of their own found a cluster: what differs is listed and nothing else,
//! whatever is killed meanwhile; then all of it is settled in bulk.

use std::{collections::BTreeMap, os::unix::process::ExitStatusExt, path::Path, time::Duration};

use anyhow::{Context, Result, ensure};
use domain::ObjectId;
use serde_json::{Value, json};
use tests::{
    browser::Browser,
    cluster::{Cluster, Plan},
    gateway::hash,
    kills::{self, Point},
    node::Node,
    program::Build,
    stock::Stock,
    wait::until,
};

/// Files of each store.
const FILES: usize = 2_000;
/// Files that both stores went on with, each in its own way.
const APART: usize = 250;
/// Files in which one store is only behind the other; half of them in each.
const BEHIND: usize = 50;
/// Files that only one of them has, in each.
const OWN: usize = 50;
/// Decided files after which each node is killed; never, on the third.
const KILLED_AT: [usize; 3] = [400, 200, 1_000_000];
/// Settlements after which the node is killed.
const SETTLED: usize = 100;
/// Settlements that are tried without a majority.
const REFUSED: usize = 5;
/// Thousands of files are equal within this, in a debug build on a busy machine.
const EQUAL: Duration = Duration::from_secs(60);

/// What is to come of two stores.
#[derive(Debug, Default)]
struct Expected {
    /// Every file with the head it gets.
    heads: BTreeMap<String, ObjectId>,
    /// The files that diverge, with the side that is not served.
    sides: BTreeMap<String, ObjectId>,
}

/// Two stores: Ann's, which founds, and Ben's, who always saved later.
fn stores(ann: &Path, ben: &Path) -> Result<Expected> {
    let (mut one, mut two) = (Stock::default(), Stock::default());
    let mut expected = Expected::default();
    for number in 0..FILES - OWN {
        let name = format!("shared-{number}.pl");
        let begin = ("Ann", &*format!("shared({number}).\n"));
        let first = one.save(&name, None, begin, 1_700_000_000.0)?;
        assert_eq!(two.save(&name, None, begin, 1_700_000_000.0)?, first);
        let mut head = first;
        if number < APART {
            head =
                one.save(&name, Some(first), ("Ann", &format!("ann({number}).\n")), 1.7e9 + 1.0)?;
            let side =
                two.save(&name, Some(first), ("Ben", &format!("ben({number}).\n")), 1.7e9 + 2.0)?;
            expected.sides.insert(name.clone(), side);
        } else if number < APART + BEHIND {
            let (store, author) =
                if number % 2 == 0 { (&mut one, "Ann") } else { (&mut two, "Ben") };
            let text = format!("ahead({number}).\n");
            head = store.save(&name, Some(first), (author, &text), 1.7e9 + 3.0)?;
        }
        expected.heads.insert(name, head);
    }
    for number in 0..OWN {
        for (store, author) in [(&mut one, "ann"), (&mut two, "ben")] {
            let name = format!("of-{author}-{number}.pl");
            let text = format!("own({number}).\n");
            let head = store.save(&name, None, (author, &text), 1.7e9 + 4.0)?;
            expected.heads.insert(name, head);
        }
    }
    one.write(ann)?;
    two.write(ben)?;
    Ok(expected)
}

/// The divergences that a node lists: file, decided head and the other side.
async fn listed(node: &Node) -> Result<BTreeMap<String, [ObjectId; 2]>> {
    let page = node.dashboard()?.get("/api/v1/divergences?limit=1000").await?.expect(200)?;
    let rows = page["rows"].as_array().context("no rows")?;
    ensure!(page["total"] == json!(rows.len()), "{} of {}", rows.len(), page["total"]);
    let overview = node.dashboard()?.get("/api/v1/overview").await?.expect(200)?;
    ensure!(overview["counts"]["diverged"] == page["total"], "{}", overview["counts"]);
    rows.iter()
        .map(|row| {
            let others = row["others"].as_array().context("no sides")?;
            ensure!(others.len() == 1, "{row}");
            let name = row["name"].as_str().context("no name")?.to_owned();
            Ok((name, [hash(&row["decided"]["head"])?, hash(&others[0]["head"])?]))
        })
        .collect()
}

/// Waits until a node lists exactly the divergences that the stores make.
async fn lists(node: &Node, expected: &Expected) -> Result<()> {
    let wanted: BTreeMap<_, _> = expected
        .sides
        .iter()
        .map(|(name, side)| (name.clone(), [expected.heads[name], *side]))
        .collect();
    let what = format!("{} divergences on {}", wanted.len(), node.setup.name);
    let all = until(&what, EQUAL, async || {
        let found = listed(node).await?;
        let count = found.len();
        let first = found.iter().find(|(name, row)| wanted.get(*name) != Some(*row));
        ensure!(found == wanted, "it lists {count}, of them {first:?}");
        Ok(())
    });
    all.await.map(|_| ())
}

/// Every node lists exactly the divergences, and has every file with its head in its journal.
async fn is_as_expected(cluster: &Cluster, expected: &Expected) -> Result<()> {
    for node in &cluster.nodes {
        lists(node, expected).await?;
    }
    for number in 1..=3 {
        let written = until("every head in ref/head", EQUAL, async || {
            let heads = cluster.directory(number).heads()?;
            ensure!(heads.len() == expected.heads.len(), "{} files", heads.len());
            let other = heads.iter().find(|(name, head)| expected.heads.get(*name) != Some(*head));
            ensure!(other.is_none(), "on node {number} {other:?}");
            Ok(())
        });
        written.await?;
    }
    Ok(())
}

/// Founds, with both nodes that have stores killed when a part of the files is decided.
async fn found_and_kill(cluster: &mut Cluster) -> Result<()> {
    for (node, count) in cluster.nodes.iter_mut().zip(KILLED_AT) {
        let kill = (kills::ARM.to_owned(), format!("{}:{count}", Point::AfterDecide));
        node.start_with(&[kill]).await?;
    }
    // Its answer may be lost with the founder.
    let (said, exit) = cluster.init(1).await?;
    ensure!(exit == Some(0) || exit == Some(5), "{exit:?} {said}");
    for number in [2, 1] {
        let status = cluster.node_mut(number).ended().await?;
        ensure!(status.signal() == Some(9), "node {number} ended by itself: {status}");
    }
    let part = cluster.directory(3).heads()?.len();
    eprintln!("both are killed; node 3 has {part} files");
    ensure!(part < FILES / 2, "that was no middle");
    for number in [2, 1] {
        cluster.node_mut(number).start().await?;
    }
    Ok(())
}

#[tokio::test]
async fn two_stores_found_a_cluster_and_all_that_differs_is_listed_and_settled() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let [ann, ben] = ["ann", "ben"].map(|name| folder.path().join(name));
    let expected = stores(&ann, &ben)?;
    let plan = Plan { build: Build::KillPoints, stores: vec![ann, ben], ..Plan::default() };
    let mut cluster = plan.prepare().await?;
    found_and_kill(&mut cluster).await?;
    let took = cluster.settles(EQUAL).await?;
    eprintln!("equal {took:.1?} after the restart");
    is_as_expected(&cluster, &expected).await?;
    for node in &cluster.nodes {
        let (said, exit) = node.command(&["divergences", "--json"]).await?;
        let page: Value = serde_json::from_str(&said)?;
        ensure!(exit == Some(0) && page["rows"].as_array().is_some_and(|rows| rows.len() == APART));
    }

    // Founding again is refused, and changes nothing.
    for number in [1, 2] {
        let (said, exit) = cluster.init(number).await?;
        ensure!(exit == Some(3), "{exit:?} {said}");
    }
    is_as_expected(&cluster, &expected).await?;

    // A node that starts alone hears of nothing, and lists the same.
    for number in 1..=3 {
        cluster.node_mut(number).kill().await?;
    }
    cluster.node_mut(3).start().await?;
    lists(cluster.node(3), &expected).await?;
    for number in [1, 2] {
        cluster.node_mut(number).start().await?;
    }
    cluster.settles(EQUAL).await?;
    is_as_expected(&cluster, &expected).await?;
    settle_all(&mut cluster, &expected).await?;
    cluster.end().await
}

/// A bulk run as the page does it: each item is a request of its own, fenced by the head that was
/// shown, and what is not done stays selected.
struct Bulk {
    selected: BTreeMap<String, Value>,
    done: BTreeMap<String, ObjectId>,
    /// Words of what was not done, with their number.
    undone: BTreeMap<String, usize>,
}

impl Bulk {
    /// Everything that is listed, with the other side picked.
    fn of(expected: &Expected) -> Self {
        let item = |(name, side): (&String, &ObjectId)| {
            let choice = json!({ "verb": "pick", "commit": side });
            let head = expected.heads[name];
            (name.clone(), json!({ "file": name, "expected_head": head, "choice": choice }))
        };
        let selected = expected.sides.iter().map(item).collect();
        Self { selected, done: BTreeMap::new(), undone: BTreeMap::new() }
    }

    /// Sends one item; a connection that breaks leaves it not known.
    async fn one(&mut self, page: &Browser, name: &str) {
        let body = json!({ "plan": false, "items": [self.selected[name]] });
        let sent = page.post("/api/v1/settle", &body).await;
        let result = sent.and_then(|answer| answer.expect(200));
        let result = result.map_or_else(|_| json!({ "outcome": "not_known" }), |r| r[0].clone());
        let word = result["outcome"].as_str().unwrap_or_default();
        match hash(&result["head"]) {
            Ok(head) if word == "done" || word == "unchanged" => {
                self.selected.remove(name);
                self.done.insert(name.to_owned(), head);
            }
            Ok(_) | Err(_) => *self.undone.entry(word.to_owned()).or_default() += 1,
        }
    }
}

/// Nodes are killed in the middle, also the one that carries it out; a second run is of the rest.
async fn settle_all(cluster: &mut Cluster, expected: &Expected) -> Result<()> {
    let mut bulk = Bulk::of(expected);
    let page = Browser::operator(cluster.node(2), "ann").await?;
    let names: Vec<String> = bulk.selected.keys().cloned().collect();
    for name in &names[..SETTLED] {
        bulk.one(&page, name).await;
    }
    ensure!(bulk.done.len() == SETTLED, "{:?}", bulk.undone);
    let first = bulk.done.clone();
    // Then it is alone, and then it is killed itself with an item under way.
    for number in [1, 3] {
        cluster.node_mut(number).kill().await?;
    }
    for name in &names[SETTLED..SETTLED + REFUSED] {
        bulk.one(&page, name).await;
    }
    ensure!(bulk.done.len() == SETTLED, "settled without a majority");
    cluster.node_mut(1).start().await?;
    let linked = until("a majority", EQUAL, async || {
        let status = cluster.node(2).status().await?;
        ensure!(status.state() != "no_majority", "{}", status.state());
        Ok(())
    });
    linked.await?;
    let under_way = &names[SETTLED + REFUSED];
    let (killed, ()) = tokio::join!(cluster.node_mut(2).kill(), bulk.one(&page, under_way));
    killed?;
    for name in &names[SETTLED + REFUSED + 1..] {
        bulk.one(&page, name).await;
    }
    let (done, undone) = (bulk.done.len(), bulk.undone.values().sum::<usize>());
    eprintln!("{done} done, then {:?}", bulk.undone);
    ensure!(done + undone == APART && bulk.selected.len() == undone, "results do not add up");
    ensure!(undone >= APART - SETTLED - 1 && bulk.undone["no_majority"] > 0, "{undone} undone");

    for number in [2, 3] {
        cluster.node_mut(number).start().await?;
    }
    cluster.settles(EQUAL).await?;
    let left: Vec<String> = bulk.selected.keys().cloned().collect();
    bulk.undone.clear();
    let page = Browser::operator(cluster.node(2), "ben").await?;
    for name in &left {
        bulk.one(&page, name).await;
    }
    ensure!(bulk.selected.is_empty() && bulk.undone.is_empty(), "{:?}", bulk.undone);
    ensure!(first.iter().all(|(name, head)| bulk.done.get(name) == Some(head)), "done twice");

    let mut settled = Expected::default();
    settled.heads.clone_from(&expected.heads);
    settled.heads.extend(bulk.done);
    cluster.settles(EQUAL).await?;
    is_as_expected(cluster, &settled).await?;
    // Each was settled once: on the head that was shown, by one commit.
    for (name, side) in &expected.sides {
        let address = format!("/api/v1/files/{name}/history");
        let page = cluster.node(3).dashboard()?.get(&address).await?.expect(200)?;
        let versions = page["versions"].as_array().context("no versions")?;
        let settles = json!([side]);
        ensure!(versions.len() == 3 && versions[0]["settles"] == settles, "{name}: {page}");
    }
    Ok(())
}
