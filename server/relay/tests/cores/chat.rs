//! Chat on a table: order, safety, cursors, comparing (protocol 6).

use domain::MessageId;
use relay::{
    Alarm, DocumentId, Event, Input, Message, Origin, PeerDocument, Place, PostOutcome, Rejection,
    RelayMessage, Row, Stamp, Timer, message_id,
};

use crate::table::{BEGIN, Node, Table, body, document, member, wsid};

fn import(node: &mut Node, document: &DocumentId, stamps: impl IntoIterator<Item = u64>) {
    let id = |stamp: u64| message_id(&format!("old {stamp}"));
    let place = |stamp| Place { stamp: Stamp(stamp), id: id(stamp) };
    let messages = stamps.into_iter().map(|stamp| (place(stamp), body("old"))).collect();
    node.input(Input::Import { document: document.clone(), messages });
}

#[test]
fn a_message_is_shown_when_it_is_durable_here_and_on_another_node() {
    let mut table = Table::new(2);
    let doc = document("a.pl");
    table.nodes[0].read("p", &doc, None);
    table.nodes.iter_mut().for_each(|node| node.is_fast = false);

    let token = table.nodes[0].post(&doc, "hi");
    assert!(table.nodes[0].outbox.is_empty(), "told before it is durable");
    table.nodes[0].sync();
    table.settle();
    assert_eq!(table.nodes[0].posted(token), None, "the other one has not written it yet");
    table.nodes[1].sync();
    table.settle();

    let posted = table.nodes[0].placed(token);
    assert_eq!(table.nodes[0].posted(token), Some(PostOutcome::Safe(posted)));
    assert_eq!((posted.place.stamp, posted.serial), (Stamp(BEGIN), 1));
    let delivery = &table.nodes[0].deliveries[0];
    assert_eq!(delivery.to, [wsid("p")]);
    assert_eq!((delivery.serial, delivery.after, delivery.is_late), (1, None, false));
    assert_eq!(table.nodes[1].disk.len(), 1);
}

#[test]
fn a_message_that_no_other_node_takes_is_shown_after_300_ms() {
    let mut table = Table::new(2);
    let doc = document("a.pl");
    table.nodes[1].is_fast = false;
    let first = table.nodes[0].post(&doc, "one");
    table.nodes[0].pass_time(200);
    let second = table.nodes[0].post(&doc, "two");
    table.nodes[0].pass_time(100);
    table.nodes[0].input(Input::Timer(Timer::Safe));
    assert!(matches!(table.nodes[0].posted(first), Some(PostOutcome::Alone(_))));
    assert_eq!(table.nodes[0].posted(second), None);
    table.nodes[0].pass_time(200);
    table.nodes[0].input(Input::Timer(Timer::Safe));
    assert!(matches!(table.nodes[0].posted(second), Some(PostOutcome::Alone(_))));
}

#[test]
fn a_node_without_links_waits_for_nobody() {
    let mut node = Node::new(1);
    let token = node.post(&document("a.pl"), "hi");
    assert!(matches!(node.posted(token), Some(PostOutcome::Alone(_))));
}

#[test]
fn empty_and_long_messages_are_refused() {
    let mut node = Node::new(1);
    for text in [String::new(), "x".repeat(relay::MAX_BODY_BYTES + 1)] {
        let token = node.post(&document("a.pl"), &text);
        assert_eq!(node.posted(token), Some(PostOutcome::TooLong));
    }
    assert!(node.disk.is_empty());
}

#[test]
fn more_messages_than_may_wait_are_refused() {
    let config = relay::Config { waiting: 2, ..relay::Config::default() };
    let mut node = Node::with(config, 1);
    node.is_fast = false;
    let doc = document("a.pl");
    let tokens = [node.post(&doc, "1"), node.post(&doc, "2"), node.post(&doc, "3")];
    assert_eq!(node.posted(tokens[2]), Some(PostOutcome::Busy));
    node.sync();
    assert_eq!(node.placed(tokens[1]).serial, 2);
}

