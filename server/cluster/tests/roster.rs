//! The roster, output by output: one change at a time, repaired, and judged before anything else.

#[expect(dead_code, reason = "what this file does not need of the table, others do")]
mod table;

use cluster::{
    Ballot, ChangeOutcome, Input, Key, Member, MemberId, Output, PeerMessage, Phase, Record, Reply,
    Roster, RosterChange, RosterVote, Standing, Timer, Token, Version,
};
use domain::{Incarnation, NodeId, Serial};
use table::{ALPHA, BRAVO, CHARLIE, Node};

const TOKEN: Token = Token(1);

const DELTA: MemberId =
    MemberId { node: NodeId::from_bytes([4; 8]), incarnation: Incarnation::from_bytes([4; 8]) };

fn member(id: MemberId) -> Member {
    Member { id, name: String::new(), address: String::new() }
}

fn roster(node: &Node) -> Roster {
    node.core.durable().roster.clone().expect("it is in a cluster")
}

/// Messages of the council to one peer.
fn votes(outputs: &[Output], peer: MemberId) -> Vec<RosterVote> {
    let vote = |output: &Output| match output {
        Output::Send { to, message: PeerMessage::RosterVote(vote), .. } if *to == peer => {
            Some(vote.clone())
        }
        _ => None,
    };
    outputs.iter().filter_map(vote).collect()
}

fn outcomes(outputs: &[Output]) -> Vec<ChangeOutcome> {
    let outcome = |output: &Output| match output {
        Output::Reply { reply: Reply::Change(outcome), .. } => Some(*outcome),
        _ => None,
    };
    outputs.iter().filter_map(outcome).collect()
}

/// Asks for a change and carries it through with bravo's votes; what came out last.
fn changes(node: &mut Node, change: RosterChange) -> Vec<Output> {
    let mut outputs = node.gives(Input::Change { token: TOKEN, change });
    let at = roster(node).version();
    let Some(RosterVote::Prepare { ballot, .. }) = votes(&outputs, BRAVO).first().cloned() else {
        return outputs;
    };
    outputs.extend(node.syncs());
    let promise = RosterVote::Promise { at, ballot, accepted: None };
    outputs.extend(node.hears(BRAVO, PeerMessage::RosterVote(promise)));
    outputs.extend(node.syncs());
    outputs.extend(node.hears(BRAVO, PeerMessage::RosterVote(RosterVote::Accept { at, ballot })));
    outputs.extend(node.syncs());
    outputs
}

#[test]
fn a_node_that_is_approved_is_a_learner_and_nothing_is_repaired() {
    let mut node = Node::linked();
    let outputs = changes(&mut node, RosterChange::Approve(member(DELTA)));
    assert_eq!(outcomes(&outputs), [ChangeOutcome::Done]);
    let now = roster(&node);
    assert_eq!((now.epoch, now.phase, now.quorum()), (2, Phase::Steady, 2));
    assert_eq!((now.standing(&DELTA), now.standing(&ALPHA)), (Standing::Learner, Standing::Member));
    // Everybody is told.
    for peer in [BRAVO, CHARLIE] {
        let told = |output: &Output| matches!(output, Output::Send { to, message: PeerMessage::RosterIs { roster }, .. } if *to == peer && roster.epoch == 2);
        assert!(outputs.iter().any(told), "{peer:?}");
    }
}

#[test]
fn without_a_majority_nothing_is_proposed() {
    let mut node = Node::alone();
    let outputs = changes(&mut node, RosterChange::Remove(CHARLIE.node));
    assert_eq!(outcomes(&outputs), [ChangeOutcome::NoMajority]);
    assert_eq!(roster(&node).epoch, 1);
}

