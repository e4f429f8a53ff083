//! Leaving a cluster that has lost a majority, output by output: founding anew, going to a cluster
//! that was founded anew, what is kept, and what is refused (protocol 11).

#[expect(dead_code, reason = "what this file does not need of the table, others do")]
mod table;

use std::collections::{BTreeMap, BTreeSet};

use cluster::{
    Accepted, Ballot, Decided, Draft, DraftKind, Durable, Event, Input, Key, KeyState,
    LeaveOutcome, Leaving, Member, MemberId, Output, PeerMessage, Phase, Record, Reply, Roster,
    Standing, Timer, Tip, Token, WriteNo,
};
use domain::{ClusterId, Incarnation, NodeId, Serial};
use table::{ALPHA, BRAVO, CHARLIE, Made, Node};

/// The life after that of [`ALPHA`].
const ANEW: Incarnation = Incarnation::from_bytes([77; 8]);
const ALPHA_ANEW: MemberId = MemberId { node: ALPHA.node, incarnation: ANEW };
/// The cluster of the table.
const OLD: ClusterId = ClusterId::from_bytes([9; 8]);
const NEW: ClusterId = ClusterId::from_bytes([10; 8]);
const TOKEN: Token = Token(7);

fn key() -> Key {
    Key::File("a.pl".into())
}

fn anew(survivors: &[NodeId]) -> Leaving {
    Leaving::Anew { cluster: NEW, survivors: survivors.iter().copied().collect() }
}

const JOIN: Leaving = Leaving::Join { cluster: NEW };

fn leave(node: &mut Node, to: Leaving) -> Vec<Output> {
    node.gives(Input::Leave { token: TOKEN, to })
}

/// Leaves, and begins the life that is asked for.
fn leaves(node: &mut Node, to: Leaving) -> Vec<Output> {
    assert_eq!(leave(node, to), [Output::Renew]);
    node.gives(Input::Renew { incarnation: ANEW })
}

fn refused(outputs: &[Output]) -> LeaveOutcome {
    match outputs {
        [Output::Reply { token: TOKEN, reply: Reply::Left(outcome), after: None }] => {
            outcome.clone()
        }
        other => panic!("{other:?}"),
    }
}

fn written(outputs: &[Output]) -> Vec<Record> {
    let records = |output: &Output| match output {
        Output::Persist { records, .. } => Some(records.clone()),
        _ => None,
    };
    outputs.iter().filter_map(records).flatten().collect()
}

/// A member of three whose disk has this state of the file.
fn member_with(state: KeyState) -> Node {
    let mut node = Node::with(ALPHA, BTreeMap::from([(key(), state)]));
    stocked(&mut node);
    node
}

/// A commit, one on it and one beside that, all in the node's store.
fn stocked(node: &mut Node) -> [Made; 3] {
    let first = node.create("a.pl", "p(1).\n");
    let second = node.update(&first, "p(2).\n");
    let beside = node.update(&first, "p(3).\n");
    [&first, &second, &beside].into_iter().for_each(|made| node.stocks(made));
    [first, second, beside]
}

fn made() -> [Made; 3] {
    stocked(&mut Node::alone())
}

fn state_of(node: &Node) -> KeyState {
    node.core.durable().get(&key()).cloned().unwrap_or_default()
}

fn decided(made: &Made) -> Option<Decided> {
    Some(Decided { head: made.id, serial: Serial(1) })
}

fn draft(made: &Made, base: Option<&Made>, kind: DraftKind) -> Option<Draft> {
    Some(Draft { tip: made.id, base: base.map(|made| made.id), kind })
}

fn accepted(made: &Made) -> Option<Accepted> {
    let ballot = Ballot { counter: 9, incarnation: BRAVO.incarnation };
    Some(Accepted { ballot, head: made.id })
}

fn own_tip(made: &Made) -> Tip {
    Tip { commit: made.id, reporter: ALPHA_ANEW }
}

#[test]
fn a_node_without_a_majority_founds_anew_in_one_write_and_decides_alone() {
    let [first, ..] = made();
    let mut node = member_with(KeyState { decided: decided(&first), ..KeyState::default() });
    let outputs = leaves(&mut node, anew(&[]));
    let roster = Roster {
        cluster: NEW,
        epoch: 1,
        phase: Phase::Steady,
        members: vec![Member { id: ALPHA_ANEW, name: String::new(), address: String::new() }],
        learners: Vec::new(),
        removed: Vec::new(),
    };
    assert_eq!(node.core.durable().roster.as_ref(), Some(&roster));
    assert_eq!((node.core.me(), node.core.standing()), (ALPHA_ANEW, Standing::Member));
    assert_eq!(node.core.left(), &BTreeSet::from([OLD]));
    assert!(node.core.is_open(), "nobody is waited for");
    let writes = outputs.iter().filter(|output| matches!(output, Output::Persist { .. })).count();
    assert_eq!(writes, 1);
    let done = Output::Reply {
        token: TOKEN,
        reply: Reply::Left(LeaveOutcome::Left),
        after: Some(node.issued()),
    };
    assert!(outputs.contains(&done), "{outputs:?}");
    for event in [Event::Renewed, Event::RosterAdopted] {
        assert!(outputs.contains(&Output::Emit(event)));
    }

    // Its head is the first value.
    assert_eq!(state_of(&node).decided, None);
    for _ in 0..4 {
        node.syncs();
    }
    assert_eq!(state_of(&node).decided.map(|decided| decided.head), Some(first.id));
    assert_eq!(state_of(&node).draft, None);
}