#[test]
fn stamps_grow_in_a_document_and_a_clock_that_is_far_ahead_pulls_no_other() {
    let mut table = Table::new(2);
    let doc = document("a.pl");
    // A little ahead: those who come after are stamped after it.
    table.nodes[1].wall = BEGIN + 5_000_000;
    let ahead = table.nodes[1].post(&doc, "five seconds ahead");
    table.settle();
    let next = table.nodes[0].post(&doc, "next");
    table.settle();
    assert_eq!(table.nodes[1].placed(ahead).place.stamp, Stamp(BEGIN + 5_000_000));
    assert_eq!(table.nodes[0].placed(next).place.stamp, Stamp(BEGIN + 5_000_001));
    assert_eq!(table.nodes[0].alarms, []);
    // An hour ahead: it is kept behind the others, told once, and pulls nothing.
    table.nodes[1].wall = BEGIN + 3_600_000_000;
    table.nodes[1].post(&doc, "an hour ahead");
    table.nodes[1].post(&doc, "again");
    table.settle();
    let next = table.nodes[0].post(&doc, "now");
    table.settle();
    let placed = table.nodes[0].placed(next);
    assert_eq!((placed.place.stamp, placed.serial), (Stamp(BEGIN + 5_000_002), 3));
    assert!(matches!(table.nodes[0].alarms[..], [Alarm::ClockAhead { .. }]));
    table.assert_same(&doc);
}

#[test]
fn a_late_message_is_delivered_once_in_its_place() {
    let mut table = Table::new(2);
    let doc = document("a.pl");
    table.nodes[0].read("p", &doc, None);
    table.unlink(0, 1);
    let early = table.nodes[1].post(&doc, "early, on the other side");
    table.nodes[0].pass_time(1_000);
    let first = table.nodes[0].post(&doc, "first here");
    import(&mut table.nodes[0], &doc, [BEGIN - 5]);
    table.link_all();
    table.beat(1_000);

    let (early, first) = (table.nodes[1].placed(early), table.nodes[0].placed(first));
    let given: Vec<_> =
        table.nodes[0].deliveries.iter().map(|d| (d.message.row.place, d.is_late)).collect();
    assert_eq!(given, [(first.place, false), (early.place, true)]);
    let late = &table.nodes[0].deliveries[1];
    let imported = Place { stamp: Stamp(BEGIN - 5), id: message_id(&format!("old {}", BEGIN - 5)) };
    assert_eq!((late.after, late.serial), (Some(imported), 2));
    table.assert_same(&doc);
    assert_eq!(table.nodes[0].rows(&doc).len(), 3);
}

#[test]
fn a_reader_that_comes_back_gets_what_it_missed_also_what_came_late() {
    let mut table = Table::new(3);
    let doc = document("a.pl");
    table.nodes[0].read("p", &doc, None);
    let one = table.nodes[0].post(&doc, "one");
    table.settle();
    // Written on C, which is alone, before the reader goes; it comes when the reader has gone.
    table.unlink(2, 0);
    table.unlink(2, 1);
    table.nodes[2].wall = BEGIN - 1_000;
    let late = table.nodes[2].post(&doc, "late");
    let cursor = table.nodes[0].unread("p", &doc);
    table.link_all();
    table.beat(1_000);
    let two = table.nodes[1].post(&doc, "two");
    table.settle();

    let missed = table.nodes[1].read("p", &doc, Some(cursor.clone()));
    let (one, two) = (table.nodes[0].placed(one).place, table.nodes[1].placed(two).place);
    let late = table.nodes[2].placed(late).place;
    let got: Vec<_> = missed.rows.iter().map(|(s, after, r)| (*s, *after, r.place)).collect();
    assert_eq!(got, [(2, Some(one), late), (3, Some(late), two)], "the clock of C pulled nothing");
    assert_eq!(missed.skipped, 0);
    // Nothing twice: neither to it, nor when it comes back again.
    let cursor = table.nodes[1].unread("p", &doc);
    assert_eq!(table.nodes[0].read("p", &doc, Some(cursor)).rows, []);
}

#[test]
fn a_reader_that_moved_ahead_is_not_given_again_what_it_has_seen() {
    let mut table = Table::new(2);
    let doc = document("a.pl");
    table.unlink(0, 1);
    table.nodes[0].read("p", &doc, None);
    table.nodes[0].post(&doc, "only on A");
    let cursor = table.nodes[0].unread("p", &doc);
    assert_eq!(table.nodes[1].read("p", &doc, Some(cursor)).rows, []);
    table.nodes[1].read("q", &doc, None);
    table.link_all();
    table.beat(1_000);
    assert_eq!(table.nodes[1].deliveries[0].to, [wsid("q")]);
    let cursor = table.nodes[1].unread("p", &doc);
    assert_eq!(table.nodes[1].read("p", &doc, Some(cursor)).rows, []);
}

