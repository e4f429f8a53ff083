//! Visitors on a table: who is told of whom, and what is known of a node that is gone (protocol 7).

use relay::{
    Census, Event, Happening, Input, LeaveReason, PublicUser, RelayMessage, UpdateReason,
    VisitorChange, VisitorEvent, WriteNo,
};

use crate::table::{Node, Table, document, member, run, user, wsid};

fn told(node: &Node) -> Vec<(String, Happening, Vec<String>)> {
    let names = |to: &[relay::Wsid]| to.iter().map(|w| w.as_str().to_owned()).collect();
    let line = |(event, to): &(VisitorEvent, Vec<relay::Wsid>)| {
        (event.wsid.as_str().to_owned(), event.what.clone(), names(to))
    };
    node.told.iter().map(line).collect()
}

fn change(version: u64, change: VisitorChange) -> RelayMessage {
    let census = Census { local_visitors: 1, visitors: 1 };
    RelayMessage::Changed { run: run(2), version, change: Box::new(change), census }
}

fn opened(page: &str, name: &str) -> VisitorChange {
    let heard = relay::Stamp(0);
    VisitorChange::Opened { wsid: wsid(page), document: document(name), heard }
}

#[test]
fn pages_hear_of_those_who_share_a_file_with_them() {
    let mut table = Table::new(2);
    let (a, b) = (document("a.pl"), document("b.pl"));
    for (page, file) in [("p", &a), ("other", &b)] {
        table.nodes[0].join(page);
        table.nodes[0].open(page, file);
    }
    table.nodes[1].join("q");
    table.nodes[1].open("q", &a);
    table.nodes[1].input(Input::Update {
        wsid: wsid("q"),
        user: user("Ann"),
        reason: UpdateReason::Login,
    });
    table.settle();
    assert_eq!(
        told(&table.nodes[0]),
        [
            ("q".into(), Happening::Opened(a.clone()), vec!["p".into()]),
            ("q".into(), Happening::Updated(UpdateReason::Login), vec!["p".into()]),
        ]
    );
    assert_eq!(table.nodes[0].told[1].0.user.get("name"), Some("Ann"));
    assert_eq!(table.nodes[0].told[1].0.node, member(2).node);
    let gazers: Vec<_> = table.nodes[1].core.gazers(&a).map(|g| g.wsid.to_string()).collect();
    assert_eq!(gazers, ["q", "p"]);
    table.nodes[0].told.clear();
    table.nodes[1].leave("q");
    table.settle();
    let left = Happening::Left(LeaveReason::Close);
    assert_eq!(told(&table.nodes[0]), [("q".into(), left, vec!["p".into()])]);
    assert_eq!(table.nodes[0].told[0].0.user.get("name"), Some("Ann"));
}

#[test]
fn counts_follow_joins_and_leaves_on_all_nodes() {
    let mut table = Table::new(3);
    for (node, page) in [(0, "p"), (1, "q"), (1, "r"), (2, "s")] {
        table.nodes[node].join(page);
    }
    table.settle();
    let census = |table: &Table| {
        let census = table.nodes.iter().map(|node| node.core.census());
        census.map(|c| (c.local_visitors, c.visitors)).collect::<Vec<_>>()
    };
    assert_eq!(census(&table), [(1, 4), (2, 4), (1, 4)]);
    table.nodes[1].leave("q");
    table.settle();
    assert_eq!(census(&table), [(1, 3), (1, 3), (1, 3)]);
    let last = table.nodes[0].events.iter().rev().find_map(|event| match event {
        Event::Counted(census) => Some(census.visitors),
        _ => None,
    });
    assert_eq!(last, Some(3));
}