#[test]
fn it_is_refused_while_a_majority_or_an_unnamed_member_answers() {
    let mut node = Node::linked();
    node.gives(Input::PeerDown { peer: CHARLIE });
    let outcome = refused(&leave(&mut node, anew(&[BRAVO.node])));
    assert_eq!(outcome, LeaveOutcome::MajorityAnswers(vec![BRAVO]));
    assert_eq!(refused(&leave(&mut node, JOIN)), LeaveOutcome::MajorityAnswers(vec![BRAVO]));
    assert_eq!(node.core.me(), ALPHA);

    // Of five, two answer.
    let five = |node: &mut Node| {
        let mut durable = node.core.durable().clone();
        let member = |number: u8| Member {
            id: MemberId {
                node: NodeId::from_bytes([number; 8]),
                incarnation: Incarnation::from_bytes([number; 8]),
            },
            name: String::new(),
            address: String::new(),
        };
        let roster = durable.roster.as_mut().expect("it has one");
        roster.members.extend([member(4), member(5)]);
        node.starts_from(durable);
        node.links(BRAVO);
    };
    five(&mut node);
    let outcome = refused(&leave(&mut node, anew(&[CHARLIE.node])));
    assert_eq!(outcome, LeaveOutcome::OthersAnswer(vec![BRAVO]));
    assert_eq!(leave(&mut node, anew(&[BRAVO.node])), [Output::Renew]);
}

#[test]
fn a_node_in_no_cluster_or_in_that_one_does_not_leave() {
    let mut node = Node::alone();
    let same = Leaving::Join { cluster: OLD };
    assert_eq!(refused(&leave(&mut node, same)), LeaveOutcome::NotElsewhere);
    node.starts_from(Durable::new(ALPHA.incarnation));
    assert_eq!(refused(&leave(&mut node, anew(&[]))), LeaveOutcome::NotElsewhere);
}

/// Its proposer may have answered its page, with the vote of this node.
#[test]
fn a_head_that_was_only_accepted_here_is_served_and_proposed() {
    let [first, second, _] = made();
    let mut node = member_with(KeyState {
        decided: decided(&first),
        accepted: accepted(&second),
        ..KeyState::default()
    });
    leaves(&mut node, anew(&[]));
    assert_eq!(state_of(&node).served(), Some(second.id));
    assert_eq!(state_of(&node).draft, draft(&second, None, DraftKind::Import));

    let mut node = member_with(KeyState { accepted: accepted(&first), ..KeyState::default() });
    leaves(&mut node, JOIN);
    assert_eq!(state_of(&node).served(), Some(first.id));
}

#[test]
fn a_head_that_was_accepted_beside_what_is_served_is_a_tip() {
    let [first, second, beside] = made();
    let held = draft(&beside, Some(&first), DraftKind::Held);
    for (state, served) in [
        (KeyState { draft: held, ..KeyState::default() }, &beside),
        (KeyState { decided: decided(&beside), ..KeyState::default() }, &beside),
    ] {
        let mut node = member_with(KeyState { accepted: accepted(&second), ..state });
        leaves(&mut node, anew(&[]));
        assert_eq!(state_of(&node).served(), Some(served.id));
        assert!(state_of(&node).tips.contains(&own_tip(&second)));
    }
}

#[test]
fn what_was_decided_held_or_settled_here_is_kept() {
    let [first, second, beside] = made();
    let old = Tip { commit: beside.id, reporter: CHARLIE };
    let mut node = member_with(KeyState {
        decided: decided(&first),
        draft: draft(&second, Some(&first), DraftKind::Held),
        tips: [old].into(),
        ..KeyState::default()
    });
    leaves(&mut node, anew(&[]));
    assert_eq!(state_of(&node).draft, draft(&second, Some(&first), DraftKind::Held));
    let before = Tip { commit: second.id, reporter: ALPHA };
    assert_eq!(state_of(&node).tips, [old, before, own_tip(&second)].into());

    // A settling is dropped, unless the own vote for it may have decided it.
    let settling = draft(&second, Some(&first), DraftKind::Settle);
    for (vote, served) in [(None, &first), (accepted(&second), &second)] {
        let mut node = member_with(KeyState {
            decided: decided(&first),
            draft: settling,
            accepted: vote,
            ..KeyState::default()
        });
        leaves(&mut node, anew(&[]));
        assert_eq!(state_of(&node).served(), Some(served.id));
    }
}