/// V6: the next change waits until every key was read by a majority of the new members.
#[test]
fn a_change_of_members_is_repaired_before_the_next_one() {
    let mut node = Node::alone();
    node.links(BRAVO);
    node.links(CHARLIE);
    let outputs = changes(&mut node, RosterChange::Remove(CHARLIE.node));
    assert_eq!(outcomes(&outputs), [ChangeOutcome::Done]);
    let repairing = Version { epoch: 2, phase: Phase::Repairing };
    assert_eq!(roster(&node).version(), repairing);
    let asked = |output: &Output| matches!(output, Output::Send { to, message: PeerMessage::KeysRequest { epoch: 2, .. }, .. } if *to == BRAVO);
    assert!(outputs.iter().any(asked), "{outputs:?}");
    let next =
        node.gives(Input::Change { token: Token(2), change: RosterChange::Demote(BRAVO.node) });
    assert_eq!(outcomes(&next), [ChangeOutcome::Moved]);

    // Bravo has one key; it is read, and only then the roster can be steady.
    let key = Key::File("a.pl".into());
    let keys = vec![key.clone()];
    let outputs =
        node.hears(BRAVO, PeerMessage::KeysAre { epoch: 2, after: None, keys, more: false });
    assert_eq!(votes(&outputs, BRAVO), []);
    assert_eq!(node.core.repair().map(|(of, done)| of - done), Some(1));
    node.syncs();
    let ballot = Ballot { counter: node.counter(), incarnation: ALPHA.incarnation };
    let nothing = PeerMessage::Promise { epoch: 2, key, ballot, accepted: None, count: 0 };
    let mut outputs = node.hears(BRAVO, nothing);
    outputs.extend(node.syncs());
    let begun = votes(&outputs, BRAVO);
    assert!(
        matches!(begun[..], [RosterVote::Prepare { at, .. }, ..] if at == repairing),
        "{begun:?}"
    );
}

/// V5: a member does not accept a roster that replaces another one in one change.
#[test]
fn two_members_are_never_changed_at_once() {
    let mut node = Node::linked();
    let at = roster(&node).version();
    let ballot = Ballot { counter: 5, incarnation: BRAVO.incarnation };
    let anew = MemberId { incarnation: Incarnation::from_bytes([9; 8]), ..CHARLIE };
    let mut next = Roster { epoch: 2, phase: Phase::Repairing, ..roster(&node) };
    next.members[2].id = anew;
    let propose = |roster: &Roster| {
        PeerMessage::RosterVote(RosterVote::Propose {
            at,
            ballot,
            roster: Box::new(roster.clone()),
        })
    };
    assert_eq!(node.hears(BRAVO, propose(&next)), []);
    assert_eq!(node.core.durable().council.accepted, None);
    // The first half of it is accepted.
    next.members.remove(2);
    let outputs = node.hears(BRAVO, propose(&next));
    assert_eq!(votes(&outputs, BRAVO), [RosterVote::Accept { at, ballot }]);
}

/// V7: what another life of a member's disk says is no vote.
#[test]
fn a_member_whose_disk_is_new_has_no_vote() {
    let mut node = Node::alone();
    let anew = MemberId { incarnation: Incarnation::from_bytes([9; 8]), ..BRAVO };
    node.links(anew);
    assert_eq!(roster(&node).standing(&anew), Standing::Learner);
    let outputs = changes(&mut node, RosterChange::Remove(CHARLIE.node));
    assert_eq!(outcomes(&outputs), [ChangeOutcome::NoMajority]);
    let at = roster(&node).version();
    let ballot = Ballot { counter: 5, incarnation: anew.incarnation };
    let prepare = PeerMessage::RosterVote(RosterVote::Prepare { at, ballot });
    assert_eq!(votes(&node.hears(anew, prepare), anew), []);
    // And it gets its vote back only in two changes.
    node.links(CHARLIE);
    let promote = RosterChange::Promote(BRAVO.node);
    let outputs = node.gives(Input::Change { token: TOKEN, change: promote });
    assert_eq!(outcomes(&outputs), [ChangeOutcome::Wiped]);
    let replace = RosterChange::Replace(BRAVO.node);
    let outputs = node.gives(Input::Change { token: TOKEN, change: replace });
    assert_eq!(outcomes(&outputs), []);
    assert!(matches!(votes(&outputs, CHARLIE)[..], [RosterVote::Prepare { .. }]));
}

