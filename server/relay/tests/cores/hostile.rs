//! What a peer may send and must not: it is rejected or ignored, and nothing breaks.

use domain::MessageId;
use relay::{
    Below, Body, Config, Digest, DocumentId, Event, Input, Measure, Message, Number, Numbers,
    Place, Rejection, RelayMessage, Row, Span, Stamp, Visitor, Wsid,
};

use crate::table::{BEGIN, Node, Table, body, document, member, run, wsid};

fn place(stamp: u64) -> Place {
    Place { stamp: Stamp(stamp), id: MessageId::from_bytes([1; 16]) }
}

fn send(node: &mut Node, message: RelayMessage) {
    node.events.clear();
    node.input(Input::Message { from: member(2), message });
}

fn rejection(node: &Node) -> Option<Rejection> {
    node.events.iter().find_map(|event| match event {
        Event::Rejected { peer, rejection } if *peer == member(2) => Some(*rejection),
        _ => None,
    })
}

/// A node that has just asked its peer for the ranges of a document.
fn asking() -> (Node, u64) {
    let mut node = Node::new(1);
    node.input(Input::PeerUp { peer: member(2), run: run(2) });
    let token = node.token();
    node.outbox.clear();
    node.input(Input::Fetch { token, document: document("a.pl") });
    match node.outbox.pop_front() {
        Some((_, RelayMessage::SpansRequest { ask, .. })) => (node, ask),
        other => panic!("{other:?}"),
    }
}

#[test]
fn messages_that_hold_too_much_are_rejected() {
    let mut node = Node::new(1);
    node.input(Input::PeerUp { peer: member(2), run: run(2) });
    let document = document("a.pl");
    let places = vec![place(1); relay::MAX_PAGE_ROWS + 1];
    let row = Row { place: place(1), origin: None };
    let message = |length: usize| Message { row, body: Body(vec![0; length].into()) };
    let files = (0..300).map(|at| crate::table::document(&format!("{at}"))).collect();
    let visitor = Visitor { files, ..Visitor::default() };
    let change = relay::VisitorChange::Joined { wsid: wsid("p"), visitor };
    let too_much = [
        RelayMessage::Have { document: document.clone(), places: places.clone() },
        RelayMessage::MessagesRequest { ask: 1, document: document.clone(), places },
        RelayMessage::Posted {
            document: document.clone(),
            message: message(relay::MAX_BODY_BYTES + 1),
        },
        RelayMessage::Posted { document: document.clone(), message: message(0) },
        RelayMessage::Pass { document: document.clone(), body: body("") },
        RelayMessage::BucketsAre { ask: 1, digests: vec![Digest::default(); 255] },
        RelayMessage::SpansRequest {
            ask: 1,
            document: document.clone(),
            spans: vec![Span::ALL; relay::MAX_SPANS + 1],
        },
        RelayMessage::SpansAre {
            ask: 1,
            below: vec![Below::Rows(vec![(1, row); relay::MAX_PAGE_ROWS + 1])],
        },
        RelayMessage::MessagesAre {
            ask: 1,
            document,
            messages: vec![message(1); relay::MAX_PAGE_ROWS + 1],
        },
        RelayMessage::Changed {
            run: run(2),
            version: 1,
            change: Box::new(change),
            census: relay::Census::default(),
        },
    ];
    for message in too_much {
        send(&mut node, message.clone());
        assert_eq!(rejection(&node), Some(Rejection::TooMuch), "{message:?}");
    }
    assert!(node.disk.is_empty());
}

#[test]
fn answers_that_were_not_asked_or_come_twice_change_nothing() {
    let (mut node, ask) = asking();
    let row = Row { place: place(5), origin: None };
    let answer = RelayMessage::SpansAre { ask, below: vec![Below::Rows(vec![(1, row)])] };
    let unasked = RelayMessage::SpansAre { ask: ask + 1, below: vec![Below::Rows(vec![(1, row)])] };
    send(&mut node, unasked);
    assert!(node.outbox.is_empty());
    send(&mut node, answer.clone());
    assert_eq!(node.outbox.len(), 1, "the message is asked for");
    send(&mut node, answer);
    assert_eq!(node.outbox.len(), 1);
    // Another message than the one that was asked for.
    let Some((_, RelayMessage::MessagesRequest { ask, document, .. })) = node.outbox.pop_front()
    else {
        panic!("messages are asked for");
    };
    let other = Message { row: Row { place: place(6), origin: None }, body: body("other") };
    send(&mut node, RelayMessage::MessagesAre { ask, document, messages: vec![other] });
    assert!(node.disk.is_empty());
}

