//! Founding with several stores, seen from a store that did not found.

#[expect(dead_code, reason = "what this file does not need of the table, others do")]
mod table;

use std::collections::BTreeMap;

use cluster::{DraftKind, Heartbeat, Input, Key, MemberId, Output, PeerMessage, Phase, Tip};
use domain::{ObjectId, Root, Serial};
use table::{ALPHA, BRAVO, CHARLIE, Node};

fn key() -> Key {
    Key::File("a.pl".into())
}

/// Bravo in a cluster that alpha has founded, linked with both others.
fn bravo() -> Node {
    let mut node = Node::with(BRAVO, BTreeMap::new());
    node.links(ALPHA);
    node.links(CHARLIE);
    node
}

fn heartbeat(importing: u64, waiting: u64) -> PeerMessage {
    PeerMessage::Heartbeat(Heartbeat {
        epoch: 1,
        phase: Some(Phase::Steady),
        serial: Serial(0),
        root: Root::from_bytes([0; 32]),
        files: 0,
        waiting,
        importing,
        applied: None,
        asking: Vec::new(),
        draining: false,
        count: 0,
        remembered: 0,
        rolled_back: None,
        audit: Vec::new(),
    })
}

fn prepares(outputs: &[Output]) -> usize {
    let is_one = |output: &&Output| {
        matches!(output, Output::Send { message: PeerMessage::Prepare { .. }, .. })
    };
    outputs.iter().filter(is_one).count()
}

fn imports(node: &mut Node, head: ObjectId) -> Vec<Output> {
    node.gives(Input::Import { heads: vec![(key(), head)] })
}

fn decided(head: ObjectId) -> PeerMessage {
    PeerMessage::NewHead { epoch: 1, key: key(), head, gaps: Vec::new() }
}

fn draft(node: &Node) -> Option<(ObjectId, DraftKind)> {
    node.core.durable().keys[&key()].draft.map(|draft| (draft.tip, draft.kind))
}

fn tips(node: &Node) -> Vec<(ObjectId, MemberId)> {
    let tip = |tip: &Tip| (tip.commit, tip.reporter);
    node.core.durable().keys[&key()].tips.iter().map(tip).collect()
}

#[test]
fn what_a_store_brings_is_served_and_waits_until_the_founder_has_decided_its_own() {
    let mut node = bravo();
    let mine = node.create("a.pl", "mine.\n");
    node.stocks(&mine);
    let mut early = imports(&mut node, mine.id);
    early.extend(node.hears(CHARLIE, heartbeat(0, 0)));
    early.extend(node.hears(ALPHA, heartbeat(3, 0)));
    // A head of the founder's store that a page's save follows is not decided either.
    early.extend(node.hears(ALPHA, heartbeat(0, 1)));
    assert_eq!(prepares(&early), 0, "no race with the founder");
    assert_eq!(draft(&node), Some((mine.id, DraftKind::Import)));
    assert_eq!(node.core.served(&key()), Some(mine.id));
    // It knows no such file: what only this store has is proposed now.
    assert_eq!(prepares(&node.hears(ALPHA, heartbeat(0, 0))), 2);
    assert_eq!(prepares(&node.hears(ALPHA, heartbeat(0, 0))), 0, "once");
}

#[test]
fn after_a_restart_it_waits_again_for_a_word_of_the_founder() {
    let mut node = bravo();
    let mine = node.create("a.pl", "mine.\n");
    node.stocks(&mine);
    imports(&mut node, mine.id);
    let mut early = node.restarts();
    early.extend(node.links(ALPHA));
    early.extend(node.links(CHARLIE));
    assert_eq!(prepares(&early), 0);
    assert_eq!(prepares(&node.hears(ALPHA, heartbeat(0, 0))), 2);
}

#[test]
fn the_founders_choice_makes_it_nothing_new_a_tip_or_a_next_head() {
    let fork = |node: &mut Node| {
        let first = node.create("a.pl", "first.\n");
        let [ours, theirs] = ["ours.\n", "theirs.\n"].map(|text| node.update(&first, text));
        [&first, &ours, &theirs].into_iter().for_each(|made| node.stocks(made));
        [first.id, ours.id, theirs.id]
    };
    let mut node = bravo();
    let [first, _, theirs] = fork(&mut node);
    imports(&mut node, first);
    node.hears(ALPHA, decided(theirs));
    assert_eq!((draft(&node), tips(&node)), (None, Vec::new()), "behind is no side");
    assert_eq!(node.core.served(&key()), Some(theirs));

    let mut node = bravo();
    let [_, ours, theirs] = fork(&mut node);
    imports(&mut node, ours);
    node.hears(ALPHA, decided(theirs));
    assert_eq!((draft(&node), tips(&node)), (None, vec![(ours, BRAVO)]));
    assert_eq!(node.core.served(&key()), Some(theirs));

    // Saved by a SWISH after the founder asked: it follows what was chosen.
    let mut node = bravo();
    let [first, ours, _] = fork(&mut node);
    imports(&mut node, ours);
    let outputs = node.hears(ALPHA, decided(first));
    assert_eq!((prepares(&outputs), tips(&node)), (2, Vec::new()));
}

/// Both heads of the founder are in one write: the chosen one, and its own, which lost.
#[test]
fn the_founders_own_head_is_a_tip_when_another_was_chosen() {
    let mut node = Node::alone();
    let [mine, theirs] = ["mine.\n", "theirs.\n"].map(|text| node.create("a.pl", text));
    node.stocks(&mine);
    let objects = vec![theirs.blob.clone(), theirs.commit.object()];
    node.gives(Input::Keep { objects });
    imports(&mut node, theirs.id);
    imports(&mut node, mine.id);
    assert_eq!(draft(&node), Some((theirs.id, DraftKind::Import)));
    assert_eq!(tips(&node), [(mine.id, ALPHA)]);
}
