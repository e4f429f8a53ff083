//! Asking for objects.

use domain::ObjectId;

use crate::{
    Core, Event, Key, MemberId, PeerMessage, Reply, Timer, Token, exchange::Parked, turn::Turn,
};

impl Core {
    /// Time somebody who asks for an object by its hash is let wait (protocol 3).
    const WANT_MS: u64 = 2_000;

    /// Puts a proposal aside until its objects are here, and says so to its proposer.
    pub(crate) fn park(&mut self, parked: Parked, ids: Vec<ObjectId>, turn: &mut Turn<'_>) {
        let (from, key) = (parked.from, parked.propose.key.clone());
        let (epoch, ballot) = (parked.propose.epoch, parked.propose.ballot);
        self.live.parked.insert(key.clone(), parked);
        for id in ids {
            self.want_for_key(id, &key, from, turn);
        }
        if from != self.me {
            turn.send(from, PeerMessage::Fetching { epoch, key, ballot });
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
        let wanted = self.live.wanted.entry(id).or_default();
        wanted.keys.insert(key.clone());
        wanted.holder = Some(holder);
        if begins {
            self.ask(id, turn);
        }
    }

    pub(crate) fn on_want(&mut self, token: Token, id: ObjectId, turn: &mut Turn<'_>) {
        if turn.objects.holds(&id) {
            return turn.reply(token, Reply::Object(true));
        }
        let begins = !self.live.wanted.contains_key(&id);
        self.live.wanted.entry(id).or_default().tokens.insert(token);
        turn.arm(Timer::Want(token), Self::WANT_MS, Self::WANT_MS);
        if begins {
            self.ask(id, turn);
        }
    }

    /// Nobody sent it in time: says so, and forgets an object that nothing else needs.
    pub(crate) fn want_over(&mut self, token: Token, turn: &mut Turn<'_>) {
        let wanted = self.live.wanted.iter_mut().find(|(_, wanted)| wanted.tokens.contains(&token));
        let Some((&id, wanted)) = wanted else { return };
        wanted.tokens.remove(&token);
        if wanted.tokens.is_empty() && wanted.keys.is_empty() {
            self.live.wanted.remove(&id);
            turn.disarm(Timer::Fetch(id));
        }
        turn.reply(token, Reply::Object(false));
    }

    /// No progress: asks the next peer.
    pub(crate) fn fetch_again(&mut self, id: ObjectId, turn: &mut Turn<'_>) {
        if let Some(wanted) = self.live.wanted.get_mut(&id) {
            wanted.transfer = None;
            self.ask(id, turn);
        }
    }

    pub(crate) fn on_absent(&mut self, from: MemberId, id: ObjectId, turn: &mut Turn<'_>) {
        if self.live.wanted.get(&id).is_some_and(|wanted| wanted.asked == Some(from)) {
            self.fetch_again(id, turn);
        }
    }

    /// Whatever was asked of a peer that is gone is asked of another when its timer fires; what
    /// nobody had is asked of one that came.
    pub(crate) fn ask_newcomer(&mut self, turn: &mut Turn<'_>) {
        let idle = self.live.wanted.iter().filter(|(_, wanted)| wanted.asked.is_none());
        let ids: Vec<ObjectId> = idle.map(|(id, _)| *id).collect();
        for id in ids {
            self.ask(id, turn);
        }
    }

    /// Asks one peer: the likely holder first, then each linked one in turn; never all at once.
    pub(crate) fn ask(&mut self, id: ObjectId, turn: &mut Turn<'_>) {
        let linked = |peer: &MemberId| self.live.peers.get(peer).is_some_and(|peer| peer.linked);
        let Some(wanted) = self.live.wanted.get(&id) else {
            return;
        };
        let fresh = |peer: &MemberId| linked(peer) && !wanted.tried.contains(peer);
        let next = wanted
            .holder
            .filter(fresh)
            .or_else(|| self.live.peers.keys().copied().find(|peer| fresh(peer)));
        let Some(wanted) = self.live.wanted.get_mut(&id) else {
            return;
        };
        wanted.asked = next;
        let Some(peer) = next else {
            let asked = std::mem::take(&mut wanted.tried).into_iter().collect();
            turn.emit(Event::ObjectMissing { id, asked });
            let wait = self.config.fetch_again.0;
            return turn.arm(Timer::Fetch(id), wait, wait);
        };
        wanted.tried.insert(peer);
        turn.send(peer, PeerMessage::Request { ids: vec![id] });
        let wait = self.config.fetch.0;
        turn.arm(Timer::Fetch(id), wait, wait + wait / 4);
    }
}
