//! Catch-up, message by message: what a node asks for, of whom, and what it costs.

#[expect(dead_code, reason = "what this file does not need of the table, save.rs does")]
mod table;

use std::collections::BTreeMap;

use cluster::{
    Decided, Event, Heartbeat, Input, Key, KeyState, MemberId, Output, PeerMessage, Phase, Prefix,
    Timer,
};
use domain::{Millis, ObjectId, Run, Serial};
use table::{ALPHA, BRAVO, CHARLIE, Node};

const RUN: Run = Run::from_bytes([7; 8]);

fn key(number: u32) -> Key {
    Key::File(format!("file{number}.pl").as_str().into())
}

fn head(number: u32, version: u8) -> ObjectId {
    let mut bytes = [version; 20];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    ObjectId::from_bytes(bytes)
}

/// So many files; those of which `changed` says so have another head.
fn files(count: u32, changed: impl Fn(u32) -> bool) -> BTreeMap<Key, KeyState> {
    let file = |number: u32| {
        let version = if changed(number) { 2 } else { 1 };
        let decided =
            Decided { head: head(number, version), serial: Serial(u64::from(number) + 1) };
        (key(number), KeyState { decided: Some(decided), ..KeyState::default() })
    };
    (0..count).map(file).collect()
}

fn link(node: &mut Node, peer: MemberId) -> Vec<Output> {
    node.gives(Input::PeerUp { peer, epoch: 1, run: RUN, count: 0, remembered: 0 })
}

fn sent(outputs: &[Output], peer: MemberId) -> Vec<PeerMessage> {
    let message = |output: &Output| match output {
        Output::Send { to, message, .. } if *to == peer => Some(message.clone()),
        _ => None,
    };
    outputs.iter().filter_map(message).collect()
}

fn unasked(peer: MemberId) -> Output {
    Output::Emit(Event::Offended { peer, offence: cluster::Offence::Unasked })
}

/// What a comparison of two nodes cost.
#[derive(Debug, Default)]
struct Cost {
    messages: usize,
    bytes: usize,
    since: usize,
}

/// Links two nodes and carries everything between them but objects, until nothing is said.
fn compare(alpha: &mut Node, bravo: &mut Node) -> Cost {
    let mut cost = Cost::default();
    let mut to_bravo = sent(&link(alpha, BRAVO), BRAVO);
    // Only what alpha asks is counted: bravo hears no heartbeat, so it asks for nothing.
    to_bravo.clear();
    let mut to_alpha = sent(&link(bravo, ALPHA), ALPHA);
    while !(to_alpha.is_empty() && to_bravo.is_empty()) {
        for message in std::mem::take(&mut to_alpha) {
            let outputs = alpha.hears(BRAVO, message);
            to_bravo.extend(sent(&outputs, BRAVO));
            if outputs
                .iter()
                .any(|output| matches!(output, Output::Arm { timer: Timer::Compare, .. }))
                && to_bravo.is_empty()
            {
                alpha.at(Millis(300));
                to_bravo.extend(sent(&alpha.gives(Input::Timer(Timer::Compare)), BRAVO));
            }
        }
        for message in std::mem::take(&mut to_bravo) {
            if !matches!(message, PeerMessage::TreeRequest { .. } | PeerMessage::Since { .. }) {
                continue;
            }
            cost.since += usize::from(matches!(message, PeerMessage::Since { .. }));
            let answers = sent(&bravo.hears(ALPHA, message.clone()), ALPHA);
            for message in std::iter::once(&message).chain(&answers) {
                cost.messages += 1;
                cost.bytes += rmp_serde::to_vec_named(message).expect("plain values").len();
            }
            to_alpha.extend(answers);
        }
    }
    cost
}

/// Bytes of a node's whole change log, page by page.
fn log_bytes(node: &mut Node) -> usize {
    let (mut serial, mut bytes) = (Serial(0), 0);
    loop {
        let answer = sent(&node.hears(ALPHA, PeerMessage::Since { serial }), ALPHA);
        let [PeerMessage::Changes { upto, items, .. }] = answer.as_slice() else {
            return bytes;
        };
        if items.is_empty() {
            return bytes;
        }
        serial = *upto;
        bytes += rmp_serde::to_vec_named(&answer[0]).expect("plain values").len();
    }
}

