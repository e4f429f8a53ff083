//! H. A majority is lost for good: the node that is left founds anew, and the lost ones come back
//! with their disks after all.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use domain::ObjectId;
use serde_json::{Value, json};
use tests::{
    cluster::{Cluster, Plan},
    gateway::{is_held, saved},
    node::{Node, head},
    wait::until,
};

/// What has to happen does within this, on a busy machine.
const SOON: Duration = Duration::from_secs(30);
const DONE: Option<i32> = Some(0);
const REFUSED: Option<i32> = Some(3);

/// Runs a command that ends in this way; what it says.
async fn says(on: &Node, words: &[&str], ends: Option<i32>) -> Result<String> {
    let (code, said) = on.command_line(words).await?;
    ensure!(code == ends, "{words:?} on {}: {code:?}: {said}", on.setup.name);
    Ok(said)
}

/// Runs a command until it is done.
async fn done(on: &Node, words: &[&str]) -> Result<String> {
    let what = words.join(" ");
    Ok(until(&what, SOON, async || says(on, words, DONE).await).await?.0)
}

/// `asked` has the alarm that another node is elsewhere, and tells what to do on `who`.
async fn tells(asked: &Node, other: &str, who: &str) -> Result<()> {
    until("the alarm about another cluster", SOON, async || {
        let status = asked.status().await?;
        let is_it = |alarm: &&Value| alarm["alarm"] == "other_cluster" && alarm["name"] == other;
        ensure!(status.alarms().iter().any(|alarm| is_it(&alarm)), "{:?}", status.alarms());
        let overview = asked.dashboard()?.get("/api/v1/overview").await?.expect(200)?;
        let needs = overview["needs"].as_array().context("no needs")?;
        let what = format!("{other} is in another cluster");
        let need = needs
            .iter()
            .find(|need| need["what"].as_str().is_some_and(|text| text.starts_with(&what)));
        let reason = need.with_context(|| format!("{needs:?}"))?["reason"].to_string();
        ensure!(reason.contains(&format!("run on {who}: swish-cluster join ")), "{reason}");
        ensure!(reason.contains("--leave-old-cluster"), "{reason}");
        Ok(())
    })
    .await
    .map(|_| ())
}

/// Brings a node with its old disk into the cluster of node 3, as a member.
async fn bring(cluster: &Cluster, number: usize) -> Result<()> {
    let (node, third) = (cluster.node(number), cluster.node(3));
    let (name, address) = (node.setup.name.clone(), third.setup.reached());
    let said = says(node, &["join", &address], REFUSED).await?;
    ensure!(said.contains("leave its cluster for good"), "{said}");
    done(node, &["join", &address, "--leave-old-cluster"]).await?;
    done(third, &["nodes", "approve", &name]).await?;
    done(third, &["nodes", "promote", &name]).await?;
    Ok(())
}

/// These nodes have the same root, the same cluster, and nothing under way.
async fn equal(nodes: &[&Node], diverged: u64) -> Result<()> {
    until("equal nodes", SOON, async || {
        let mut roots = Vec::new();
        for node in nodes {
            let status = node.status().await?;
            let open = [&status.0["importing"], &status.0["waiting"]];
            ensure!(open.iter().all(|count| **count == 0), "{}: {}", node.setup.name, status.0);
            ensure!(status.0["counts"]["diverged"] == json!(diverged), "{}", status.0["counts"]);
            roots.push((
                status.root().context("no root")?.to_owned(),
                status.0["roster"]["cluster"].clone(),
            ));
        }
        ensure!(roots.windows(2).all(|pair| pair[0] == pair[1]), "roots differ: {roots:?}");
        Ok(())
    })
    .await
    .map(|_| ())
}

/// Saves on both sides of a cut: on node 1, where it is decided, and on node 3, where it is held.
async fn both_sides(cluster: &Cluster, first: ObjectId) -> Result<[ObjectId; 3]> {
    cluster.cut(&[3]).await?;
    let here = saved(&cluster.gateway(1).save("both.pl", first, "both(1).\n").await?)?;
    let there = cluster.gateway(3).save("both.pl", first, "both(3).\n").await?.expect(200)?;
    assert!(is_held(&there), "{there}");
    let there = head(cluster.node(3), "both.pl").await?;
    let lost = saved(&cluster.gateway(2).create("lost.pl", "lost(1).\n").await?)?;
    until("what nodes 1 and 2 have", SOON, async || {
        ensure!(head(cluster.node(1), "lost.pl").await? == lost, "not on node 1");
        Ok(())
    })
    .await?;
    let own = cluster.gateway(3).create("own.pl", "own(3).\n").await?.expect(200)?;
    assert!(is_held(&own), "{own}");
    Ok([here, there, lost])
}

