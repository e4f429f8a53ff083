//! The one task that writes `site.db`: it follows the node's events and never holds the node up.
//!
//! What it missed, at the start or because it was too slow, it finds by comparing versions.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::Arc,
    time::Duration,
};

use domain::{FileName, ObjectId, ObjectKind};
use futures_util::{StreamExt, stream};
use gitty::Commit;
use tokio::{
    sync::{
        broadcast::{
            Receiver,
            error::{RecvError, TryRecvError},
        },
        mpsc, oneshot,
    },
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use super::{State, entry};
use crate::{
    db::{HeadRow, SiteDb, SiteError},
    node::{Handle, NodeEvent, ObjectError},
    shutdown::Stop,
};

/// Files of one transaction.
const BATCH_FILES: usize = 100;
/// Texts of one transaction; one more file may begin below it.
const BATCH_BYTES: usize = 8 << 20;
/// Objects that are read at once.
const READING_AT_ONCE: usize = 4;
/// Files that are looked at before the node may write again.
const CHUNK: usize = 2_048;
/// Changes wait this long for more, unless somebody asks: a file that is saved again and again is
/// indexed a few times a second.
const GATHER: Duration = Duration::from_millis(200);
/// After this, files whose objects were not here are tried again.
const AGAIN_EVERY: Duration = Duration::from_secs(5);

struct Indexer {
    site: SiteDb,
    node: Handle,
    state: Arc<State>,
    /// Files that may have changed.
    due: BTreeSet<FileName>,
    /// Files that could not be read.
    again: BTreeSet<FileName>,
    /// Changes may have been missed: all versions have to be compared.
    missed: bool,
}

/// What the store says of a file.
enum Found {
    /// Its row.
    Row(Box<HeadRow>),
    /// It has no head.
    Gone(FileName),
    /// Its head cannot be read now.
    NotHere(FileName),
}

/// Runs until the program stops.
pub(super) async fn run(
    site: SiteDb,
    node: Handle,
    state: Arc<State>,
    mut asked: mpsc::Receiver<oneshot::Sender<()>>,
    stop: Stop,
) {
    let mut events = node.subscribe();
    let (due, again) = (BTreeSet::new(), BTreeSet::new());
    let mut indexer = Indexer { site, node, state, due, again, missed: true };
    indexer.work(&stop).await;
    let mut tick = interval(AGAIN_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut gathered: Option<Instant> = None;
    loop {
        let mut waits = None;
        tokio::select! {
            () = stop.stopped() => return,
            Some(reply) = asked.recv() => waits = Some(reply),
            // While changes gather they stay in the channel; nobody is woken for each.
            event = events.recv(), if gathered.is_none() => {
                match event {
                    Ok(event) => indexer.hear(event),
                    Err(RecvError::Lagged(_)) => indexer.missed = true,
                    Err(RecvError::Closed) => return,
                }
                gathered = Some(Instant::now() + GATHER);
                continue;
            }
            () = until(gathered) => {}
            _ = tick.tick() => indexer.due.append(&mut indexer.again),
        }
        gathered = None;
        indexer.hear_all(&mut events);
        indexer.work(&stop).await;
        if let Some(waits) = waits {
            // Whoever asked may have stopped waiting.
            let _ = waits.send(());
        }
    }
}

/// Never, if there is no such time.
async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

impl Indexer {
    fn hear(&mut self, event: NodeEvent) {
        match event {
            NodeEvent::Files(names) => self.due.extend(names.iter().cloned()),
            NodeEvent::AllFiles
            | NodeEvent::Foreign(..)
            | NodeEvent::Peers
            | NodeEvent::Deed(_)
            | NodeEvent::Alarm(_) => {}
        }
    }

    fn hear_all(&mut self, events: &mut Receiver<NodeEvent>) {
        loop {
            match events.try_recv() {
                Ok(event) => self.hear(event),
                Err(TryRecvError::Lagged(_)) => self.missed = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    /// Finds the files whose version the database does not have, and notes who made those that it
    /// has.
    async fn compare(&mut self) -> Result<(), SiteError> {
        let mut after: Option<FileName> = None;
        loop {
            let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
            let chunk: Vec<_> = self.node.shared().with_files(|files| {
                let chunk = files.range::<FileName, _>((from, Bound::Unbounded)).take(CHUNK);
                chunk.map(|(name, entry)| (name.clone(), entry.served())).collect()
            });
            let last = chunk.last().map(|(name, _)| name.clone());
            let rows = self.site.heads_between(after.as_ref(), last.as_ref()).await?;
            let mut indexed: BTreeMap<FileName, Option<ObjectId>> =
                rows.iter().map(|row| (row.name.clone(), row.head)).collect();
            for (name, served) in chunk {
                let head = indexed.remove(&name).flatten();
                if served.is_none() || head != served {
                    self.due.insert(name);
                }
            }
            // Nobody has these any more.
            self.due.extend(indexed.into_keys());
            let authors =
                rows.into_iter().filter_map(|row| Some((row.name, row.head?, row.author)));
            self.node.shared().set_authors(authors.collect());
            let Some(last) = last else { return Ok(()) };
            after = Some(last);
        }
    }

    /// Indexes all that is due. What cannot be done now is tried again later.
    async fn work(&mut self, stop: &Stop) {
        if self.missed {
            if let Err(reason) = self.compare().await {
                tracing::error!(%reason, "site.db cannot be read: {reason}");
                return;
            }
            self.missed = false;
        }
        while !self.due.is_empty() && !stop.is_stopped() {
            if let Err(reason) = self.batch().await {
                tracing::error!(%reason, "site.db cannot be written: {reason}");
                return;
            }
        }
        self.state.whole(true);
    }

    async fn batch(&mut self) -> Result<(), SiteError> {
        let names: Vec<FileName> =
            std::iter::from_fn(|| self.due.pop_first()).take(BATCH_FILES).collect();
        let names = match self.changed(&names).await {
            Ok(changed) => changed,
            Err(reason) => {
                self.again.extend(names);
                return Err(reason);
            }
        };
        let node = self.node.clone();
        let mut read = stream::iter(names)
            .map(|(name, served)| find(node.clone(), name, served))
            .buffered(READING_AT_ONCE);
        let (mut rows, mut gone, mut bytes) = (Vec::new(), Vec::new(), 0);
        let mut written = Vec::new();
        while let Some(found) = read.next().await {
            match found {
                Found::Row(row) => {
                    bytes += row.text.len();
                    rows.push(*row);
                }
                Found::Gone(name) => gone.push(name),
                Found::NotHere(name) => {
                    self.again.insert(name);
                }
            }
            if bytes >= BATCH_BYTES {
                written.push(std::mem::take(&mut rows));
                bytes = 0;
            }
        }
        drop(read);
        written.push(rows);
        for rows in written {
            self.write(rows, &mut gone).await?;
        }
        Ok(())
    }

    /// Those of the files whose version the database does not have, and their served heads: most
    /// events are about peers, not about a new version.
    async fn changed(
        &self,
        names: &[FileName],
    ) -> Result<Vec<(FileName, Option<ObjectId>)>, SiteError> {
        let indexed = self.site.heads_of(names).await?;
        let served = names.iter().map(|name| (name, self.node.head(name)));
        let changed = served.filter(|(name, served)| match indexed.get(*name) {
            Some(head) => served.is_none() || head != served,
            None => served.is_some(),
        });
        Ok(changed.map(|(name, served)| (name.clone(), served)).collect())
    }

    async fn write(
        &mut self,
        rows: Vec<HeadRow>,
        gone: &mut Vec<FileName>,
    ) -> Result<(), SiteError> {
        if rows.is_empty() && gone.is_empty() {
            return Ok(());
        }
        if let Err(reason) = self.site.write(&rows, gone).await {
            self.again.extend(rows.into_iter().map(|row| row.name));
            self.again.append(&mut gone.drain(..).collect());
            return Err(reason);
        }
        gone.clear();
        let authors = rows.into_iter().map(|row| (row.name, row.head, row.author));
        self.node.shared().set_authors(authors.collect());
        self.state.changed();
        Ok(())
    }
}

/// Reads a head; one that is damaged for good is left out of lists.
async fn find(node: Handle, name: FileName, served: Option<ObjectId>) -> Found {
    let Some(head) = served else { return Found::Gone(name) };
    match read(&node, &name, head).await {
        Ok(Some(row)) => Found::Row(Box::new(row)),
        Ok(None) => Found::Gone(name),
        Err(_) => Found::NotHere(name),
    }
}

async fn read(
    node: &Handle,
    name: &FileName,
    head: ObjectId,
) -> Result<Option<HeadRow>, ObjectError> {
    let object = node.local_object(head).await?;
    let commit = match object.kind {
        ObjectKind::Commit => Commit::parse(&object.content).ok(),
        _ => None,
    };
    let Some(commit) = commit.filter(|commit| commit.name() == *name) else {
        tracing::warn!(head.name = %name, %head, "{name} is not found by search: {head} is unreadable");
        return Ok(None);
    };
    let text = node.local_object(commit.data()).await?;
    Ok(Some(entry::row(head, &commit, &text.content)))
}
