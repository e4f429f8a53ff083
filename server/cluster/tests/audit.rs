//! The audit, message by message: what is written, told, asked for and refused.

#[expect(dead_code, reason = "what this file does not need of the table, save.rs does")]
mod table;

use cluster::{
    Alarm, AuditEntry, Bytes, Heartbeat, Input, MAX_CONTENT_BYTES, MemberId, Output, PeerMessage,
    Phase, Record, Reply, Token, Urgency,
};
use domain::{AuditHash, Millis, Root, Serial};
use table::{ALPHA, BRAVO, CHARLIE, Node, persist, send};

/// A chain of so many entries.
fn chain(origin: MemberId, count: u64) -> Vec<AuditEntry> {
    let mut chain: Vec<AuditEntry> = Vec::new();
    for number in 1..=count {
        let previous = chain.last().map(AuditEntry::hash);
        chain.push(entry(origin, number, previous, &format!("deed {number}")));
    }
    chain
}

fn entry(origin: MemberId, number: u64, previous: Option<AuditHash>, content: &str) -> AuditEntry {
    let seal = Bytes(Vec::new().into());
    AuditEntry { origin, number, previous, content: content.to_owned(), seal }
}

fn does(node: &mut Node, token: u64, entry: &AuditEntry) -> Vec<Output> {
    node.gives(Input::Audit { token: Token(token), entry: Box::new(entry.clone()) })
}

fn is(entries: &[AuditEntry], upto: u64) -> PeerMessage {
    PeerMessage::AuditIs { entries: entries.to_vec(), upto }
}

fn heartbeat(audit: Vec<(MemberId, u64)>) -> PeerMessage {
    PeerMessage::Heartbeat(Heartbeat {
        epoch: 1,
        phase: Some(Phase::Steady),
        serial: Serial(0),
        root: Root::from_bytes([0; 32]),
        files: 0,
        waiting: 0,
        importing: 0,
        audit,
        applied: None,
        asking: Vec::new(),
        draining: false,
        count: 0,
        remembered: 0,
        rolled_back: None,
    })
}

/// What was asked for.
fn asked(outputs: &[Output]) -> Vec<(MemberId, MemberId, u64)> {
    let ask = |output: &Output| match output {
        Output::Send { to, message: PeerMessage::AuditSince { origin, after }, .. } => {
            Some((*to, *origin, *after))
        }
        _ => None,
    };
    outputs.iter().filter_map(ask).collect()
}

fn written(outputs: &[Output]) -> Vec<u64> {
    let records = outputs.iter().flat_map(|output| match output {
        Output::Persist { records, .. } => records.clone(),
        _ => Vec::new(),
    });
    let number = |record| match record {
        Record::Audit(entry) => Some(entry.number),
        _ => None,
    };
    records.filter_map(number).collect()
}

#[test]
fn a_deed_is_told_and_answered_after_its_write() {
    let mut alpha = Node::linked();
    let deeds = chain(ALPHA, 1);
    let outputs = does(&mut alpha, 7, &deeds[0]);
    let no = Some(alpha.issued());
    let reply = Output::Reply { token: Token(7), reply: Reply::Audited(true), after: no };
    assert_eq!(
        outputs,
        [
            persist(alpha.issued().0, vec![Record::Audit(deeds[0].clone())], Urgency::Now),
            send(BRAVO, is(&deeds, 1), no),
            send(CHARLIE, is(&deeds, 1), no),
            reply,
        ]
    );
    assert_eq!(alpha.core.next_audit(), (2, Some(deeds[0].hash())));
}

#[test]
fn a_deed_that_is_not_the_next_of_the_own_chain_is_refused() {
    let mut alpha = Node::linked();
    let deeds = chain(ALPHA, 2);
    let long = entry(ALPHA, 1, None, &"x".repeat(MAX_CONTENT_BYTES + 1));
    for wrong in [&deeds[1], &chain(BRAVO, 1)[0], &long] {
        let refused = Reply::Audited(false);
        let reply = Output::Reply { token: Token(7), reply: refused, after: None };
        assert_eq!(does(&mut alpha, 7, wrong), [reply]);
    }
}

