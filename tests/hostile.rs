//! H. A member whose program lies and floods: nothing of it is stored, it is counted and cut off,
//! and the others go on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use cluster::{Below, Bytes, INLINE_BYTES, PeerMessage, Prefix, TreeBranch};
use domain::{ObjectId, ObjectKind};
use gitty::Object;
use tests::{
    cluster::Cluster,
    gateway::{Gateway, saved},
    impostor::{Impostor, Kind, Line, PIECE_BYTES},
    node::Node,
    wait::until,
};

const PATIENCE: Duration = Duration::from_secs(5);
/// What may be taken in answer to anything: a page's patience is 2 s.
const SAVED: Duration = Duration::from_secs(2);
/// Memory that a flood may cost a node, debug build.
const FLOOD_KB: u64 = 96 << 10;

/// Both connections to one node.
struct Member {
    control: Line,
    bulk: Line,
}

impl Member {
    async fn link(impostor: &Impostor, node: &Node) -> Result<Self> {
        let address = &node.setup.link;
        Ok(Self {
            control: impostor.link(address, Kind::Control).await?,
            bulk: impostor.link(address, Kind::Bulk).await?,
        })
    }

    /// Waits until the node asks for an object.
    async fn is_asked_for(&mut self, wanted: ObjectId) -> Result<()> {
        let asks = |message: &PeerMessage| match message {
            PeerMessage::Request { ids } => ids.contains(&wanted).then_some(()),
            _ => None,
        };
        self.control.hear_one(asks).await
    }

    async fn is_closed(&mut self) -> Result<()> {
        self.control.is_closed().await?;
        self.bulk.is_closed().await
    }
}

/// A count of `/metrics`.
async fn counted(node: &Node, name: &str) -> Result<u64> {
    let answer = node.dashboard()?.get("/metrics").await?;
    let text = String::from_utf8(answer.body)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    Ok(line.with_context(|| format!("no {name}"))?.trim().parse()?)
}

async fn offences(node: &Node, what: &str) -> Result<u64> {
    counted(node, &format!("swish_cluster_link_offences_total{{what=\"{what}\"}}")).await
}

async fn has_alarm(node: &Node, alarm: &str) -> Result<()> {
    let status = node.status().await?;
    let named = status.alarms().iter().any(|raised| raised["alarm"] == alarm);
    ensure!(named, "no {alarm} in {:?}", status.alarms());
    Ok(())
}

/// Most memory that a node has had, in kilobytes.
fn peak_kb(node: &Node) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", node.pid().context("down")?))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// Somebody saves all the time, and is answered.
fn saves(gateways: Vec<Gateway>, stop: Arc<AtomicBool>) -> tokio::task::JoinHandle<Result<usize>> {
    tokio::spawn(async move {
        let mut head = saved(&gateways[0].create("busy.pl", "busy(0).\n").await?)?;
        let mut count = 1;
        while !stop.load(Ordering::Relaxed) {
            let gateway = &gateways[count % gateways.len()];
            let answer = gateway.save("busy.pl", head, &format!("busy({count}).\n")).await?;
            head = saved(&answer).with_context(|| format!("save {count}"))?;
            ensure!(answer.took < SAVED, "save {count} took {:?}", answer.took);
            count += 1;
        }
        Ok(count)
    })
}

/// An object that only a liar says it has; it is asked for because a page wants it.
async fn wanted(node: &Node, id: ObjectId) -> tokio::task::JoinHandle<Result<u16>> {
    let gateway = node.gateway();
    tokio::spawn(async move { Ok(gateway.get(&format!("/p/{id}?format=raw")).await?.status) })
}

fn absent(number: u8) -> PeerMessage {
    PeerMessage::Absent { id: ObjectId::from_bytes([number; 20]) }
}

fn announce(id: ObjectId, content: &[u8]) -> PeerMessage {
    PeerMessage::Announce {
        id,
        kind: ObjectKind::Blob,
        size: u64::try_from(content.len()).unwrap_or(0),
        content: Some(Bytes(content.into())),
    }
}

async fn wrong_bytes(member: &mut Member, node: &Node) -> Result<()> {
    let id = ObjectId::from_bytes([0xa1; 20]);
    let page = wanted(node, id).await;
    member.is_asked_for(id).await?;
    member.bulk.say(&[announce(id, b"these are not its bytes")]).await?;
    assert_eq!(page.await??, 404);
    assert_eq!(offences(node, "wrong_bytes").await?, 1);
    has_alarm(node, "wrong_object").await
}

/// The same chunk for ever is no progress, numbers beyond the end are not taken, and what is whole
/// at last has another hash.
async fn endless_chunks(member: &mut Member, node: &Node) -> Result<()> {
    let id = ObjectId::from_bytes([0xa2; 20]);
    let page = wanted(node, id).await;
    member.is_asked_for(id).await?;
    let size = u64::try_from(3 * INLINE_BYTES)?;
    let large = PeerMessage::Announce { id, kind: ObjectKind::Blob, size, content: None };
    member.bulk.say(&[large]).await?;
    let asks = |message: &PeerMessage| match message {
        PeerMessage::RequestChunks { id: asked, count, .. } if *asked == id => Some(*count),
        _ => None,
    };
    assert_eq!(member.control.hear_one(asks).await?, 3);
    let chunk =
        |number| PeerMessage::Chunk { id, number, content: Bytes(vec![7; INLINE_BYTES].into()) };
    for number in [0, 0, 0, 0, 9, 4_000_000_000, 0, 1, 2] {
        member.bulk.say(&[chunk(number)]).await?;
    }
    assert_eq!(page.await??, 404);
    assert_eq!(offences(node, "wrong_bytes").await?, 2);
    Ok(())
}

