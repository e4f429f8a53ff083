//! B. One node away: nothing is missed. Two away: saves are held in time, and decided later.

use std::time::Duration;

use anyhow::Result;
use domain::ObjectId;
use tests::{
    client::Answer,
    cluster::{Cluster, Plan},
    gateway::{is_held, saved},
};

/// A save that cannot be decided is answered within two seconds, and a busy machine's one more.
const HELD: Duration = Duration::from_secs(3);
/// Nodes that are back are equal within this.
const EQUAL: Duration = Duration::from_secs(5);
/// Where a story is not about time.
const SPREAD: Duration = Duration::from_secs(30);

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

/// A save that is held is saved, and says that it is on this server only.
fn held(answer: &Answer) -> Result<ObjectId> {
    let commit = saved(answer)?;
    let body = answer.json();
    assert!(is_held(&body), "{body}");
    assert!(answer.took < HELD, "answered after {:?}", answer.took);
    Ok(commit)
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
    let third = held(&answer)?;
    eprintln!("{absence:?}: held after {:.2?} with nodes 2 and 3 away", answer.took);
    assert_eq!(one.file("b.pl").await?.commit, third, "what is held is served");
    cluster.directory_ends(1, "b.pl", third, EQUAL).await?;

    // The same save is the same; another one on the version before is a conflict with it.
    assert_eq!(held(&one.save("b.pl", second, "b(3).\n").await?)?, third);
    let other = one.save("b.pl", second, "b(other).\n").await?.expect(409)?;
    assert_eq!(other["edit"]["server"]["to"]["commit"], third.to_string());
    // What follows it is held at once; other files have branches of their own.
    let answer = one.save("b.pl", third, "b(4).\n").await?;
    let fourth = held(&answer)?;
    assert!(answer.took < HELD / 4, "the branch was open: {:?}", answer.took);
    let new = held(&one.create("c.pl", "c(1).\n").await?)?;

    absence.end(&mut cluster, &[2, 3]).await?;
    let equal = cluster.settles(EQUAL).await?;
    eprintln!("{absence:?}: equal {equal:.2?} after both were back");
    cluster.serves("b.pl", fourth, EQUAL).await?;
    cluster.serves("c.pl", new, EQUAL).await?;
    cluster.journals_end("b.pl", fourth, EQUAL).await?;
    let texts: Vec<_> =
        cluster.directory(3).chain(fourth)?.into_iter().map(|version| version.text).collect();
    assert_eq!(texts, ["b(1).\n", "b(2).\n", "b(3).\n", "b(4).\n"]);
    // A page that sends its save again hears of the one that was decided.
    let again = one.save("b.pl", second, "b(3).\n").await?;
    assert!(!is_held(&again.json()));
    assert_eq!(saved(&again)?, third);
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

/// Held means on the disk: the node that holds it may itself be killed.
#[tokio::test]
async fn a_held_save_survives_its_own_node() -> Result<()> {
    let mut cluster = Cluster::start().await?;
    let one = cluster.gateway(1);
    let first = saved(&one.create("b.pl", "b(1).\n").await?)?;
    cluster.serves("b.pl", first, EQUAL).await?;
    Absence::Killed.begin(&mut cluster, &[2, 3]).await?;
    let second = held(&one.save("b.pl", first, "b(2).\n").await?)?;
    Absence::Killed.begin(&mut cluster, &[1]).await?;
    Absence::Killed.end(&mut cluster, &[1]).await?;
    let file = cluster.gateway(1).file("b.pl").await?;
    assert_eq!((file.commit, file.text.as_str()), (second, "b(2).\n"));
    Absence::Killed.end(&mut cluster, &[2, 3]).await?;
    cluster.settles(EQUAL).await?;
    cluster.serves("b.pl", second, EQUAL).await?;
    cluster.end().await
}

/// The link between two sides is cut and both save: one side is decided, the other stays.
#[tokio::test]
async fn two_sides_save_one_is_decided_and_the_other_is_listed_everywhere() -> Result<()> {
    // Nodes that only stand still would read, and decide, what the other one had proposed.
    let cluster = Plan { recorded: true, ..Plan::default() }.start().await?;
    let one = cluster.gateway(1);
    let first = saved(&one.create("b.pl", "b(1).\n").await?)?;
    cluster.serves("b.pl", first, EQUAL).await?;
    cluster.cut(&[1]).await?;
    let lost = held(&one.save("b.pl", first, "b(alone).\n").await?)?;
    let won = saved(&cluster.gateway(2).save("b.pl", first, "b(together).\n").await?)?;
    cluster.mend();
    cluster.settles(EQUAL).await?;
    cluster.serves("b.pl", won, EQUAL).await?;
    cluster.journals_end("b.pl", won, EQUAL).await?;
    for number in 1..=3 {
        let side = cluster.gateway(number).file(&lost.to_string()).await?;
        assert_eq!(side.text, "b(alone).\n", "on node {number}");
        assert_eq!(cluster.node(number).status().await?.state(), "diverged");
    }
    // A page that still stands on the side that lost is told what it lost to, from their common
    // version: its own text is not taken out again.
    let told = cluster.gateway(1).save("b.pl", lost, "b(alone).\nmore.\n").await?.expect(409)?;
    assert_eq!(told["edit"]["server"]["from"]["commit"], first.to_string());
    assert_eq!(told["edit"]["server"]["to"]["commit"], won.to_string());
    assert!(told["merged"].as_str().is_some_and(|text| text.contains("more.")), "{told}");
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
    cluster.serves(name, second, SPREAD).await?;
    let long = saved(&cluster.gateway(2).save(name, second, &text.repeat(9_000)).await?)?;
    cluster.serves(name, long, SPREAD).await?;
    let last = saved(&cluster.gateway(3).save(name, long, text).await?)?;
    cluster.serves(name, last, SPREAD).await?;

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
