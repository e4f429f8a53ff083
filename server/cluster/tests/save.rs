//! The register, output by output: what one node says and writes for each thing that happens.

#[expect(dead_code, reason = "what this file does not need of the table, others do")]
mod table;

use cluster::{
    Ballot, Draft, DraftKind, Event, Input, Key, Output, PeerMessage, Propose, Record, SaveOutcome,
    Timer, Token, Urgency, WriteNo,
};
use domain::Serial;
use table::{BRAVO, CHARLIE, Node, arm, now_heads, persist, reply, send};

const TOKEN: Token = Token(1);

fn key() -> Key {
    Key::File("a.pl".into())
}

fn ballot(counter: u64) -> Ballot {
    Ballot { counter, incarnation: table::ALPHA.incarnation }
}

fn accept(ballot: Ballot, head: domain::ObjectId) -> PeerMessage {
    PeerMessage::Accept { epoch: 1, key: key(), ballot, head, count: 0 }
}

/// A node with both peers linked, on which `a.pl` was just created and decided.
fn after_create(node: &mut Node) -> table::Made {
    let made = node.create("a.pl", "p(1).\n");
    node.gives(Input::Save { token: TOKEN, save: made.save(None) });
    let first = node.counter();
    node.gives(Input::Persisted(node.issued()));
    for peer in [BRAVO, CHARLIE] {
        let promise = PeerMessage::Promise {
            epoch: 1,
            key: key(),
            ballot: ballot(first),
            accepted: None,
            count: 0,
        };
        node.hears(peer, promise);
    }
    node.hears(BRAVO, accept(ballot(first), made.id));
    node.gives(Input::Persisted(node.issued()));
    assert_eq!(now_heads(node), [(key(), made.id)]);
    made
}

#[test]
fn a_new_file_is_promised_by_a_majority_before_it_is_proposed() {
    let mut node = Node::linked();
    let made = node.create("a.pl", "p(1).\n");
    let outputs = node.gives(Input::Save { token: TOKEN, save: made.save(None) });
    let draft = Draft { tip: made.id, base: None, kind: DraftKind::Fresh };
    let ballot = ballot(1);
    let records = vec![
        Record::Object { id: made.blob_id, object: made.blob.clone(), link: None },
        Record::Object { id: made.id, object: made.commit.object(), link: Some(made.link()) },
        Record::Draft { key: key(), draft: Some(draft) },
        Record::Reserved(1_001),
        Record::Promised { key: key(), ballot },
    ];
    let prepare = PeerMessage::Prepare { epoch: 1, key: key(), ballot };
    // The reservation of this very write is what Prepare waits for; the next ones will not.
    let reserved = Some(WriteNo(2));
    assert_eq!(
        outputs,
        [
            persist(2, records, Urgency::Now),
            Output::Emit(Event::DraftChanged { key: key() }),
            arm(Timer::Patience(key()), 1_800, 1_800),
            send(BRAVO, prepare.clone(), reserved),
            send(CHARLIE, prepare, reserved),
            arm(Timer::Round(key()), 400, 600),
        ]
    );
}

#[test]
fn the_node_that_decided_last_proposes_at_once_and_answers_from_two_accepts() {
    let mut node = Node::linked();
    let first = after_create(&mut node);
    let made = node.update(&first, "p(2).\n");
    let outputs = node.gives(Input::Save { token: Token(2), save: made.save(Some(first.id)) });
    let ballot = ballot(2);
    let proposed = outputs.iter().filter_map(|output| match output {
        Output::Send { message: PeerMessage::Propose(propose), after, .. } => {
            Some((propose, after))
        }
        _ => None,
    });
    let expected = Propose {
        epoch: 1,
        key: key(),
        ballot,
        head: made.id,
        objects: vec![made.commit.object(), made.blob.clone()],
        gaps: Vec::new(),
    };
    // One round trip: nothing is prepared, and the proposal waits for no write.
    assert_eq!(proposed.collect::<Vec<_>>(), [(&expected, &None), (&expected, &None)]);

    assert_eq!(node.hears(BRAVO, accept(ballot, made.id)), []);
    let outputs = node.hears(CHARLIE, accept(ballot, made.id));
    let news = PeerMessage::NewHead { epoch: 1, key: key(), head: made.id, gaps: Vec::new() };
    let decided = Record::Decided { key: key(), head: made.id, serial: Serial(2) };
    let ended = Record::Draft { key: key(), draft: None };
    let no = node.issued().0;
    let moved =
        Event::HeadMoved { key: key(), from: Some(first.id), to: made.id, serial: Serial(2) };
    assert_eq!(
        outputs,
        [
            persist(no, vec![decided, ended], Urgency::Soon),
            Output::Disarm(Timer::Round(key())),
            send(BRAVO, news.clone(), None),
            send(CHARLIE, news, None),
            Output::Emit(moved),
            Output::Emit(Event::DraftChanged { key: key() }),
            Output::Disarm(Timer::Patience(key())),
            reply(2, SaveOutcome::Decided { commit: made.id }),
            Output::Disarm(Timer::Patience(key())),
        ]
    );
}