/// Files of which the node knows that the peer has this version.
fn reported(node: &Node, peer: MemberId, count: u32, version: u8) -> u32 {
    let has_ours = node.core.peers().iter().any(|status| status.id == peer && status.has_ours);
    let has = |number: &u32| {
        let file = node.core.file(&key(*number));
        let said = file.reported.iter().find(|(who, _)| *who == peer);
        let ours = file.decided.filter(|_| has_ours).map(|decided| decided.head);
        said.map_or(ours, |(_, theirs)| *theirs) == Some(head(*number, version))
    };
    u32::try_from((0..count).filter(has).count()).expect("few")
}

#[test]
fn a_thousand_differences_in_a_hundred_thousand_files_cost_what_a_thousand_do() {
    const FILES: u32 = 100_000;
    let mut bravo = Node::with(BRAVO, files(FILES, |number| number % 100 == 0));
    let mut alpha = Node::with(ALPHA, files(FILES, |_| false));
    let cost = compare(&mut alpha, &mut bravo);
    assert_eq!(cost.since, 0, "the log of a new run is not read from its beginning");
    assert!(cost.messages < 100, "{cost:?}");
    assert!(cost.bytes < 600_000, "{cost:?}");
    let log = log_bytes(&mut bravo);
    assert!(cost.bytes * 9 < log, "{cost:?}, the whole log has {log} bytes");
    assert_eq!(reported(&alpha, BRAVO, FILES, 2), 1_000);
    assert_eq!(reported(&alpha, BRAVO, FILES, 1), 99_000);

    let mut alpha = Node::with(ALPHA, files(FILES, |number| number % 100 == 0 && number != 500));
    let cost = compare(&mut alpha, &mut Node::with(BRAVO, files(FILES, |n| n % 100 == 0)));
    assert!(cost.bytes < 3_000, "one difference: {cost:?}");
}

#[test]
fn a_peer_of_a_new_run_with_equal_heads_is_asked_for_nothing() {
    let mut bravo = Node::with(BRAVO, files(1_000, |_| false));
    let mut alpha = Node::with(ALPHA, files(1_000, |_| false));
    let cost = compare(&mut alpha, &mut bravo);
    assert_eq!(cost.messages, 0, "{cost:?}");
    assert_eq!(reported(&alpha, BRAVO, 1_000, 1), 1_000);
}

#[test]
fn a_node_with_nothing_reads_the_log() {
    let mut bravo = Node::with(BRAVO, files(3_500, |_| false));
    let mut alpha = Node::with(ALPHA, BTreeMap::new());
    let cost = compare(&mut alpha, &mut bravo);
    assert_eq!((cost.since, cost.messages), (4, 8), "{cost:?}");
    assert_eq!(reported(&alpha, BRAVO, 3_500, 1), 3_500);
}

fn heartbeat(serial: u64, files: u64) -> PeerMessage {
    PeerMessage::Heartbeat(Heartbeat {
        epoch: 1,
        phase: Some(Phase::Steady),
        serial: Serial(serial),
        root: domain::Root::from_bytes([serial.to_be_bytes()[7]; 32]),
        files,
        waiting: 0,
        importing: 0,
        applied: None,
        asking: Vec::new(),
        draining: false,
        count: 0,
        remembered: 0,
        rolled_back: None,
        audit: Vec::new(),
    })
}

