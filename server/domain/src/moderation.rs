//! Who is muted, what is hidden, which gaps are accepted: a fold over the audit (decisions/0041).
//!
//! The order of two deeds about one thing is that of their [`DeedPlace`]s and never that in which
//! they arrive. So all nodes that have the same entries say the same, and taking an entry in twice
//! changes nothing. Deeds that were refused or failed count for nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Deed, Incarnation, MemberId, MessageId, Thing, VisitorKey,
    words::{Action, Outcome},
};

/// Where a deed stands among all: by time, then by its place in its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeedPlace {
    /// When, ms since 1970.
    pub at_ms: u64,
    /// Whose chain.
    pub origin: MemberId,
    /// Its number there.
    pub number: u64,
}

/// Who decided something, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ruling {
    /// When, ms since 1970.
    pub at_ms: u64,
    /// Until when, ms since 1970; without it until somebody takes it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<u64>,
    /// Name of the account.
    pub by: String,
    /// Why, as they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A muting that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Muting<'a> {
    /// Whom it is about.
    pub key: &'a VisitorKey,
    /// What the visitor was called then.
    pub name: &'a str,
    /// Who decided it.
    pub ruling: &'a Ruling,
}

/// What the last deed about something says.
#[derive(Clone, Debug)]
struct Last {
    place: DeedPlace,
    name: String,
    ruling: Ruling,
    /// None when it was taken back.
    holds: bool,
}

/// Numbers of messages whose loss somebody accepted.
#[derive(Clone, Debug)]
struct Accepted {
    first: u32,
    last: u32,
    ruling: Ruling,
}

/// What moderators have decided, as far as the audit is here.
#[derive(Clone, Debug, Default)]
pub struct Moderated {
    messages: BTreeMap<String, BTreeMap<MessageId, Last>>,
    visitors: BTreeMap<VisitorKey, Last>,
    gaps: BTreeMap<(String, Incarnation), Vec<Accepted>>,
}

impl Moderated {
    /// Takes in an entry of the audit, in any order.
    pub fn take(&mut self, place: DeedPlace, deed: &Deed) {
        if deed.outcome != Outcome::Done {
            return;
        }
        match (&deed.thing, deed.action) {
            (Some(Thing::Message { document, id }), Action::MessageHidden) => {
                self.rule_message(document, *id, last(place, deed, "", true));
            }
            (Some(Thing::Message { document, id }), Action::MessageShown) => {
                self.rule_message(document, *id, last(place, deed, "", false));
            }
            (Some(Thing::Visitor { key, name }), Action::VisitorMuted) => {
                newer(self.visitors.entry(key.clone()), last(place, deed, name, true));
            }
            (Some(Thing::Visitor { key, name }), Action::VisitorUnmuted) => {
                newer(self.visitors.entry(key.clone()), last(place, deed, name, false));
            }
            (Some(Thing::Gap { document, incarnation, first, last }), Action::GapAccepted) => {
                let accepted = Accepted { first: *first, last: *last, ruling: ruling(deed) };
                self.gaps.entry((document.clone(), *incarnation)).or_default().push(accepted);
            }
            _ => {}
        }
    }

    fn rule_message(&mut self, document: &str, id: MessageId, last: Last) {
        newer(self.messages.entry(document.to_owned()).or_default().entry(id), last);
    }

    /// Who has hidden a message; none when it is shown.
    #[must_use]
    pub fn hidden(&self, document: &str, id: &MessageId) -> Option<&Ruling> {
        let last = self.messages.get(document)?.get(id)?;
        last.holds.then_some(&last.ruling)
    }

    /// Messages of a document that are hidden.
    #[must_use]
    pub fn hidden_in(&self, document: &str) -> u64 {
        let all = self.messages.get(document);
        let hidden = all.map_or(0, |all| all.values().filter(|last| last.holds).count());
        u64::try_from(hidden).unwrap_or(u64::MAX)
    }

    /// Who has muted a visitor, if that holds at `now_ms`.
    #[must_use]
    pub fn muted(&self, key: &VisitorKey, now_ms: u64) -> Option<&Ruling> {
        let last = self.visitors.get(key)?;
        last.is_muted(now_ms).then_some(&last.ruling)
    }

    /// All who are muted at `now_ms`.
    pub fn mutings(&self, now_ms: u64) -> impl Iterator<Item = Muting<'_>> {
        let held = self.visitors.iter().filter(move |(_, last)| last.is_muted(now_ms));
        held.map(|(key, last)| Muting { key, name: &last.name, ruling: &last.ruling })
    }

    /// Who has accepted that all of these numbers are lost.
    #[must_use]
    pub fn accepted(
        &self,
        document: &str,
        incarnation: Incarnation,
        (first, last): (u32, u32),
    ) -> Option<&Ruling> {
        let all = self.gaps.get(&(document.to_owned(), incarnation))?;
        let covers = |one: &&Accepted| one.first <= first && last <= one.last;
        all.iter().find(covers).map(|one| &one.ruling)
    }

    /// When the last deed about a message was, so that the next one comes after it.
    #[must_use]
    pub fn ruled_on_message(&self, document: &str, id: &MessageId) -> Option<u64> {
        self.messages.get(document)?.get(id).map(|last| last.place.at_ms)
    }

    /// When the last deed about a visitor was, so that the next one comes after it.
    #[must_use]
    pub fn ruled_on_visitor(&self, key: &VisitorKey) -> Option<u64> {
        self.visitors.get(key).map(|last| last.place.at_ms)
    }
}

