//! Objects that are wanted: of whom they are asked, how many at once, and what if nobody has them.

#[expect(dead_code, reason = "what this file does not need of the table, save.rs does")]
mod table;

use std::collections::{BTreeMap, VecDeque};

use cluster::{
    Bytes, Change, Event, Input, Key, MemberId, Offence, Output, PeerMessage, Timer, Waiting,
};
use domain::{Millis, ObjectId, Run, Serial};
use gitty::Object;
use table::{BRAVO, CHARLIE, Made, Node, now_heads};

const RUN: Run = Run::from_bytes([7; 8]);

fn head(number: u8) -> ObjectId {
    ObjectId::from_bytes([number; 20])
}

fn heads(numbers: impl DoubleEndedIterator<Item = u8>) -> Vec<ObjectId> {
    numbers.map(head).collect()
}

/// A peer's change log of so many files.
fn changes(count: u8) -> PeerMessage {
    let change = |number: u8| Change {
        key: Key::File(format!("file{number}.pl").as_str().into()),
        head: Some(head(number)),
        tips: Vec::new(),
        gaps: Vec::new(),
    };
    let items = (1..=count).map(change).collect();
    PeerMessage::Changes { since: Serial(0), upto: Serial(count.into()), items }
}

fn requests(outputs: &[Output]) -> Vec<(MemberId, Vec<ObjectId>)> {
    let request = |output: &Output| match output {
        Output::Send { to, message: PeerMessage::Request { ids }, .. } => Some((*to, ids.clone())),
        _ => None,
    };
    outputs.iter().filter_map(request).collect()
}

fn missing(outputs: &[Output]) -> Vec<(ObjectId, Vec<MemberId>, u64)> {
    let event = |output: &Output| match output {
        Output::Emit(Event::ObjectMissing { id, asked, again }) => {
            Some((*id, asked.clone(), again.0))
        }
        _ => None,
    };
    outputs.iter().filter_map(event).collect()
}

fn linked() -> Node {
    let mut node = Node::alone();
    for peer in [BRAVO, CHARLIE] {
        node.gives(Input::PeerUp { peer, epoch: 1, run: RUN, count: 0, remembered: 0 });
    }
    node
}

fn announce(made: &Made) -> PeerMessage {
    object_is(made.id, made.commit.object())
}

fn object_is(id: ObjectId, Object { kind, content }: Object) -> PeerMessage {
    let size = u64::try_from(content.len()).expect("small");
    PeerMessage::Announce { id, kind, size, content: Some(Bytes(content)) }
}

#[test]
fn objects_are_asked_for_in_batches_of_one_peer_and_the_newest_heads_first() {
    let mut node = linked();
    let outputs = node.hears(CHARLIE, changes(100));
    assert_eq!(requests(&outputs), [(CHARLIE, heads((37..=100).rev()))]);
    let status = node.core.catch_up().expect("heads wait for objects");
    assert_eq!((status.heads, status.wanted, status.arrived), (100, 100, 0));
    assert_eq!(status.from, [(CHARLIE, 64)]);
    assert_eq!(status.waiting, Some((Some(CHARLIE), Waiting::Objects)));
}

#[test]
fn a_peer_without_progress_gives_its_whole_line_to_the_next() {
    let mut node = linked();
    node.hears(CHARLIE, changes(100));
    node.at(Millis(500));
    let outputs = node.gives(Input::Timer(Timer::Fetch(CHARLIE)));
    assert_eq!(requests(&outputs), [(BRAVO, heads((37..=100).rev()))]);
    assert_eq!(missing(&outputs), []);
}

#[test]
fn a_peer_that_is_gone_is_asked_for_nothing() {
    let mut node = linked();
    node.hears(CHARLIE, changes(3));
    let outputs = node.gives(Input::PeerDown { peer: CHARLIE });
    assert_eq!(requests(&outputs), [(BRAVO, heads((1..=3).rev()))]);
    let outputs = node.gives(Input::PeerDown { peer: BRAVO });
    assert_eq!((requests(&outputs), missing(&outputs)), (vec![], vec![]));
    let status = node.core.catch_up().expect("heads wait for objects");
    assert_eq!(status.waiting, Some((None, Waiting::NobodyLinked)));
}

