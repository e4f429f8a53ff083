//! Rolled-back disks, output by output: what is remembered of whom, the gate at the start, and the
//! new life of a disk that is older than what it told (protocol 2).

#[expect(dead_code, reason = "what this file does not need of the table, others do")]
mod table;

use std::collections::BTreeMap;

use cluster::{
    Accepted, Alarm, Ballot, Decided, Draft, DraftKind, Durable, Event, HoldReason, Input, Key,
    KeyState, MemberId, Output, PeerMessage, Record, Reply, RolledBack, SaveOutcome, Standing,
    Timer, Tip, Token, Urgency,
};
use domain::{Incarnation, Millis, Run, Serial};
use table::{ALPHA, BRAVO, CHARLIE, Made, Node};

/// The life after that of [`ALPHA`].
const ANEW: Incarnation = Incarnation::from_bytes([77; 8]);
const ALPHA_ANEW: MemberId = MemberId { node: ALPHA.node, incarnation: ANEW };

fn key() -> Key {
    Key::File("a.pl".into())
}

/// Links a peer that has this durable count and remembers that one of this node.
fn links(node: &mut Node, peer: MemberId, count: u64, remembered: u64) -> Vec<Output> {
    let run = Run::from_bytes([8; 8]);
    node.gives(Input::PeerUp { peer, epoch: 1, run, count, remembered })
}

