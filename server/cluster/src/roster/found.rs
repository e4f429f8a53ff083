//! Founding: the first roster, and the heads of the founder's store (protocol 4.4, 11).

use domain::ObjectId;

use crate::{
    Core, Draft, DraftKind, Event, FoundOutcome, Key, Record, Reply, Roster, Token, Urgency,
    turn::Turn,
};

impl Core {
    /// Makes the roster and every head of the store durable in one write; then they are proposed.
    pub(crate) fn on_found(
        &mut self,
        token: Token,
        roster: Roster,
        heads: Vec<(Key, ObjectId)>,
        turn: &mut Turn<'_>,
    ) {
        if self.durable.roster.is_some() {
            return turn.reply(token, Reply::Found(FoundOutcome::AlreadyMember));
        }
        for (key, tip) in heads {
            let draft = Some(Draft { tip, base: None, kind: DraftKind::Import });
            self.record(Record::Draft { key: key.clone(), draft }, Urgency::Now, turn);
            turn.emit(Event::DraftChanged { key: key.clone() });
            self.live.backlog.insert(key);
        }
        self.adopt(roster, turn);
        let linked: Vec<_> = self.live.peers.keys().copied().collect();
        for peer in linked {
            self.tell_roster(peer, turn);
        }
        turn.reply_durably(token, Reply::Found(FoundOutcome::Founded));
    }
}