#[test]
fn what_a_heartbeat_names_and_is_missing_is_asked_of_one_peer_at_a_time() {
    let mut alpha = Node::linked();
    let ask = |to, after| vec![(to, CHARLIE, after)];
    let said = || heartbeat(vec![(BRAVO, 0), (CHARLIE, 5)]);
    assert_eq!(asked(&alpha.hears(BRAVO, said())), ask(BRAVO, 0));
    assert_eq!(asked(&alpha.hears(CHARLIE, said())), []);
    alpha.at(Millis(2_000));
    assert_eq!(asked(&alpha.hears(CHARLIE, said())), ask(CHARLIE, 0));
    // A page that is not the last one is followed by a question for the next.
    let deeds = chain(CHARLIE, 5);
    let outputs = alpha.hears(CHARLIE, is(&deeds[..2], 5));
    assert_eq!((written(&outputs), asked(&outputs)), (vec![1, 2], ask(CHARLIE, 2)));
    let outputs = alpha.hears(CHARLIE, is(&deeds[2..], 5));
    assert_eq!((written(&outputs), asked(&outputs)), (vec![3, 4, 5], vec![]));
    assert_eq!(asked(&alpha.hears(BRAVO, said())), []);
}

#[test]
fn entries_come_once_and_without_holes() {
    let mut alpha = Node::linked();
    let deeds = chain(BRAVO, 4);
    assert_eq!(written(&alpha.hears(BRAVO, is(&deeds[..1], 1))), [1]);
    assert_eq!(alpha.hears(CHARLIE, is(&deeds[..1], 1)), []);
    let outputs = alpha.hears(BRAVO, is(&deeds[3..], 4));
    assert_eq!((written(&outputs), asked(&outputs)), (vec![], vec![(BRAVO, BRAVO, 1)]));
    assert_eq!(written(&alpha.hears(BRAVO, is(&deeds[1..], 4))), [2, 3, 4]);
}

#[test]
fn a_second_chain_is_an_alarm_and_changes_nothing() {
    let mut alpha = Node::linked();
    let deeds = chain(BRAVO, 2);
    alpha.hears(BRAVO, is(&deeds, 2));
    let alarm = |number| Output::Raise(Alarm::AuditForks { origin: BRAVO, number });
    let other = entry(BRAVO, 2, Some(deeds[0].hash()), "another deed");
    assert_eq!(alpha.hears(CHARLIE, is(&[other], 2)), [alarm(2)]);
    let other = entry(BRAVO, 3, Some(deeds[0].hash()), "on another one");
    assert_eq!(alpha.hears(CHARLIE, is(&[other], 2)), [alarm(3)]);
    assert_eq!(alpha.hears(CHARLIE, is(&[entry(BRAVO, 0, None, "")], 2)), [alarm(0)]);
    assert_eq!(alpha.core.durable().audit.get(&BRAVO).map(|tip| tip.hash), Some(deeds[1].hash()));
}

#[test]
fn whoever_asks_is_served_what_is_here() {
    let mut alpha = Node::linked();
    alpha.hears(BRAVO, is(&chain(BRAVO, 3), 3));
    let mut ask = |origin, after| alpha.hears(CHARLIE, PeerMessage::AuditSince { origin, after });
    let serve = Output::ServeAudit { to: CHARLIE, origin: BRAVO, after: 1 };
    assert_eq!(ask(BRAVO, 1), [serve]);
    assert_eq!(ask(BRAVO, 3), []);
    assert_eq!(ask(CHARLIE, 0), []);
}

#[test]
fn a_changed_entry_has_another_hash() {
    let deed = &chain(ALPHA, 2)[1];
    let changes: [fn(&mut AuditEntry); 4] = [
        |entry| entry.origin = BRAVO,
        |entry| entry.number = 3,
        |entry| entry.previous = None,
        |entry| entry.content.push('!'),
    ];
    for change in changes {
        let mut other = deed.clone();
        change(&mut other);
        assert_ne!(other.hash(), deed.hash());
    }
}
