//! B. One node away: nothing is missed. Two away: saves are refused in time, and kept.

use std::time::Duration;

use anyhow::{Context, Result};
use domain::ObjectId;
use serde_json::Value;
use tests::{
    client::Answer,
    cluster::{Cluster, Plan},
    gateway::{hash, saved},
};

/// A save that cannot be decided is answered within this.
const REFUSED: Duration = Duration::from_secs(2);
/// Nodes that are back are equal within this.
const EQUAL: Duration = Duration::from_secs(5);

/// How nodes go away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Absence {
    /// `kill -9`.
    Killed,
    /// They keep their connections and say nothing.
    Silent,
}

impl Absence {
    async fn begin(self, cluster: &mut Cluster, numbers: &[usize]) -> Result<()> {
        for number in numbers {
            match self {
                Self::Killed => cluster.node_mut(*number).kill().await?,
                Self::Silent => cluster.node(*number).pause()?,
            }
        }
        Ok(())
    }

    async fn end(self, cluster: &mut Cluster, numbers: &[usize]) -> Result<()> {
        for number in numbers {
            match self {
                Self::Killed => cluster.node_mut(*number).start().await?,
                Self::Silent => cluster.node(*number).resume()?,
            }
        }
        Ok(())
    }
}

/// A 503 that keeps the text says where.
fn waiting(answer: &Answer) -> Result<ObjectId> {
    let body = answer.expect(503)?;
    assert_eq!(body["error"], "waiting", "{body}");
    let commit = hash(&body["commit"])?;
    let message = body["message"].as_str().context("no message")?;
    assert!(message.contains("kept on this server"), "{message}");
    assert!(message.contains(&format!("/p/{commit}")), "{message}");
    assert!(answer.took < REFUSED, "answered after {:?}", answer.took);
    Ok(commit)
}

fn blocked(answer: &Answer) -> Result<Value> {
    let body = answer.expect(503)?;
    assert_eq!(body["error"], "blocked", "{body}");
    assert_eq!(body.get("commit"), None, "{body}");
    assert!(body["message"].as_str().is_some_and(|text| text.contains("not kept")), "{body}");
    assert!(answer.took < REFUSED, "answered after {:?}", answer.took);
    Ok(body["waiting"].clone())
}

/// The story, whichever way nodes go away.
async fn story(absence: Absence) -> Result<()> {
    let mut cluster = Cluster::start().await?;
    let one = cluster.gateway(1);
    let first = saved(&one.create("b.pl", "b(1).\n").await?)?;
    cluster.serves("b.pl", first, EQUAL).await?;

    absence.begin(&mut cluster, &[2]).await?;
    let answer = one.save("b.pl", first, "b(2).\n").await?;
    let second = saved(&answer)?;
    eprintln!("{absence:?}: saved after {:.2?} with node 2 away", answer.took);

    absence.begin(&mut cluster, &[3]).await?;
    let answer = one.save("b.pl", second, "b(3).\n").await?;
    let third = waiting(&answer)?;
    eprintln!("{absence:?}: refused after {:.2?} with nodes 2 and 3 away", answer.took);
    assert_eq!(one.file(&third.to_string()).await?.text, "b(3).\n");
    assert_eq!(one.file("b.pl").await?.commit, second, "what waits is not served");

    // Another text is not kept, and is told what it waits behind; the same text waits already.
    let other = one.save("b.pl", second, "b(other).\n").await?;
    assert_eq!(blocked(&other)?, Value::from(third.to_string()));
    let again = one.save("b.pl", second, "b(3).\n").await?;
    assert_eq!((waiting(&again)?, again.json()), (third, answer.json()));
    // Other files wait for themselves.
    let new = waiting(&one.create("c.pl", "c(1).\n").await?)?;

    absence.end(&mut cluster, &[2, 3]).await?;
    let equal = cluster.settles(EQUAL).await?;
    eprintln!("{absence:?}: equal {equal:.2?} after both were back");
    cluster.serves("b.pl", third, EQUAL).await?;
    cluster.serves("c.pl", new, EQUAL).await?;
    cluster.journals_end("b.pl", third, EQUAL).await?;
    let texts: Vec<_> =
        cluster.directory(3).chain(third)?.into_iter().map(|version| version.text).collect();
    assert_eq!(texts, ["b(1).\n", "b(2).\n", "b(3).\n"]);
    // The page whose save was answered 503 sends it again, and hears of the one that was decided.
    assert_eq!(saved(&one.save("b.pl", second, "b(3).\n").await?)?, third);
    cluster.end().await
}

#[tokio::test]
async fn killed_nodes_are_missed_only_by_the_second() -> Result<()> {
    story(Absence::Killed).await
}

#[tokio::test]
async fn silent_nodes_are_missed_only_by_the_second() -> Result<()> {
    story(Absence::Silent).await
}

/// Kept means on the disk: the node that keeps it may itself be killed.
#[tokio::test]
async fn a_kept_save_survives_its_own_node() -> Result<()> {
    let mut cluster = Cluster::start().await?;
    let one = cluster.gateway(1);
    let first = saved(&one.create("b.pl", "b(1).\n").await?)?;
    cluster.serves("b.pl", first, EQUAL).await?;
    Absence::Killed.begin(&mut cluster, &[2, 3]).await?;
    let second = waiting(&one.save("b.pl", first, "b(2).\n").await?)?;
    Absence::Killed.begin(&mut cluster, &[1]).await?;
    Absence::Killed.end(&mut cluster, &[1]).await?;
    assert_eq!(cluster.gateway(1).file(&second.to_string()).await?.text, "b(2).\n");
    Absence::Killed.end(&mut cluster, &[2, 3]).await?;
    cluster.settles(EQUAL).await?;
    cluster.serves("b.pl", second, EQUAL).await?;
    cluster.end().await
}

#[tokio::test]
async fn nothing_of_a_text_can_be_read_on_the_links() -> Result<()> {
    let cluster = Plan { recorded: true, ..Plan::default() }.start().await?;
    let text = "the_walls_have_ears(listen_closely).\n";
    let name = "whispered_in_confidence.pl";
    let first = saved(&cluster.gateway(1).create(name, text).await?)?;
    // Once through each node, so that every link carries it, and once by the bulk connection.
    let second = saved(&cluster.gateway(1).save(name, first, &text.repeat(9)).await?)?;
    cluster.serves(name, second, EQUAL).await?;
    let long = saved(&cluster.gateway(2).save(name, second, &text.repeat(9_000)).await?)?;
    cluster.serves(name, long, EQUAL).await?;
    let last = saved(&cluster.gateway(3).save(name, long, text).await?)?;
    cluster.serves(name, last, EQUAL).await?;

    let bytes: Vec<_> = cluster.wires.iter().map(tests::wire::Wire::bytes).collect();
    let carried = |needle: &str| cluster.wires.iter().any(|wire| wire.carried(needle.as_bytes()));
    eprintln!("bytes that passed to nodes 1, 2 and 3: {bytes:?}");
    assert!(bytes.iter().sum::<usize>() > text.len() * 9_000, "the links went another way");
    assert!(carried("Upgrade"), "what is not sealed is found");
    for secret in ["walls_have", "listen_closely", "whispered", &last.to_string()] {
        assert!(!carried(secret), "{secret} was on a link");
    }
    cluster.end().await
}
