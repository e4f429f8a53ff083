//! What the core shows of itself.

use domain::{Millis, ObjectId, Root, Serial};

use crate::{
    Core, Decided, Draft, Key, MemberId,
    exchange::{Stage, WantedObject},
};

/// A peer as this node sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerStatus {
    /// Who.
    pub id: MemberId,
    /// Whether its control link is up.
    pub linked: bool,
    /// Last heartbeat and the digest in it.
    pub heard: Option<(Millis, Root)>,
    /// When its digest last equalled ours.
    pub equal_at: Option<Millis>,
    /// Last position of its change log, as it said.
    pub serial: Serial,
    /// Position in it up to which it is known here.
    pub seen: Serial,
    /// Files with a decided head there.
    pub files: u64,
    /// Files with a held save there.
    pub waiting: u64,
    /// Whether it takes no new pages.
    pub draining: bool,
    /// Whether its disk was found to be an older one, and it has no vote since.
    pub rolled_back: bool,
    /// Whether it has the decided heads of this node, but for files of which it said otherwise.
    pub has_ours: bool,
}

/// A file as this node and its peers have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStatus {
    /// Decided head here.
    pub decided: Option<Decided>,
    /// A head that is known to be decided, and whose objects are not all here.
    pub newer: Option<ObjectId>,
    /// Save under way here, or open branch.
    pub draft: Option<Draft>,
    /// Served head here (protocol 1).
    pub served: Option<ObjectId>,
    /// Open divergences.
    pub diverging: usize,
    /// What peers said of this file in particular: their decided head, or that they have none.
    pub reported: Vec<(MemberId, Option<ObjectId>)>,
}

/// A catch-up under way (protocol 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatchUp {
    /// When the first of its objects was wanted.
    pub began: Millis,
    /// Decided heads and files with tips that wait for objects.
    pub heads: u64,
    /// Objects wanted since it began; grows as paths are followed back.
    pub wanted: u64,
    /// Of them here now.
    pub arrived: u64,
    /// Of them on no linked peer.
    pub missing: u64,
    /// Who is being asked, for how many.
    pub from: Vec<(MemberId, u64)>,
    /// What it waits for, and of whom.
    pub waiting: Option<(Option<MemberId>, Waiting)>,
}

/// What a catch-up waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// The peer's objects.
    Objects,
    /// The peer, which let a request run out.
    NoAnswer,
    /// The peer's hash tree.
    Tree,
    /// Anybody to ask.
    NobodyLinked,
    /// Somebody who has the objects: every linked peer lacks them.
    NobodyHasThem,
}

impl Core {
    /// The peers that were ever linked in this run.
    #[must_use]
    pub fn peers(&self) -> Vec<PeerStatus> {
        let peers = self.live.peers.iter();
        peers
            .map(|(id, peer)| PeerStatus {
                id: *id,
                linked: peer.linked,
                heard: peer.heard,
                equal_at: peer.equal_at,
                serial: peer.serial,
                seen: peer.seen,
                files: peer.files,
                waiting: peer.waiting,
                draining: peer.draining,
                rolled_back: peer.rolled_back.is_some(),
                has_ours: peer.heads.is_whole(),
            })
            .collect()
    }

    /// One file.
    #[must_use]
    pub fn file(&self, key: &Key) -> FileStatus {
        let state = self.durable.get(key);
        let peers = self.live.peers.iter();
        FileStatus {
            decided: state.and_then(|state| state.decided),
            newer: self.live.learning.get(key).and_then(|heads| heads.keys().next()).copied(),
            draft: state.and_then(|state| state.draft),
            served: self.served(key),
            diverging: self.diverging(key),
            reported: peers.filter_map(|(id, peer)| Some((*id, peer.heads.said(key)?))).collect(),
        }
    }

    /// What catching up is about, while it lasts: "n of m objects, from whom, waiting for what".
    #[must_use]
    pub fn catch_up(&self) -> Option<CatchUp> {
        let live = &self.live;
        let comparing = live.comparison.as_ref().map(|comparison| comparison.peer);
        if !self.catching_up() && comparing.is_none() {
            return None;
        }
        let busy = live.sources.iter().filter(|(_, source)| !source.asked.is_empty());
        let from = busy.map(|(peer, source)| (*peer, count(source.asked.len()))).collect();
        let rests = |wanted: &&WantedObject| matches!(wanted.stage, Stage::Rests(_));
        let missing = count(live.wanted.values().filter(rests).count());
        Some(CatchUp {
            began: live.tally.began,
            heads: count(live.learning.len() + live.branches.learning.len()),
            wanted: live.tally.total,
            arrived: live.tally.arrived,
            missing,
            from,
            waiting: self.waiting_for(comparing, missing),
        })
    }

    fn waiting_for(
        &self,
        comparing: Option<MemberId>,
        missing: u64,
    ) -> Option<(Option<MemberId>, Waiting)> {
        let sources = || self.live.sources.iter().filter(|(_, source)| !source.asked.is_empty());
        let stalled = sources().find(|(_, source)| source.stalled);
        if let Some((peer, _)) = stalled {
            Some((Some(*peer), Waiting::NoAnswer))
        } else if let Some((peer, _)) = sources().next() {
            Some((Some(*peer), Waiting::Objects))
        } else if comparing.is_some() {
            Some((comparing, Waiting::Tree))
        } else if !self.live.peers.values().any(|peer| peer.linked) {
            Some((None, Waiting::NobodyLinked))
        } else {
            (missing > 0).then_some((None, Waiting::NobodyHasThem))
        }
    }

    /// True while decided heads or tips wait for their objects.
    #[must_use]
    pub fn catching_up(&self) -> bool {
        !self.live.learning.is_empty() || !self.live.branches.learning.is_empty()
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
