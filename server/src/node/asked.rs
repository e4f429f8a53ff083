//! What a founder asks of this node's store before there is a cluster: paths and objects.

use std::sync::Arc;

use domain::ObjectId;
use gitty::Object;

use super::{
    driver::Driver,
    link::{Answer, Asked, Place, Question, StorePath},
};

/// Commits of one answer; a frame of them has less than a megabyte.
const COMMITS: usize = 8_192;
/// Objects of one answer.
const OBJECTS: usize = 256;
/// Bytes of objects after which an answer takes no further one.
const BYTES: usize = 2 << 20;

impl Driver {
    /// Answers, unless this node is in a cluster: then its heads are no store's any more.
    pub(super) fn on_asked(&self, asked: Asked) {
        if self.core.durable().roster.is_some() {
            return;
        }
        let Asked { question, answer } = asked;
        match question {
            Question::Paths { after } => {
                // Whoever asked may be gone.
                let _ = answer.send(Answer::Paths(self.store_paths(after)));
            }
            Question::Objects { ids } => {
                let (shared, store) = (Arc::clone(&self.shared), Arc::clone(&self.store));
                tokio::task::spawn_blocking(move || {
                    let read = |id: &ObjectId| shared.in_memory(id).or_else(|| store.read(id).ok());
                    let _ = answer.send(Answer::Objects(first(&ids, read)));
                });
            }
        }
    }

    fn store_paths(&self, after: Option<Place>) -> Vec<StorePath> {
        let (name, mut told) = after.map_or_else(|| ("".into(), 0), |at| (at.name, at.commits));
        let mut room = COMMITS;
        let mut paths = Vec::new();
        for (name, head) in self.store_heads.range(name..) {
            let step = |id: &ObjectId| self.index.link(id).filter(|l| l.name == *name)?.previous;
            let commits = std::iter::successors(Some(*head), step).skip(std::mem::take(&mut told));
            let commits = commits.filter_map(|id| {
                let link = self.index.link(&id).filter(|link| link.name == *name)?;
                Some((id, Some(link.blob).filter(|blob| self.index.holds(blob))))
            });
            let commits: Vec<_> = commits.take(room).collect();
            room -= commits.len();
            if !commits.is_empty() {
                paths.push(StorePath { name: name.clone(), commits });
            }
            if room == 0 {
                break;
            }
        }
        paths
    }
}

/// The first of these objects, as many as one answer takes; up to one that cannot be read.
fn first(ids: &[ObjectId], read: impl Fn(&ObjectId) -> Option<Object>) -> Vec<Object> {
    let mut objects = Vec::new();
    let mut bytes = 0;
    for object in ids.iter().take(OBJECTS).map_while(read) {
        bytes += object.content.len();
        objects.push(object);
        if bytes >= BYTES {
            break;
        }
    }
    objects
}
