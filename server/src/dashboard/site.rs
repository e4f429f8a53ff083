//! The dashboard's questions, answered in this process.

use app::{Answer, Api};
use domain::FileName;
use domain::view::{FilesPage, FilesQuery, LiveEvent, Overview, Problem};

use super::picture::{Picture, files, overview};
use crate::node::{Handle, Shared, link::now_ms};

/// What pages, the API and the event stream read; clones share the node.
#[derive(Clone, Debug)]
pub(super) struct Site {
    node: Handle,
}

impl Site {
    /// Reads from `node`.
    pub(super) const fn new(node: Handle) -> Self {
        Self { node }
    }

    /// The node behind it.
    pub(super) const fn node(&self) -> &Handle {
        &self.node
    }

    /// What the node knows now.
    pub(super) fn picture(&self) -> Picture {
        Picture::take(self.node.shared(), now_ms())
    }

    /// What a stream says of a file that changed; none when it is no file any more.
    pub(super) fn head_event(&self, picture: &Picture, name: &FileName) -> Option<LiveEvent> {
        let entry = self.node.shared().file(name)?;
        let row = picture.detailed(name, &entry)?;
        Some(LiveEvent::Head {
            name: name.clone(),
            head: entry.served(),
            row,
        })
    }

    /// Asks off the async threads: an answer may pass over every file.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        answer: impl FnOnce(&Picture, &Shared) -> T + Send + 'static,
    ) -> Answer<T> {
        let site = self.clone();
        Box::pin(async move {
            let work = move || answer(&site.picture(), site.node.shared());
            tokio::task::spawn_blocking(work)
                .await
                .map_err(|_| stopping())
        })
    }
}

impl Api for Site {
    fn overview(&self) -> Answer<Overview> {
        self.ask(overview)
    }

    fn files(&self, query: FilesQuery) -> Answer<FilesPage> {
        self.ask(move |picture, shared| files(picture, shared, &query))
    }
}

fn stopping() -> Problem {
    Problem {
        code: "unavailable".into(),
        message: "This node is stopping. Ask again when it has started.".into(),
    }
}
