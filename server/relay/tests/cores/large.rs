//! One document with 100,000 messages. What it costs prints `cargo run --release -p relay
//! --example large` (decision 0036).

use domain::MessageId;
use relay::{
    Config, Core, Event, Input, Message, Now, Number, Origin, Output, Place, Row, Stamp, Token,
};

use crate::table::{BEGIN, body, document, member, run};

const MESSAGES: u32 = 100_000;

fn row(number: u32) -> Row {
    let mut id = [0; 16];
    id[12..].copy_from_slice(&number.to_be_bytes());
    let place =
        Place { stamp: Stamp(BEGIN + u64::from(number) * 1_000), id: MessageId::from_bytes(id) };
    let number = Number::new(number).expect("from 1");
    Row { place, origin: Some(Origin { incarnation: member(1).incarnation, number }) }
}

fn core(numbers: impl Iterator<Item = u32>) -> Core {
    let doc = document("a.pl");
    let rows = numbers.map(|number| (doc.clone(), row(number)));
    Core::recover(Config::default(), member(1), run(1), rows)
}

#[test]
fn a_hundred_thousand_messages_in_one_document() {
    let doc = document("a.pl");
    let ordered = core(1..=MESSAGES);
    let shuffled = core((0..MESSAGES).map(|at| at * 7_919 % MESSAGES + 1));
    assert_eq!(ordered.document(&doc), shuffled.document(&doc));
    let page = ordered.page(&doc, 25, None);
    assert_eq!(page.rows.first().map(|(serial, _)| *serial), Some(99_976));
    let page = ordered.page(&doc, 25, Some(row(50_000).place));
    assert_eq!(page.rows.last().map(|(serial, _)| *serial), Some(49_999));

    let mut late = core((1..=MESSAGES).filter(|number| *number != 500));
    let mut out = Vec::new();
    let messages = vec![(row(500).place, body("late"))];
    late.handle(Now::default(), Input::Import { document: doc.clone(), messages }, &mut out);
    assert_eq!(late.document(&doc).unwrap().summary.measure.count, u64::from(MESSAGES));
}

#[test]
fn comparing_with_a_node_that_lacks_one_message() {
    let mut here = core(1..=MESSAGES);
    let mut there = core((1..=MESSAGES).filter(|number| *number != 31_415));
    let doc = document("a.pl");
    let (token, peer) = (Token(1), member(2));
    let mut out = Vec::new();
    let now = Now { wall: Stamp(BEGIN), ..Now::default() };
    here.handle(now, Input::PeerUp { peer, run: run(2) }, &mut out);
    there.handle(now, Input::PeerUp { peer, run: run(2) }, &mut out);
    out.clear();
    there.handle(now, Input::Fetch { token, document: doc.clone() }, &mut out);
    let (mut messages, mut agreement) = (0, None);
    while let Some(output) = out.pop() {
        match output {
            Output::Send { message, .. } => {
                messages += 1;
                let is_answer = matches!(
                    message,
                    relay::RelayMessage::SpansAre { .. } | relay::RelayMessage::MessagesAre { .. }
                );
                let core = if is_answer { &mut there } else { &mut here };
                core.handle(now, Input::Message { from: peer, message }, &mut out);
            }
            Output::Serve { ask, document, places, .. } => {
                let found = places.iter().map(|_| Message { row: row(31_415), body: body("x") });
                let message = relay::RelayMessage::messages(ask, document, found);
                there.handle(now, Input::Message { from: peer, message }, &mut out);
            }
            Output::Emit(Event::Compared { agreement: found, .. }) => agreement = Some(found),
            _ => {}
        }
    }
    assert!(messages < 15, "{messages}");
    assert_eq!(agreement.map(|found| (found.serial, found.lacked)), Some((31_414, 1)));
    assert_eq!(there.document(&doc).unwrap().summary, here.document(&doc).unwrap().summary);
}
