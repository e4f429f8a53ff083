//! Branches, rule by rule: what is held, what becomes a tip, what diverges, what settles it.

#[expect(dead_code, reason = "what this file does not need of the table, others do")]
mod table;

use cluster::{
    Ballot, Change, Config, Copies, Core, Decided, Draft, DraftKind, Durable, Event, Foreign,
    HoldReason, Input, Key, KeyState, MemberId, Output, PeerMessage, Record, Reply, Save,
    SaveOutcome, SettleOutcome, StepState, SyncWork, Timer, Tip, Token,
};
use domain::{Millis, ObjectId, Serial};
use table::{ALPHA, BRAVO, CHARLIE, Made, Node};

fn key() -> Key {
    Key::File("a.pl".into())
}

fn tip(commit: ObjectId, reporter: MemberId) -> Tip {
    Tip { commit, reporter }
}

/// What was answered, and whether it waits for a write.
fn answers(outputs: &[Output]) -> Vec<(Token, Reply, bool)> {
    let reply = |output: &Output| match output {
        Output::Reply { token, reply, after } => Some((*token, reply.clone(), after.is_some())),
        _ => None,
    };
    outputs.iter().filter_map(reply).collect()
}

fn written(outputs: &[Output]) -> Vec<Record> {
    let records = |output: &Output| match output {
        Output::Persist { records, .. } => Some(records.clone()),
        _ => None,
    };
    outputs.iter().filter_map(records).flatten().collect()
}

fn sent(outputs: &[Output], peer: MemberId) -> Vec<PeerMessage> {
    let message = |output: &Output| match output {
        Output::Send { to, message, .. } if *to == peer => Some(message.clone()),
        _ => None,
    };
    outputs.iter().filter_map(message).collect()
}

fn told(outputs: &[Output], event: &Event) -> bool {
    outputs.contains(&Output::Emit(event.clone()))
}

fn held(commit: ObjectId, copies: Copies) -> Reply {
    Reply::Save(SaveOutcome::Held { commit, reason: HoldReason::NoMajority, copies })
}

fn sides(node: &Node) -> Vec<(ObjectId, Vec<MemberId>)> {
    let sides = node.core.sides(&key()).sides.into_iter();
    sides.map(|side| (side.commit, side.reporters.into_iter().collect())).collect()
}

/// A peer tells of a key as a whole.
fn hears_of(node: &mut Node, head: Option<ObjectId>, tips: Vec<Tip>) -> Vec<Output> {
    let change = Change { key: key(), head, tips, gaps: Vec::new() };
    node.hears(BRAVO, PeerMessage::KeyIs(change))
}

/// A node with nobody linked, past its start, that has decided a first version.
fn with_first() -> (Node, Made) {
    let first = Node::alone().create("a.pl", "p(1).\n");
    let decided = Some(Decided { head: first.id, serial: Serial(1) });
    let state = KeyState { decided, ..KeyState::default() };
    let mut node = Node::with(ALPHA, [(key(), state)].into());
    node.stocks(&first);
    node.at(Millis(10_000));
    (node, first)
}

fn save(node: &mut Node, token: u64, base: Option<ObjectId>, made: &Made) -> Vec<Output> {
    node.gives(Input::Save { token: Token(token), save: made.save(base) })
}

#[test]
fn without_a_majority_a_save_is_held_durably_told_as_a_tip_and_served() {
    let (mut node, first) = with_first();
    let made = node.update(&first, "p(2).\n");
    let outputs = save(&mut node, 1, Some(first.id), &made);
    let draft = Draft { tip: made.id, base: Some(first.id), kind: DraftKind::Held };
    let records = written(&outputs);
    let held_as_tip = [
        Record::Draft { key: key(), draft: Some(draft) },
        Record::Tip { key: key(), tip: tip(made.id, ALPHA), serial: Serial(2) },
    ];
    assert!(held_as_tip.iter().all(|record| records.contains(record)), "{records:?}");
    // Only this disk has it, and the page waits for the write.
    assert_eq!(answers(&outputs), [(Token(1), held(made.id, Copies::OnlyHere), true)]);
    assert_eq!(node.core.served(&key()), Some(made.id));
    assert_eq!(sides(&node), [], "an open branch is no divergence");
}