#[test]
fn email_never_leaves_however_it_comes_in() {
    let fields = [("email", "ann@example.org"), ("name", "Ann"), ("password", "x")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let user = PublicUser::new(fields.clone());
    assert_eq!(user.fields().collect::<Vec<_>>(), [("name", "Ann")]);
    let json = serde_json::to_string(&std::collections::BTreeMap::from(fields)).unwrap();
    let read: PublicUser = serde_json::from_str(&json).unwrap();
    assert_eq!(read, user);
    let mut table = Table::new(2);
    table.nodes[0].input(Input::Join { wsid: wsid("p"), user: read });
    table.carried.clear();
    table.settle();
    let bytes = rmp_serde::to_vec_named(&table.carried).unwrap();
    let has = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(has("Ann") && !has("ann@example.org"));
}

#[test]
fn a_change_that_was_missed_is_made_good_by_a_snapshot() {
    let mut table = Table::new(2);
    table.nodes[1].join("p");
    table.nodes[1].join("q");
    table.settle();
    // One change is lost, and the one after it shows that.
    table.nodes[1].leave("p");
    table.nodes[1].outbox.clear();
    table.nodes[1].join("r");
    table.settle();
    assert_eq!(table.nodes[0].pages(), ["q", "r"]);
}

#[test]
fn a_change_counts_once_and_in_order_only() {
    let mut table = Table::new(1);
    let node = &mut table.nodes[0];
    node.join("p");
    node.open("p", &document("a.pl"));
    node.input(Input::PeerUp { peer: member(2), run: run(2) });
    let message = RelayMessage::Snapshot {
        run: run(2),
        version: 3,
        after: None,
        visitors: vec![],
        more: false,
        census: Census::default(),
    };
    // Not asked for: nothing is known of it.
    node.input(Input::Message { from: member(2), message: message.clone() });
    let visitor = relay::Visitor { user: user("q"), ..relay::Visitor::default() };
    let joined = VisitorChange::Joined { wsid: wsid("q"), visitor };
    let send = |node: &mut Node, message| {
        node.input(Input::Message { from: member(2), message });
    };
    send(node, change(4, joined.clone()));
    assert_eq!(node.pages(), ["p"], "a snapshot is asked for, and nothing applied");
    send(node, message);
    send(node, change(4, joined.clone()));
    send(node, change(6, opened("q", "a.pl")));
    assert_eq!(node.told, [], "5 is missing");
    node.outbox.clear();
    send(node, change(4, joined));
    assert!(node.outbox.is_empty(), "an old one changes nothing and asks nothing");
    assert_eq!(node.pages(), ["p", "q"]);
}

#[test]
fn visitors_of_a_silent_node_are_marked_and_then_dropped() {
    let mut table = Table::new(2);
    let a = document("a.pl");
    table.nodes[0].join("p");
    table.nodes[0].open("p", &a);
    table.nodes[1].join("q");
    table.nodes[1].open("q", &a);
    table.settle();
    table.unlink(0, 1);
    let marked = |table: &Table| {
        let gazers = table.nodes[0].core.gazers(&a);
        gazers.map(|g| (g.wsid.to_string(), g.is_marked)).collect::<Vec<_>>()
    };
    table.beat(1_000);
    table.beat(1_000);
    assert_eq!(marked(&table), [("p".into(), false), ("q".into(), false)]);
    table.beat(1_000);
    assert_eq!(marked(&table), [("p".into(), false), ("q".into(), true)]);
    for _ in 0..6 {
        table.beat(1_000);
    }
    assert_eq!(table.nodes[0].core.census().visitors, 2);
    table.nodes[0].told.clear();
    table.beat(1_000);
    assert_eq!(marked(&table), [("p".into(), false)]);
    assert_eq!(table.nodes[0].core.census().visitors, 1);
    let left = Happening::Left(LeaveReason::Node);
    assert_eq!(told(&table.nodes[0]), [("q".into(), left, vec!["p".into()])]);
    // Back in the same run.
    table.link_all();
    table.beat(1_000);
    assert_eq!(marked(&table), [("p".into(), false), ("q".into(), false)]);
}

#[test]
fn a_node_that_returns_in_time_makes_no_flicker() {
    let mut table = Table::new(2);
    let a = document("a.pl");
    for (node, page) in [(0, "p"), (1, "q"), (1, "r")] {
        table.nodes[node].join(page);
        table.nodes[node].open(page, &a);
    }
    table.settle();
    table.unlink(0, 1);
    (0..5).for_each(|_| table.beat(1_000));
    table.nodes[1].leave("r");
    table.nodes[0].told.clear();
    table.link_all();
    table.beat(1_000);
    // Only what changed is told.
    let left = Happening::Left(LeaveReason::Close);
    assert_eq!(told(&table.nodes[0]), [("r".into(), left, vec!["p".into()])]);
    assert!(table.nodes[0].core.visitors().all(|gazer| !gazer.is_marked));
}

#[test]
fn a_node_that_stood_still_itself_drops_nobody() {
    let mut table = Table::new(2);
    table.nodes[1].join("q");
    table.settle();
    table.nodes[0].events.clear();
    table.nodes[0].pass_time(60_000);
    table.nodes[0].input(Input::Timer(relay::Timer::Beat));
    assert_eq!(table.nodes[0].pages(), ["q"]);
    assert_eq!(table.nodes[0].events, []);
}

#[test]
fn another_run_drops_what_the_one_before_told() {
    let mut table = Table::new(2);
    table.nodes[1].join("q");
    table.settle();
    table.unlink(0, 1);
    table.nodes[1].restart(7);
    table.nodes[1].join("r");
    table.link(0, 1);
    assert_eq!(table.nodes[0].pages(), Vec::<String>::new());
    table.settle();
    assert_eq!(table.nodes[0].pages(), ["r"]);
    // What the earlier run said comes late.
    let visitor = relay::Visitor::default();
    let joined = VisitorChange::Joined { wsid: wsid("late"), visitor };
    table.nodes[0].input(Input::Message { from: member(2), message: change(2, joined) });
    assert_eq!(table.nodes[0].pages(), ["r"]);
}

#[test]
fn an_orderly_leave_drops_visitors_at_once() {
    let mut table = Table::new(2);
    table.nodes[1].join("q");
    table.settle();
    table.nodes[1].input(Input::Stop);
    table.settle();
    assert_eq!(table.nodes[0].pages(), Vec::<String>::new());
    assert_eq!(table.nodes[0].core.census().visitors, 0);
}

#[test]
fn a_page_that_moves_to_another_node_neither_goes_nor_comes() {
    let mut table = Table::new(3);
    let a = document("a.pl");
    table.nodes[0].join("p");
    table.nodes[0].open("p", &a);
    table.nodes[1].join("q");
    table.nodes[1].open("q", &a);
    table.settle();
    // B is silent, and its page connects to C.
    for node in [0, 2] {
        table.unlink(1, node);
    }
    table.nodes[0].told.clear();
    table.nodes[2].join("q");
    table.nodes[2].open("q", &a);
    table.settle();
    for _ in 0..12 {
        table.nodes[0].pass_time(1_000);
        table.nodes[2].pass_time(1_000);
        for node in [0, 2] {
            table.nodes[node].input(Input::Timer(relay::Timer::Beat));
        }
        table.settle();
    }
    assert_eq!(table.nodes[0].told, []);
    assert_eq!(table.nodes[0].pages(), ["p", "q"]);
}

#[test]
fn a_thousand_visitors_come_in_pages_while_others_come_and_go() {
    let mut table = Table::new(2);
    table.unlink(0, 1);
    for at in 0..1_000 {
        table.nodes[1].join(&format!("v{at:04}"));
    }
    table.nodes[1].outbox.clear();
    table.link(0, 1);
    let mut pages = 0;
    while let Some((from, to, message)) = table.next() {
        if matches!(message, RelayMessage::Snapshot { .. }) {
            pages += 1;
            // Changes between two pages, before and behind it.
            table.nodes[1].leave(&format!("v{:04}", pages));
            table.nodes[1].leave(&format!("v{:04}", 999 - pages));
        }
        let from = table.nodes[from].core.me();
        table.nodes[to].input(Input::Message { from, message });
    }
    assert_eq!(pages, 5);
    assert_eq!(table.nodes[0].pages(), table.nodes[1].pages());
    assert_eq!(table.nodes[0].pages().len(), 990);
}

#[test]
fn a_page_of_a_snapshot_out_of_order_is_rejected() {
    let mut table = Table::new(1);
    let node = &mut table.nodes[0];
    node.input(Input::PeerUp { peer: member(2), run: run(2) });
    let beat = relay::Beat {
        run: run(2),
        root: relay::Digest::default(),
        messages: 0,
        version: 1,
        census: Census::default(),
    };
    let from = member(2);
    node.input(Input::Message { from, message: RelayMessage::Beat(beat) });
    let visitors = ["b", "a"].map(|page| (wsid(page), relay::Visitor::default())).to_vec();
    let (census, after) = (Census::default(), None);
    let message =
        RelayMessage::Snapshot { run: run(2), version: 1, after, visitors, more: false, census };
    node.input(Input::Message { from, message });
    assert_eq!(node.pages(), Vec::<String>::new());
    assert!(node.events.iter().any(|event| matches!(event, Event::Rejected { .. })));
    node.input(Input::Persisted(WriteNo(3)));
}

#[test]
fn who_is_known_does_not_come_again_while_a_snapshot_is_under_way() {
    let mut table = Table::new(1);
    let (node, a) = (&mut table.nodes[0], document("a.pl"));
    node.join("p");
    node.open("p", &a);
    node.input(Input::PeerUp { peer: member(2), run: run(2) });
    let visitor = |files: &[relay::DocumentId]| relay::Visitor {
        user: user("q"),
        files: files.iter().cloned().collect(),
        ..relay::Visitor::default()
    };
    let q = || visitor(std::slice::from_ref(&a));
    let page = |version, page, more| RelayMessage::Snapshot {
        run: run(2),
        version,
        after: None,
        visitors: vec![page],
        more,
        census: Census::default(),
    };
    let joined = || VisitorChange::Joined { wsid: wsid("q"), visitor: q() };
    let messages = [
        // Nothing is known, so that a snapshot is asked for, and comes.
        change(1, joined()),
        page(1, (wsid("q"), q()), false),
        // 2 and 3 are lost; the next snapshot has two pages, and q has gone and come between.
        change(4, opened("q", "b.pl")),
        page(4, (wsid("o"), visitor(&[])), true),
        change(5, joined()),
    ];
    for message in messages {
        node.input(Input::Message { from: member(2), message });
    }
    let came = Happening::Joined(std::iter::once(a.clone()).collect());
    assert_eq!(told(node), [("q".into(), came, vec!["p".into()])]);
}
