//! A. A save on one node is decided, durable and visible on all three, to pages and to SWISH.

use std::{path::Path, process::Command, time::Duration};

use anyhow::{Context, Result, ensure};
use domain::ObjectId;
use serde_json::{Value, json};
use tests::{
    cluster::{Cluster, Plan, fixture_store},
    directory::Directory,
    gateway::{hash, saved},
};

/// A change is on every node's pages within this.
const SEEN: Duration = Duration::from_secs(1);
/// A change is in every journal within this; the protocol says one second, a busy disk more.
const WRITTEN: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_save_on_one_node_is_seen_on_the_others_and_by_swish() -> Result<()> {
    let cluster = Cluster::start().await?;
    let created = saved(&cluster.gateway(1).create("road.pl", "road(1).\n").await?)?;
    let text = "road(1).\nroad(größer, \"λ 😀\").\n";
    let updated = saved(&cluster.gateway(1).save("road.pl", created, text).await?)?;

    let seen = cluster.serves("road.pl", updated, SEEN).await?;
    assert_eq!(cluster.gateway(3).file("road.pl").await?.text, text);
    let written = cluster.journals_end("road.pl", updated, WRITTEN).await?;
    for number in 1..=3 {
        let directory = cluster.directory(number);
        assert_eq!(directory.followed_heads()?, directory.heads()?, "on node {number}");
        let chain = directory.chain(updated)?;
        let texts: Vec<_> = chain.iter().map(|version| version.text.as_str()).collect();
        assert_eq!(texts, ["road(1).\n", text], "on node {number}");
    }
    prolog_reads(&cluster.directory(3), "road.pl", updated, text)?;
    eprintln!("seen on all nodes after {seen:.0?}, in every ref/head after {written:.0?}");
    cluster.end().await
}

/// SWI-Prolog with the standard libraries only, on the files alone.
fn prolog_reads(directory: &Directory, name: &str, head: ObjectId, text: &str) -> Result<()> {
    let reader = Path::new(env!("CARGO_MANIFEST_DIR")).join("prolog/read_head.pl");
    let mut swipl = Command::new("swipl");
    let output = match swipl.arg(reader).arg(directory.path()).arg(name).output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("not run: swipl is missing (Debian: apt install swi-prolog-nox)");
            return Ok(());
        }
        output => output?,
    };
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "swipl: {}: {said}", output.status);
    let read: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(read["head"], json!(head));
    assert_eq!(read["text"], json!(text));
    assert_eq!(read["commit"]["name"], json!(format!("atom({name})")));
    assert_eq!(read["commit"]["peer"], json!("atom(127.0.0.1)"));
    assert!(read["commit"]["time"].is_f64(), "{read}");
    eprintln!("swipl has read it too");
    Ok(())
}

#[tokio::test]
async fn pages_get_what_swish_would_answer() -> Result<()> {
    let cluster = Cluster::start().await?;
    let (one, two) = (cluster.gateway(1), cluster.gateway(2));
    let answer = one.create("talk.pl", "a.\nb.\nc.\n").await?;
    let first = saved(&answer)?;
    assert_eq!(answer.json()["url"], "/p/talk.pl");
    assert_eq!(answer.json()["file"], "talk.pl");
    assert_eq!(answer.json()["meta"]["symbolic"], "HEAD");
    cluster.serves("talk.pl", first, SEEN).await?;

    // The name is taken, on every node.
    let taken = json!({ "error": "file_exists", "file": "talk.pl" });
    assert_eq!(two.create("talk.pl", "other.\n").await?.expect(200)?, taken);

    // Another node goes on.
    let second = saved(&two.save("talk.pl", first, "a.\nb.\nc.\nd.\n").await?)?;
    cluster.serves("talk.pl", second, SEEN).await?;

    // A page that still shows the first version gets both sides and their merge.
    let conflict = one.save("talk.pl", first, "0.\na.\nb.\nc.\n").await?.expect(409)?;
    assert_eq!(conflict["error"], "edit_conflict");
    assert_eq!(conflict["file"], "talk.pl");
    assert_eq!(hash(&conflict["edit"]["server"]["from"]["commit"])?, first);
    assert_eq!(hash(&conflict["edit"]["server"]["to"]["commit"])?, second);
    assert!(conflict["edit"]["server"]["data"].as_str().is_some_and(|diff| diff.contains("+d.")));
    assert!(conflict["edit"]["me"]["data"].as_str().is_some_and(|diff| diff.contains("+0.")));
    assert_eq!(conflict["merged"], "0.\na.\nb.\nc.\nd.\n");
    let merged = conflict["merged"].as_str().context("no merge")?;
    let third = saved(&one.save("talk.pl", second, merged).await?)?;

    // Metadata alone: the text stays.
    let meta = json!({ "update": "meta-data", "previous": third, "meta": { "title": "Talk" } });
    let fourth = saved(&one.put("talk.pl", &meta).await?)?;
    cluster.serves("talk.pl", fourth, SEEN).await?;
    let file = two.file("talk.pl").await?;
    assert_eq!((file.text.as_str(), &file.meta["title"]), (merged, &json!("Talk")));

    // Deleted is emptied; the name stays.
    assert_eq!(two.delete("talk.pl").await?.expect(200)?, json!(true));
    let last = two.file("talk.pl").await?;
    assert_eq!(last.text, "");
    assert_eq!(hash(&last.meta["previous"])?, fourth);
    cluster.serves("talk.pl", last.commit, SEEN).await?;
    assert_eq!(one.delete("nothing.pl").await?.status, 404);
    assert_eq!(one.put("nothing.pl", &json!({ "previous": first })).await?.status, 404);
    cluster.end().await
}