/// Its draft was there, and was told to nobody: only the write that holds it makes it a promise.
#[test]
fn a_save_of_before_a_restart_that_is_repeated_is_held_durably() {
    let (node, first) = with_first();
    let made = node.update(&first, "p(2).\n");
    let decided = Some(Decided { head: first.id, serial: Serial(1) });
    let draft = Draft { tip: made.id, base: Some(first.id), kind: DraftKind::Fresh };
    let state = KeyState { decided, draft: Some(draft), ..KeyState::default() };
    let mut node = Node::with(ALPHA, [(key(), state)].into());
    node.stocks(&first);
    node.stocks(&made);
    let mut outputs = save(&mut node, 1, Some(first.id), &made);
    node.at(Millis(10_000));
    outputs.extend(node.gives(Input::Timer(Timer::Patience(key()))));
    assert_eq!(answers(&outputs), [(Token(1), held(made.id, Copies::OnlyHere), true)]);
    let draft = Some(Draft { kind: DraftKind::Held, ..draft });
    assert!(written(&outputs).contains(&Record::Draft { key: key(), draft }), "{outputs:?}");
}

#[test]
fn a_held_save_is_told_to_whoever_can_be_reached() {
    let first = Node::alone().create("a.pl", "p(1).\n");
    let mut node = Node::alone();
    node.at(Millis(10_000));
    node.links(BRAVO);
    let outputs = save(&mut node, 1, None, &first);
    assert_eq!(answers(&outputs), [], "with one peer there is a majority: it is waited for");
    let outputs = node.gives(Input::Timer(Timer::Patience(key())));
    assert_eq!(answers(&outputs), [(Token(1), held(first.id, Copies::Told), true)]);
    assert!(outputs.contains(&table::arm(Timer::Push, 0, 0)), "{outputs:?}");
    let outputs = node.gives(Input::Timer(Timer::Push));
    let tips = vec![tip(first.id, ALPHA)];
    let change = Change { key: key(), head: None, tips, gaps: Vec::new() };
    let told = |message: PeerMessage| match message {
        PeerMessage::Changes { items, .. } => items == [change.clone()],
        _ => false,
    };
    assert!(sent(&outputs, BRAVO).into_iter().any(told), "{outputs:?}");
}

#[test]
fn later_saves_extend_the_branch_and_others_conflict_with_its_tip() {
    let (mut node, first) = with_first();
    let second = node.update(&first, "p(2).\n");
    save(&mut node, 1, Some(first.id), &second);
    let third = node.update(&second, "p(3).\n");
    let outputs = save(&mut node, 2, Some(second.id), &third);
    assert_eq!(answers(&outputs), [(Token(2), held(third.id, Copies::OnlyHere), true)]);
    let state = &node.core.durable().keys[&key()];
    assert_eq!(state.draft.map(|draft| (draft.tip, draft.base)), Some((third.id, Some(first.id))));
    assert_eq!(state.tips.len(), 2, "each was told to somebody");

    // The same save again: as the first one stands.
    let again = node.update(&first, "p(2).\n");
    let outputs = save(&mut node, 3, Some(first.id), &again);
    assert_eq!(answers(&outputs), [(Token(3), held(second.id, Copies::OnlyHere), true)]);
    let other = node.update(&first, "q(7).\n");
    let outputs = save(&mut node, 4, Some(first.id), &other);
    let conflict = Reply::Save(SaveOutcome::Conflict { head: third.id });
    assert_eq!(answers(&outputs), [(Token(4), conflict, true)]);
}

#[test]
fn a_branch_is_proposed_as_a_whole_when_a_majority_is_back() {
    let (mut node, first) = with_first();
    let second = node.update(&first, "p(2).\n");
    save(&mut node, 1, Some(first.id), &second);
    let third = node.update(&second, "p(3).\n");
    save(&mut node, 2, Some(second.id), &third);
    node.syncs();
    let outputs = node.links(BRAVO);
    assert!(sent(&outputs, BRAVO).iter().any(|m| matches!(m, PeerMessage::Prepare { .. })));
    node.syncs();
    let ballot = Ballot { counter: node.counter(), incarnation: ALPHA.incarnation };
    let promise = PeerMessage::Promise { epoch: 1, key: key(), ballot, accepted: None, count: 0 };
    let outputs = node.hears(BRAVO, promise);
    let proposed = sent(&outputs, BRAVO).into_iter().find_map(|message| match message {
        PeerMessage::Propose(propose) => Some(propose.head),
        _ => None,
    });
    assert_eq!(proposed, Some(third.id), "one round, no new commit");
    // The value of a round does not change while it runs: what comes now is held, and waits.
    let fourth = node.update(&third, "p(4).\n");
    let outputs = save(&mut node, 3, Some(third.id), &fourth);
    assert!(!sent(&outputs, BRAVO).iter().any(|m| matches!(m, PeerMessage::Propose(_))));
    node.syncs();
    node.hears(
        BRAVO,
        PeerMessage::Accept { epoch: 1, key: key(), ballot, head: third.id, count: 0 },
    );
    assert_eq!(node.core.file(&key()).decided.map(|decided| decided.head), Some(third.id));
    assert_eq!(node.core.served(&key()), Some(fourth.id));
    assert!(node.core.durable().keys[&key()].draft.is_some(), "the rest is the draft now");
}