#[test]
fn the_peer_with_most_changes_comes_first() {
    let mut alpha = Node::with(ALPHA, files(10, |_| false));
    link(&mut alpha, BRAVO);
    link(&mut alpha, CHARLIE);
    let waits = alpha.hears(BRAVO, heartbeat(12, 10));
    assert_eq!(sent(&waits, BRAVO), [], "charlie was not heard yet");
    let outputs = alpha.hears(CHARLIE, heartbeat(30, 10));
    assert_eq!(sent(&outputs, BRAVO), []);
    let first = PeerMessage::TreeRequest { prefixes: vec![Prefix::TOP] };
    assert_eq!(sent(&outputs, CHARLIE), vec![first.clone()]);

    // It never answers: it is asked again, then the other one is.
    alpha.at(Millis(500));
    let outputs = alpha.gives(Input::Timer(Timer::Compare));
    assert_eq!(sent(&outputs, CHARLIE), vec![first.clone()]);
    alpha.gives(Input::Timer(Timer::Compare));
    let outputs = alpha.gives(Input::Timer(Timer::Compare));
    assert_eq!((sent(&outputs, CHARLIE), sent(&outputs, BRAVO)), (vec![], vec![first]));
}

#[test]
fn nothing_is_taken_from_a_tree_that_was_not_asked_for() {
    let mut alpha = Node::with(ALPHA, files(10, |_| false));
    link(&mut alpha, BRAVO);
    let branch = cluster::TreeBranch {
        prefix: Prefix::TOP,
        below: cluster::Below::Heads(vec![cluster::Change {
            key: key(1),
            head: Some(head(1, 9)),
            tips: Vec::new(),
            gaps: Vec::new(),
        }]),
    };
    let outputs = alpha.hears(BRAVO, PeerMessage::TreeIs { branches: vec![branch] });
    assert_eq!(outputs, [unasked(BRAVO)]);
}

#[test]
fn a_lost_row_of_a_log_is_found_when_roots_stay_different() {
    let mut alpha = Node::with(ALPHA, files(10, |_| false));
    link(&mut alpha, BRAVO);
    link(&mut alpha, CHARLIE);
    alpha.hears(CHARLIE, heartbeat(0, 10));
    // Its log is known up to its end, and its root is still another one.
    let changes = PeerMessage::Changes { since: Serial(0), upto: Serial(12), items: Vec::new() };
    alpha.hears(BRAVO, changes);
    assert_eq!(sent(&alpha.hears(BRAVO, heartbeat(12, 10)), BRAVO), []);
    let outputs = alpha.hears(BRAVO, heartbeat(12, 10));
    assert_eq!(sent(&outputs, BRAVO), [PeerMessage::TreeRequest { prefixes: vec![Prefix::TOP] }]);
    assert!(outputs.contains(&Output::Emit(Event::PeerHeard { peer: BRAVO })));
}

#[test]
fn roots_that_are_never_equal_are_looked_into_although_nothing_of_the_log_lacks() {
    let mut alpha = Node::with(ALPHA, files(10, |_| false));
    link(&mut alpha, BRAVO);
    link(&mut alpha, CHARLIE);
    alpha.hears(CHARLIE, heartbeat(0, 10));
    let mut asked = Vec::new();
    for second in 1..=40 {
        alpha.at(Millis(1_000 * second));
        let (since, upto) = (Serial(second - 1), Serial(second));
        alpha.hears(BRAVO, PeerMessage::Changes { since, upto, items: Vec::new() });
        let outputs = alpha.hears(BRAVO, heartbeat(second, 10));
        asked.extend(sent(&outputs, BRAVO).iter().map(|_| second));
    }
    assert_eq!(asked, [31]);
}

#[test]
fn a_comparison_ends_with_the_run_it_was_about() {
    let mut alpha = Node::with(ALPHA, files(10, |_| false));
    link(&mut alpha, BRAVO);
    link(&mut alpha, CHARLIE);
    alpha.hears(CHARLIE, heartbeat(0, 10));
    assert_eq!(sent(&alpha.hears(BRAVO, heartbeat(12, 10)), BRAVO).len(), 1);
    alpha.gives(Input::PeerUp {
        peer: BRAVO,
        epoch: 1,
        run: Run::from_bytes([8; 8]),
        count: 0,
        remembered: 0,
    });
    let branches =
        vec![cluster::TreeBranch { prefix: Prefix::TOP, below: cluster::Below::Heads(Vec::new()) }];
    assert_eq!(alpha.hears(BRAVO, PeerMessage::TreeIs { branches }), [unasked(BRAVO)]);
}
