//! C. Both sides of a cut save the same file: nothing is lost, somebody chooses, and every SWISH
//! follows. A SWISH that saves by itself is part of it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use domain::ObjectId;
use serde_json::{Value, json};
use tests::{
    cluster::{Cluster, Plan},
    gateway::{hash, is_held, saved},
    node::Node,
    swish::Swish,
    wait::until,
};

/// A save is answered within this, with a majority or without.
const ANSWERED: Duration = Duration::from_secs(2);
/// Nodes that can talk again say the same within this.
const EQUAL: Duration = Duration::from_secs(5);
/// A running SWISH looks once a second.
const FOLLOWS: Duration = Duration::from_secs(5);

/// Three nodes whose links can be cut.
async fn cluster() -> Result<Cluster> {
    Plan { recorded: true, ..Plan::default() }.start().await
}

/// The rows of a node's list of divergences.
async fn divergences(node: &Node) -> Result<Vec<Value>> {
    let page = node.dashboard()?.get("/api/v1/divergences").await?.expect(200)?;
    let overview = node.dashboard()?.get("/api/v1/overview").await?.expect(200)?;
    let rows = page["rows"].as_array().context("no rows")?.clone();
    ensure!(overview["counts"]["diverged"] == page["total"], "{} {page}", overview["counts"]);
    ensure!(page["total"] == json!(rows.len()), "{page}");
    Ok(rows)
}

/// Waits until every node lists exactly this divergence.
async fn listed(cluster: &Cluster, name: &str, decided: ObjectId, other: ObjectId) -> Result<()> {
    let what = format!("the divergence of {name} on every node");
    let ((), took) = until(&what, EQUAL, async || {
        for node in &cluster.nodes {
            let rows = divergences(node).await?;
            ensure!(rows.len() == 1, "{} lists {rows:?}", node.setup.name);
            ensure!(rows[0]["name"] == name, "{}", rows[0]);
            ensure!(rows[0]["decided"]["head"] == json!(decided), "{}", rows[0]);
            let others = rows[0]["others"].as_array().context("no sides")?;
            ensure!(others.len() == 1 && others[0]["head"] == json!(other), "{}", rows[0]);
        }
        Ok(())
    })
    .await?;
    eprintln!("listed on every node after {took:.2?}");
    Ok(())
}

/// Waits until no node lists any.
async fn none_listed(cluster: &Cluster) -> Result<()> {
    let none = until("no divergence on any node", EQUAL, async || {
        for node in &cluster.nodes {
            ensure!(divergences(node).await?.is_empty(), "{} lists one", node.setup.name);
        }
        Ok(())
    });
    none.await.map(|_| ())
}

/// Every node serves this version of `family.pl`, and so do a SWISH that runs, one that starts, and
/// one that finds no `ref/head` and takes the greatest time.
async fn served_by_all(
    cluster: &Cluster,
    swishes: &mut [Swish],
    head: ObjectId,
    text: &str,
) -> Result<()> {
    cluster.serves("family.pl", head, EQUAL).await?;
    cluster.journals_end("family.pl", head, EQUAL).await?;
    for (number, swish) in (1..).zip(swishes) {
        assert_eq!(cluster.gateway(number).file("family.pl").await?.text, text);
        stands(swish, head, text).await.with_context(|| format!("running on node {number}"))?;
        let store = cluster.directory(number);
        let mut restarted = Swish::start(store.path()).await?;
        stands_at_once(&mut restarted, head, text)
            .await
            .with_context(|| format!("restarted on node {number}"))?;
        let copy = tempfile::tempdir()?;
        tests::cluster::copy(store.path(), copy.path())?;
        std::fs::remove_file(copy.path().join("ref/head"))?;
        let mut rebuilt = Swish::start(copy.path()).await?;
        stands_at_once(&mut rebuilt, head, text)
            .await
            .with_context(|| format!("restarted without ref/head on node {number}"))?;
    }
    Ok(())
}

async fn stands_at_once(swish: &mut Swish, head: ObjectId, text: &str) -> Result<()> {
    let at = swish.head("family.pl").await?;
    ensure!(at == head, "it stands at {at}, not at {head}");
    let served = swish.text("family.pl").await?;
    ensure!(served == text, "it serves {served:?}");
    Ok(())
}

/// Waits until a SWISH that runs has looked.
async fn stands(swish: &mut Swish, head: ObjectId, text: &str) -> Result<()> {
    let follows = until("its look", FOLLOWS, async || stands_at_once(swish, head, text).await);
    follows.await.map(|_| ())
}

