//! Links to other nodes: who is there, who is silent, and the beat that tells them of us.

use domain::{MemberId, Millis, Run};

use crate::{
    Beat, Core, Digest, Event, RelayMessage, Timer, chat::Comparison, chat::PeerDocument,
    turn::Turn,
};
use std::collections::BTreeMap;

/// A node that is linked, or was.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Peer {
    /// Whether its control link is up.
    pub(crate) linked: bool,
    /// Start of its program.
    pub(crate) run: Run,
    /// When something of it last came.
    pub(crate) heard: Millis,
    /// Digest over all its messages and ours at its last beat, when they differed.
    pub(crate) differed: Option<(Digest, Digest)>,
    /// Whether the next beat that differs is the first of this link.
    pub(crate) is_fresh: bool,
    /// Whether it had all our messages, and we its, when they were last compared.
    pub(crate) in_step: bool,
    /// How its documents differ from ours.
    pub(crate) documents: BTreeMap<crate::DocumentId, PeerDocument>,
    /// Looking for what it has and we have not.
    pub(crate) comparison: Option<Comparison>,
    /// Number of the last request to it.
    pub(crate) ask: u64,
}

impl Peer {
    fn new(run: Run, now: Millis) -> Self {
        Self {
            linked: true,
            run,
            heard: now,
            differed: None,
            is_fresh: true,
            in_step: false,
            documents: BTreeMap::new(),
            comparison: None,
            ask: 0,
        }
    }
}

impl Core {
    pub(crate) fn on_peer_up(&mut self, id: MemberId, run: Run, turn: &mut Turn) {
        if id.node == self.me.node {
            return;
        }
        // Of a node that has a new life only that is linked.
        self.peers.retain(|other, _| other.node != id.node || *other == id);
        let now = turn.at();
        let peer = self.peers.entry(id).or_insert_with(|| Peer::new(run, now));
        let ask = peer.ask;
        *peer = Peer { documents: std::mem::take(&mut peer.documents), ask, ..Peer::new(run, now) };
        self.begin_remote(id.node, run, turn);
        turn.send(id, RelayMessage::Beat(self.beat()));
    }

    pub(crate) fn on_peer_down(&mut self, id: MemberId) {
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.linked = false;
            peer.comparison = None;
        }
    }

    /// Notes that a peer was heard; false if it is not linked.
    pub(crate) fn note_heard(&mut self, id: MemberId, turn: &mut Turn) -> bool {
        let Some(peer) = self.peers.get_mut(&id).filter(|peer| peer.linked) else { return false };
        peer.heard = turn.at();
        self.mark(id.node, false, turn);
        true
    }

    /// What the others are told every second.
    pub(crate) fn beat(&self) -> Beat {
        Beat {
            run: self.run,
            root: self.documents.root(),
            messages: self.documents.messages(),
            version: self.presence.version,
            census: self.census(),
        }
    }

    pub(crate) fn on_beat_due(&mut self, turn: &mut Turn) {
        let now = turn.at();
        // Whoever stood still itself has heard nobody meanwhile: that is not their silence.
        let stood_still = now.since(self.beat_at) > self.config.suspect;
        self.beat_at = now;
        if stood_still {
            for peer in self.peers.values_mut().filter(|peer| peer.linked) {
                peer.heard = now;
            }
        }
        self.send_all(&RelayMessage::Beat(self.beat()), turn);
        self.judge_silence(turn);
        self.end_slow_comparisons(turn);
        turn.arm(Timer::Beat, self.config.beat.0, self.config.beat.0);
    }

    /// Marks the visitors of nodes that are Suspect, and drops those of nodes that are Away.
    fn judge_silence(&mut self, turn: &mut Turn) {
        let now = turn.at();
        let silent: Vec<(MemberId, Millis)> =
            self.peers.iter().map(|(id, peer)| (*id, now.since(peer.heard))).collect();
        for (id, silence) in silent {
            let is_away =
                silence >= self.config.away && !self.config.broken(crate::Mutant::AwayKept);
            if is_away {
                self.drop_remote(id.node, turn);
                // A link that is up and silent is about to be closed; one that is not is forgotten.
                self.peers.retain(|other, peer| *other != id || peer.linked);
            } else if silence >= self.config.suspect {
                self.mark(id.node, true, turn);
            }
        }
    }

    pub(crate) fn on_beat(&mut self, from: MemberId, beat: Beat, turn: &mut Turn) {
        self.judge_root(from, beat.root, turn);
        self.judge_version(from, beat, turn);
    }

    /// Starts a comparison when the digests over all messages differ: at once on a new link, else
    /// when they differed at the beat before, too; what was just posted is on its way.
    fn judge_root(&mut self, from: MemberId, root: Digest, turn: &mut Turn) {
        let own = self.documents.root();
        let Some(peer) = self.peers.get_mut(&from) else { return };
        if root == own {
            peer.differed = None;
            peer.is_fresh = false;
            peer.documents.clear();
            if !std::mem::replace(&mut peer.in_step, true) {
                turn.emit(Event::InStep { peer: from });
            }
            return;
        }
        let is_due = peer.is_fresh || peer.differed.is_some();
        peer.is_fresh = false;
        peer.in_step = false;
        peer.differed = Some((root, own));
        if is_due && peer.comparison.is_none() {
            self.begin_comparison(from, turn);
        }
    }
}