#[test]
fn a_branch_that_lost_is_closed_and_its_last_tip_diverges() {
    let (mut node, first) = with_first();
    let second = node.update(&first, "p(2).\n");
    save(&mut node, 1, Some(first.id), &second);
    let third = node.update(&second, "p(3).\n");
    save(&mut node, 2, Some(second.id), &third);
    node.links(BRAVO);
    let won = node.update(&first, "won.\n");
    node.stocks(&won);
    let outputs = hears_of(&mut node, Some(won.id), Vec::new());
    assert!(told(&outputs, &Event::SidesChanged { key: key() }), "{outputs:?}");
    assert_eq!(node.core.served(&key()), Some(won.id));
    assert_eq!(node.core.durable().keys[&key()].draft, None);
    assert_eq!(sides(&node), [(third.id, vec![ALPHA])], "its ancestor does not count");
    let listed: Vec<_> =
        node.core.diverged().map(|(key, sides)| (key.clone(), sides.len())).collect();
    assert_eq!(listed, [(key(), 1)]);
    // A page on the side that lost is told of the decided head.
    let more = node.update(&third, "p(4).\n");
    save(&mut node, 3, Some(third.id), &more);
    let outputs = node.gives(Input::Timer(Timer::Patience(key())));
    assert_ne!(node.core.served(&key()), Some(more.id), "{outputs:?}");
}

#[test]
fn tips_of_others_are_taken_with_their_objects_and_records_of_one_commit_are_one_side() {
    let (mut node, first) = with_first();
    node.links(BRAVO);
    let [ours, theirs] = ["ours.\n", "theirs.\n"].map(|text| node.update(&first, text));
    node.stocks(&ours);
    hears_of(&mut node, Some(ours.id), Vec::new());
    let both = vec![tip(theirs.id, BRAVO), tip(theirs.id, CHARLIE)];
    let outputs = hears_of(&mut node, Some(ours.id), both.clone());
    assert!(sent(&outputs, BRAVO).contains(&PeerMessage::Request { ids: vec![theirs.id] }));
    assert_eq!(sides(&node), [], "nothing is listed before its objects are here");
    let announce = |id, object: gitty::Object| PeerMessage::Announce {
        id,
        kind: object.kind.clone(),
        size: 1,
        content: Some(cluster::Bytes(object.content)),
    };
    node.hears(BRAVO, announce(theirs.id, theirs.commit.object()));
    let outputs = node.hears(BRAVO, announce(theirs.blob_id, theirs.blob.clone()));
    assert!(told(&outputs, &Event::SidesChanged { key: key() }), "{outputs:?}");
    assert_eq!(sides(&node), [(theirs.id, vec![BRAVO, CHARLIE])]);
    let twice = hears_of(&mut node, Some(ours.id), both);
    assert_eq!(written(&twice), [], "what is known is not written again");
}