/// A node's SWISH finds no `ref/head` and makes it anew beside the running node; both go on with it.
async fn journal_lost(cluster: &Cluster, number: usize, head: ObjectId, text: &str) -> Result<()> {
    let store = cluster.directory(number);
    std::fs::remove_file(store.path().join("ref/head"))?;
    let mut swish = Swish::start(store.path()).await?;
    stands_at_once(&mut swish, head, text).await.context("without ref/head")?;
    let next = saved(&cluster.gateway(1).save("family.pl", head, "next(1).\n").await?)?;
    cluster.serves("family.pl", next, EQUAL).await?;
    stands(&mut swish, next, "next(1).\n").await.context("after ref/head was made anew")?;
    cluster.journals_end("family.pl", next, EQUAL).await.map(|_| ())
}

/// Every node says of both sides who saved them, when and where.
async fn says_who(cluster: &Cluster, began_ms: u64) -> Result<()> {
    for node in &cluster.nodes {
        let row = divergences(node).await?.into_iter().next().context("no row")?;
        for (side, author) in [(&row["decided"], "Ann"), (&row["others"][0], "Ben")] {
            ensure!(side["author"] == author, "{side}");
            let at = side["at_ms"].as_u64().context("no time")?;
            ensure!((began_ms..began_ms + 60_000).contains(&at), "{at} is not when it was saved");
        }
        let on = row["others"][0]["on"].as_array().context("no nodes")?;
        let names: Vec<_> = on.iter().map(|node| &node["name"]).collect();
        assert_eq!(names, [&json!("node-3")]);
        assert_eq!(row["waiting"], json!(["Ben"]));
    }
    Ok(())
}

fn now_ms() -> Result<u64> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(u64::try_from(now.as_millis())?)
}

async fn swishes(cluster: &Cluster) -> Result<Vec<Swish>> {
    let mut all = Vec::new();
    for number in 1..=3 {
        all.push(Swish::start(cluster.directory(number).path()).await?);
    }
    Ok(all)
}

/// One settlement with the API's answer, by a node's command line.
async fn settle(node: &Node, head: ObjectId, choice: &[&str]) -> Result<Value> {
    let head = head.to_string();
    let rest = ["--expect", &head, "--json"];
    let (said, _) = node.command(&[&["settle", "family.pl"], choice, &rest].concat()).await?;
    let results: Value = serde_json::from_str(&said).with_context(|| said.clone())?;
    Ok(results[0].clone())
}

/// The history of a file as a node's dashboard tells it, newest first.
async fn history(node: &Node, name: &str) -> Result<Vec<Value>> {
    let address = format!("/api/v1/files/{name}/history");
    let page = node.dashboard()?.get(&address).await?.expect(200)?;
    Ok(page["versions"].as_array().context("no versions")?.clone())
}

/// Every node can show this text by the hash of its version, and its SWISH has the objects.
async fn readable(cluster: &Cluster, commit: ObjectId, text: &str) -> Result<()> {
    for number in 1..=3 {
        let file = cluster.gateway(number).file(&commit.to_string()).await?;
        ensure!(file.text == text, "node {number} has {:?}", file.text);
        let kept =
            until("its file", EQUAL, async || cluster.directory(number).object(commit).map(|_| ()));
        kept.await?;
    }
    Ok(())
}

/// Node 3 is cut off, and both sides save `family.pl`: its head before, and both sides' saves.
async fn fork(cluster: &Cluster) -> Result<[ObjectId; 3]> {
    let one = cluster.gateway(1);
    let first = saved(&one.create("family.pl", "base(1).\n").await?)?;
    let late = saved(&one.create("late.pl", "late(1).\n").await?)?;
    cluster.serves("family.pl", first, EQUAL).await?;
    cluster.serves("late.pl", late, EQUAL).await?;

    cluster.cut(&[3]).await?;
    let by = |author: &str, text: &str| json!({ "data": text, "previous": first, "meta": { "author": author, "public": true } });
    let three = cluster.gateway(3);
    let (ours, theirs) = (by("Ann", "ours(1).\n"), by("Ben", "theirs(1).\n"));
    // Node 3 finds out by itself that nobody answers.
    let (ours, theirs) = tokio::join!(one.put("family.pl", &ours), three.put("family.pl", &theirs));
    let (ours, theirs) = (ours?, theirs?);
    let (decided, held) = (saved(&ours)?, saved(&theirs)?);
    eprintln!("decided after {:.2?}, held after {:.2?}", ours.took, theirs.took);
    ensure!(ours.took < ANSWERED && theirs.took < ANSWERED, "too late");
    ensure!(!is_held(&ours.json()), "the majority decides: {}", ours.json());
    ensure!(is_held(&theirs.json()), "the other side holds: {}", theirs.json());
    saved(&one.save("late.pl", late, "late(2).\n").await?)?;
    for node in &cluster.nodes {
        ensure!(divergences(node).await?.is_empty(), "a side alone is no divergence");
    }
    cluster.mend();
    Ok([first, decided, held])
}