#[tokio::test]
async fn a_node_founds_anew_and_the_lost_ones_come_back_with_their_disks() -> Result<()> {
    let mut cluster = Plan { recorded: true, ..Plan::default() }.start().await?;
    let first = saved(&cluster.gateway(1).create("both.pl", "both(0).\n").await?)?;
    let same = saved(&cluster.gateway(2).create("same.pl", "same(0).\n").await?)?;
    cluster.settles(SOON).await?;
    let anew = ["init", "--anew", "--reason", "two servers burnt down"];
    let said = says(cluster.node(3), &anew, REFUSED).await?;
    ensure!(said.contains("3 of 3 members answer") && said.contains("node-1 answers"), "{said}");
    let [here, there, lost] = both_sides(&cluster, first).await?;
    cluster.node_mut(1).kill().await?;
    cluster.node_mut(2).kill().await?;
    cluster.mend();
    let before = cluster.node(3).status().await?.0["roster"]["cluster"].clone();

    let plan = says(cluster.node(3), &["init", "--anew", "--plan"], DONE).await?;
    for words in [
        "3 files",
        "2 with a save that is held here",
        "node-1 was last heard",
        "--leave-old-cluster",
    ] {
        ensure!(plan.contains(words), "no {words:?} in\n{plan}");
    }
    assert_eq!(cluster.node(3).status().await?.0["roster"]["cluster"], before, "only said");
    let page = cluster.node(3).dashboard()?.get("/nodes").await?;
    ensure!(page.text().contains("swish-cluster init --anew --plan"), "{}", page.text());
    let said = says(cluster.node(3), &anew, DONE).await?;
    eprintln!("{said}");
    // It is durable, and a second run has nothing to do.
    cluster.node_mut(3).kill().await?;
    cluster.node_mut(3).start().await?;
    let said = says(cluster.node(3), &anew, DONE).await?;
    ensure!(said.contains("nothing to do"), "{said}");
    let cluster_now = cluster.node(3).status().await?.0["roster"]["cluster"].clone();
    ensure!(cluster_now != before, "still {before}");
    equal(&[cluster.node(3)], 0).await?;
    let next = saved(&cluster.gateway(3).save("same.pl", same, "same(1).\n").await?)?;
    let next = cluster.gateway(3).save("same.pl", next, "same(2).\n").await?.expect(200)?;
    assert!(!is_held(&next), "one member decides: {next}");

    // An old disk starts again: two clusters, and each says what to do.
    cluster.node_mut(1).start().await?;
    tells(cluster.node(3), "node-1", "node-1").await?;
    tells(cluster.node(1), "node-3", "node-1").await?;
    assert_eq!(head(cluster.node(1), "both.pl").await?, here, "it goes on serving");
    bring(&cluster, 1).await?;
    equal(&[cluster.node(1), cluster.node(3)], 1).await?;
    // Its side of the file that both saved is listed, and what only it had is there.
    for number in [1, 3] {
        let page = cluster.node(number).dashboard()?.get("/api/v1/divergences").await?;
        let rows = page.expect(200)?["rows"].clone();
        assert_eq!(rows[0]["name"], "both.pl");
        assert_eq!(rows[0]["decided"]["head"], json!(there));
        assert_eq!(rows[0]["others"][0]["head"], json!(here));
        assert_eq!(head(cluster.node(number), "lost.pl").await?, lost);
    }

    cluster.node_mut(2).start().await?;
    tells(cluster.node(2), "node-3", "node-2").await?;
    bring(&cluster, 2).await?;
    let all: Vec<&Node> = cluster.nodes.iter().collect();
    equal(&all, 1).await?;
    for file in ["same.pl", "own.pl", "lost.pl", "both.pl"] {
        let expected = head(cluster.node(3), file).await?;
        cluster.serves(file, expected, SOON).await?;
        cluster.directory_ends(1, file, expected, SOON).await?;
    }
    let last = cluster.gateway(2).create("last.pl", "last.\n").await?.expect(200)?;
    assert!(!is_held(&last), "{last}");
    // The old chains are read on, and who founded anew is known everywhere.
    until("the audit of node 2", SOON, async || {
        let said = says(cluster.node(2), &["activity"], DONE).await?;
        for deed in ["Founded the cluster anew", "two servers burnt down", "Left the cluster"] {
            ensure!(said.contains(deed), "no {deed:?} in\n{said}");
        }
        ensure!(said.lines().any(|line| line.contains("Founded the cluster,")), "{said}");
        Ok(())
    })
    .await?;
    cluster.end_alarmed().await
}