#[test]
fn a_tip_is_closed_by_ancestry_or_by_what_the_path_settles() {
    let (mut node, first) = with_first();
    node.links(BRAVO);
    let head = node.update(&first, "head.\n");
    let side = node.update(&first, "side.\n");
    let longer = node.update(&side, "longer.\n");
    for made in [&head, &side, &longer] {
        node.stocks(made);
    }
    hears_of(&mut node, Some(head.id), vec![tip(side.id, BRAVO), tip(first.id, BRAVO)]);
    assert_eq!(sides(&node), [(side.id, vec![BRAVO])], "the first version is behind the head");

    let settling = node.settle(&head, "merged.\n", &[side.id]);
    node.stocks(&settling);
    let outputs = hears_of(&mut node, Some(settling.id), Vec::new());
    assert!(told(&outputs, &Event::SidesChanged { key: key() }));
    assert_eq!(sides(&node), []);
    assert_eq!(node.core.diverged().count(), 0);
    // An extension of a settled branch is a divergence again; what is settled stays so.
    hears_of(&mut node, Some(settling.id), vec![tip(longer.id, CHARLIE)]);
    assert_eq!(sides(&node), [(longer.id, vec![CHARLIE])]);
    let next = node.update(&settling, "next.\n");
    node.stocks(&next);
    hears_of(&mut node, Some(next.id), vec![tip(side.id, CHARLIE)]);
    assert_eq!(sides(&node), [(longer.id, vec![CHARLIE])]);
    // The same after a start, when everything is computed anew.
    node.syncs();
    node.restarts();
    assert_eq!(sides(&node), [(longer.id, vec![CHARLIE])]);
}

#[test]
fn only_a_branch_whose_node_is_gone_is_proposed_by_another() {
    let (mut node, first) = with_first();
    let next = node.update(&first, "next.\n");
    node.stocks(&next);
    node.links(BRAVO);
    hears_of(&mut node, Some(first.id), vec![tip(next.id, CHARLIE)]);
    assert_eq!(node.core.durable().keys[&key()].draft, None, "charlie proposes it itself");
    let gone = MemberId { node: CHARLIE.node, incarnation: BRAVO.incarnation };
    hears_of(&mut node, Some(first.id), vec![tip(next.id, gone)]);
    assert_eq!(node.core.durable().keys[&key()].draft, None, "one of the two is still there");

    let (mut node, first) = with_first();
    let next = node.update(&first, "next.\n");
    node.stocks(&next);
    node.links(BRAVO);
    let outputs = hears_of(&mut node, Some(first.id), vec![tip(next.id, gone)]);
    let draft = Draft { tip: next.id, base: Some(first.id), kind: DraftKind::Held };
    assert_eq!(node.core.durable().keys[&key()].draft, Some(draft));
    assert!(sent(&outputs, BRAVO).iter().any(|m| matches!(m, PeerMessage::Prepare { .. })));
}

/// A node with both peers linked, and a divergence from its decided head.
fn diverged() -> (Node, Made, Made) {
    let (mut node, first) = with_first();
    node.links(BRAVO);
    node.links(CHARLIE);
    let [head, side] = ["head.\n", "side.\n"].map(|text| node.update(&first, text));
    node.stocks(&head);
    node.stocks(&side);
    hears_of(&mut node, Some(head.id), vec![tip(side.id, BRAVO)]);
    node.syncs();
    (node, head, side)
}

fn settle(node: &mut Node, token: u64, base: ObjectId, made: &Made) -> Vec<Output> {
    node.gives(Input::Settle { token: Token(token), save: made.save(Some(base)) })
}

/// Lets the round under way be promised by bravo, and the proposal leave.
fn promised(node: &mut Node) -> Ballot {
    node.syncs();
    let ballot = Ballot { counter: node.counter(), incarnation: ALPHA.incarnation };
    node.hears(
        BRAVO,
        PeerMessage::Promise { epoch: 1, key: key(), ballot, accepted: None, count: 0 },
    );
    node.syncs();
    ballot
}

#[test]
fn a_settling_is_decided_like_a_save_and_repeated_it_is_the_same() {
    let (mut node, head, side) = diverged();
    let made = node.settle(&head, "merged.\n", &[side.id]);
    settle(&mut node, 1, head.id, &made);
    let draft = node.core.durable().keys[&key()].draft;
    assert_eq!(draft.map(|draft| draft.kind), Some(DraftKind::Settle));
    assert_eq!(node.core.served(&key()), Some(head.id), "it is not served before it is decided");
    let ballot = promised(&mut node);
    let accept = PeerMessage::Accept { epoch: 1, key: key(), ballot, head: made.id, count: 0 };
    let outputs = node.hears(BRAVO, accept);
    let decided = SettleOutcome::Decided { commit: made.id };
    assert_eq!(answers(&outputs), [(Token(1), Reply::Settle(decided), false)]);
    let ended = Event::SettleEnded { key: key(), commit: made.id, outcome: decided };
    assert!(told(&outputs, &ended));
    assert_eq!(sides(&node), []);

    let again = settle(&mut node, 2, head.id, &made);
    assert_eq!(answers(&again)[0].1, Reply::Settle(decided));
    let other = node.settle(&head, "otherwise.\n", &[side.id]);
    let outputs = settle(&mut node, 3, head.id, &other);
    let moved = SettleOutcome::HeadMoved { head: Some(made.id) };
    assert_eq!(answers(&outputs)[0].1, Reply::Settle(moved));
}

