//! Objects that peers ask for: read off the node's task and sent on the bulk connection.

use std::sync::Arc;

use cluster::{Bytes, INLINE_BYTES, MemberId, PeerMessage};
use domain::ObjectId;
use gitty::Object;
use store::Store;

use super::{driver::Driver, link::Kind, view::Shared};

/// Objects of one request; the rest is asked for again.
const OBJECTS_AT_ONCE: usize = 256;

impl Driver {
    pub(super) fn serve(&self, to: MemberId, ids: Vec<ObjectId>) {
        self.answer(to, move |source| {
            ids.into_iter().take(OBJECTS_AT_ONCE).map(|id| source.announce(id)).collect()
        });
    }

    pub(super) fn serve_chunks(&self, to: MemberId, id: ObjectId, first: u32, count: u32) {
        self.answer(to, move |source| source.chunks(id, first, count));
    }

    fn answer(
        &self,
        to: MemberId,
        read: impl FnOnce(&Source) -> Vec<PeerMessage> + Send + 'static,
    ) {
        let source = Source { shared: Arc::clone(&self.shared), store: Arc::clone(&self.store) };
        let links = self.links.links.clone();
        let serving = Arc::clone(&self.serving);
        tokio::spawn(async move {
            // Closed never: the semaphore lives as long as this task.
            let Ok(_permit) = serving.acquire_owned().await else { return };
            let read = tokio::task::spawn_blocking(move || read(&source)).await;
            for message in read.unwrap_or_default() {
                links.send(to, Kind::Bulk, vec![message]);
            }
        });
    }
}

/// Where objects are read.
struct Source {
    shared: Arc<Shared>,
    store: Arc<Store>,
}

impl Source {
    fn read(&self, id: &ObjectId) -> Option<Object> {
        self.shared.in_memory(id).or_else(|| self.store.read(id).ok())
    }

    fn announce(&self, id: ObjectId) -> PeerMessage {
        let Some(object) = self.read(&id) else { return PeerMessage::Absent { id } };
        let size = u64::try_from(object.content.len()).unwrap_or(u64::MAX);
        let small = object.content.len() <= INLINE_BYTES;
        let content = small.then(|| Bytes(Arc::clone(&object.content)));
        PeerMessage::Announce { id, kind: object.kind, size, content }
    }

    fn chunks(&self, id: ObjectId, first: u32, count: u32) -> Vec<PeerMessage> {
        let Some(object) = self.read(&id) else { return vec![PeerMessage::Absent { id }] };
        let chunks = (0_u32..).zip(object.content.chunks(INLINE_BYTES));
        chunks
            .filter(|(number, _)| *number >= first && *number - first < count)
            .map(|(number, bytes)| PeerMessage::Chunk { id, number, content: Bytes(bytes.into()) })
            .collect()
    }
}