/// What cannot be read is skipped, one frame after the other, and the connection is still good.
async fn nonsense(member: &mut Member, node: &Node) -> Result<()> {
    let unknown_frame = b"\x01\x81\xa8shutdown\x80";
    let unknown_message = b"\x01\x81\xa8messages\x91\x81\xa9overwrite\x80";
    let endless_list = b"\x01\x81\xa8messages\xdd\xff\xff\xff\xff";
    let deep = [b"\x01\x81\xa8messages".as_slice(), &[0x91; 50_000]].concat();
    let other_version = b"\x02\x81\xa4ping\x81\xa6micros\x01";
    let before = offences(node, "undecodable").await?;
    let frames: [&[u8]; 5] = [unknown_frame, unknown_message, endless_list, &deep, other_version];
    for frame in frames {
        member.control.say_frame(frame).await?;
    }
    until("five frames that were skipped", PATIENCE, async || {
        let count = offences(node, "undecodable").await? - before;
        ensure!(count == 5, "{count}");
        Ok(())
    })
    .await?;
    Ok(())
}

/// Answers to questions that nobody asked, until the node has heard enough.
async fn floods(member: &mut Member, node: &Node) -> Result<()> {
    let branch = TreeBranch { prefix: Prefix::TOP, below: Below::Heads(Vec::new()) };
    member.bulk.say(&[PeerMessage::TreeIs { branches: vec![branch] }, absent(1)]).await?;
    let stray = Object::blob("nobody asked for this");
    let stray_id = stray.id()?;
    member.bulk.say(&[announce(stray_id, &stray.content)]).await?;
    until("what nobody asked for is counted", PATIENCE, async || {
        let count = offences(node, "unasked").await?;
        ensure!(count >= 3, "{count}");
        Ok(())
    })
    .await?;
    let content = vec![7; INLINE_BYTES];
    // The node closes the connection in the middle of it.
    for _ in 0..2_000 {
        if member.bulk.say(&[announce(stray_id, &content), absent(2)]).await.is_err() {
            break;
        }
    }
    member.is_closed().await?;
    assert_eq!(counted(node, "swish_cluster_link_cut_off_total").await?, 1);
    has_alarm(node, "cut_off").await?;
    assert_eq!(node.gateway().get(&format!("/p/{stray_id}?format=raw")).await?.status, 404);
    Ok(())
}

/// A frame that does not end: the connection does.
async fn endless_frames(impostor: &Impostor, node: &Node) -> Result<()> {
    for _ in 0..2 {
        let mut member = Member::link(impostor, node).await?;
        let piece = vec![0; PIECE_BYTES];
        for _ in 0..2_000 {
            if member.bulk.say_piece(&piece, false).await.is_err() {
                break;
            }
        }
        member.bulk.is_closed().await?;
    }
    assert_eq!(offences(node, "malformed").await?, 2);
    has_alarm(node, "cut_off").await
}

#[tokio::test]
async fn a_member_that_lies_and_floods_is_cut_off_and_nothing_of_it_is_kept() -> Result<()> {
    let mut cluster = Cluster::start().await?;
    cluster.node_mut(3).stop().await?;
    let status = cluster.node(1).status().await?;
    let impostor = Impostor::of(&cluster.node(3).setup, &status.0)?;
    let gateways = vec![cluster.gateway(1), cluster.gateway(2)];
    let stop = Arc::new(AtomicBool::new(false));
    let saving = saves(gateways, Arc::clone(&stop));
    until("a first save", PATIENCE, async || cluster.gateway(2).file("busy.pl").await).await?;
    let before = [peak_kb(cluster.node(1))?, peak_kb(cluster.node(2))?];

    let node = cluster.node(1);
    let mut member = Member::link(&impostor, node).await?;
    wrong_bytes(&mut member, node).await?;
    endless_chunks(&mut member, node).await?;
    nonsense(&mut member, node).await?;
    floods(&mut member, node).await?;
    let again = impostor.link(&node.setup.link, Kind::Control).await;
    let refused = again.err().context("it may link again")?.to_string();
    assert!(refused.contains("misbehaved"), "{refused}");
    endless_frames(&impostor, cluster.node(2)).await?;

    stop.store(true, Ordering::Relaxed);
    let count = saving.await??;
    for (number, before) in (1..).zip(before) {
        let grown = peak_kb(cluster.node(number))?.saturating_sub(before);
        eprintln!("node {number} took {grown} kB more meanwhile");
        assert!(grown < FLOOD_KB, "node {number} took {grown} kB more");
    }
    eprintln!("{count} saves meanwhile, all decided");
    let head = cluster.gateway(1).file("busy.pl").await?.commit;
    let writing = until("the last line", PATIENCE, async || {
        for number in 1..=2 {
            let directory = cluster.directory(number);
            ensure!(directory.heads()?.get("busy.pl") == Some(&head), "not on node {number}");
            ensure!(directory.chain(head)?.len() == count, "another chain on node {number}");
            // A commit and a text for each save, and nothing else.
            let objects = directory.loose()?;
            ensure!(objects == 2 * count, "{objects} objects on node {number}");
        }
        Ok(())
    });
    writing.await?;
    cluster.end_alarmed().await
}
