//! The objects of a running node: on its disk, or in a write that was issued.

use std::collections::BTreeMap;

use cluster::{INLINE_BYTES, Objects, PeerMessage};
use domain::{Link, ObjectId};
use gitty::Object;

/// Index that is lent to the core, and the bytes that are served to peers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf {
    links: BTreeMap<ObjectId, Option<Link>>,
    bytes: BTreeMap<ObjectId, Object>,
}

impl Shelf {
    pub(crate) fn put(&mut self, id: ObjectId, object: Object) {
        self.bytes.insert(id, object);
    }

    /// The answer to a request.
    pub(crate) fn announce(&self, id: ObjectId) -> PeerMessage {
        let Some(object) = self.bytes.get(&id) else {
            return PeerMessage::Absent { id };
        };
        let size = object.content.len();
        PeerMessage::Announce {
            id,
            kind: object.kind.clone(),
            size: u64::try_from(size).unwrap_or(u64::MAX),
            content: (size <= INLINE_BYTES).then(|| cluster::Bytes(object.content.clone())),
        }
    }

    /// The answer to a request for chunks.
    pub(crate) fn chunks(&self, id: ObjectId, first: u32, count: u32) -> Vec<PeerMessage> {
        let Some(object) = self.bytes.get(&id) else {
            return vec![PeerMessage::Absent { id }];
        };
        let chunks = object.content.chunks(INLINE_BYTES);
        (0..)
            .zip(chunks)
            .filter(|(number, _)| (first..first.saturating_add(count)).contains(number))
            .map(|(number, chunk)| PeerMessage::Chunk {
                id,
                number,
                content: cluster::Bytes(chunk.into()),
            })
            .collect()
    }
}

impl Objects for Shelf {
    fn link(&self, id: &ObjectId) -> Option<Link> {
        self.links.get(id).cloned().flatten()
    }

    fn holds(&self, id: &ObjectId) -> bool {
        self.links.contains_key(id)
    }

    fn insert(&mut self, id: ObjectId, link: Option<Link>) {
        self.links.insert(id, link);
    }
}
