//! Two or three nodes' links in one program, over real sockets.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use cluster::{Bytes, MemberId, PeerMessage};
use domain::{ClusterId, Incarnation, ObjectId};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    time::timeout,
};

use super::{
    About, HandshakeError, HelloState, Kind, LinkConfig, LinkEvent, Links, ProbeError, Sent,
};
use crate::{node::identity::Identity, shutdown::Stop};

const SECRET: [u8; 32] = [7; 32];
const CLUSTER: ClusterId = ClusterId::from_bytes([9; 8]);

/// A node that is nothing but its links.
struct Node {
    identity: Arc<Identity>,
    links: Links,
    address: String,
    state: watch::Sender<HelloState>,
    events: mpsc::Receiver<LinkEvent>,
    stop: Stop,
}

/// What a test's node differs in.
struct Setup {
    identity: Arc<Identity>,
    secret: [u8; 32],
    cluster: Option<ClusterId>,
    address: String,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            identity: Arc::new(Identity::random()),
            secret: SECRET,
            cluster: Some(CLUSTER),
            address: "127.0.0.1:0".to_owned(),
        }
    }
}

impl Setup {
    async fn start(self) -> Node {
        let listener = TcpListener::bind(&self.address).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (state, hello) = watch::channel(HelloState {
            cluster: self.cluster,
            incarnation: Incarnation::from_bytes([1; 8]),
            epoch: 1,
            phase: None,
            files: 3,
            durable_count: 0,
            remembered: Vec::new(),
            left: BTreeSet::new(),
        });
        let (sender, events) = mpsc::channel(64);
        let stop = Stop::new();
        let links = Links::start(LinkConfig {
            identity: Arc::clone(&self.identity),
            secret: self.secret,
            listener,
            about: About {
                name: "a node".into(),
                address: address.clone(),
                dashboard: None,
                gateway: None,
            },
            hello,
            events: sender,
            asked: mpsc::channel(1).0,
            stop: stop.clone(),
        });
        Node { identity: self.identity, links, address, state, events, stop }
    }
}

impl Node {
    fn id(&self) -> MemberId {
        self.links.me()
    }

    fn knows(&self, others: &[&Self]) {
        let others = others.iter().map(|node| (node.id(), node.address.clone()));
        self.links.dial(others.collect(), std::collections::BTreeSet::new());
    }

    async fn hears(&mut self) -> LinkEvent {
        timeout(Duration::from_secs(20), self.events.recv()).await.expect("an event").unwrap()
    }

    async fn hears_up(&mut self) -> MemberId {
        match self.hears().await {
            LinkEvent::Up { peer, hello, .. } => {
                assert_eq!(hello.member(), peer);
                peer
            }
            other => panic!("expected Up, got {other:?}"),
        }
    }

    async fn hears_messages(&mut self) -> Vec<PeerMessage> {
        match self.hears().await {
            LinkEvent::Frame { messages, .. } => messages,
            other => panic!("expected a frame, got {other:?}"),
        }
    }