fn prepare(counter: u64) -> PeerMessage {
    let ballot = Ballot { counter, incarnation: BRAVO.incarnation };
    PeerMessage::Prepare { epoch: 1, key: key(), ballot }
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

fn promises(outputs: &[Output]) -> usize {
    let promise = |output: &&Output| {
        matches!(output, Output::Send { message: PeerMessage::Promise { .. }, .. })
    };
    outputs.iter().filter(promise).count()
}

/// A heartbeat of a peer that remembers this count of this node.
fn heartbeat(node: &mut Node, from: MemberId, count: u64, remembered: u64) -> Vec<Output> {
    let own = node.gives(Input::Timer(Timer::Heartbeat));
    let like = sent(&own, from).into_iter().find_map(|message| match message {
        PeerMessage::Heartbeat(heartbeat) => Some(heartbeat),
        _ => None,
    });
    let mut heartbeat = like.expect("it is linked");
    (heartbeat.count, heartbeat.remembered) = (count, remembered);
    node.hears(from, PeerMessage::Heartbeat(heartbeat))
}

/// A member of three whose disk has these registers, and this durable count.
fn disk(keys: BTreeMap<Key, KeyState>, count: u64) -> Durable {
    let mut durable = Node::with(ALPHA, keys).core.durable().clone();
    durable.count = count;
    durable
}

#[test]
fn the_highest_count_of_a_peer_is_told_to_it_and_kept_with_the_next_batch() {
    let mut node = Node::alone();
    let outputs = links(&mut node, BRAVO, 40, 0);
    assert_eq!(written(&outputs), [], "never a batch of its own");
    heartbeat(&mut node, BRAVO, 42, 0);
    let outputs = heartbeat(&mut node, BRAVO, 41, 0);
    assert_eq!(written(&outputs), []);
    assert_eq!(node.core.remembered(&BRAVO), 42);
    let told = node.gives(Input::Timer(Timer::Heartbeat));
    let PeerMessage::Heartbeat(told) = &sent(&told, BRAVO)[0] else { panic!("{told:?}") };
    assert_eq!((told.remembered, told.count), (42, 0));

    let promised = node.hears(BRAVO, prepare(3));
    let remembered = Record::Remembered { member: BRAVO, count: 42 };
    assert!(written(&promised).contains(&remembered), "{promised:?}");
    assert_eq!(node.core.durable().remembered, BTreeMap::from([(BRAVO, 42)]));
    let again = node.hears(BRAVO, prepare(4));
    assert!(!written(&again).contains(&remembered), "once is enough");
}

#[test]
fn a_promise_tells_the_count_of_the_write_that_it_waits_for() {
    let mut node = Node::linked();
    let promised = node.hears(BRAVO, prepare(3));
    let PeerMessage::Promise { count, .. } = sent(&promised, BRAVO)[0] else {
        panic!("{promised:?}")
    };
    assert_eq!(count, node.issued().0);
    // What a heartbeat tells is durable already.
    let told = node.gives(Input::Timer(Timer::Heartbeat));
    let PeerMessage::Heartbeat(told) = &sent(&told, BRAVO)[0] else { panic!("{told:?}") };
    assert_eq!(told.count, count - 1);
}

#[test]
fn what_the_driver_writes_beside_raises_the_count_and_holds_nothing_up() {
    let mut node = Node::linked();
    let (before, durable) = (node.issued().0, node.core.durable().clone());
    let beside = node.gives(Input::Beside);
    assert!(matches!(beside[..], [Output::Persist { urgency: Urgency::Soon, .. }]), "{beside:?}");
    assert_eq!(node.issued().0, before + 1);
    assert_eq!(*node.core.durable(), Durable { count: before + 1, ..durable });
}

#[test]
fn counts_go_on_after_a_restart() {
    let mut node = Node::linked();
    node.hears(BRAVO, prepare(3));
    let before = node.issued().0;
    let durable = node.core.durable().clone();
    node.starts_from(durable);
    assert_eq!(node.core.hello_count(), before);
    let made = node.create("b.pl", "p(1).\n");
    node.gives(Input::Save { token: Token(1), save: made.save(None) });
    assert_eq!(node.issued().0, before + 1);
}

#[test]
fn a_member_that_starts_promises_nothing_before_it_has_compared_with_all_others() {
    let mut node = Node::alone();
    let started = node.starts_from(disk(BTreeMap::new(), 5));
    assert!(started.contains(&Output::Arm { timer: Timer::Gate, between: (5_000, 5_000) }));
    // Nothing of a connection is handled before the comparison.
    assert_eq!(node.hears(BRAVO, prepare(2)), []);
    links(&mut node, BRAVO, 1, 5);
    let asked = node.hears(BRAVO, prepare(3));
    assert_eq!((promises(&asked), written(&asked)), (0, Vec::new()));
    assert!(!node.core.is_open());
    // What was asked meanwhile is answered as soon as the other one is compared with too.
    let opened = links(&mut node, CHARLIE, 1, 4);
    assert_eq!(promises(&opened), 1);
    assert!(node.core.is_open() && opened.contains(&Output::Disarm(Timer::Gate)));
}

#[test]
fn a_majority_is_enough_after_five_seconds() {
    let mut node = Node::alone();
    node.starts_from(disk(BTreeMap::new(), 5));
    node.gives(Input::Timer(Timer::Gate));
    assert!(!node.core.is_open(), "nobody was compared with");
    links(&mut node, CHARLIE, 1, 5);
    assert!(node.core.is_open());

    node.starts_from(disk(BTreeMap::new(), 5));
    links(&mut node, BRAVO, 1, 5);
    assert!(!node.core.is_open(), "charlie may still come");
    node.gives(Input::Timer(Timer::Gate));
    assert!(node.core.is_open());
}

#[test]
fn the_only_member_starts_when_nobody_came_in_five_seconds() {
    let mut durable = disk(BTreeMap::new(), 5);
    if let Some(roster) = &mut durable.roster {
        roster.members.retain(|member| member.id == ALPHA);
    }
    let mut node = Node::alone();
    node.starts_from(durable);
    let made = node.create("a.pl", "p(1).\n");
    let saved = node.gives(Input::Save { token: Token(1), save: made.save(None) });
    assert!(!written(&saved).iter().any(|record| matches!(record, Record::Promised { .. })));
    let opened = node.gives(Input::Timer(Timer::Gate));
    assert!(written(&opened).iter().any(|record| matches!(record, Record::Promised { .. })));
}

#[test]
fn a_save_before_the_gate_is_open_is_held() {
    let mut node = Node::alone();
    node.starts_from(disk(BTreeMap::new(), 5));
    links(&mut node, BRAVO, 1, 5);
    let made = node.create("a.pl", "p(1).\n");
    let saved = node.gives(Input::Save { token: Token(1), save: made.save(None) });
    assert!(sent(&saved, BRAVO).is_empty(), "nothing is proposed: {saved:?}");
    node.at(Millis(1_800));
    let outputs = node.gives(Input::Timer(Timer::Patience(key())));
    let held = |output: &Output| {
        let held = SaveOutcome::Held {
            commit: made.id,
            reason: HoldReason::NoMajority,
            copies: cluster::Copies::Told,
        };
        matches!(output, Output::Reply { reply: Reply::Save(outcome), .. } if *outcome == held)
    };
    assert!(outputs.iter().any(held), "{outputs:?}");
}

/// What was written since the start would hide a roll-back.
#[test]
fn the_first_comparison_is_with_the_count_of_the_start() {
    let mut node = Node::alone();
    node.starts_from(disk(BTreeMap::new(), 5));
    for number in 0..3 {
        let made = node.create(&format!("{number}.pl"), "p(1).\n");
        node.gives(Input::Save { token: Token(number), save: made.save(None) });
        node.syncs();
    }
    assert!(node.issued().0 > 7);
    assert_eq!(links(&mut node, BRAVO, 1, 7), [Output::Renew]);

    // Later ones are with the count of now: bravo was told of it since.
    node.starts_from(disk(BTreeMap::new(), 5));
    links(&mut node, BRAVO, 1, 5);
    links(&mut node, CHARLIE, 1, 0);
    node.hears(BRAVO, prepare(3));
    node.syncs();
    assert!(!heartbeat(&mut node, BRAVO, 1, 6).contains(&Output::Renew));
    assert_eq!(heartbeat(&mut node, BRAVO, 1, 9), [Output::Renew]);
}

/// It was cut off from everybody who remembers, wrote, and started again.
#[test]
fn what_earlier_runs_wrote_without_a_comparison_hides_nothing() {
    let mut node = Node::alone();
    node.starts_from(disk(BTreeMap::new(), 5));
    for run in 0..3 {
        let made = node.create(&format!("{run}.pl"), "p(1).\n");
        node.gives(Input::Save { token: Token(run), save: made.save(None) });
        node.syncs();
        // Who remembers nothing does not help: this gate stays closed.
        links(&mut node, BRAVO, 1, 0);
        let durable = node.core.durable().clone();
        assert!(durable.count > 5);
        node.starts_from(durable);
        assert_eq!(node.core.hello_count(), 5);
    }
    assert_eq!(links(&mut node, CHARLIE, 1, 6), [Output::Renew]);
}

/// Nobody may be told more than a restart would compare with.
#[test]
fn a_higher_count_is_told_when_it_is_durable_that_the_gate_was_open() {
    let told = |node: &mut Node| {
        let told = node.gives(Input::Timer(Timer::Heartbeat));
        let PeerMessage::Heartbeat(told) = &sent(&told, BRAVO)[0] else { panic!("{told:?}") };
        told.count
    };
    let mut node = Node::alone();
    node.starts_from(disk(BTreeMap::new(), 5));
    links(&mut node, BRAVO, 1, 5);
    let made = node.create("a.pl", "p(1).\n");
    let saved = node.gives(Input::Save { token: Token(1), save: made.save(None) });
    assert!(written(&saved).contains(&Record::Unchecked { count: Some(5) }));
    node.syncs();
    assert_eq!(told(&mut node), 5);
    let opened = links(&mut node, CHARLIE, 1, 5);
    assert!(written(&opened).contains(&Record::Unchecked { count: None }));
    assert_eq!(told(&mut node), 5, "a crash would take that back");
    let durable = node.core.durable().clone();
    node.syncs();
    assert_eq!(told(&mut node), durable.count);
    node.starts_from(durable.clone());
    assert_eq!(node.core.hello_count(), durable.count);
}

#[test]
fn nothing_is_handled_or_sent_in_a_life_that_has_ended() {
    let mut node = Node::alone();
    node.starts_from(disk(BTreeMap::new(), 5));
    assert_eq!(links(&mut node, BRAVO, 1, 6), [Output::Renew]);
    assert_eq!(links(&mut node, CHARLIE, 1, 0), []);
    assert_eq!(node.hears(CHARLIE, prepare(3)), []);
    assert_eq!(node.gives(Input::Timer(Timer::Heartbeat)), []);
}

/// A commit, one on it and one beside that, all in the node's store.
fn stocked(node: &mut Node) -> [Made; 3] {
    let first = node.create("a.pl", "p(1).\n");
    let second = node.update(&first, "p(2).\n");
    let beside = node.update(&first, "p(3).\n");
    [&first, &second, &beside].into_iter().for_each(|made| node.stocks(made));
    [first, second, beside]
}

/// What a disk with this state of the file becomes when it is renewed, and what comes out.
fn renewed(node: &mut Node, state: KeyState) -> (KeyState, Vec<Output>) {
    node.starts_from(disk(BTreeMap::from([(key(), state)]), 5));
    links(node, BRAVO, 1, 6);
    let outputs = node.gives(Input::Renew { incarnation: ANEW });
    // Applied to the disk as it was, its records give what the core has.
    (node.core.durable().get(&key()).cloned().unwrap_or_default(), outputs)
}

fn decided(made: &Made) -> Option<Decided> {
    Some(Decided { head: made.id, serial: Serial(1) })
}

fn draft(made: &Made, base: Option<&Made>, kind: DraftKind) -> Option<Draft> {
    Some(Draft { tip: made.id, base: base.map(|made| made.id), kind })
}

#[test]
fn a_rolled_back_node_drops_its_registers_and_is_a_learner_with_an_alarm() {
    let mut node = Node::alone();
    let [first, second, _] = stocked(&mut node);
    let ballot = Ballot { counter: 9, incarnation: BRAVO.incarnation };
    let state = KeyState {
        promised: ballot.next(),
        accepted: Some(Accepted { ballot, head: second.id }),
        decided: decided(&first),
        ..KeyState::default()
    };
    let (now, outputs) = renewed(&mut node, state);
    assert_eq!((now.promised, now.accepted, now.decided), (Ballot::ZERO, None, None));
    assert_eq!(now.draft, draft(&first, None, DraftKind::Import));
    assert_eq!(now.served(), Some(first.id), "it is served as before");
    assert_eq!((node.core.me(), node.core.standing()), (ALPHA_ANEW, Standing::Learner));
    let rolled_back = RolledBack { was: ALPHA, ours: 5, remembered: 6, by: BRAVO };
    let alarm = Alarm::RolledBack { node: ALPHA_ANEW, rolled_back };
    assert!(outputs.contains(&Output::Raise(alarm.clone())));
    assert!(outputs.contains(&Output::Emit(Event::Renewed)));
    let writes = outputs.iter().filter(|output| matches!(output, Output::Persist { .. })).count();
    assert_eq!(writes, 1, "in one write");
    assert!(!outputs.iter().any(|output| matches!(output, Output::Send { .. })));

    // It votes no more, and says why.
    links(&mut node, BRAVO, 1, 0);
    links(&mut node, CHARLIE, 1, 0);
    assert_eq!(promises(&node.hears(BRAVO, prepare(30))), 0);
    let told = node.gives(Input::Timer(Timer::Heartbeat));
    let told = sent(&told, BRAVO).into_iter().find_map(|message| match message {
        PeerMessage::Heartbeat(heartbeat) => heartbeat.rolled_back,
        _ => None,
    });
    assert_eq!(told, Some(rolled_back));

    // A restart forgets nothing of that.
    node.syncs();
    let durable = node.core.durable().clone();
    assert_eq!(durable.incarnation, ANEW);
    assert!(node.starts_from(durable).contains(&Output::Raise(alarm)));
    assert_eq!((node.core.me(), node.core.standing()), (ALPHA_ANEW, Standing::Learner));
}

#[test]
fn peers_raise_the_alarm_once() {
    let mut node = Node::linked();
    let anew = MemberId { incarnation: ANEW, ..BRAVO };
    node.gives(Input::PeerDown { peer: BRAVO });
    links(&mut node, anew, 6, 0);
    let own = node.gives(Input::Timer(Timer::Heartbeat));
    let like = sent(&own, anew).into_iter().find_map(|message| match message {
        PeerMessage::Heartbeat(heartbeat) => Some(heartbeat),
        _ => None,
    });
    let mut told = like.expect("it is linked");
    let rolled_back = RolledBack { was: BRAVO, ours: 5, remembered: 6, by: CHARLIE };
    (told.remembered, told.rolled_back) = (0, Some(rolled_back));
    let alarm = Output::Raise(Alarm::RolledBack { node: anew, rolled_back });
    let outputs = node.hears(anew, PeerMessage::Heartbeat(told.clone()));
    assert!(outputs.contains(&alarm));
    assert!(!node.hears(anew, PeerMessage::Heartbeat(told)).contains(&alarm));
}

#[test]
fn what_was_told_to_be_saved_is_a_tip_of_the_new_life() {
    let mut node = Node::alone();
    let [first, second, _] = stocked(&mut node);
    let old = Tip { commit: second.id, reporter: ALPHA };
    let state = KeyState {
        decided: decided(&first),
        draft: draft(&second, Some(&first), DraftKind::Held),
        tips: [old].into(),
        tipped: Serial(2),
        ..KeyState::default()
    };
    let (now, _) = renewed(&mut node, state);
    assert_eq!(now.draft, draft(&second, Some(&first), DraftKind::Held));
    assert_eq!(now.tips, [old, Tip { reporter: ALPHA_ANEW, ..old }].into());
}

/// After the copy was made it may have been told to be saved.
#[test]
fn a_fresh_save_is_held_and_a_settling_is_dropped() {
    let mut node = Node::alone();
    let [first, second, _] = stocked(&mut node);
    let fresh = draft(&second, Some(&first), DraftKind::Fresh);
    let state = KeyState { decided: decided(&first), draft: fresh, ..KeyState::default() };
    let (now, _) = renewed(&mut node, state);
    assert_eq!(now.draft, draft(&second, Some(&first), DraftKind::Held));
    assert_eq!(now.tips, [Tip { commit: second.id, reporter: ALPHA_ANEW }].into());

    let settling = draft(&second, Some(&first), DraftKind::Settle);
    let state = KeyState { decided: decided(&first), draft: settling, ..KeyState::default() };
    let mut node = Node::alone();
    stocked(&mut node);
    let (now, _) = renewed(&mut node, state);
    assert_eq!(now.draft, draft(&first, None, DraftKind::Import));
    assert!(now.tips.is_empty());
}

#[test]
fn a_draft_that_the_decided_head_has_passed_or_left_gives_way_to_it() {
    for kind in [DraftKind::Fresh, DraftKind::Held, DraftKind::Import] {
        let mut node = Node::alone();
        let [first, second, beside] = stocked(&mut node);
        for lost in [&first, &beside] {
            let state = KeyState {
                decided: decided(&second),
                draft: draft(lost, None, kind),
                ..KeyState::default()
            };
            let mut node = Node::alone();
            stocked(&mut node);
            let (now, _) = renewed(&mut node, state);
            assert_eq!(now.draft, draft(&second, None, DraftKind::Import), "{kind:?}");
        }
    }
}

#[test]
fn who_waits_for_a_save_is_told_that_it_is_held() {
    let mut node = Node::alone();
    node.starts_from(disk(BTreeMap::new(), 5));
    let made = node.create("a.pl", "p(1).\n");
    node.gives(Input::Save { token: Token(1), save: made.save(None) });
    let other = node.create("a.pl", "p(2).\n");
    node.gives(Input::Save { token: Token(2), save: other.save(None) });
    links(&mut node, BRAVO, 1, 6);
    let outputs = node.gives(Input::Renew { incarnation: ANEW });
    let replies: Vec<_> = outputs
        .iter()
        .filter_map(|output| match output {
            Output::Reply { token, reply: Reply::Save(outcome), after } => {
                Some((token.0, outcome.clone(), *after))
            }
            _ => None,
        })
        .collect();
    let (commit, reason) = (made.id, HoldReason::NoMajority);
    let held = SaveOutcome::Held { commit, reason, copies: cluster::Copies::OnlyHere };
    let after = Some(node.issued());
    assert_eq!(replies, [(1, held, after), (2, SaveOutcome::Busy, after)]);
}

/// The records of the write, applied to the disk as it was, give what the core has.
#[test]
fn the_write_alone_makes_the_new_life() {
    let mut node = Node::alone();
    let [first, second, beside] = stocked(&mut node);
    let state = KeyState {
        decided: decided(&second),
        draft: draft(&beside, Some(&first), DraftKind::Held),
        ..KeyState::default()
    };
    let mut disk = disk(BTreeMap::from([(key(), state)]), 5);
    node.starts_from(disk.clone());
    disk = node.core.durable().clone();
    links(&mut node, BRAVO, 1, 6);
    let outputs = node.gives(Input::Renew { incarnation: ANEW });
    let records = written(&outputs);
    records.iter().for_each(|record| disk.apply(record));
    disk.count = node.core.durable().count;
    assert_eq!(&disk, node.core.durable());
    records.iter().for_each(|record| disk.apply(record));
    assert_eq!(&disk, node.core.durable(), "twice is the same as once");
}