#[test]
fn what_nobody_has_is_reported_at_once_and_asked_for_less_and_less_often() {
    let mut node = linked();
    node.hears(CHARLIE, changes(1));
    let absent = || PeerMessage::Absent { id: head(1) };
    let (mut waits, mut now) = (Vec::new(), 0);
    for _ in 0..7 {
        let outputs = node.hears(CHARLIE, absent());
        assert_eq!(requests(&outputs), [(BRAVO, vec![head(1)])]);
        let outputs = node.hears(BRAVO, absent());
        let [(id, asked, again)] = missing(&outputs).try_into().expect("it is reported");
        assert_eq!((id, asked), (head(1), vec![BRAVO, CHARLIE]));
        let status = node.core.catch_up().expect("a head waits for it");
        assert_eq!(status.waiting, Some((None, Waiting::NobodyHasThem)));
        waits.push(again);
        now += again;
        node.at(Millis(now - 1));
        assert_eq!(requests(&node.gives(Input::Timer(Timer::Heartbeat))), []);
        node.at(Millis(now));
        let outputs = node.gives(Input::Timer(Timer::Heartbeat));
        assert_eq!(requests(&outputs), [(CHARLIE, vec![head(1)])]);
    }
    assert_eq!(waits, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
}

#[test]
fn an_object_that_all_peers_are_silent_about_is_reported_within_a_second() {
    let mut node = linked();
    let outputs = node.gives(Input::Want { token: cluster::Token(1), id: head(1) });
    let mut now = 0;
    let mut asked = requests(&outputs);
    let mut timer = fetch_timer(&outputs);
    for _ in 0..2 {
        let (peer, latest) = timer.expect("somebody is being asked");
        now += latest;
        node.at(Millis(now));
        let outputs = node.gives(Input::Timer(Timer::Fetch(peer)));
        asked.extend(requests(&outputs));
        timer = fetch_timer(&outputs);
        assert_eq!(missing(&outputs).is_empty(), timer.is_some(), "told when all were asked");
        for (id, asked, _) in missing(&outputs) {
            assert_eq!((id, asked), (head(1), vec![BRAVO, CHARLIE]));
        }
    }
    assert_eq!(timer, None);
    assert_eq!(asked.len(), 2, "one after the other: {asked:?}");
    assert!(now <= 1_000, "told after {now} ms");
    assert!(node.core.is_wanted(&head(1)));
    node.at(Millis(2_000));
    node.gives(Input::Timer(Timer::Want(cluster::Token(1))));
    assert!(!node.core.is_wanted(&head(1)), "nobody waits for it any more");
}

/// Who has how long to send something.
fn fetch_timer(outputs: &[Output]) -> Option<(MemberId, u64)> {
    outputs.iter().find_map(|output| match output {
        Output::Arm { timer: Timer::Fetch(peer), between: (_, latest) } => Some((*peer, *latest)),
        _ => None,
    })
}

#[test]
fn what_nobody_had_is_asked_of_a_peer_that_links() {
    let mut node = linked();
    node.gives(Input::PeerDown { peer: BRAVO });
    node.hears(CHARLIE, changes(1));
    let outputs = node.hears(CHARLIE, PeerMessage::Absent { id: head(1) });
    assert_eq!(missing(&outputs), [(head(1), vec![CHARLIE], 2_000)]);
    let outputs =
        node.gives(Input::PeerUp { peer: BRAVO, epoch: 1, run: RUN, count: 0, remembered: 0 });
    assert_eq!(requests(&outputs), [(BRAVO, vec![head(1)])]);
}

#[test]
fn an_answer_that_comes_after_others_were_asked_is_as_good() {
    let mut node = linked();
    let made = node.create("a.pl", "p(1).\n");
    let news = PeerMessage::NewHead {
        epoch: 1,
        key: "file:a.pl".parse().expect("a key"),
        head: made.id,
        gaps: Vec::new(),
    };
    node.hears(BRAVO, news);
    node.gives(Input::Timer(Timer::Fetch(BRAVO)));
    let outputs = node.hears(BRAVO, announce(&made));
    assert_eq!(requests(&outputs), [(CHARLIE, vec![made.blob_id])], "its text is asked for next");
    let status = node.core.catch_up().expect("its text is not here");
    assert_eq!((status.wanted, status.arrived), (2, 1));
}

#[test]
fn wrong_bytes_are_not_stored_told_and_asked_of_the_next() {
    let mut node = linked();
    node.hears(CHARLIE, changes(1));
    let wrong = PeerMessage::Announce {
        id: head(1),
        kind: domain::ObjectKind::Blob,
        size: 5,
        content: Some(Bytes(b"wrong".to_vec().into())),
    };
    let outputs = node.hears(CHARLIE, wrong.clone());
    assert_eq!(requests(&outputs), [(BRAVO, vec![head(1)])]);
    assert_eq!(offences(&outputs), [(CHARLIE, Offence::WrongBytes)]);
    let alarm = Output::Raise(cluster::Alarm::WrongObject { from: CHARLIE, id: head(1) });
    assert!(outputs.contains(&alarm), "{outputs:?}");
    assert!(!outputs.iter().any(|output| matches!(output, Output::Persist { .. })));
    let outputs = node.hears(CHARLIE, wrong);
    let both = [(CHARLIE, Offence::Unasked), (CHARLIE, Offence::WrongBytes)];
    assert_eq!(offences(&outputs), both);
    assert_eq!(requests(&outputs), [], "the next one is being asked already");
}

#[test]
fn a_peer_that_answers_more_than_it_was_asked_is_told() {
    let mut node = linked();
    let absent = |number| PeerMessage::Absent { id: head(number) };
    assert_eq!(offences(&node.hears(BRAVO, absent(9))), [(BRAVO, Offence::Unasked)]);
    node.hears(CHARLIE, changes(2));
    assert_eq!(offences(&node.hears(CHARLIE, absent(1))), []);
    assert_eq!(offences(&node.hears(CHARLIE, absent(2))), []);
    assert_eq!(offences(&node.hears(CHARLIE, absent(2))), [(CHARLIE, Offence::Unasked)]);
}

#[test]
fn the_same_chunk_again_is_no_progress() {
    let mut node = linked();
    node.hears(CHARLIE, changes(1));
    let (id, kind) = (head(1), domain::ObjectKind::Blob);
    let size = 200_000;
    let outputs = node.hears(CHARLIE, PeerMessage::Announce { id, kind, size, content: None });
    assert!(fetch_timer(&outputs).is_some());
    let content = Bytes(vec![0; 60 << 10].into());
    let chunk = PeerMessage::Chunk { id, number: 0, content };
    assert!(fetch_timer(&node.hears(CHARLIE, chunk.clone())).is_some(), "it has more time");
    assert_eq!(fetch_timer(&node.hears(CHARLIE, chunk)), None, "it has not");
}

#[test]
fn only_what_its_path_needs_is_stored_of_a_proposal() {
    let mut node = linked();
    let made = node.create("a.pl", "p(1).\n");
    let stray = gitty::Object::blob("nobody needs this");
    let propose = PeerMessage::Propose(cluster::Propose {
        epoch: 1,
        key: "file:a.pl".parse().expect("a key"),
        ballot: cluster::Ballot { counter: 1, incarnation: BRAVO.incarnation },
        head: made.id,
        objects: vec![stray, made.commit.object(), made.blob.clone()],
        gaps: Vec::new(),
    });
    let outputs = node.hears(BRAVO, propose);
    let stored: Vec<ObjectId> = outputs
        .iter()
        .flat_map(|output| match output {
            Output::Persist { records, .. } => records.as_slice(),
            _ => &[],
        })
        .filter_map(|record| match record {
            cluster::Record::Object { id, .. } => Some(*id),
            _ => None,
        })
        .collect();
    assert_eq!(stored, [made.id, made.blob_id]);
}

/// Answers what the node asks of bravo until it asks for nothing more.
fn serve(node: &mut Node, first: Vec<Output>, path: &[Made]) {
    let commits = path.iter().map(|made| (made.id, made.commit.object()));
    let blobs = path.iter().map(|made| (made.blob_id, made.blob.clone()));
    let all: BTreeMap<ObjectId, Object> = commits.chain(blobs).collect();
    let mut asked: VecDeque<_> = requests(&first).into_iter().flat_map(|(_, ids)| ids).collect();
    while let Some(id) = asked.pop_front() {
        let outputs = node.hears(BRAVO, object_is(id, all[&id].clone()));
        asked.extend(requests(&outputs).into_iter().flat_map(|(_, ids)| ids));
        node.syncs();
    }
}

fn path_of(node: &Node, length: usize) -> Vec<Made> {
    let mut path = vec![node.create("long.pl", "0")];
    for number in 1..length {
        path.push(node.update(&path[number - 1], &number.to_string()));
    }
    path
}

fn new_head(made: &Made) -> PeerMessage {
    let key = Key::File("long.pl".into());
    PeerMessage::NewHead { epoch: 1, key, head: made.id, gaps: Vec::new() }
}

#[test]
fn a_long_path_costs_its_length() {
    const LENGTH: usize = 1_000;
    let mut node = linked();
    let path = path_of(&node, LENGTH);
    let last = &path[LENGTH - 1];
    let outputs = node.hears(BRAVO, new_head(last));
    serve(&mut node, outputs, &path);
    assert_eq!(table::now_heads(&node), [(Key::File("long.pl".into()), last.id)]);
    assert!(node.looked() < 20 * 1_000, "looked at {} commits", node.looked());
}

#[test]
fn a_thousand_heads_of_one_file_cost_one_path() {
    const LENGTH: usize = 1_000;
    let mut node = linked();
    let path = path_of(&node, LENGTH);
    // Each is told before anything of the one before it has come.
    let mut asked = Vec::new();
    for made in &path {
        asked.extend(node.hears(BRAVO, new_head(made)));
    }
    serve(&mut node, asked, &path);
    let last = &path[LENGTH - 1];
    assert_eq!(table::now_heads(&node), [(Key::File("long.pl".into()), last.id)]);
    assert!(node.looked() < 40 * 1_000, "looked at {} commits", node.looked());
}

#[test]
fn heads_that_come_while_their_path_is_fetched_wait_on_each_other() {
    let mut node = linked();
    let path = path_of(&node, 4);
    node.stocks(&path[0]);
    node.hears(BRAVO, new_head(&path[0]));
    // The last commits are here, and the text of the second is not: everything waits for it.
    for made in &path[1..] {
        node.hears(BRAVO, new_head(made));
    }
    for made in path[1..].iter().rev() {
        node.hears(BRAVO, object_is(made.id, made.commit.object()));
    }
    for made in &path[2..] {
        node.hears(BRAVO, object_is(made.blob_id, made.blob.clone()));
    }
    let key = Key::File("long.pl".into());
    assert_eq!(table::now_heads(&node), [(key.clone(), path[0].id)]);
    let outputs = node.hears(BRAVO, object_is(path[1].blob_id, path[1].blob.clone()));
    assert_eq!(table::now_heads(&node), [(key, path[3].id)], "to the last at once");
    let moves = outputs.iter().filter(|o| matches!(o, Output::Emit(Event::HeadMoved { .. })));
    assert_eq!(moves.count(), 1);
    assert!(node.core.catch_up().is_none(), "nothing waits any more");
}

fn offences(outputs: &[Output]) -> Vec<(MemberId, Offence)> {
    let offence = |output: &Output| match output {
        Output::Emit(Event::Offended { peer, offence }) => Some((*peer, *offence)),
        _ => None,
    };
    outputs.iter().filter_map(offence).collect()
}

/// Bravo read the register and does not know what the founder's store lacks; charlie does.
#[test]
fn a_head_that_was_told_without_its_gaps_is_learned_when_they_are_known() {
    let mut node = linked();
    let oldest = node.create("gaps.pl", "v(0).");
    let first = node.update(&oldest, "v(1).");
    let second = node.update(&first, "v(2).");
    node.stocks(&first);
    node.stocks(&second);
    let key = Key::File("gaps.pl".into());
    let news = |head, gaps| PeerMessage::NewHead { epoch: 1, key: key.clone(), head, gaps };

    node.hears(BRAVO, news(first.id, Vec::new()));
    assert!(!now_heads(&node).iter().any(|(of, _)| *of == key), "its oldest commit is missing");
    node.hears(CHARLIE, news(second.id, vec![oldest.id]));

    assert!(now_heads(&node).contains(&(key, second.id)));
}

/// An import whose oldest commit no node has: who took no part in its decision learns it too.
#[test]
fn a_head_is_learned_with_the_gaps_that_are_told_with_it() {
    let mut node = linked();
    let oldest = node.create("gaps.pl", "v(0).");
    let first = node.update(&oldest, "v(1).");
    let key = Key::File("gaps.pl".into());
    let gaps = vec![oldest.id];
    node.hears(BRAVO, PeerMessage::NewHead { epoch: 1, key: key.clone(), head: first.id, gaps });
    node.hears(BRAVO, object_is(first.id, first.commit.object()));
    assert!(!now_heads(&node).iter().any(|(of, _)| *of == key), "its text is missing");
    node.hears(BRAVO, object_is(first.blob_id, first.blob.clone()));
    assert!(now_heads(&node).contains(&(key, first.id)));
    assert!(node.core.catch_up().is_none(), "nobody is asked for what nobody has");
}