#[test]
fn a_settling_that_loses_is_refused_and_never_rebased() {
    let (mut node, head, side) = diverged();
    let made = node.settle(&head, "merged.\n", &[side.id]);
    settle(&mut node, 1, head.id, &made);
    let won = node.update(&head, "won.\n");
    node.stocks(&won);
    let outputs = hears_of(&mut node, Some(won.id), Vec::new());
    let moved = SettleOutcome::HeadMoved { head: Some(won.id) };
    assert_eq!(answers(&outputs), [(Token(1), Reply::Settle(moved), false)]);
    assert_eq!(node.core.durable().keys[&key()].draft, None);
    assert_eq!(sides(&node), [(side.id, vec![BRAVO])], "what was not decided settles nothing");
}

#[test]
fn without_a_majority_a_settling_is_refused_only_before_its_proposal_has_left() {
    let (mut node, head, side) = diverged();
    let made = node.settle(&head, "merged.\n", &[side.id]);
    settle(&mut node, 1, head.id, &made);
    let outputs = node.gives(Input::Timer(Timer::Patience(key())));
    assert_eq!(answers(&outputs)[0].1, Reply::Settle(SettleOutcome::NoMajority));
    assert_eq!(node.core.durable().keys[&key()].draft, None);

    let (mut node, head, side) = diverged();
    let made = node.settle(&head, "merged.\n", &[side.id]);
    settle(&mut node, 1, head.id, &made);
    promised(&mut node);
    node.at(Millis(30_000));
    let outputs = node.gives(Input::Timer(Timer::Patience(key())));
    let unknown = SettleOutcome::NotKnownYet { commit: made.id };
    assert_eq!(answers(&outputs), [(Token(1), Reply::Settle(unknown), false)]);
    let draft = node.core.durable().keys[&key()].draft;
    assert_eq!(draft.map(|draft| draft.kind), Some(DraftKind::Settle), "its end will be told");
    // After a restart too, although nobody waits any more.
    node.restarts();
    node.stocks(&made);
    node.links(BRAVO);
    let outputs = hears_of(&mut node, Some(made.id), Vec::new());
    let outcome = SettleOutcome::Decided { commit: made.id };
    assert!(told(&outputs, &Event::SettleEnded { key: key(), commit: made.id, outcome }));
}

fn line(node: &mut Node, old: Option<ObjectId>, made: &Made) -> Vec<Output> {
    let objects = vec![made.blob.clone(), made.commit.object()];
    node.gives(Input::Foreign(Foreign { key: key(), old, new: made.id, objects }))
}

#[test]
fn a_line_of_swish_on_the_served_head_is_the_open_branch() {
    let (mut node, first) = with_first();
    let theirs = node.update(&first, "swish.\n");
    let outputs = line(&mut node, Some(first.id), &theirs);
    assert_eq!(node.core.served(&key()), Some(theirs.id));
    let tips = &node.core.durable().keys[&key()].tips;
    assert_eq!(tips.iter().copied().collect::<Vec<_>>(), [tip(theirs.id, ALPHA)]);
    assert!(written(&outputs).iter().any(|record| matches!(record, Record::Object { .. })));
    // Read again, from the beginning or because this node led to it: nothing.
    assert_eq!(written(&line(&mut node, None, &theirs)), []);
    assert_eq!(written(&line(&mut node, Some(theirs.id), &first)), []);
    // A page's save that names it simply follows it.
    let next = node.update(&theirs, "page.\n");
    let outputs = save(&mut node, 1, Some(theirs.id), &next);
    assert_eq!(answers(&outputs)[0].1, held(next.id, Copies::OnlyHere));
    // From a head that was left behind it is a tip, whatever the line starts from.
    let late = node.update(&first, "late.\n");
    line(&mut node, Some(next.id), &late);
    assert_eq!(node.core.served(&key()), Some(next.id));
    assert!(node.core.durable().keys[&key()].tips.contains(&tip(late.id, ALPHA)));
}

