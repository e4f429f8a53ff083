//! The task that turns node events into messages: files at once but in batches, the overview at
//! most once a second.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use app::Api;
use domain::{
    FileName,
    view::LiveEvent,
    words::{FileState, NodeHealth},
};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use super::{Feed, Site};
use crate::{dashboard::activity, hub::HubEvent, node::NodeEvent, shutdown::Stop};

/// Time between two batches of changed files.
const BATCH_EVERY: Duration = Duration::from_millis(100);
/// Time between two overviews, and between two looks at what changes by time alone.
const BEAT: Duration = Duration::from_secs(1);
/// Files of a batch; with more, readers ask again instead.
const BATCH: usize = 500;

/// What is not told yet.
struct Watch {
    site: Site,
    feed: Arc<Feed>,
    /// Files that changed since the last batch.
    changed: BTreeSet<FileName>,
    /// Chats that changed since the last batch.
    chats: BTreeSet<String>,
    /// Visitors came, went or opened a file since the last beat.
    are_visitors_new: bool,
    /// Files that were told as on their way: they become late by time alone.
    spreading: BTreeSet<FileName>,
    healths: Vec<NodeHealth>,
    is_overview_due: bool,
}

/// Runs until the program stops.
pub(super) async fn run(site: Site, feed: Arc<Feed>, stop: Stop) {
    let mut events = site.node().subscribe();
    let mut hub_events = site.hubs().ok().map(|hubs| hubs.hub.subscribe());
    let mut watch = Watch {
        site,
        feed,
        changed: BTreeSet::new(),
        chats: BTreeSet::new(),
        are_visitors_new: false,
        spreading: BTreeSet::new(),
        healths: Vec::new(),
        is_overview_due: true,
    };
    let mut batch_at = Instant::now();
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.stopped() => return,
            // Events wait while nobody reads; too many of them are a gap, and readers ask again.
            () = watch.feed.begun(), if watch.feed.is_unread() => {}
            event = events.recv(), if !watch.feed.is_unread() => match event {
                Ok(event) => watch.hear(event),
                Err(RecvError::Lagged(_)) => watch.lose(),
                Err(RecvError::Closed) => return,
            },
            event = next(&mut hub_events), if !watch.feed.is_unread() => match event {
                Ok(event) => watch.hear_hub(event),
                Err(RecvError::Lagged(_)) => watch.lose(),
                Err(RecvError::Closed) => hub_events = None,
            },
            () = sleep_until(batch_at), if !watch.changed.is_empty() || !watch.chats.is_empty() => {
                watch.tell_files();
                watch.tell_chats();
                batch_at = Instant::now() + BATCH_EVERY;
            }
            _ = beat.tick() => watch.beat().await,
        }
    }
}

/// The hub's next event; never, where there is no hub.
async fn next(events: &mut Option<Receiver<HubEvent>>) -> Result<HubEvent, RecvError> {
    match events {
        Some(events) => events.recv().await,
        None => std::future::pending().await,
    }
}

impl Watch {
    fn hear_hub(&mut self, event: HubEvent) {
        self.is_overview_due = true;
        match event {
            HubEvent::DocumentChanged(document) | HubEvent::Compared { document, .. } => {
                self.chats.insert(document.to_string());
            }
            // Any of them may be in step now.
            HubEvent::InStep(_) => {
                self.chats.insert(String::new());
            }
            HubEvent::Counted(_)
            | HubEvent::Visitors
            | HubEvent::Marked { .. }
            | HubEvent::Dropped { .. } => self.are_visitors_new = true,
            HubEvent::Alarm => {}
        }
    }

    fn tell_chats(&mut self) {
        if self.chats.len() > BATCH {
            return self.lose();
        }
        for document in std::mem::take(&mut self.chats) {
            let document = Some(document).filter(|document| !document.is_empty());
            self.feed.publish(&LiveEvent::Chat { document });
        }
    }

    fn hear(&mut self, event: NodeEvent) {
        self.is_overview_due = true;
        match event {
            NodeEvent::Files(names) => self.changed.extend(names.iter().cloned()),
            NodeEvent::Deed(kept) => {
                self.feed.publish(&LiveEvent::Deed(Box::new(activity::row(&kept))));
            }
            NodeEvent::AllFiles => self.lose(),
            NodeEvent::Foreign(..) | NodeEvent::Peers | NodeEvent::Alarm(_) => {}
        }
    }

    /// Something changed and nobody knows what.
    fn lose(&mut self) {
        self.changed.clear();
        self.chats.clear();
        self.is_overview_due = true;
        self.feed.skip();
    }

    fn tell_files(&mut self) {
        if self.changed.len() > BATCH {
            return self.lose();
        }
        let picture = self.site.picture();
        for name in std::mem::take(&mut self.changed) {
            let Some(event) = self.site.head_event(&picture, &name) else {
                continue;
            };
            let is_spreading =
                matches!(&event, LiveEvent::Head { row, .. } if row.state == FileState::Spreading);
            if is_spreading {
                self.spreading.insert(name);
            } else {
                self.spreading.remove(&name);
            }
            self.feed.publish(&event);
        }
    }

    /// Looks at what changes without an event, and tells the overview if it is due.
    async fn beat(&mut self) {
        let picture = self.site.picture();
        let healths: Vec<_> = picture.seats.iter().map(|seat| seat.health).collect();
        if healths != self.healths {
            // The state of every file may be another now.
            self.lose();
            self.healths = healths;
        }
        if std::mem::take(&mut self.are_visitors_new) && !self.feed.is_unread() {
            self.feed.publish(&LiveEvent::Visitors);
        }
        self.is_overview_due |= !self.spreading.is_empty();
        self.changed.append(&mut self.spreading);
        if self.feed.is_unread() || !std::mem::take(&mut self.is_overview_due) {
            return;
        }
        if let Ok(overview) = self.site.overview().await {
            self.feed.publish(&LiveEvent::Overview(Box::new(overview)));
        }
    }
}
