//! What one document with 100,000 messages costs, and 10,000 documents: prints the figures of
//! decision 0036.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement has a clock and prints"
)]

use std::time::Instant;

use domain::{Incarnation, MemberId, MessageId, NodeId, Run};
use relay::{
    Body, Config, Core, DocumentId, Input, Now, Number, Origin, Output, Place, Row, Span, Stamp,
    Token,
};

const MESSAGES: u32 = 100_000;

fn row(number: u32) -> Row {
    let mut id = [0; 16];
    id[12..].copy_from_slice(&number.to_be_bytes());
    let stamp = Stamp(u64::from(number) * 1_000);
    let place = Place { stamp, id: MessageId::from_bytes(id) };
    let incarnation = Incarnation::from_bytes([1; 8]);
    Row { place, origin: Some(Origin { incarnation, number: Number::new(number).unwrap() }) }
}

fn document(name: u32) -> DocumentId {
    DocumentId::new(&format!("gitty:{name}.pl")).unwrap()
}

fn core(rows: impl Iterator<Item = (DocumentId, Row)>) -> Core {
    let me =
        MemberId { node: NodeId::from_bytes([1; 8]), incarnation: Incarnation::from_bytes([1; 8]) };
    Core::recover(Config::default(), me, Run::from_bytes([1; 8]), rows)
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = work();
    println!("{what:<44} {:?}", began.elapsed());
    result
}

/// Resident memory of this process, in kB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).unwrap_or(0)
}

fn main() {
    let before = resident();
    let rows = |many: u32| (1..=many).map(|number| (document(0), row(number)));
    let mut one = timed("100,000 messages read at a start, in order", || core(rows(MESSAGES)));
    println!("{:<44} {} kB", "memory of it", resident() - before);
    let mixed = (0..MESSAGES).map(|at| (document(0), row(at * 7_919 % MESSAGES + 1)));
    timed("the same in any order", || core(mixed));
    timed("last 25", || one.page(&document(0), 25, None));
    timed("25 before the middle", || one.page(&document(0), 25, Some(row(50_000).place)));
    let mut out = Vec::new();
    let late = Place { stamp: Stamp(5_000_500), id: MessageId::from_bytes([9; 16]) };
    let messages = vec![(late, Body(vec![1].into()))];
    timed("one late message", || {
        one.handle(Now::default(), Input::Import { document: document(0), messages }, &mut out);
    });
    let wall = Stamp(u64::from(MESSAGES) * 1_000 + 1);
    let post = |core: &mut Core, number: u32, out: &mut Vec<Output>| {
        let mut id = [7; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        let (id, body) = (MessageId::from_bytes(id), Body(vec![1; 200].into()));
        let token = Token(u64::from(number));
        let input = Input::Post { token, document: document(0), id, body };
        core.handle(Now { wall, ..Now::default() }, input, out);
    };
    timed("1,000 posts", || (0..1_000).for_each(|number| post(&mut one, number, &mut out)));
    out.clear();
    let peer =
        MemberId { node: NodeId::from_bytes([2; 8]), incarnation: Incarnation::from_bytes([2; 8]) };
    one.handle(Now::default(), Input::PeerUp { peer, run: Run::from_bytes([2; 8]) }, &mut out);
    let request =
        relay::RelayMessage::SpansRequest { ask: 1, document: document(0), spans: vec![Span::ALL] };
    timed("the whole document in 16 parts", || {
        one.handle(Now::default(), Input::Message { from: peer, message: request }, &mut out);
    });
    let before = resident();
    let many = (1..=MESSAGES).map(|number| (document(number % 10_000), row(number)));
    let many = timed("10,000 documents of 10 messages", || core(many));
    println!("{:<44} {} kB", "memory of them", resident() - before);
    println!("{:?}", many.totals());
}