#[tokio::test]
async fn a_cut_makes_one_divergence_and_a_pick_ends_it_on_every_node_and_swish() -> Result<()> {
    let cluster = cluster().await?;
    let mut swishes = swishes(&cluster).await?;
    let began_ms = now_ms()?;
    let [first, ours, theirs] = fork(&cluster).await?;
    listed(&cluster, "family.pl", ours, theirs).await?;
    says_who(&cluster, began_ms).await?;
    readable(&cluster, ours, "ours(1).\n").await?;
    readable(&cluster, theirs, "theirs(1).\n").await?;
    follow(&cluster, &mut swishes, ours).await?;

    // The list, the plan and the choice on the command line, in the dashboard's words.
    let node = cluster.node(2);
    let (said, exit) = node.command(&["divergences"]).await?;
    ensure!(exit == Some(0) && said.contains("family.pl  2 sides"), "{said}");
    let [pick, head] = [theirs, ours].map(|id| id.to_string());
    let words = ["settle", "family.pl", "--pick", &pick, "--expect", &head];
    let (said, exit) = node.command(&[&words[..], &["--plan"]].concat()).await?;
    ensure!(exit == Some(0) && said.contains("would be: done"), "{said}");
    let (said, exit) = node.command(&words).await?;
    ensure!(exit == Some(0) && said.starts_with("family.pl: done, now "), "{said}");
    let settled: ObjectId = said.trim().rsplit(' ').next().context("no head")?.parse()?;

    none_listed(&cluster).await?;
    served_by_all(&cluster, &mut swishes, settled, "theirs(1).\n").await?;
    for node in &cluster.nodes {
        let versions = history(node, "family.pl").await?;
        let ids: Vec<_> = versions.iter().map(|version| &version["id"]).collect();
        assert_eq!(ids, [&json!(settled), &json!(ours), &json!(first)], "the plain chain");
        assert_eq!(versions[0]["settles"], json!([theirs]), "and what it settles");
    }
    readable(&cluster, theirs, "theirs(1).\n").await?;

    // A decision about another head than the one there is changes nothing.
    let stale = settle(cluster.node(1), ours, &["--pick", &first.to_string()]).await?;
    assert_eq!((&stale["outcome"], &stale["head"]), (&json!("head_moved"), &json!(settled)));
    let (said, exit) = node.command(&["settle", "family.pl", "--undo", "--expect", &head]).await?;
    ensure!(exit == Some(1) && said.contains("refused: head moved"), "{said}");

    let undone = settle(cluster.node(3), settled, &["--undo"]).await?;
    assert_eq!(undone["outcome"], "done", "{undone}");
    let undone = hash(&undone["head"])?;
    served_by_all(&cluster, &mut swishes, undone, "ours(1).\n").await?;
    none_listed(&cluster).await?;
    let told = until("both choices in the audit of another node", EQUAL, async || {
        let (said, _) = cluster.node(1).command(&["activity"]).await?;
        ensure!(said.contains("Picked a version: family.pl"), "{said}");
        ensure!(said.contains("Undid a choice: family.pl"), "{said}");
        Ok(())
    });
    told.await?;
    journal_lost(&cluster, 2, undone, "ours(1).\n").await?;
    cluster.end().await
}

#[tokio::test]
async fn both_texts_can_be_kept_and_a_file_synced_without_a_choice() -> Result<()> {
    let cluster = cluster().await?;
    let [_, ours, theirs] = fork(&cluster).await?;
    listed(&cluster, "family.pl", ours, theirs).await?;
    let node = cluster.node(3);
    // A sync brings files together and leaves both sides.
    let (said, exit) = node.command(&["sync", "family.pl", "late.pl", "--plan"]).await?;
    ensure!(exit == Some(0) && said.contains("ask 3 members"), "{said}");
    let (said, exit) = node.command(&["sync", "family.pl", "late.pl"]).await?;
    ensure!(exit == Some(0), "{said}");
    listed(&cluster, "family.pl", ours, theirs).await?;

    let planned = until("nothing left to sync", EQUAL, async || {
        let (said, _) = node.command(&["sync", "family.pl", "--plan"]).await?;
        ensure!(said.contains("would be: no change needed"), "{said}");
        Ok(())
    });
    planned.await?;
    let (said, exit) = node.command(&["sync", "family.pl"]).await?;
    ensure!(exit == Some(0) && said.starts_with("family.pl: no change needed"), "{said}");

    let draft = format!("/api/v1/divergences/family.pl/merge?side={theirs}");
    let draft = node.dashboard()?.get(&draft).await?.expect(200)?;
    assert_eq!(draft["conflicts"], 1, "{draft}");
    let kept = settle(node, ours, &["--keep-both", "theirs.pl", &theirs.to_string()]).await?;
    assert_eq!(kept["outcome"], "done", "{kept}");
    none_listed(&cluster).await?;
    cluster.serves("family.pl", hash(&kept["head"])?, EQUAL).await?;
    for number in 1..=3 {
        let gateway = cluster.gateway(number);
        assert_eq!(gateway.file("family.pl").await?.text, "ours(1).\n");
        assert_eq!(gateway.file("theirs.pl").await?.text, "theirs(1).\n");
    }
    let (said, exit) = node.command(&["file", "theirs.pl"]).await?;
    ensure!(exit == Some(0) && said.contains(&theirs.to_string()), "{said}");
    cluster.end().await
}

