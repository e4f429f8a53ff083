//! E. A node whose disk is gone comes back as a learner: it is refilled, and it has no vote.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::{
    client::Client, cluster::Cluster, directory::Directory, gateway::saved, node::Node, wait::until,
};

/// A refilled node has everything within this.
const REFILLED: Duration = Duration::from_secs(30);
/// Files before the disk is lost.
const FILES: usize = 40;
async fn overview(node: &Node) -> Result<Value> {
    Client::new(&node.setup.dashboard).get("/api/v1/overview").await?.expect(200)
}

/// What `asked` says the role of `name` is.
async fn role(asked: &Node, name: &str) -> Result<Value> {
    let overview = overview(asked).await?;
    let cards = overview["nodes"].as_array().context("no nodes")?.iter();
    let card = cards.into_iter().find(|card| card["name"] == name).context("no card")?;
    Ok(card["role"].clone())
}

/// All nodes have the same root, and it is not that of an empty store.
async fn equal_roots(cluster: &Cluster) -> Result<()> {
    let mut roots = Vec::new();
    for node in &cluster.nodes {
        roots.push(node.status().await?.root().context("no root")?.to_owned());
    }
    ensure!(roots.windows(2).all(|pair| pair[0] == pair[1]), "roots differ: {roots:?}");
    ensure!(roots[0].bytes().any(|digit| digit != b'0'), "nothing is there");
    Ok(())
}

/// Every chain of every file, as SWISH would read them.
fn chains(directory: &Directory) -> Result<Vec<(String, Vec<String>)>> {
    let heads = directory.heads()?.into_iter();
    let chains = heads.map(|(name, head)| {
        let chain = directory.chain(head)?;
        Ok((name, chain.into_iter().map(|version| version.text).collect()))
    });
    chains.collect()
}

#[tokio::test]
async fn a_node_that_lost_its_disk_is_refilled_as_a_learner() -> Result<()> {
    let mut cluster = Cluster::start().await?;
    let mut heads = Vec::new();
    for number in 0..FILES {
        let name = format!("file-{number}.pl");
        let one = saved(&cluster.gateway(1).create(&name, "one.\n").await?)?;
        heads.push(saved(&cluster.gateway(1).save(&name, one, "two.\n").await?)?);
    }
    cluster.settles(REFILLED).await?;

    cluster.node_mut(3).stop().await?;
    cluster.node(3).wipe()?;
    let meanwhile = saved(&cluster.gateway(2).save("file-0.pl", heads[0], "three.\n").await?)?;
    cluster.node_mut(3).start().await?;
    let refilled = until("a refilled node", REFILLED, async || equal_roots(&cluster).await).await?;
    eprintln!("refilled after {:.1?}", refilled.1);

    // It is a learner in everybody's eyes, and says so itself.
    for asked in &cluster.nodes {
        until("a learner", REFILLED, async || {
            let role = role(asked, "node-3").await?;
            ensure!(role == "learner", "{} says {role}", asked.setup.name);
            Ok(())
        })
        .await?;
        assert_eq!(role(asked, "node-1").await?, "member");
        let overview = overview(asked).await?;
        assert_eq!(overview["state"], "degraded", "{}", overview["sentence"]);
        let sentence = overview["sentence"].as_str().context("no sentence")?;
        assert!(sentence.contains("node-3 has no vote"), "{sentence}");
    }

    // It serves, and saves go on there and elsewhere with two votes of three.
    assert_eq!(cluster.gateway(3).file("file-0.pl").await?.text, "three.\n");
    let through = saved(&cluster.gateway(3).save("file-0.pl", meanwhile, "four.\n").await?)?;
    cluster.serves("file-0.pl", through, REFILLED).await?;
    let last = saved(&cluster.gateway(1).save("file-0.pl", through, "five.\n").await?)?;
    cluster.journals_end("file-0.pl", last, REFILLED).await?;
    let all = chains(&cluster.directory(1))?;
    assert_eq!(all.len(), FILES);
    assert_eq!(chains(&cluster.directory(2))?, all);
    assert_eq!(chains(&cluster.directory(3))?, all);

    // Its vote is gone: one member alone with it decides nothing.
    cluster.node_mut(2).kill().await?;
    let alone = cluster.gateway(1).save("file-1.pl", heads[1], "not yet.\n").await?;
    alone.expect(503)?;
    let learner = cluster.gateway(3).save("file-2.pl", heads[2], "not yet.\n").await?;
    learner.expect(503)?;
    cluster.node_mut(2).start().await?;
    until("all waiting saves decided", REFILLED, async || {
        for (number, name) in [(1, "file-2.pl"), (2, "file-1.pl"), (3, "file-2.pl")] {
            let text = cluster.gateway(number).file(name).await?.text;
            ensure!(text == "not yet.\n", "node {number} serves {name} as {text}");
        }
        equal_roots(&cluster).await
    })
    .await?;
    cluster.end().await
}
