//! One line per event, with arrows: a run reads like a sequence chart.

use cluster::{Ballot, PeerMessage};
use domain::ObjectId;

/// Collects lines, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace(Option<Vec<String>>);

impl Trace {
    /// Keeps nothing: the text of a line is not even made.
    #[must_use]
    pub const fn off() -> Self {
        Self(None)
    }

    /// Keeps every line.
    #[must_use]
    pub const fn on() -> Self {
        Self(Some(Vec::new()))
    }

    pub(crate) fn line(&mut self, now_us: u64, text: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.0 {
            let (ms, us) = (now_us / 1_000, now_us % 1_000);
            lines.push(format!("{ms:>7}.{us:03} {}", text()));
        }
    }

    pub(crate) fn into_lines(self) -> Vec<String> {
        self.0.unwrap_or_default()
    }
}

/// Name of a node: A, B, C, …
pub(crate) fn name(node: usize) -> char {
    let letter = u8::try_from(node).unwrap_or(25).min(25);
    char::from(b'A' + letter)
}

/// Beginning of a hash.
pub(crate) fn short(id: &ObjectId) -> String {
    id.to_string().chars().take(6).collect()
}

fn ballot(ballot: &Ballot) -> String {
    let node = usize::from(ballot.incarnation.as_bytes()[0]);
    match node.checked_sub(1) {
        Some(node) => format!("{}{}", ballot.counter, name(node)),
        None => "0".into(),
    }
}

/// A message in a few words.
pub(crate) fn describe(message: &PeerMessage) -> String {
    match message {
        PeerMessage::Prepare { key, ballot: b, .. } => format!("Prepare {key} {}", ballot(b)),
        PeerMessage::Promise { key, ballot: b, accepted, .. } => {
            let accepted = accepted.map_or_else(
                || "nothing".into(),
                |(at, head)| format!("{} {}", ballot(&at), short(&head)),
            );
            format!("Promise {key} {} accepted {accepted}", ballot(b))
        }
        PeerMessage::Propose(propose) => format!(
            "Propose {} {} {} with {} objects",
            propose.key,
            ballot(&propose.ballot),
            short(&propose.head),
            propose.objects.len()
        ),
        PeerMessage::Fetching { key, ballot: b, .. } => format!("Fetching {key} {}", ballot(b)),
        PeerMessage::Accept { key, ballot: b, head, .. } => {
            format!("Accept {key} {} {}", ballot(b), short(head))
        }
        PeerMessage::Nack { key, ballot: b, promised, .. } => {
            format!("Nack {key} {} promised {}", ballot(b), ballot(promised))
        }
        PeerMessage::NewHead { key, head, .. } => format!("NewHead {key} {}", short(head)),
        PeerMessage::Request { ids } => {
            let ids: Vec<String> = ids.iter().map(short).collect();
            format!("Request {}", ids.join(" "))
        }
        PeerMessage::RequestChunks { id, first, count } => {
            format!("RequestChunks {} from {first} {count}", short(id))
        }
        PeerMessage::Announce { id, size, content, .. } => {
            let how = if content.is_some() { "whole" } else { "large" };
            format!("Announce {} {size} bytes {how}", short(id))
        }
        PeerMessage::Chunk { id, number, .. } => format!("Chunk {} {number}", short(id)),
        PeerMessage::Absent { id } => format!("Absent {}", short(id)),
        PeerMessage::Heartbeat(heartbeat) => format!("Heartbeat serial {}", heartbeat.serial),
        PeerMessage::Since { serial } => format!("Since {serial}"),
        PeerMessage::Changes { since, upto, items } => {
            format!("Changes {since} to {upto}, {} items", items.len())
        }
        PeerMessage::TreeRequest { prefixes } => format!("TreeRequest {prefixes:?}"),
        PeerMessage::TreeIs { branches } => {
            let prefixes: Vec<_> = branches.iter().map(|branch| branch.prefix).collect();
            format!("TreeIs {prefixes:?}")
        }
        PeerMessage::KeyRequest { key } => format!("KeyRequest {key}"),
        PeerMessage::KeyIs(change) => format!("KeyIs {}", change.key),
        PeerMessage::AuditSince { after, .. } => format!("AuditSince {after}"),
        PeerMessage::AuditIs { entries, upto } => {
            let numbers: Vec<u64> = entries.iter().map(|entry| entry.number).collect();
            format!("AuditIs {numbers:?} of {upto}")
        }
        PeerMessage::RosterIs { roster } => format!("RosterIs {:?}", roster.version()),
        PeerMessage::RosterRequest => "RosterRequest".into(),
        PeerMessage::RosterVote(vote) => format!("{vote:?}"),
        PeerMessage::KeysRequest { epoch, .. } => format!("KeysRequest epoch {epoch}"),
        PeerMessage::KeysAre { epoch, keys, .. } => {
            format!("KeysAre epoch {epoch}, {} keys", keys.len())
        }
    }
}
