//! What the core shows of itself.

use domain::{Millis, ObjectId, Root, Serial};

use crate::{Core, Decided, Draft, Key, MemberId};

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
    /// Files with a decided head there.
    pub files: u64,
    /// Saves that wait there.
    pub waiting: u64,
}

/// A file as this node and its peers have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStatus {
    /// Decided head here.
    pub decided: Option<Decided>,
    /// Save under way here.
    pub draft: Option<Draft>,
    /// Decided head of each peer, as it reported last.
    pub reported: Vec<(MemberId, ObjectId)>,
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
                files: peer.files,
                waiting: peer.waiting,
            })
            .collect()
    }

    /// One file.
    #[must_use]
    pub fn file(&self, key: &Key) -> FileStatus {
        let state = self.durable.get(key);
        let ours = self.decided(key);
        let peers = self.live.peers.iter();
        FileStatus {
            decided: state.and_then(|state| state.decided),
            draft: state.and_then(|state| state.draft),
            reported: peers
                .filter_map(|(id, peer)| Some((*id, peer.heads.get(key, ours)?)))
                .collect(),
        }
    }

    /// True while objects are asked for or decided heads wait for theirs.
    #[must_use]
    pub fn catching_up(&self) -> bool {
        !self.live.learning.is_empty()
    }
}
