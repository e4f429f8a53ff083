//! R. Reading what is not here: a file that is behind is waited for, and what nobody has is told.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use cluster::{Bytes, Change, Key, PeerMessage};
use domain::{FileName, ObjectId, Serial};
use gitty::{Commit, Meta, Object, commit};
use serde_json::json;
use tests::{
    cluster::Cluster,
    gateway::{Gateway, saved},
    impostor::{Impostor, Kind},
    wait::until,
};

const PATIENCE: Duration = Duration::from_secs(5);
/// A page is let wait so long for a newer version, and not much longer.
const WAITED: std::ops::Range<Duration> =
    Duration::from_millis(1_900)..Duration::from_millis(2_700);
/// What nobody has is told within this.
const TOLD: Duration = Duration::from_secs(1);

/// A version of a file that only one member has, as a chain has it.
struct Newer {
    head: ObjectId,
    objects: Vec<(ObjectId, Object)>,
}

impl Newer {
    /// On top of what node 1 serves.
    fn of(cluster: &Cluster, name: &str, head: ObjectId, text: &str) -> Result<Self> {
        let before = Commit::parse(&cluster.directory(1).object(head)?.content)?;
        ensure!(before.name() == FileName::from(name), "another file");
        let blob = Object::blob(text);
        let blob_id = blob.id()?;
        let commit = commit::update(&before, head, blob_id, Meta::default(), before.time() + 1.0);
        let commit = commit.object();
        let head = commit.id()?;
        Ok(Self { head, objects: vec![(head, commit), (blob_id, blob)] })
    }

    /// As the change log of that member tells it.
    fn told(&self, name: &str, serial: u64) -> PeerMessage {
        let key = Key::File(FileName::from(name));
        let (head, tips, gaps) = (Some(self.head), Vec::new(), Vec::new());
        let items = vec![Change { key, head, tips, gaps }];
        PeerMessage::Changes { since: Serial(serial - 1), upto: Serial(serial), items }
    }

    fn announce(&self, id: ObjectId) -> Option<PeerMessage> {
        let (_, object) = self.objects.iter().find(|(known, _)| *known == id)?;
        Some(PeerMessage::Announce {
            id,
            kind: object.kind.clone(),
            size: u64::try_from(object.content.len()).ok()?,
            content: Some(Bytes(object.content.clone())),
        })
    }
}

async fn read(gateway: &Gateway, name: &str) -> Result<(String, Duration)> {
    let answer = gateway.get(&format!("/p/{name}?format=raw")).await?;
    answer.expect(200)?;
    Ok((String::from_utf8(answer.body)?, answer.took))
}

/// A member knows of newer heads, and is slow to send their objects.
#[tokio::test]
async fn a_file_that_is_behind_is_waited_for_but_not_for_ever() -> Result<()> {
    let mut cluster = Cluster::start().await?;
    let gateway = cluster.gateway(1);
    let mut heads = Vec::new();
    for name in ["slow.pl", "never.pl"] {
        let head = saved(&gateway.create(name, "old.\n").await?)?;
        cluster.journals_end(name, head, PATIENCE).await?;
        heads.push(head);
    }
    cluster.node_mut(3).stop().await?;
    let status = cluster.node(1).status().await?;
    let impostor = Impostor::of(&cluster.node(3).setup, &status.0)?;
    let link = &cluster.node(1).setup.link;
    let mut control = impostor.link(link, Kind::Control).await?;
    let mut bulk = impostor.link(link, Kind::Bulk).await?;

    let slow = Newer::of(&cluster, "slow.pl", heads[0], "new.\n")?;
    let never = Newer::of(&cluster, "never.pl", heads[1], "new.\n")?;
    bulk.say(&[slow.told("slow.pl", 1), never.told("never.pl", 2)]).await?;
    let told = slow.head;
    // Its objects are asked for, and come after a second: the page that waits gets them.
    control.hear_one(|message| asks_for(message, told).then_some(())).await?;
    let page = tokio::spawn(async move { read(&gateway, "slow.pl").await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    ensure!(!page.is_finished(), "the old version was served at once");
    let head = slow.announce(slow.head).context("no commit")?;
    let text = slow.announce(slow.objects[1].0).context("no text")?;
    bulk.say(&[head]).await?;
    let blob = slow.objects[1].0;
    control.hear_one(|message| asks_for(message, blob).then_some(())).await?;
    bulk.say(&[text]).await?;
    let (text, took) = page.await??;
    assert_eq!(text, "new.\n");
    eprintln!("the new version was served after {took:.2?}");

    // The other one never comes: what is here is served.
    let (text, took) = read(&cluster.gateway(1), "never.pl").await?;
    assert_eq!(text, "old.\n");
    assert!(WAITED.contains(&took), "after {took:?}");
    // Nobody waits on a node that knows of nothing newer.
    let (text, took) = read(&cluster.gateway(1), "slow.pl").await?;
    assert_eq!(text, "new.\n");
    assert!(took < Duration::from_secs(1), "after {took:?}");
    cluster.end_alarmed().await
}

fn asks_for(message: &PeerMessage, id: ObjectId) -> bool {
    matches!(message, PeerMessage::Request { ids } if ids.contains(&id))
}

#[tokio::test]
async fn an_object_that_nobody_has_is_told_within_a_second_with_who_was_asked() -> Result<()> {
    let cluster = Cluster::start().await?;
    let status = cluster.node(1).status().await?;
    let members = status.0["roster"]["members"].as_array().context("no members")?;
    let own = &status.0["node"]["id"];
    let ids = members.iter().map(|member| member["id"]["node"].clone());
    let mut others: Vec<_> = ids.filter(|id| id != own).collect();
    others.sort_by_key(ToString::to_string);
    // Both answer that they lack it; then neither answers.
    for is_paused in [false, true] {
        if is_paused {
            cluster.node(2).pause()?;
            cluster.node(3).pause()?;
        }
        let id = ObjectId::from_bytes([if is_paused { 0xb1 } else { 0xb2 }; 20]);
        let gateway = cluster.gateway(1);
        let began = Instant::now();
        let page = tokio::spawn(async move { gateway.get(&format!("/p/{id}?format=raw")).await });
        let (told, _) = until("it is told", PATIENCE, async || {
            let status = cluster.node(1).status().await?;
            let missing = status.0["missing"].as_array().context("no list")?.clone();
            missing.into_iter().find(|told| told["object"] == json!(id)).context("not told")
        })
        .await?;
        let took = began.elapsed();
        let mut asked = told["asked"].as_array().context("asked nobody")?.clone();
        asked.sort_by_key(ToString::to_string);
        assert_eq!(asked, others, "paused: {is_paused}");
        assert!(took <= TOLD, "told after {took:?}, paused: {is_paused}");
        eprintln!("told after {took:.2?}, paused: {is_paused}");
        assert_eq!(page.await??.status, 404);
        let forgotten = until("it is forgotten", PATIENCE, async || {
            let status = cluster.node(1).status().await?;
            ensure!(status.0["missing"] == json!([]), "{}", status.0["missing"]);
            Ok(())
        });
        forgotten.await?;
    }
    cluster.node(2).resume()?;
    cluster.node(3).resume()?;
    cluster.settles(PATIENCE * 2).await?;
    cluster.end().await
}