/// Without a majority nothing is chosen, and nothing changes.
#[tokio::test]
async fn a_choice_without_a_majority_is_refused() -> Result<()> {
    let cluster = cluster().await?;
    let [_, ours, theirs] = fork(&cluster).await?;
    listed(&cluster, "family.pl", ours, theirs).await?;
    cluster.cut(&[3]).await?;
    let alone = until("node 3 alone", EQUAL, async || {
        let status = cluster.node(3).status().await?;
        ensure!(status.state() == "no_majority", "{}", status.0);
        Ok(())
    });
    alone.await?;
    let refused = settle(cluster.node(3), ours, &["--pick", &theirs.to_string()]).await?;
    assert_eq!(refused["outcome"], "no_majority", "{refused}");
    cluster.mend();
    listed(&cluster, "family.pl", ours, theirs).await?;
    cluster.end().await
}

async fn save(swish: &mut Swish, text: &str) -> Result<ObjectId> {
    swish.save("family.pl", text).await
}

/// Two SWISH on two nodes save by themselves: in turn, and both on one head.
#[tokio::test]
async fn what_swish_saves_by_itself_is_decided_or_a_side() -> Result<()> {
    let cluster = cluster().await?;
    let first = saved(&cluster.gateway(2).create("family.pl", "base(1).\n").await?)?;
    cluster.serves("family.pl", first, EQUAL).await?;
    cluster.journals_end("family.pl", first, EQUAL).await?;
    let mut swishes = swishes(&cluster).await?;
    for swish in &mut swishes {
        assert_eq!(swish.head("family.pl").await?, first);
    }

    let second = save(&mut swishes[0], "by(one).\n").await?;
    served_by_all(&cluster, &mut swishes, second, "by(one).\n").await?;
    let third = save(&mut swishes[2], "by(three).\n").await?;
    served_by_all(&cluster, &mut swishes, third, "by(three).\n").await?;
    none_listed(&cluster).await?;

    // Nobody can hear of the other: both write into their own second, on one head.
    cluster.cut(&[3]).await?;
    let ours = save(&mut swishes[0], "one_again(1).\n").await?;
    let theirs = save(&mut swishes[2], "three_again(1).\n").await?;
    let decided = until("the majority's save", EQUAL, async || {
        let head = cluster.gateway(2).file("family.pl").await?.commit;
        ensure!(head == ours, "it serves {head}");
        Ok(())
    });
    decided.await?;
    let held = until("the held save of a SWISH", EQUAL, async || {
        let head = cluster.gateway(3).file("family.pl").await?.commit;
        ensure!(head == theirs, "it serves {head}");
        Ok(())
    });
    held.await?;
    cluster.mend();
    listed(&cluster, "family.pl", ours, theirs).await?;
    readable(&cluster, theirs, "three_again(1).\n").await?;
    follow(&cluster, &mut swishes, ours).await?;
    cluster.end().await
}

/// Running and restarted, every SWISH stands at the decided head. (One that rebuilds by time may
/// stand at the side until somebody has chosen: it was saved later.)
async fn follow(cluster: &Cluster, swishes: &mut [Swish], head: ObjectId) -> Result<()> {
    cluster.serves("family.pl", head, EQUAL).await?;
    cluster.journals_end("family.pl", head, EQUAL).await?;
    for (number, swish) in (1..).zip(swishes) {
        let follows = until("a SWISH at the decided head", FOLLOWS, async || {
            let at = swish.head("family.pl").await?;
            ensure!(at == head, "on node {number} it stands at {at}");
            Ok(())
        });
        follows.await?;
        let store = cluster.directory(number);
        let restarted = Swish::start(store.path()).await?.head("family.pl").await?;
        ensure!(restarted == head, "restarted on node {number} it stands at {restarted}");
    }
    Ok(())
}