#[test]
fn a_reader_whose_node_is_gone_has_seen_what_was_said_until_then() {
    let mut table = Table::new(2);
    let doc = document("a.pl");
    let one = table.nodes[0].post(&doc, "one");
    table.settle();
    let two = table.nodes[1].post(&doc, "two");
    table.settle();
    let (one, two) = (table.nodes[0].placed(one).place, table.nodes[1].placed(two).place);
    let seen = table.nodes[1].core.seen_until(&doc, one.stamp);
    let missed = table.nodes[1].read("p", &doc, Some(seen));
    let got: Vec<_> = missed.rows.iter().map(|(.., row)| row.place).collect();
    assert_eq!(got, [two]);
}

#[test]
fn what_waits_to_be_safe_is_neither_seen_nor_read() {
    let mut node = Node::new(1);
    let doc = document("a.pl");
    node.is_fast = false;
    node.read("p", &doc, None);
    node.post(&doc, "one");
    assert_eq!(node.core.page(&doc, 25, None).rows, []);
    let cursor = node.unread("p", &doc);
    node.sync();
    let missed = node.read("p", &doc, Some(cursor));
    assert_eq!(missed.rows.len(), 1);
}

#[test]
fn a_reader_away_for_long_gets_the_last_ones_and_the_number_of_the_others() {
    let config = relay::Config { missed: 10, ..relay::Config::default() };
    let mut node = Node::with(config, 1);
    let doc = document("a.pl");
    node.post(&doc, "seen");
    node.read("p", &doc, None);
    let cursor = node.unread("p", &doc);
    for at in 0..25 {
        node.post(&doc, &format!("{at}"));
    }
    let missed = node.read("p", &doc, Some(cursor));
    assert_eq!((missed.rows.len(), missed.skipped), (10, 15));
    assert_eq!(missed.rows[0].0, 17);
    assert!(missed.rows.iter().all(|(_, after, _)| after.is_some()));
}

/// C1: the same count and the same last message, with another hole in each.
#[test]
fn equal_last_messages_do_not_hide_a_hole_before_them() {
    let mut table = Table::new(2);
    let doc = document("a.pl");
    table.unlink(0, 1);
    import(&mut table.nodes[0], &doc, [1, 2, 5]);
    import(&mut table.nodes[1], &doc, [1, 3, 5]);
    let summary = |node: &Node| node.core.document(&doc).unwrap().summary;
    let (a, b) = (summary(&table.nodes[0]), summary(&table.nodes[1]));
    assert_eq!((a.last, a.measure.count), (b.last, b.measure.count));
    table.link_all();
    table.beat(1_000);
    table.beat(1_000);
    table.assert_same(&doc);
    assert_eq!(table.nodes[0].rows(&doc).len(), 4);
}

#[test]
fn comparing_finds_the_agreement_serial_and_takes_what_is_missing() {
    let mut table = Table::new(2);
    let doc = document("a.pl");
    table.unlink(0, 1);
    import(&mut table.nodes[0], &doc, (1..=1_000).chain(1_500..1_510));
    import(&mut table.nodes[1], &doc, (1..=990).chain(2_000..2_400));
    table.nodes[0].events.clear();
    table.link_all();
    let compared = table.nodes[0].events.iter().find_map(|event| match event {
        Event::Compared { agreement, .. } => Some(*agreement),
        _ => None,
    });
    let agreement = compared.unwrap();
    assert_eq!((agreement.serial, agreement.lacked), (990, 400));
    table.beat(1_000);
    table.beat(1_000);
    table.assert_same(&doc);
    let status = table.nodes[0].core.document(&doc).unwrap();
    assert_eq!(status.summary.measure.count, 1_410);
    assert_eq!(status.peers, [(member(2), PeerDocument::InStep)]);
    // All bodies came, too.
    assert_eq!(table.nodes[0].disk.len(), 1_410);
    assert_eq!(table.nodes[0].disk, table.nodes[1].disk);
}