#[tokio::test]
async fn a_repeated_save_takes_effect_once() -> Result<()> {
    let cluster = Cluster::start().await?;
    let (one, two) = (cluster.gateway(1), cluster.gateway(2));
    let created = saved(&one.create("twice.pl", "one.\n").await?)?;
    let again = saved(&one.create("twice.pl", "one.\n").await?)?;
    assert_eq!(again, created, "a create that is repeated is that create");
    cluster.serves("twice.pl", created, SEEN).await?;

    let saved_once = saved(&one.save("twice.pl", created, "two.\n").await?)?;
    let on_same = saved(&one.save("twice.pl", created, "two.\n").await?)?;
    cluster.serves("twice.pl", saved_once, SEEN).await?;
    let on_other = saved(&two.save("twice.pl", created, "two.\n").await?)?;
    assert_eq!([on_same, on_other], [saved_once; 2]);

    // Also after others went on: the answer is about that save, not about the head.
    let next = saved(&two.save("twice.pl", saved_once, "three.\n").await?)?;
    cluster.serves("twice.pl", next, SEEN).await?;
    assert_eq!(saved(&one.save("twice.pl", created, "two.\n").await?)?, saved_once);
    cluster.journals_end("twice.pl", next, WRITTEN).await?;
    let chain = cluster.directory(3).chain(next)?;
    let commits: Vec<_> = chain.iter().map(|version| version.commit).collect();
    assert_eq!(commits, [created, saved_once, next]);
    cluster.end().await
}

#[tokio::test]
async fn long_texts_and_old_versions_reach_every_node_byte_for_byte() -> Result<()> {
    let cluster = Cluster::start().await?;
    let line = "long(\"λ😀\\t\", 'a b').\r\n";
    let text = line.repeat((1 << 20) / line.len() + 1);
    let first = saved(&cluster.gateway(2).create("long.pl", &text).await?)?;
    let took = cluster.serves("long.pl", first, Duration::from_secs(5)).await?;
    eprintln!("{} bytes on all nodes after {took:.0?}", text.len());
    let second = saved(&cluster.gateway(3).save("long.pl", first, "short.\n").await?)?;
    cluster.serves("long.pl", second, SEEN).await?;
    for number in 1..=3 {
        assert_eq!(cluster.gateway(number).raw("long.pl").await?, b"short.\n");
        let old = cluster.gateway(number).raw(&first.to_string()).await?;
        assert!(old == text.as_bytes(), "another text on node {number}");
    }
    cluster.journals_end("long.pl", second, WRITTEN).await?;
    assert_eq!(cluster.directory(1).chain(second)?.len(), 2);
    cluster.end().await
}

/// What is in the founder's store becomes the cluster's, and an object that a node lacks comes
/// from one that has it when somebody asks.
#[tokio::test]
async fn the_founders_store_is_served_by_every_node() -> Result<()> {
    let plan = Plan { stores: vec![fixture_store()], ..Plan::default() };
    let cluster = plan.start().await?;
    let founder = cluster.directory(1);
    let heads = founder.heads()?;
    assert_eq!(heads.len(), 62);
    for (name, head) in &heads {
        for number in 2..=3 {
            let served = cluster.gateway(number).file(name).await;
            let served = served.with_context(|| format!("{name} on node {number}"))?;
            assert_eq!(served.commit, *head, "{name} on node {number}");
        }
    }
    let head = heads["prog_008.pl"];
    let oldest = founder.chain(head)?[0].clone();
    let fetched = cluster.gateway(3).file(&oldest.commit.to_string()).await?;
    assert_eq!(fetched.text, oldest.text);
    let unknown = cluster.gateway(3).get(&format!("/p/{}", "ab".repeat(20))).await?;
    assert!(matches!(unknown.status, 404 | 503), "{}", unknown.status);

    // A file that SWISH made goes on.
    let next = saved(&cluster.gateway(3).save("prog_008.pl", head, "p(9).\n").await?)?;
    cluster.journals_end("prog_008.pl", next, WRITTEN).await?;
    prolog_reads(&cluster.directory(3), "prog_008.pl", next, "p(9).\n")?;
    cluster.end().await
}