/// V10: a message of a lower epoch is answered with the roster, and nothing else happens.
#[test]
fn a_lower_epoch_is_told_the_roster_and_not_handled() {
    let mut node = Node::linked();
    changes(&mut node, RosterChange::Approve(member(DELTA)));
    let before = node.core.durable().clone();
    let prepare = PeerMessage::Prepare {
        epoch: 1,
        key: Key::File("a.pl".into()),
        ballot: Ballot { counter: 9, incarnation: CHARLIE.incarnation },
    };
    let outputs = node.hears(CHARLIE, prepare);
    let told = matches!(&outputs[..], [Output::Send { to, message: PeerMessage::RosterIs { roster }, .. }] if *to == CHARLIE && roster.epoch == 2);
    assert!(told, "{outputs:?}");
    assert_eq!(node.core.durable(), &before);
}

#[test]
fn a_late_vote_about_an_earlier_succession_does_not_count() {
    let mut node = Node::linked();
    let at = roster(&node).version();
    changes(&mut node, RosterChange::Approve(member(DELTA)));
    let remove = RosterChange::Remove(DELTA.node);
    let outputs = node.gives(Input::Change { token: Token(2), change: remove });
    let Some(RosterVote::Prepare { ballot, .. }) = votes(&outputs, BRAVO).first().cloned() else {
        panic!("{outputs:?}");
    };
    node.syncs();
    let late = RosterVote::Promise { at, ballot, accepted: None };
    let outputs = node.hears(BRAVO, PeerMessage::RosterVote(late));
    assert_eq!(votes(&outputs, BRAVO), []);
    assert_eq!(roster(&node).epoch, 2);
}

#[test]
fn a_learner_is_promoted_when_it_has_applied_what_is_here() {
    let mut node = Node::linked();
    changes(&mut node, RosterChange::Approve(member(DELTA)));
    let promote = RosterChange::Promote(DELTA.node);
    let outputs = node.gives(Input::Change { token: TOKEN, change: promote.clone() });
    assert_eq!((outcomes(&outputs), votes(&outputs, BRAVO)), (vec![], vec![]));
    // It does not answer for as long as it gets.
    node.at(domain::Millis(11_000));
    let outputs = node.gives(Input::Timer(Timer::Council));
    assert_eq!(outcomes(&outputs), [ChangeOutcome::NotCaughtUp]);

    node.links(DELTA);
    let heartbeat = cluster::Heartbeat {
        epoch: 2,
        phase: Some(Phase::Steady),
        serial: Serial(0),
        root: node.core.durable().root(),
        files: 0,
        waiting: 0,
        importing: 0,
        audit: Vec::new(),
        applied: Some(node.core.durable().serial()),
        asking: Vec::new(),
        draining: false,
        count: 0,
        remembered: 0,
        rolled_back: None,
    };
    node.hears(DELTA, PeerMessage::Heartbeat(heartbeat));
    let outputs = node.gives(Input::Change { token: TOKEN, change: promote });
    assert!(matches!(votes(&outputs, BRAVO)[..], [RosterVote::Prepare { .. }]), "{outputs:?}");
}

