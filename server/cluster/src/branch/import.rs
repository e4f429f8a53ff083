//! Heads that a node brings into a cluster that exists (protocol 4.4).

use domain::ObjectId;

use crate::{Core, Draft, DraftKind, Event, Key, Record, Urgency, path, turn::Turn};

impl Core {
    /// Takes the heads of a store whose node has joined; their objects are in the store.
    ///
    /// A head that is on the path of the decided head is nothing new. One that follows it, or has
    /// no decided head to follow here yet, is served and proposed, and becomes a tip if it loses.
    /// Any other is a tip at once. Called twice it does what it does once. Best called when the
    /// decided heads are here (the first comparison has ended); earlier is as right, and proposes
    /// more.
    pub(crate) fn on_import(&mut self, heads: Vec<(Key, ObjectId)>, turn: &mut Turn<'_>) {
        for (key, head) in heads {
            self.import(key, head, turn);
        }
        self.fill_rounds(turn);
    }

    fn import(&mut self, key: Key, head: ObjectId, turn: &mut Turn<'_>) {
        if turn.link(&head).is_none() || self.knows(&key, head, turn) {
            return;
        }
        let served = self.served(&key);
        let free = self.state(&key).draft.is_none();
        let follows =
            served.is_none_or(|served| path::is_ancestor(turn.objects, &key, served, head));
        if !free || !follows {
            return self.report_tip(&key, head, turn);
        }
        let draft = Draft { tip: head, base: self.decided(&key), kind: DraftKind::Import };
        self.record(Record::Draft { key: key.clone(), draft: Some(draft) }, Urgency::Now, turn);
        turn.emit(Event::DraftChanged { key: key.clone() });
        self.live.backlog.insert(key);
    }
}