impl Last {
    fn is_muted(&self, now_ms: u64) -> bool {
        self.holds && self.ruling.until_ms.is_none_or(|until_ms| now_ms < until_ms)
    }
}

fn ruling(deed: &Deed) -> Ruling {
    Ruling {
        at_ms: deed.at_ms,
        until_ms: deed.until_ms,
        by: deed.person.clone(),
        reason: deed.reason.clone(),
    }
}

fn last(place: DeedPlace, deed: &Deed, name: &str, holds: bool) -> Last {
    Last { place, name: name.to_owned(), ruling: ruling(deed), holds }
}

/// Keeps the later one of two.
fn newer<K: Ord>(entry: std::collections::btree_map::Entry<'_, K, Last>, last: Last) {
    entry
        .and_modify(|old| {
            if old.place < last.place {
                *old = last.clone();
            }
        })
        .or_insert(last);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NodeId;

    const DOCUMENT: &str = "gitty:a.pl";

    fn place(at_ms: u64, node: u8) -> DeedPlace {
        let origin = MemberId {
            node: NodeId::from_bytes([node; 8]),
            incarnation: Incarnation::from_bytes([1; 8]),
        };
        DeedPlace { at_ms, origin, number: at_ms }
    }

    fn deed(at_ms: u64, action: Action, thing: Thing) -> Deed {
        Deed { thing: Some(thing), ..Deed::new(at_ms, "ann", action, Outcome::Done) }
    }

    fn message(id: u8) -> (MessageId, Thing) {
        let id = MessageId::from_bytes([id; 16]);
        (id, Thing::Message { document: DOCUMENT.into(), id })
    }

    fn ben() -> (VisitorKey, Thing) {
        let key = VisitorKey::Uid("u-1".into());
        (key.clone(), Thing::Visitor { key, name: "Ben".into() })
    }

    #[test]
    fn the_last_deed_by_time_counts_in_whatever_order_they_arrive() {
        let (id, thing) = message(1);
        let deeds = [
            (place(5, 1), deed(5, Action::MessageHidden, thing.clone())),
            (place(7, 2), deed(7, Action::MessageShown, thing.clone())),
            (place(9, 1), deed(9, Action::MessageHidden, thing)),
        ];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let mut moderated = Moderated::default();
            for at in order {
                moderated.take(deeds[at].0, &deeds[at].1);
                moderated.take(deeds[at].0, &deeds[at].1);
            }
            assert_eq!(moderated.hidden(DOCUMENT, &id).map(|ruling| ruling.at_ms), Some(9));
            assert_eq!(moderated.hidden_in(DOCUMENT), 1);
            assert_eq!(moderated.hidden("gitty:b.pl", &id), None);
        }
        let mut moderated = Moderated::default();
        deeds[..2].iter().rev().for_each(|(place, deed)| moderated.take(*place, deed));
        assert_eq!((moderated.hidden(DOCUMENT, &id), moderated.hidden_in(DOCUMENT)), (None, 0));
        assert_eq!(moderated.ruled_on_message(DOCUMENT, &id), Some(7));
    }

    #[test]
    fn a_muting_ends_by_itself_or_when_it_is_taken_back() {
        let (key, thing) = ben();
        let mut moderated = Moderated::default();
        let limited = Deed { until_ms: Some(100), ..deed(1, Action::VisitorMuted, thing.clone()) };
        moderated.take(place(1, 1), &limited);
        assert!(moderated.muted(&key, 99).is_some() && moderated.muted(&key, 100).is_none());
        moderated.take(place(2, 1), &deed(2, Action::VisitorMuted, thing.clone()));
        assert!(moderated.muted(&key, u64::MAX).is_some());
        assert_eq!(moderated.mutings(0).map(|one| one.name).collect::<Vec<_>>(), ["Ben"]);
        assert_eq!(moderated.muted(&VisitorKey::Profile("u-1".into()), 3), None);
        moderated.take(place(3, 1), &deed(3, Action::VisitorUnmuted, thing));
        assert_eq!((moderated.muted(&key, 4), moderated.mutings(4).count()), (None, 0));
    }

    #[test]
    fn what_was_refused_counts_for_nothing() {
        let ((key, thing), (id, hidden)) = (ben(), message(1));
        let mut moderated = Moderated::default();
        for thing in [(Action::VisitorMuted, thing), (Action::MessageHidden, hidden)] {
            let refused = Deed { outcome: Outcome::Refused, ..deed(1, thing.0, thing.1) };
            moderated.take(place(1, 1), &refused);
        }
        assert_eq!((moderated.muted(&key, 2), moderated.hidden(DOCUMENT, &id)), (None, None));
    }

    #[test]
    fn a_gap_that_grew_is_not_accepted_any_more() {
        let incarnation = Incarnation::from_bytes([1; 8]);
        let gap = Thing::Gap { document: DOCUMENT.into(), incarnation, first: 3, last: 5 };
        let mut moderated = Moderated::default();
        moderated.take(place(1, 1), &deed(1, Action::GapAccepted, gap));
        let is_accepted = |range| moderated.accepted(DOCUMENT, incarnation, range).is_some();
        assert!(is_accepted((3, 5)) && is_accepted((4, 4)));
        assert!(!is_accepted((3, 6)) && !is_accepted((2, 5)));
        assert_eq!(moderated.accepted(DOCUMENT, Incarnation::from_bytes([2; 8]), (3, 5)), None);
    }
}