/// Seed 374478: whoever waited for a learner was forgotten, and every change after it was refused.
#[test]
fn a_promotion_outlives_the_change_of_somebody_else() {
    let mut node = Node::linked();
    changes(&mut node, RosterChange::Approve(member(DELTA)));
    node.gives(Input::Change { token: TOKEN, change: RosterChange::Promote(DELTA.node) });
    // Bravo had another change accepted here and is not heard of again: it is finished here.
    let next = Roster { epoch: 3, learners: Vec::new(), ..roster(&node) };
    let at = roster(&node).version();
    let theirs = Ballot { counter: 5, incarnation: BRAVO.incarnation };
    let propose = RosterVote::Propose { at, ballot: theirs, roster: Box::new(next.clone()) };
    node.hears(BRAVO, PeerMessage::RosterVote(propose));
    node.syncs();
    let outputs = node.gives(Input::Timer(Timer::Heartbeat));
    let Some(RosterVote::Prepare { ballot, .. }) = votes(&outputs, BRAVO).first().cloned() else {
        panic!("it is not finished: {outputs:?}");
    };
    node.syncs();
    let accepted = Some((theirs, Box::new(next)));
    let promise = RosterVote::Promise { at, ballot, accepted };
    node.hears(CHARLIE, PeerMessage::RosterVote(promise));
    node.syncs();
    let accept = RosterVote::Accept { at, ballot };
    let outputs = node.hears(CHARLIE, PeerMessage::RosterVote(accept));
    assert_eq!(roster(&node).epoch, 3);
    let armed = |output: &Output| matches!(output, Output::Arm { timer: Timer::Council, .. });
    assert!(outputs.iter().any(armed), "{outputs:?}");
    node.at(domain::Millis(11_000));
    let outputs = node.gives(Input::Timer(Timer::Council));
    assert_eq!(outcomes(&outputs), [ChangeOutcome::NotCaughtUp]);
    assert!(!node.core.changing());
}

#[test]
fn a_removed_node_is_told_so_and_its_tips_are_taken() {
    let mut node = Node::linked();
    changes(&mut node, RosterChange::Remove(CHARLIE.node));
    let made = node.create("a.pl", "held there.\n");
    node.stocks(&made);
    let tip = cluster::Tip { commit: made.id, reporter: CHARLIE };
    let change = cluster::Change {
        key: Key::File("a.pl".into()),
        head: Some(made.id),
        tips: vec![tip],
        gaps: Vec::new(),
    };
    let changes = PeerMessage::Changes { since: Serial(0), upto: Serial(1), items: vec![change] };
    let outputs = node.hears(CHARLIE, changes);
    let persisted = outputs.iter().flat_map(|output| match output {
        Output::Persist { records, .. } => records.clone(),
        _ => Vec::new(),
    });
    let records: Vec<Record> = persisted.collect();
    let is_tip =
        |record: &Record| matches!(record, Record::Tip { tip: taken, .. } if *taken == tip);
    assert!(records.iter().any(is_tip), "{records:?}");
    // Its head is not believed.
    assert_eq!(table::now_heads(&node), []);
    // And it asks for nothing here that it would get.
    let since = node.hears(CHARLIE, PeerMessage::Since { serial: Serial(0) });
    let told = |output: &Output| matches!(output, Output::Send { message: PeerMessage::Changes { .. }, to, .. } if *to == CHARLIE);
    assert!(!since.iter().any(told), "{since:?}");
}

/// Trace of the simulator (members, seed 1482): a proposer that had promised another one's greater
/// ballot went on with its own, and two rosters were decided.
#[test]
fn whoever_promised_a_greater_ballot_takes_no_part_in_its_own() {
    let mut node = Node::linked();
    let at = roster(&node).version();
    let change = RosterChange::Remove(CHARLIE.node);
    let outputs = node.gives(Input::Change { token: TOKEN, change });
    let Some(RosterVote::Prepare { ballot, .. }) = votes(&outputs, BRAVO).first().cloned() else {
        panic!("no prepare: {outputs:?}");
    };
    node.syncs();
    let greater = Ballot { counter: ballot.counter, incarnation: BRAVO.incarnation };
    assert!(greater > ballot);
    let prepare = RosterVote::Prepare { at, ballot: greater };
    node.hears(BRAVO, PeerMessage::RosterVote(prepare));
    node.syncs();
    let promise = RosterVote::Promise { at, ballot, accepted: None };
    let mut outputs = node.hears(CHARLIE, PeerMessage::RosterVote(promise));
    outputs.extend(node.syncs());
    let proposes = |vote: &RosterVote| matches!(vote, RosterVote::Propose { .. });
    assert!(!votes(&outputs, BRAVO).iter().any(proposes), "{outputs:?}");
    assert_eq!(node.core.durable().council.promised, greater);
}
