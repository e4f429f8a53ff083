//! Wanting objects: for proposals, for decided heads, and for whoever asks by hash.

use std::collections::BTreeSet;

use domain::ObjectId;

use crate::{
    Core, Key, MemberId, PeerMessage, Propose, Reply, Timer, Token,
    exchange::{Parked, Stage, Tally, WantedObject},
    path::Way,
    turn::Turn,
};

impl Core {
    /// Time somebody who asks for an object by its hash is let wait (protocol 3).
    const WANT_MS: u64 = 2_000;

    /// Puts a proposal aside until its objects are here, and says so to its proposer.
    pub(crate) fn park(&mut self, from: MemberId, propose: Propose, turn: &mut Turn<'_>) {
        let propose = Propose { objects: Vec::new(), ..propose };
        let way = Way::from(propose.head);
        self.fetch_for(Parked { from, propose, way }, turn);
    }

    /// Walks on, and waits for what is missing or judges the proposal again.
    fn fetch_for(&mut self, mut parked: Parked, turn: &mut Turn<'_>) {
        let Propose { epoch, key, ballot, gaps, .. } = &parked.propose;
        let (from, key, epoch, ballot) = (parked.from, key.clone(), *epoch, *ballot);
        let state = self.durable.get(&key);
        let decided = state.and_then(|state| state.decided).map(|decided| decided.head);
        let mut gaps = gaps.clone();
        gaps.extend(state.into_iter().flat_map(|state| &state.gaps));
        let missing = parked.way.go_on(turn.objects, &key, &gaps, |id| Some(*id) == decided);
        if parked.way.missing.is_empty() {
            return self.answer_proposal(from, parked.propose, turn);
        }
        self.live.parked.insert(key.clone(), parked);
        for id in missing {
            self.want_for_key(id, &key, from, turn);
        }
        if from != self.me {
            turn.send(from, PeerMessage::Fetching { epoch, key, ballot });
        }
    }

    /// An object came in: the proposal that waited for it.
    pub(crate) fn fetched_for(&mut self, key: &Key, id: ObjectId, turn: &mut Turn<'_>) {
        let parked = self.live.parked.get_mut(key);
        if parked.is_some_and(|parked| parked.way.came(&id))
            && let Some(parked) = self.live.parked.remove(key)
        {
            self.fetch_for(parked, turn);
        }
    }

    /// The head moved: a parked proposal is judged again.
    pub(crate) fn retry_parked(&mut self, key: &Key, turn: &mut Turn<'_>) {
        if let Some(Parked { from, propose, .. }) = self.live.parked.remove(key) {
            self.answer_proposal(from, propose, turn);
        }
    }

    pub(crate) fn want_for_key(
        &mut self,
        id: ObjectId,
        key: &Key,
        holder: MemberId,
        turn: &mut Turn<'_>,
    ) {
        let begins = !self.live.wanted.contains_key(&id);
        let wanted = self.wanted(id, turn);
        wanted.keys.insert(key.clone());
        let other = wanted.holder.replace(holder) != Some(holder);
        // Whoever names a head has its objects, even if it did not when it was asked before.
        let news = other && matches!(wanted.stage, Stage::Rests(_));
        if news {
            wanted.tried.remove(&holder);
        }
        if begins || news {
            self.line_up(id, turn);
        }
    }

    pub(crate) fn on_want(&mut self, token: Token, id: ObjectId, turn: &mut Turn<'_>) {
        if turn.objects.holds(&id) {
            return turn.reply(token, Reply::Object(true));
        }
        let begins = !self.live.wanted.contains_key(&id);
        self.wanted(id, turn).tokens.insert(token);
        turn.arm(Timer::Want(token), Self::WANT_MS, Self::WANT_MS);
        let waits = self.live.wanted.get(&id).map(|wanted| wanted.stage);
        if begins {
            self.line_up(id, turn);
        } else if let Some(Stage::Line(_)) = waits {
            self.move_up(id, turn);
        }
    }

    /// Somebody waits for an object that is in a line: it is asked for next.
    fn move_up(&mut self, id: ObjectId, turn: &mut Turn<'_>) {
        self.leave_line(id);
        self.live.rank += 1;
        if let Some(wanted) = self.live.wanted.get_mut(&id) {
            wanted.rank = self.live.rank;
        }
        self.line_up(id, turn);
    }

    /// The entry of a wanted object; a new one is counted.
    fn wanted(&mut self, id: ObjectId, turn: &Turn<'_>) -> &mut WantedObject {
        if !self.live.wanted.contains_key(&id) {
            if self.live.wanted.is_empty() && !self.catching_up() {
                self.live.tally = Tally { began: turn.now, total: 0, arrived: 0 };
            }
            self.live.tally.total += 1;
            self.live.rank += 1;
        }
        let rank = self.live.rank;
        self.live.wanted.entry(id).or_insert_with(|| WantedObject {
            keys: BTreeSet::new(),
            tokens: BTreeSet::new(),
            rank,
            stage: Stage::Rests(turn.now),
            holder: None,
            tried: BTreeSet::new(),
            silent: false,
            rests: 0,
            transfer: None,
        })
    }

    /// True while somebody here needs this object and it has not come.
    #[must_use]
    pub fn is_wanted(&self, id: &ObjectId) -> bool {
        self.live.wanted.contains_key(id)
    }

    /// Nothing needs it any more.
    pub(crate) fn forget_wanted(&mut self, id: ObjectId) {
        self.leave_line(id);
        if self.live.wanted.remove(&id).is_some() {
            self.live.tally.total = self.live.tally.total.saturating_sub(1);
        }
    }

    /// Nobody sent it in time: says so, and forgets an object that nothing else needs.
    pub(crate) fn want_over(&mut self, token: Token, turn: &mut Turn<'_>) {
        let wanted = self.live.wanted.iter_mut().find(|(_, wanted)| wanted.tokens.contains(&token));
        let Some((&id, wanted)) = wanted else { return };
        wanted.tokens.remove(&token);
        if wanted.tokens.is_empty() && wanted.keys.is_empty() {
            self.forget_wanted(id);
        }
        turn.reply(token, Reply::Object(false));
    }

    /// True if the object was asked of this peer and may still come from it.
    pub(crate) fn asked_of(&self, from: MemberId, id: ObjectId) -> bool {
        self.live
            .wanted
            .get(&id)
            .is_some_and(|wanted| matches!(wanted.stage, Stage::Asked(peer, _) if peer == from))
    }

    pub(crate) fn on_absent(&mut self, from: MemberId, id: ObjectId, turn: &mut Turn<'_>) {
        if self.asked_of(from, id) {
            self.ask_elsewhere(from, id, turn);
        }
    }

    /// This peer does not have it, or something else under its name.
    pub(crate) fn ask_elsewhere(&mut self, from: MemberId, id: ObjectId, turn: &mut Turn<'_>) {
        if let Some(wanted) = self.live.wanted.get_mut(&id) {
            wanted.tried.insert(from);
        }
        self.line_up(id, turn);
        self.note_progress(from, turn);
        self.next_transfer(from, turn);
    }
}