    /// Waits until both kinds of connection to `peer` are there.
    async fn is_linked(&self, peer: &Self) {
        let mut changes = self.links.0.table.changes();
        for kind in [Kind::Control, Kind::Bulk] {
            let linked = changes.wait_for(|_| self.links.0.table.has(peer.id().node, kind));
            timeout(Duration::from_secs(20), linked).await.expect("a link").unwrap();
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

async fn node() -> Node {
    Setup::default().start().await
}

/// Two nodes in order of their ids; the first is the one that dials.
async fn pair() -> (Node, Node) {
    let (one, other) = (node().await, node().await);
    if one.id() < other.id() { (one, other) } else { (other, one) }
}

async fn linked_pair() -> (Node, Node) {
    let (mut alpha, mut bravo) = pair().await;
    bravo.knows(&[&alpha]);
    alpha.knows(&[&bravo]);
    assert_eq!(alpha.hears_up().await, bravo.id());
    assert_eq!(bravo.hears_up().await, alpha.id());
    alpha.is_linked(&bravo).await;
    bravo.is_linked(&alpha).await;
    (alpha, bravo)
}

fn chunk(number: u32, bytes: usize) -> PeerMessage {
    let content = Bytes(vec![42; bytes].into());
    PeerMessage::Chunk { id: ObjectId::from_bytes([1; 20]), number, content }
}

#[tokio::test]
async fn both_kinds_carry_messages_both_ways() {
    let (mut alpha, mut bravo) = linked_pair().await;
    for kind in [Kind::Control, Kind::Bulk] {
        let messages = vec![PeerMessage::RosterRequest, chunk(1, 10)];
        assert_eq!(alpha.links.send(bravo.id(), kind, messages.clone()), Sent::Queued);
        assert_eq!(bravo.hears_messages().await, messages);
        assert_eq!(bravo.links.send(alpha.id(), kind, messages.clone()), Sent::Queued);
        assert_eq!(alpha.hears_messages().await, messages);
    }
    let view = &alpha.links.views()[0];
    assert!(view.linked && view.bulk && view.bytes_in > 0 && view.bytes_out > 0);
    assert_eq!(view.hello.as_ref().unwrap().files, 3);
}

#[tokio::test]
async fn three_nodes_link_with_each_other() {
    let mut nodes = [node().await, node().await, node().await];
    for index in 0..3 {
        let others: Vec<_> = (0..3).filter(|other| *other != index).collect();
        nodes[index].knows(&[&nodes[others[0]], &nodes[others[1]]]);
    }
    for index in 0..3 {
        let mut up = [nodes[index].hears_up().await, nodes[index].hears_up().await];
        up.sort_unstable();
        let mut others: Vec<_> =
            (0..3).filter(|other| *other != index).map(|other| nodes[other].id()).collect();
        others.sort_unstable();
        assert_eq!(up.as_slice(), others);
    }
}

#[tokio::test]
async fn a_frame_of_4_mib_arrives_whole_and_small_ones_keep_their_order() {
    let (alpha, mut bravo) = linked_pair().await;
    let large = vec![chunk(0, 4 << 20)];
    assert_eq!(alpha.links.send(bravo.id(), Kind::Bulk, large.clone()), Sent::Queued);
    assert_eq!(bravo.hears_messages().await, large);
    for number in 0..1_000 {
        let sent = alpha.links.send(bravo.id(), Kind::Control, vec![chunk(number, 100)]);
        assert_eq!(sent, Sent::Queued);
    }
    for number in 0..1_000 {
        assert_eq!(bravo.hears_messages().await, [chunk(number, 100)]);
    }
}

#[tokio::test]
async fn what_finds_no_room_or_no_link_is_dropped_and_counted() {
    let (alpha, bravo) = linked_pair().await;
    let stranger = MemberId { incarnation: Incarnation::from_bytes([2; 8]), ..bravo.id() };
    assert_eq!(alpha.links.send(stranger, Kind::Control, vec![]), Sent::Dropped);
    let sent: Vec<_> =
        (0..4).map(|_| alpha.links.send(bravo.id(), Kind::Bulk, vec![chunk(0, 3 << 20)])).collect();
    assert!(sent.contains(&Sent::Dropped));
    assert_eq!(alpha.links.views()[0].dropped + 1, alpha.links.counters().dropped);
}

#[tokio::test]
async fn a_node_with_another_secret_is_refused() {
    let alpha = node().await;
    let stranger = Setup { secret: [8; 32], ..Setup::default() }.start().await;
    let probed = stranger.links.ask(&alpha.address).await.map(drop);
    assert!(matches!(probed, Err(ProbeError::Handshake { .. })), "{probed:?}");
    assert!(alpha.links.ask(&stranger.address).await.is_err());
}

#[tokio::test]
async fn a_certificate_for_another_link_key_is_refused() {
    // The thief has the secret and a certificate of bravo's, but not bravo's link key.
    let (alpha, thief) = (node().await, Identity::random());
    let bravo_public = super::noise::public_key(&[5; 32]);
    let stolen = Identity::random().certify(&bravo_public);
    let mut socket = super::socket::connect(&alpha.address).await.unwrap();
    let mut noise = super::noise::begin(&thief, &SECRET, super::noise::Role::Dialer).unwrap();
    let mut buffer = vec![0; 65_535];
    let length = noise.write_message(&[], &mut buffer).unwrap();
    socket.send(buffer[..length].to_vec().into()).await.unwrap();
    let answer = socket.next().await.unwrap();
    noise.read_message(&answer, &mut buffer).unwrap();
    let payload = rmp_serde::to_vec_named(&stolen).unwrap();
    let length = noise.write_message(&payload, &mut buffer).unwrap();
    socket.send(buffer[..length].to_vec().into()).await.unwrap();
    assert!(socket.next().await.is_err());
}

#[tokio::test]
async fn a_lost_link_comes_back() {
    let (mut alpha, bravo) = linked_pair().await;
    let (identity, address, id) = (Arc::clone(&bravo.identity), bravo.address.clone(), bravo.id());
    drop(bravo);
    assert_eq!(alpha.hears().await, LinkEvent::Down { peer: id });
    let mut bravo = loop {
        if TcpListener::bind(&address).await.is_ok() {
            break Setup { identity, address, ..Setup::default() }.start().await;
        }
        tokio::task::yield_now().await;
    };
    bravo.knows(&[&alpha]);
    assert_eq!(alpha.hears_up().await, id);
    assert_eq!(bravo.hears_up().await, alpha.id());
}

#[tokio::test]
async fn the_higher_node_dials_when_the_lower_cannot() {
    let (mut alpha, mut bravo) = pair().await;
    alpha.links.dial(vec![(bravo.id(), "127.0.0.1:1".to_owned())], [].into());
    bravo.knows(&[&alpha]);
    assert_eq!(alpha.hears_up().await, bravo.id());
    assert_eq!(bravo.hears_up().await, alpha.id());
}

#[tokio::test]
async fn of_two_connections_from_both_sides_the_lower_nodes_stays() {
    let (mut alpha, mut bravo) = pair().await;
    let wants = (Kind::Control, super::Purpose::Member);
    alpha
        .links
        .0
        .table
        .list([(bravo.id().node, (bravo.id(), bravo.address.clone()))].into(), [].into());
    bravo
        .links
        .0
        .table
        .list([(alpha.id().node, (alpha.id(), alpha.address.clone()))].into(), [].into());
    // The higher node was first, as when the lower one could not dial for a while.
    let socket = super::socket::connect(&alpha.address).await.unwrap();
    let first = bravo.links.0.local.greet(socket, wants, |_| Ok(())).await.unwrap();
    let shared = Arc::clone(&bravo.links.0);
    tokio::spawn(super::connection::run(shared, first, bravo.id().node));
    assert_eq!(alpha.hears_up().await, bravo.id());
    assert_eq!(bravo.hears_up().await, alpha.id());
    // Then the lower one dials, and its connection replaces the other on both sides.
    let socket = super::socket::connect(&bravo.address).await.unwrap();
    let second = alpha.links.0.local.greet(socket, wants, |_| Ok(())).await.unwrap();
    let shared = Arc::clone(&alpha.links.0);
    tokio::spawn(super::connection::run(shared, second, alpha.id().node));
    assert_eq!(alpha.hears().await, LinkEvent::Down { peer: bravo.id() });
    assert_eq!(alpha.hears_up().await, bravo.id());
    assert_eq!(bravo.hears().await, LinkEvent::Down { peer: alpha.id() });
    assert_eq!(bravo.hears_up().await, alpha.id());
    // And a third, from the higher one, is told that it is one too many.
    let socket = super::socket::connect(&alpha.address).await.unwrap();
    let third = bravo.links.0.local.greet(socket, wants, |_| Ok(())).await;
    assert!(matches!(third, Err(HandshakeError::RefusedByPeer { .. })));
}

#[tokio::test]
async fn a_newer_connection_of_the_same_dialer_replaces_the_older() {
    let (alpha, mut bravo) = linked_pair().await;
    // Alpha's second connection, as after a restart that bravo did not notice.
    let socket = super::socket::connect(&bravo.address).await.unwrap();
    let wants = (Kind::Control, super::Purpose::Member);
    let _second = alpha.links.0.local.greet(socket, wants, |_| Ok(())).await.unwrap();
    assert_eq!(bravo.hears().await, LinkEvent::Down { peer: alpha.id() });
    assert_eq!(bravo.hears_up().await, alpha.id());
}

#[tokio::test]
async fn another_cluster_is_refused_and_a_node_without_one_is_not() {
    let alpha = node().await;
    let elsewhere = Some(ClusterId::from_bytes([1; 8]));
    let other = Setup { cluster: elsewhere, ..Setup::default() }.start().await;
    let mut fresh = Setup { cluster: None, ..Setup::default() }.start().await;
    alpha.knows(&[&other, &fresh]);
    assert_eq!(fresh.hears_up().await, alpha.id());
    let socket = super::socket::connect(&other.address).await.unwrap();
    let wants = (Kind::Control, super::Purpose::Member);
    let refused = alpha.links.0.local.greet(socket, wants, |_| Ok(())).await;
    assert!(matches!(refused, Err(HandshakeError::RefusedByPeer { .. })));
}

#[tokio::test]
async fn a_node_in_a_cluster_refuses_a_stranger_who_has_the_secret() {
    let alpha = node().await;
    let mut stranger = Setup { cluster: None, ..Setup::default() }.start().await;
    let socket = super::socket::connect(&alpha.address).await.unwrap();
    let wants = (Kind::Control, super::Purpose::Member);
    let refused = stranger.links.0.local.greet(socket, wants, |_| Ok(())).await;
    assert!(matches!(refused, Err(HandshakeError::RefusedByPeer { .. })));
    assert!(stranger.events.try_recv().is_err());
}

#[tokio::test]
async fn a_member_that_left_the_list_is_unlinked() {
    let (mut alpha, mut bravo) = linked_pair().await;
    alpha.knows(&[]);
    assert_eq!(alpha.hears().await, LinkEvent::Down { peer: bravo.id() });
    assert_eq!(bravo.hears().await, LinkEvent::Down { peer: alpha.id() });
}

#[tokio::test]
async fn a_probe_tells_what_a_node_is_and_links_nothing() {
    let (alpha, bravo) = (node().await, node().await);
    bravo.state.send_modify(|state| state.files = 12);
    let asking = alpha.links.ask(&bravo.address).await.map_err(|error| error.to_string()).unwrap();
    let hello = asking.hello();
    assert_eq!((hello.member(), hello.files, hello.has_roster), (bravo.id(), 12, true));
    assert_eq!(bravo.links.views(), []);
    let nobody = alpha.links.ask("127.0.0.1:1").await;
    assert!(matches!(nobody, Err(ProbeError::Connect { .. })));
    let itself = alpha.links.ask(&alpha.address).await.map(drop).unwrap_err();
    assert!(itself.to_string().contains("this node itself"), "{itself}");
}

#[tokio::test]
async fn garbage_hurts_nobody() {
    let (alpha, mut bravo) = linked_pair().await;
    for garbage in [&b"\0\xff\x01garbage\r\n\r\n"[..], b"GET /link HTTP/1.1\r\n\r\n"] {
        let mut client = TcpStream::connect(&bravo.address).await.unwrap();
        client.write_all(garbage).await.unwrap();
        let _ = client.read(&mut [0; 100]).await;
    }
    let mut client = super::socket::connect(&bravo.address).await.unwrap();
    client.send(vec![0xff; 60_000].into()).await.unwrap();
    assert!(client.next().await.is_err());
    let sent = alpha.links.send(bravo.id(), Kind::Control, vec![PeerMessage::RosterRequest]);
    assert_eq!(sent, Sent::Queued);
    assert_eq!(bravo.hears_messages().await, [PeerMessage::RosterRequest]);
}

/// Another run of a node, with its keys, as after a start from a copy of its disk.
async fn run_again(node: &Node) -> Node {
    let identity = Arc::new(Identity::from_keys([3; 32], [4; 32]));
    assert_eq!(identity.node(), node.identity.node());
    Setup { identity, ..Setup::default() }.start().await
}

/// A node whose keys are known to [`run_again`].
async fn known() -> Node {
    let identity = Arc::new(Identity::from_keys([3; 32], [4; 32]));
    Setup { identity, ..Setup::default() }.start().await
}

/// A node and another one that can be run again, linked.
async fn linked_with_known() -> (Node, Node) {
    let (mut alpha, mut bravo) = (node().await, known().await);
    bravo.knows(&[&alpha]);
    alpha.knows(&[&bravo]);
    assert_eq!(alpha.hears_up().await, bravo.id());
    assert_eq!(bravo.hears_up().await, alpha.id());
    alpha.is_linked(&bravo).await;
    (alpha, bravo)
}

impl Node {
    /// Waits until this event comes, whatever comes before.
    async fn hears_at_last(&mut self, wanted: &LinkEvent) {
        while self.hears().await != *wanted {}
    }
}

#[tokio::test]
async fn of_two_runs_that_both_answer_neither_is_linked() {
    let (mut alpha, bravo) = linked_with_known().await;
    let clone = run_again(&bravo).await;
    let cloned = LinkEvent::Cloned { peer: bravo.id() };
    clone.links.dial(vec![(alpha.id(), alpha.address.clone())], [].into());
    alpha.hears_at_last(&cloned).await;
    alpha.hears_at_last(&LinkEvent::Down { peer: bravo.id() }).await;
    // Both try again and again, and are refused.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!alpha.links.views()[0].linked);
    while let Ok(event) = alpha.events.try_recv() {
        assert!(!matches!(event, LinkEvent::Up { .. }), "{event:?}");
    }
    // When one of them is gone the other counts again, within twelve seconds.
    drop(clone);
    let stopped = tokio::time::Instant::now();
    assert_eq!(alpha.hears_up().await, bravo.id());
    let waited = stopped.elapsed();
    // It counts from the clone's last Hello: the higher of two nodes waits four seconds to dial.
    assert!((Duration::from_secs(5)..Duration::from_secs(12)).contains(&waited), "{waited:?}");
}

#[tokio::test]
async fn a_run_that_does_not_answer_is_replaced_after_two_seconds() {
    let mut alpha = node().await;
    alpha.links.dial(vec![(known().await.id(), "127.0.0.1:1".to_owned())], [].into());
    // The first run has a link, and then says nothing: its machine stands still.
    let silent = Identity::from_keys([3; 32], [4; 32]);
    let first = Setup { identity: Arc::new(silent), ..Setup::default() }.start().await;
    let socket = super::socket::connect(&alpha.address).await.unwrap();
    let wants = (Kind::Control, super::Purpose::Member);
    let _session = first.links.0.local.greet(socket, wants, |_| Ok(())).await.unwrap();
    assert_eq!(alpha.hears_up().await, first.id());

    let began = tokio::time::Instant::now();
    let second = run_again(&first).await;
    second.links.dial(vec![(alpha.id(), alpha.address.clone())], [].into());
    assert_eq!(alpha.hears().await, LinkEvent::Down { peer: first.id() });
    assert_eq!(alpha.hears_up().await, second.id());
    // The higher node waits four seconds before it dials.
    let waited = began.elapsed();
    assert!((Duration::from_secs(2)..Duration::from_secs(8)).contains(&waited), "{waited:?}");
}

#[tokio::test]
async fn a_node_that_was_started_again_is_linked_at_once() {
    let mut alpha = node().await;
    alpha.links.dial(vec![(known().await.id(), "127.0.0.1:1".to_owned())], [].into());
    let wants = (Kind::Control, super::Purpose::Member);
    for _ in 0..3 {
        let run = known().await;
        let socket = super::socket::connect(&alpha.address).await.unwrap();
        let began = tokio::time::Instant::now();
        let session = run.links.0.local.greet(socket, wants, |_| Ok(())).await.unwrap();
        assert_eq!(alpha.hears_up().await, run.id());
        assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
        // Its end closes the connection; the next run comes at once.
        drop(session);
        assert_eq!(alpha.hears().await, LinkEvent::Down { peer: run.id() });
    }
}

#[tokio::test]
async fn hellos_tell_the_other_side_what_is_remembered_of_it() {
    let (alpha, bravo) = pair().await;
    let charlie = node().await;
    alpha.state.send_modify(|state| {
        state.durable_count = 70;
        state.remembered = vec![(charlie.id(), 1), (bravo.id(), 42)];
    });
    bravo.state.send_modify(|state| state.remembered = vec![(alpha.id(), 69)]);
    alpha.knows(&[&bravo]);
    bravo.knows(&[&alpha]);
    let (mut alpha, mut bravo) = (alpha, bravo);
    for (node, count, remembered) in [(&mut alpha, 0, 69), (&mut bravo, 70, 42)] {
        let LinkEvent::Up { hello, said, .. } = node.hears().await else { panic!("not linked") };
        assert_eq!((hello.durable_count, hello.remembers(said)), (count, remembered));
        assert_eq!(hello.remembered.len(), 1, "what is remembered of others is not its business");
    }
}

#[tokio::test]
async fn a_node_in_a_new_life_ends_its_links_and_says_so_in_the_next() {
    let (mut alpha, mut bravo) = linked_pair().await;
    let (old, life) = (alpha.id(), Incarnation::from_bytes([9; 8]));
    alpha.links.renew(life);
    // What still says the old life gets no place.
    assert_eq!(bravo.hears().await, LinkEvent::Down { peer: old });
    alpha.state.send_modify(|state| state.incarnation = life);
    let anew = MemberId { incarnation: life, ..old };
    alpha.hears_at_last(&LinkEvent::Down { peer: bravo.id() }).await;
    loop {
        match bravo.hears().await {
            LinkEvent::Up { peer, .. } if peer == anew => break,
            LinkEvent::Up { .. } | LinkEvent::Down { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    let LinkEvent::Up { said, .. } = alpha.hears().await else { panic!("not linked") };
    assert_eq!(said, life);
}
