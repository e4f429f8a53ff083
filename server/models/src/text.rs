//! Steps in words, with arrows as in a sequence chart.

use cluster::{Ballot, MemberId, PeerMessage};
use domain::ObjectId;

use crate::{
    scenario::seat_of,
    table::{Stimulus, Table},
    world::{Action, State},
};

/// One step from a state.
pub(crate) fn describe(table: &Table, state: &State, action: Action) -> String {
    let node = letter(action.seat);
    let local = table.node(state.nodes[action.seat]);
    match action.stimulus {
        Stimulus::Packet(number) => {
            let packet = table.packet(number);
            format!("{} → {node} {}", name(packet.from), message(&packet.message))
        }
        Stimulus::Sync => {
            let no = local.disk.queue.first().map_or(0, |(no, ..)| no.0);
            format!("{node} ▣ durable from write {no}")
        }
        Stimulus::Fire(place) => {
            let timer = local.fires().nth(usize::from(place));
            format!("{node} ⏲ {timer:?}")
        }
        Stimulus::Crash => {
            format!("{node} ✝ crashes, {} writes are lost", local.disk.queue.len())
        }
        Stimulus::Deed(deed) => {
            let deed = table.scenario.deeds.get(usize::from(deed));
            format!("{node} ✎ {:?}", deed.map(|deed| &deed.what))
        }
    }
}

fn letter(seat: usize) -> char {
    char::from(b'A' + u8::try_from(seat).unwrap_or(25).min(25))
}

fn name(id: MemberId) -> char {
    letter(seat_of(id))
}

fn short(id: &ObjectId) -> String {
    id.to_string().chars().take(6).collect()
}

fn number(ballot: &Ballot) -> String {
    let [seat, ..] = ballot.incarnation.as_bytes();
    format!("{}{}", ballot.counter, letter(usize::from(*seat).saturating_sub(1)))
}

fn message(message: &PeerMessage) -> String {
    match message {
        PeerMessage::Prepare { ballot, .. } => format!("Prepare {}", number(ballot)),
        PeerMessage::Promise { ballot, accepted, .. } => {
            let accepted =
                accepted.map(|(at, head)| format!(", has {} {}", number(&at), short(&head)));
            format!("Promise {}{}", number(ballot), accepted.unwrap_or_default())
        }
        PeerMessage::Propose(propose) => {
            format!("Propose {} {}", number(&propose.ballot), short(&propose.head))
        }
        PeerMessage::Accept { ballot, head, .. } => {
            format!("Accept {} {}", number(ballot), short(head))
        }
        PeerMessage::Nack { ballot, promised, .. } => {
            format!("Nack {}, promised {}", number(ballot), number(promised))
        }
        PeerMessage::NewHead { head, .. } => format!("NewHead {}", short(head)),
        other => format!("{other:?}"),
    }
}