#[test]
fn one_hole_in_a_long_document_costs_a_few_messages() {
    let mut table = Table::new(2);
    let doc = document("a.pl");
    table.unlink(0, 1);
    import(&mut table.nodes[0], &doc, 1..=20_000);
    import(&mut table.nodes[1], &doc, (1..=20_000).filter(|at| *at != 7));
    table.carried.clear();
    table.link_all();
    table.assert_same(&doc);
    // Each looks: buckets, documents, two levels of parts, one of rows; one message is sent.
    let bytes: usize =
        table.carried.iter().map(|m| rmp_serde::to_vec_named(m).unwrap().len()).sum();
    assert!(table.carried.len() < 40, "{} messages", table.carried.len());
    assert!(bytes < 50_000, "{bytes} bytes");
}

#[test]
fn many_documents_that_are_equal_cost_nothing_and_one_that_differs_little() {
    let mut table = Table::new(2);
    table.unlink(0, 1);
    for at in 0..2_000 {
        let doc = document(&format!("{at}.pl"));
        import(&mut table.nodes[0], &doc, [1]);
        import(&mut table.nodes[1], &doc, [1]);
    }
    table.carried.clear();
    table.link_all();
    assert!(
        table.carried.iter().all(|message| !matches!(message, RelayMessage::BucketsRequest { .. }))
    );
    table.unlink(0, 1);
    import(&mut table.nodes[0], &document("7.pl"), [2]);
    table.carried.clear();
    table.link_all();
    table.assert_same(&document("7.pl"));
    assert!(table.carried.len() < 30, "{} messages", table.carried.len());
}

#[test]
fn a_lost_answer_ends_the_comparison_and_the_next_beats_begin_another() {
    let mut table = Table::new(2);
    let doc = document("a.pl");
    table.unlink(0, 1);
    import(&mut table.nodes[0], &doc, 1..=500);
    table.link(0, 1);
    while let Some((from, to, message)) = table.next() {
        if matches!(message, RelayMessage::SpansAre { .. }) {
            continue;
        }
        let from = table.nodes[from].core.me();
        table.nodes[to].input(Input::Message { from, message });
    }
    assert_eq!(table.nodes[1].rows(&doc).len(), 0);
    for _ in 0..4 {
        table.beat(1_000);
    }
    table.assert_same(&doc);
}

#[test]
fn a_number_on_no_reachable_node_is_a_gap() {
    let mut table = Table::new(3);
    let doc = document("a.pl");
    // C writes two messages, of which only the second leaves it.
    table.nodes[2].post(&doc, "lost");
    table.nodes[2].outbox.clear();
    table.nodes[2].post(&doc, "known");
    table.settle();
    let incarnation = member(3).incarnation;
    let gap = table.nodes[0].core.document(&doc).unwrap().gaps;
    assert_eq!(gap.len(), 1);
    assert_eq!((gap[0].incarnation, gap[0].first.get(), gap[0].last.get()), (incarnation, 1, 1));
    table.unlink(2, 0);
    table.unlink(2, 1);
    table.beat(1_000);
    table.beat(1_000);
    let status = table.nodes[0].core.document(&doc).unwrap();
    assert!(status.are_gaps_final, "{status:?}");
    // It is back, and so is the message.
    table.link_all();
    table.beat(1_000);
    table.beat(1_000);
    assert_eq!(table.nodes[0].core.document(&doc).unwrap().gaps, []);
    table.assert_same(&doc);
}

#[test]
fn numbers_go_on_after_a_restart_and_after_what_others_know_of_this_node() {
    let mut table = Table::new(2);
    let doc = document("a.pl");
    for at in 0..3 {
        table.nodes[0].post(&doc, &format!("{at}"));
    }
    table.settle();
    // Its disk lost the last one, and the other node has it.
    let last = table.nodes[0].rows(&doc)[2].place;
    table.nodes[0].disk.remove(&(doc.clone(), last));
    table.nodes[0].restart(9);
    table.link_all();
    let token = table.nodes[0].post(&doc, "next");
    table.settle();
    assert_eq!(table.nodes[0].placed(token).origin.number.get(), 4);
    table.assert_same(&doc);
    assert_eq!(table.nodes[1].alarms, []);
}

