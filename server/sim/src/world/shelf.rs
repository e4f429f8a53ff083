//! The objects of a running node: on its disk, or in a write that was issued.

use std::collections::BTreeMap;

use cluster::{AuditEntry, INLINE_BYTES, MemberId, Objects, PeerMessage};
use domain::{Link, ObjectId};
use gitty::Object;

/// Index that is lent to the core, and the bytes that are served to peers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf {
    links: BTreeMap<ObjectId, Option<Link>>,
    bytes: BTreeMap<ObjectId, Object>,
    audit: BTreeMap<(MemberId, u64), AuditEntry>,
}

impl Shelf {
    pub(crate) fn put(&mut self, id: ObjectId, object: Object) {
        self.bytes.insert(id, object);
    }

    pub(crate) fn put_audit(&mut self, entry: AuditEntry) {
        self.audit.insert((entry.origin, entry.number), entry);
    }

    /// A page of a chain: two entries, so that pages have to be asked for.
    pub(crate) fn audit_after(&self, origin: MemberId, after: u64) -> PeerMessage {
        let chain = || self.audit.range((origin, after + 1)..=(origin, u64::MAX));
        let upto = chain().next_back().map_or(after, |((_, number), _)| *number);
        let entries = chain().take(2).map(|(_, entry)| entry.clone()).collect();
        PeerMessage::AuditIs { entries, upto }
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