#[test]
fn a_node_that_goes_elsewhere_is_in_no_cluster_and_takes_no_roster_of_the_old_one() {
    let [first, ..] = made();
    let mut node = member_with(KeyState { decided: decided(&first), ..KeyState::default() });
    let old = node.core.durable().roster.clone().expect("it has one");
    let outputs = leaves(&mut node, JOIN);
    assert!(!outputs.iter().any(|output| matches!(output, Output::Send { .. })));
    assert_eq!(
        (node.core.standing(), node.core.durable().roster.clone()),
        (Standing::Stranger, None)
    );
    assert_eq!(state_of(&node).served(), Some(first.id));
    let later = Roster { epoch: 5, ..old.clone() };
    node.links(BRAVO);
    node.hears(BRAVO, PeerMessage::RosterIs { roster: later.clone() });
    assert_eq!(node.core.durable().roster, None, "it names this node, and is left");

    // The new one lets it in.
    let member = Member { id: ALPHA_ANEW, name: String::new(), address: String::new() };
    let (members, learners) = (vec![old.members[1].clone()], vec![member]);
    let roster = Roster { cluster: NEW, epoch: 2, members, learners, ..old };
    node.hears(BRAVO, PeerMessage::RosterIs { roster: roster.clone() });
    assert_eq!(node.core.durable().roster, Some(roster));
    assert_eq!(node.core.standing(), Standing::Learner);
    // Not the old one again, however late it is told.
    node.hears(BRAVO, PeerMessage::RosterIs { roster: Roster { epoch: 9, ..later } });
    assert_eq!(node.core.durable().roster.as_ref().map(|roster| roster.cluster), Some(NEW));
}

/// Somebody founded anew although the others were there: the way back.
#[test]
fn the_only_member_may_go_back_to_a_cluster_that_it_left() {
    let mut node = Node::alone();
    let old = node.core.durable().roster.clone().expect("it has one");
    leaves(&mut node, anew(&[]));
    assert_eq!(leave(&mut node, Leaving::Join { cluster: OLD }), [Output::Renew]);
    let again = Incarnation::from_bytes([78; 8]);
    node.gives(Input::Renew { incarnation: again });
    assert_eq!(node.core.left(), &BTreeSet::from([NEW]));
    node.links(BRAVO);
    node.hears(BRAVO, PeerMessage::RosterIs { roster: old });
    assert_eq!(node.core.standing(), Standing::Learner, "its vote of before is gone");
}

/// The records of the write, applied to the disk as it was, give what the core has.
#[test]
fn the_write_alone_makes_it_so() {
    for to in [anew(&[]), JOIN] {
        let [first, second, beside] = made();
        let mut node = member_with(KeyState {
            decided: decided(&first),
            draft: draft(&second, Some(&first), DraftKind::Held),
            accepted: accepted(&beside),
            ..KeyState::default()
        });
        let mut disk = node.core.durable().clone();
        let records = written(&leaves(&mut node, to));
        for times in ["once", "twice"] {
            records.iter().for_each(|record| disk.apply(record));
            disk.count = node.core.durable().count;
            assert_eq!(&disk, node.core.durable(), "{times}");
        }
    }
}

/// What a member of the old cluster says late counts for nothing, and it is told nothing.
#[test]
fn votes_of_the_old_cluster_do_not_count_in_the_new_one() {
    let [first, second, _] = made();
    let mut node = member_with(KeyState { decided: decided(&first), ..KeyState::default() });
    node.links(BRAVO);
    node.gives(Input::PeerDown { peer: BRAVO });
    leaves(&mut node, anew(&[]));
    for _ in 0..4 {
        node.syncs();
    }
    let before = state_of(&node);
    let ballot = Ballot { counter: 50, incarnation: BRAVO.incarnation };
    for message in [
        PeerMessage::Prepare { epoch: 1, key: key(), ballot },
        PeerMessage::NewHead { epoch: 1, key: key(), head: second.id, gaps: Vec::new() },
    ] {
        assert_eq!(node.hears(BRAVO, message), []);
    }
    assert_eq!(state_of(&node), before);
    let told = node.gives(Input::Timer(Timer::Heartbeat));
    assert!(!told.iter().any(|output| matches!(output, Output::Send { .. })), "{told:?}");
}

/// A restart finds the new life, and waits for nobody but the five seconds.
#[test]
fn a_restart_is_in_the_new_cluster() {
    let mut node = Node::alone();
    leaves(&mut node, anew(&[]));
    node.syncs();
    node.restarts();
    assert_eq!((node.core.me(), node.core.standing()), (ALPHA_ANEW, Standing::Member));
    assert!(!node.core.is_open());
    node.gives(Input::Timer(Timer::Gate));
    assert!(node.core.is_open() && node.issued() > WriteNo(0));
}
