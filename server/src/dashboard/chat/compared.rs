//! When chats were compared with other nodes, for people.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::MemberId;
use relay::DocumentId;
use tokio::sync::broadcast::error::RecvError;

use crate::{
    hub::{Hub, HubEvent},
    node::link::now_ms,
    shutdown::Stop,
};

/// Times that are kept of one node; with more, the oldest names go.
const DOCUMENTS: usize = 10_000;

/// Times since the start, ms since 1970; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Compared(Arc<Mutex<BTreeMap<MemberId, Times>>>);

#[derive(Debug, Default)]
struct Times {
    /// When all chats were the same.
    all: Option<u64>,
    each: BTreeMap<DocumentId, u64>,
}

impl Compared {
    /// Listens to the hub until the program stops.
    #[must_use]
    pub fn start(hub: &Hub, stop: Stop) -> Self {
        let compared = Self::default();
        let (mut events, mine) = (hub.subscribe(), compared.clone());
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = stop.stopped() => return,
                    event = events.recv() => match event {
                        Ok(event) => mine.hear(event, now_ms()),
                        Err(RecvError::Lagged(_)) => {}
                        Err(RecvError::Closed) => return,
                    },
                }
            }
        });
        compared
    }

    fn hear(&self, event: HubEvent, at_ms: u64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            HubEvent::Compared { peer, document, .. } => {
                let each = &mut all.entry(peer).or_default().each;
                each.insert(document, at_ms);
                if each.len() > DOCUMENTS {
                    each.pop_first();
                }
            }
            HubEvent::InStep(peer) => all.entry(peer).or_default().all = Some(at_ms),
            HubEvent::DocumentChanged(_)
            | HubEvent::Counted(_)
            | HubEvent::Visitors
            | HubEvent::Marked { .. }
            | HubEvent::Dropped { .. }
            | HubEvent::Alarm => {}
        }
    }

    /// When a chat was last compared with a node's; none since the start of this program.
    #[must_use]
    pub fn at(&self, peer: MemberId, document: &DocumentId) -> Option<u64> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let times = all.get(&peer)?;
        times.all.max(times.each.get(document).copied())
    }
}

#[cfg(test)]
mod tests {
    use domain::{Incarnation, NodeId};

    use super::*;

    #[test]
    fn the_later_of_one_comparison_and_of_all_counts_and_names_are_bounded() {
        let compared = Compared::default();
        let peer = MemberId {
            node: NodeId::from_bytes([1; 8]),
            incarnation: Incarnation::from_bytes([1; 8]),
        };
        let tell = |name: &str, at_ms| {
            let document = DocumentId::new(name).unwrap();
            let agreement = relay::Agreement::default();
            compared.hear(HubEvent::Compared { peer, document, agreement }, at_ms);
        };
        let at = |name: &str| compared.at(peer, &DocumentId::new(name).unwrap());
        assert_eq!(at("gitty:a"), None);
        tell("gitty:a", 5);
        compared.hear(HubEvent::InStep(peer), 7);
        tell("gitty:b", 9);
        assert_eq!([at("gitty:a"), at("gitty:b"), at("gitty:c")], [Some(7), Some(9), Some(7)]);
        (0..DOCUMENTS).for_each(|number| tell(&format!("gitty:x{number}"), 10));
        let all = compared.0.lock().unwrap();
        assert_eq!(all[&peer].each.len(), DOCUMENTS);
    }
}