#[test]
fn a_repeated_save_is_answered_as_the_first_one_stands() {
    let mut node = Node::linked();
    let first = after_create(&mut node);
    let made = node.create_at("a.pl", "p(1).\n", 99.0);
    assert_ne!(made.id, first.id, "another time, another commit");
    let outputs = node.gives(Input::Save { token: Token(2), save: made.save(None) });
    assert!(outputs.contains(&reply(2, SaveOutcome::Decided { commit: first.id })), "{outputs:?}");
}

#[test]
fn another_text_on_an_old_version_is_a_conflict() {
    let mut node = Node::linked();
    let first = after_create(&mut node);
    let made = node.create("a.pl", "q(7).\n");
    let outputs = node.gives(Input::Save { token: Token(2), save: made.save(None) });
    assert!(outputs.contains(&reply(2, SaveOutcome::Conflict { head: first.id })), "{outputs:?}");
}

/// The version that the page was made from may have been decided without this node: nothing is
/// said before a round has ended.
#[test]
fn a_save_on_a_version_that_is_not_here_is_refused_only_after_reading_the_register() {
    let mut node = Node::linked();
    let first = after_create(&mut node);
    let unknown = node.update(&first, "p(2).\n");
    let made = node.update(&unknown, "p(3).\n");
    let save = made.save(Some(unknown.id));
    let mut outputs = node.gives(Input::Save { token: Token(2), save });
    outputs.extend(node.syncs());
    let replies = |outputs: &[Output]| {
        outputs.iter().filter(|o| matches!(o, Output::Reply { .. })).cloned().collect::<Vec<_>>()
    };
    let prepared = outputs.iter().find_map(|output| match output {
        Output::Send { message: PeerMessage::Prepare { ballot, .. }, .. } => Some(*ballot),
        _ => None,
    });
    let ballot = prepared.expect("the register is read");
    assert_eq!(replies(&outputs), []);
    let accepted = Some((Ballot { counter: 1, ..ballot }, first.id));
    let promise = PeerMessage::Promise { epoch: 1, key: key(), ballot, accepted, count: 0 };
    outputs = node.hears(BRAVO, promise);
    outputs.extend(node.syncs());
    assert_eq!(replies(&outputs), [], "a promise proves nothing");
    outputs = node.hears(BRAVO, accept(ballot, first.id));
    outputs.extend(node.syncs());
    assert!(outputs.contains(&reply(2, SaveOutcome::Conflict { head: first.id })), "{outputs:?}");
}

#[test]
fn an_acceptor_answers_only_what_is_durable_and_fetches_what_it_lacks() {
    let mut node = Node::linked();
    let made = node.create("a.pl", "p(1).\n");
    let ballot = Ballot { counter: 5, incarnation: BRAVO.incarnation };
    let propose = |objects| {
        let head = made.id;
        PeerMessage::Propose(Propose {
            epoch: 1,
            key: key(),
            ballot,
            head,
            objects,
            gaps: Vec::new(),
        })
    };
    let outputs = node.hears(BRAVO, propose(Vec::new()));
    let fetching = PeerMessage::Fetching { epoch: 1, key: key(), ballot };
    assert_eq!(
        outputs,
        [
            send(BRAVO, fetching, None),
            send(BRAVO, PeerMessage::Request { ids: vec![made.id] }, None),
            arm(Timer::Fetch(BRAVO), 400, 440),
        ]
    );
    let outputs = node.hears(BRAVO, propose(vec![made.commit.object(), made.blob.clone()]));
    // It leaves when that write is durable, and tells that count.
    let (head, count) = (made.id, node.issued().0);
    let accept = PeerMessage::Accept { epoch: 1, key: key(), ballot, head, count };
    let accepted = send(BRAVO, accept, Some(node.issued()));
    assert!(outputs.contains(&accepted), "{outputs:?}");
}