#[test]
fn ranges_that_do_not_answer_the_question_are_rejected() {
    let at = |stamp| Some(place(stamp));
    let part = |after, upto| (Span { after, upto }, Measure { count: 9, ..Measure::default() });
    let row = |stamp| (1, Row { place: place(stamp), origin: None });
    let wrong = [
        vec![],
        vec![Below::Rows(vec![row(2), row(1)])],
        vec![Below::Rows(vec![row(1), row(1)])],
        // The same range again, for ever.
        vec![Below::Parts(vec![part(None, None)])],
        vec![Below::Parts(vec![part(None, None), part(None, None)])],
        vec![Below::Parts(vec![part(None, at(5)), part(at(6), None)])],
        vec![Below::Parts(vec![part(None, at(5)), part(at(5), at(9))])],
        vec![Below::Parts(vec![part(None, at(5)), part(at(5), at(5)), part(at(5), None)])],
        vec![Below::Rows(vec![]), Below::Rows(vec![])],
    ];
    for below in wrong {
        let (mut node, ask) = asking();
        send(&mut node, RelayMessage::SpansAre { ask, below: below.clone() });
        assert_eq!(rejection(&node), Some(Rejection::WrongRange), "{below:?}");
        assert!(node.outbox.is_empty());
    }
}

#[test]
fn a_peer_that_goes_on_inventing_parts_is_left_after_a_while() {
    let config = Config { requests: 50, ..Config::default() };
    let mut node = Node::with(config, 1);
    node.input(Input::PeerUp { peer: member(2), run: run(2) });
    let token = node.token();
    node.outbox.clear();
    node.input(Input::Fetch { token, document: document("a.pl") });
    let mut asked = 0;
    while let Some((_, message)) = node.outbox.pop_front() {
        let RelayMessage::SpansRequest { ask, spans, .. } = message else { panic!("{message:?}") };
        asked += 1;
        let lies = spans.iter().map(|span| {
            let low = span.after.map_or(0, |place| place.stamp.0);
            let high = span.upto.map_or(u64::MAX, |place| place.stamp.0);
            let middle = Some(place(low + (high - low) / 2));
            let measure = Measure { count: 9, ..Measure::default() };
            Below::Parts(vec![
                (Span { after: span.after, upto: middle }, measure),
                (Span { after: middle, upto: span.upto }, measure),
            ])
        });
        let below = lies.collect();
        send(&mut node, RelayMessage::SpansAre { ask, below });
    }
    assert!(asked <= 50, "{asked}");
}

#[test]
fn who_is_not_linked_is_not_heard() {
    let mut table = Table::new(2);
    let doc = document("a.pl");
    table.unlink(0, 1);
    table.nodes[1].post(&doc, "hi");
    let number = Number::new(1).unwrap();
    let origin = Some(relay::Origin { incarnation: member(2).incarnation, number });
    let message = Message { row: Row { place: place(BEGIN), origin }, body: body("hi") };
    send(&mut table.nodes[0], RelayMessage::Posted { document: doc.clone(), message });
    assert!(table.nodes[0].rows(&doc).is_empty());
}

#[test]
fn names_that_are_none_are_not_read() {
    for text in ["", "a\nb", &"x".repeat(1_025)] {
        assert!(DocumentId::new(text).is_err());
        assert!(serde_json::from_value::<DocumentId>(text.into()).is_err());
    }
    assert!(Wsid::new(&"x".repeat(65)).is_err());
    let numbers = |text: &str| serde_json::from_str::<Numbers>(text);
    assert!(numbers("[[1,3],[5,5]]").is_ok());
    for wrong in ["[[0,3]]", "[[3,1]]", "[[1,3],[3,5]]", "[[1,3],[4,5]]", "[[5,6],[1,2]]"] {
        assert!(numbers(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn messages_go_through_messagepack_and_back() {
    let mut table = Table::new(2);
    table.nodes[0].join("p");
    table.unlink(0, 1);
    table.nodes[0].post(&document("a.pl"), "hi");
    table.link_all();
    table.beat(1_000);
    table.beat(1_000);
    let mut kinds = std::collections::BTreeSet::new();
    for message in &table.carried {
        let bytes = rmp_serde::to_vec_named(message).unwrap();
        assert_eq!(rmp_serde::from_slice::<RelayMessage>(&bytes).as_ref().ok(), Some(message));
        kinds.insert(format!("{message:?}").split([' ', '(']).next().unwrap().to_owned());
    }
    assert!(kinds.len() >= 11, "{kinds:?}");
}