#[test]
fn two_messages_with_one_number_are_both_kept_and_told() {
    let mut table = Table::new(2);
    let doc = document("a.pl");
    table.nodes[0].post(&doc, "one");
    table.settle();
    // The disk is put back to before it.
    table.unlink(0, 1);
    table.nodes[0].disk.clear();
    table.nodes[0].restart(9);
    table.nodes[0].pass_time(5);
    let token = table.nodes[0].post(&doc, "other");
    assert_eq!(table.nodes[0].placed(token).origin.number.get(), 1);
    table.link_all();
    table.beat(1_000);
    table.beat(1_000);
    table.assert_same(&doc);
    assert_eq!(table.nodes[0].rows(&doc).len(), 2);
    assert!(matches!(table.nodes[1].alarms[..], [Alarm::NumberForks { .. }]));
    // In its new life the node counts anew.
    let incarnation = member(8).incarnation;
    table.nodes[0].input(Input::Renew { incarnation });
    let token = table.nodes[0].post(&doc, "in a new life");
    table.nodes[0].input(Input::Timer(Timer::Safe));
    table.nodes[0].pass_time(300);
    table.nodes[0].input(Input::Timer(Timer::Safe));
    let origin = table.nodes[0].placed(token).origin;
    assert_eq!((origin.incarnation, origin.number.get()), (incarnation, 1));
}

#[test]
fn an_imported_message_gets_its_origin_when_a_peer_knows_it() {
    let mut table = Table::new(2);
    let doc = document("a.pl");
    let token = table.nodes[0].post(&doc, "posted");
    table.settle();
    let place = table.nodes[0].placed(token).place;
    // C has it from SWISH's chat file only.
    let mut node = Node::new(3);
    node.input(Input::Import { document: doc.clone(), messages: vec![(place, body("posted"))] });
    node.read("p", &doc, None);
    table.nodes.push(node);
    table.link_all();
    table.beat(1_000);
    table.beat(1_000);
    table.assert_same(&doc);
    assert!(table.nodes[2].rows(&doc)[0].origin.is_some());
    assert_eq!(table.nodes[2].deliveries, [], "it is not new");
}

#[test]
fn what_is_passed_reaches_every_reader_and_is_kept_nowhere() {
    let mut table = Table::new(2);
    let doc = document("a.pl");
    table.nodes[0].read("p", &doc, None);
    table.nodes[1].read("q", &doc, None);
    table.nodes[0].input(Input::Pass { document: doc.clone(), body: body("{}") });
    table.settle();
    assert_eq!(table.nodes[0].passed, [(doc.clone(), vec![wsid("p")])]);
    assert_eq!(table.nodes[1].passed, [(doc.clone(), vec![wsid("q")])]);
    assert!(table.nodes.iter().all(|node| node.disk.is_empty()));
}

#[test]
fn nobody_posts_in_the_name_of_another_node() {
    let mut table = Table::new(3);
    let doc = document("a.pl");
    let place = Place { stamp: Stamp(BEGIN), id: MessageId::from_bytes([1; 16]) };
    let number = relay::Number::new(1).unwrap();
    for origin in [None, Some(Origin { incarnation: member(3).incarnation, number })] {
        let message = Message { row: Row { place, origin }, body: body("not mine") };
        let message = RelayMessage::Posted { document: doc.clone(), message };
        table.nodes[0].input(Input::Message { from: member(2), message });
    }
    assert_eq!(table.nodes[0].rows(&doc), []);
    let rejected = Event::Rejected { peer: member(2), rejection: Rejection::NotItsOwn };
    assert_eq!(table.nodes[0].events.iter().filter(|event| **event == rejected).count(), 2);
}

#[test]
fn fetch_now_compares_one_document_at_once() {
    let mut table = Table::new(2);
    let doc = document("a.pl");
    table.nodes[1].post(&doc, "lost on the way");
    table.nodes[1].outbox.clear();
    let token = table.nodes[0].token();
    table.nodes[0].input(Input::Fetch { token, document: doc.clone() });
    table.settle();
    assert_eq!(table.nodes[0].replies.get(&token), Some(&relay::Reply::Fetching(1)));
    assert_eq!(table.nodes[0].rows(&doc).len(), 1);
    table.nodes[1].pass_time(300);
    table.nodes[1].input(Input::Timer(Timer::Safe));
    table.assert_same(&doc);
}