#[test]
fn a_line_that_is_read_while_a_save_is_under_way_is_judged_when_that_has_ended() {
    let (mut node, first) = with_first();
    node.links(BRAVO);
    let page = node.update(&first, "page.\n");
    save(&mut node, 1, Some(first.id), &page);
    let theirs = node.update(&first, "swish.\n");
    line(&mut node, Some(first.id), &theirs);
    assert_eq!(node.core.durable().keys[&key()].tips.len(), 0, "not yet");
    hears_of(&mut node, Some(page.id), Vec::new());
    assert_eq!(sides(&node), [(theirs.id, vec![ALPHA])], "the page's save was decided first");

    // Dropped instead: then SWISH's save follows the head.
    let (mut node, first) = with_first();
    node.links(BRAVO);
    let page = node.settle(&first, "settle.\n", &[]);
    settle(&mut node, 1, first.id, &page);
    let theirs = node.update(&first, "swish.\n");
    line(&mut node, Some(first.id), &theirs);
    assert_eq!(node.core.served(&key()), Some(first.id));
    node.gives(Input::Timer(Timer::Patience(key())));
    assert_eq!(node.core.served(&key()), Some(theirs.id));
}

#[test]
fn a_settling_whose_text_is_not_here_is_refused() {
    let (mut node, head, side) = diverged();
    let made = node.settle(&head, "of another node.\n", &[side.id]);
    let save = Box::new(Save { blob: None, ..*made.save(Some(head.id)) });
    let outputs = node.gives(Input::Settle { token: Token(1), save });
    let refused = Reply::Settle(SettleOutcome::TextMissing);
    assert_eq!(answers(&outputs), [(Token(1), refused, false)]);
    assert_eq!(node.core.durable().keys[&key()].draft, None);
}

#[test]
fn heads_that_a_joining_node_brings_are_nothing_proposed_or_tips() {
    let (mut node, first) = with_first();
    let ahead = node.update(&first, "ahead.\n");
    let other = node.create("a.pl", "other.\n");
    node.stocks(&ahead);
    node.stocks(&other);
    node.gives(Input::Import { heads: vec![(key(), first.id)] });
    let state = |node: &Node| node.core.durable().keys[&key()].clone();
    assert_eq!((state(&node).draft, state(&node).tips.len()), (None, 0), "equal");
    node.gives(Input::Import { heads: vec![(key(), ahead.id)] });
    assert_eq!(state(&node).draft.map(|d| (d.tip, d.kind)), Some((ahead.id, DraftKind::Import)));
    assert_eq!(node.core.served(&key()), Some(ahead.id));
    let again = node.gives(Input::Import { heads: vec![(key(), ahead.id)] });
    assert_eq!(written(&again), []);
    node.gives(Input::Import { heads: vec![(key(), other.id)] });
    assert_eq!(sides(&node), [(other.id, vec![ALPHA])]);
    // A page that waits for it too long goes on after it: it is held from then on.
    let page = node.update(&ahead, "page.\n");
    save(&mut node, 1, Some(ahead.id), &page);
    let outputs = node.gives(Input::Timer(Timer::Patience(key())));
    assert_eq!(answers(&outputs), [(Token(1), held(page.id, Copies::OnlyHere), true)]);
    assert!(state(&node).tips.contains(&tip(ahead.id, ALPHA)));
}

