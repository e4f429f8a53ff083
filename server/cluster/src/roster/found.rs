//! Founding: the first roster, and the heads of the stores that take part (protocol 4.4, 11).
//!
//! The founder chooses for every store before the first proposal ([`crate::choose`]). So the others
//! wait with what their stores have until the founder's heads are decided: no race decides.

use domain::ObjectId;
use gitty::Object;

use crate::{
    Core, Draft, DraftKind, Event, FoundOutcome, Heartbeat, Key, MemberId, Record, Reply, Roster,
    Token, Urgency, turn::Turn,
};

impl Core {
    /// Makes the roster and every chosen head durable in one write; then they are proposed.
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

    /// Objects that the founding which follows needs.
    pub(crate) fn on_keep(&mut self, objects: Vec<Object>, turn: &mut Turn<'_>) {
        for object in objects {
            // A constructed SHA-1 collision has no id.
            if let Ok(id) = object.id() {
                self.store_object(id, object, Urgency::Now, turn);
            }
        }
    }

    /// True while a head of this store may not be proposed: the founder has chosen one for its
    /// file, and may not have told it yet.
    pub(crate) fn awaits_founder(&self, key: &Key) -> bool {
        let Some(state) = self.durable.get(key) else {
            return false;
        };
        let is_import = state.draft.is_some_and(|draft| draft.kind == DraftKind::Import);
        let is_told = state.decided.is_some() || state.accepted.is_some();
        if !is_import || is_told {
            return false;
        }
        let has_imported = |id| self.live.peers.get(&id).is_some_and(|peer| peer.imported);
        // A founder whose disk is new has nothing to say of the store that it founded with.
        let is_itself = |id: MemberId| self.alive_as(id.node).is_none_or(|alive| alive == id);
        self.founder().is_some_and(|founder| {
            founder.node != self.me.node && is_itself(founder) && !has_imported(founder)
        })
    }

    /// The founder's heads are all decided: what else this store has comes next.
    pub(crate) fn note_founded(
        &mut self,
        from: MemberId,
        heartbeat: &Heartbeat,
        turn: &mut Turn<'_>,
    ) {
        let undecided = heartbeat.importing > 0 || heartbeat.waiting > 0;
        if undecided || heartbeat.epoch != self.epoch() || self.founder() != Some(from) {
            return;
        }
        let Some(peer) = self.live.peers.get_mut(&from).filter(|peer| !peer.imported) else {
            return;
        };
        peer.imported = true;
        let is_import = |draft: Draft| draft.kind == DraftKind::Import;
        let keys = self.durable.keys.iter();
        let imports = keys.filter(|(_, state)| state.draft.is_some_and(is_import));
        let imports: Vec<Key> = imports.map(|(key, _)| key.clone()).collect();
        self.live.backlog.extend(imports);
        self.fill_rounds(turn);
    }

    /// Who founded, as long as the first roster is the present one.
    fn founder(&self) -> Option<MemberId> {
        let roster = self.durable.roster.as_ref().filter(|roster| roster.epoch == 1)?;
        roster.members.first().map(|member| member.id)
    }
}