#[test]
fn a_sync_reads_compares_and_reports_and_a_dry_one_only_says_what_is_to_be_done() {
    let (mut node, head, _) = diverged();
    let dry = node.gives(Input::Sync { token: Token(1), key: key(), dry: true });
    let [Output::Reply { reply: Reply::Sync(report), .. }] = dry.as_slice() else {
        panic!("{dry:?}")
    };
    assert!(report.steps.iter().all(|step| step.state == StepState::Needed), "{report:?}");

    let outputs = node.gives(Input::Sync { token: Token(2), key: key(), dry: false });
    for peer in [BRAVO, CHARLIE] {
        let messages = sent(&outputs, peer);
        assert!(messages.contains(&PeerMessage::KeyRequest { key: key() }));
        let tells = |m: &PeerMessage| matches!(m, PeerMessage::KeyIs(c) if c.tips.len() == 1);
        assert!(messages.iter().any(tells), "{messages:?}");
    }
    node.syncs();
    let ballot = Ballot { counter: node.counter(), incarnation: ALPHA.incarnation };
    let promise = PeerMessage::Promise { epoch: 1, key: key(), ballot, accepted: None, count: 0 };
    node.hears(BRAVO, promise);
    hears_of(&mut node, Some(head.id), Vec::new());
    let outputs = node.gives(Input::Timer(Timer::Sync(Token(2))));
    let [(_, Reply::Sync(report), _)] = &answers(&outputs)[..] else { panic!("{outputs:?}") };
    let states: Vec<_> = report.steps.iter().map(|step| (step.work, step.state)).collect();
    assert_eq!(
        states,
        [
            (SyncWork::Read, StepState::Done),
            (SyncWork::Compare(BRAVO), StepState::Done),
            (SyncWork::Compare(CHARLIE), StepState::Needed),
        ]
    );
    // Between the two sides nothing was chosen.
    assert_eq!((report.before, report.head, report.diverging), (Some(head.id), Some(head.id), 1));
}

#[test]
fn a_new_commit_is_later_than_every_one_that_is_known() {
    let (mut node, first) = with_first();
    let late = node.create_at("a.pl", "late.\n", 77.0);
    node.stocks(&late);
    node.links(BRAVO);
    let links = [&first, &late].map(|made| (made.id, made.link()));
    let time = |node: &Node| {
        let link = |id: &ObjectId| links.iter().find(|(at, _)| at == id).map(|(_, l)| l.clone());
        node.core.latest_ms(&key(), link)
    };
    assert_eq!(time(&node), 1_000);
    hears_of(&mut node, Some(first.id), vec![tip(late.id, BRAVO)]);
    assert_eq!(time(&node), 77_000);
}

#[test]
fn what_an_earlier_version_wrote_is_read_and_made_a_tip() {
    let made = Node::alone().create("a.pl", "p(1).\n");
    #[derive(serde::Serialize)]
    struct Old {
        tip: ObjectId,
        base: Option<ObjectId>,
        kind: &'static str,
    }
    #[derive(serde::Serialize)]
    struct State {
        promised: Ballot,
        accepted: Option<()>,
        draft: Old,
        decided: Option<()>,
        kept: Vec<ObjectId>,
    }
    let kept = ObjectId::from_bytes([7; 20]);
    let draft = Old { tip: made.id, base: None, kind: "waiting" };
    let (accepted, decided) = (None, None);
    let old = State { promised: Ballot::ZERO, accepted, draft, decided, kept: vec![kept] };
    let bytes = rmp_serde::to_vec_named(&old).expect("plain values");
    let state: KeyState = rmp_serde::from_slice(&bytes).expect("an old row");
    assert_eq!(state.draft.map(|draft| draft.kind), Some(DraftKind::Held));
    let mut node = Node::with(ALPHA, [(key(), state)].into());
    let tips = &node.core.durable().keys[&key()].tips;
    assert_eq!(tips.len(), 2, "{tips:?}");
    assert_eq!(node.core.durable().keys[&key()].kept, []);
    assert_eq!(written(&node.restarts()), [], "once is enough");
}

#[test]
fn the_change_log_has_a_key_once_and_its_tips_with_it() {
    let mut durable = Durable::new(ALPHA.incarnation);
    let made = Node::alone().create("a.pl", "p(1).\n");
    let record = |serial| Record::Tip { key: key(), tip: tip(made.id, BRAVO), serial };
    durable.apply(&record(Serial(1)));
    durable.apply(&Record::Decided { key: key(), head: made.id, serial: Serial(2) });
    let root = durable.root();
    durable.apply(&Record::Tip { key: key(), tip: tip(made.id, ALPHA), serial: Serial(3) });
    assert_ne!(durable.root(), root);
    let changes: Vec<_> = durable.changes_after(Serial(0)).collect();
    assert_eq!(changes, [(Serial(3), &key())]);
    let again = Durable::restore(ALPHA.incarnation, None, 0, durable.keys.clone());
    assert_eq!((again.root(), again.serial()), (durable.root(), durable.serial()));
    let core = Core::recover(Config::default(), ALPHA.node, again);
    assert_eq!(core.durable().decided_count(), 1);
}
