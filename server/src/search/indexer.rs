//! The one task that writes `site.db`: it follows the node's events and never holds the node up.
//!
//! What it missed, at the start or because it was too slow, it finds by comparing versions.

use std::{
    collections::{BTreeSet, HashMap},
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
    /// Version of each file in the database.
    indexed: HashMap<FileName, ObjectId>,
    /// Files that could not be read.
    again: BTreeSet<FileName>,
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
    let mut indexer = Indexer { site, node, state, due, indexed: HashMap::new(), again };
    indexer.remember().await;
    indexer.compare();
    indexer.work(&stop).await;
    indexer.state.whole(true);
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
                    Err(RecvError::Lagged(_)) => indexer.compare(),
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
            NodeEvent::AllFiles | NodeEvent::Peers | NodeEvent::Deed(_) | NodeEvent::Alarm(_) => {}
        }
    }

    fn hear_all(&mut self, events: &mut Receiver<NodeEvent>) {
        loop {
            match events.try_recv() {
                Ok(event) => self.hear(event),
                Err(TryRecvError::Lagged(_)) => self.compare(),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    /// Learns which versions the database has.
    async fn remember(&mut self) {
        match self.site.heads().await {
            Ok(heads) => {
                // What is no hash is written anew.
                let heads = heads
                    .into_iter()
                    .filter_map(|(name, head, author)| Some((name, head.parse().ok()?, author)));
                let authors: Vec<(FileName, ObjectId, Option<String>)> = heads.collect();
                self.indexed =
                    authors.iter().map(|(name, head, _)| (name.clone(), *head)).collect();
                self.node.shared().set_authors(authors);
            }
            Err(reason) => tracing::error!(%reason, "site.db cannot be read: {reason}"),
        }
    }

    /// Finds the files whose version the database does not have.
    fn compare(&mut self) {
        let mut unseen: BTreeSet<FileName> = self.indexed.keys().cloned().collect();
        let mut after: Option<FileName> = None;
        loop {
            let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
            let chunk: Vec<_> = self.node.shared().with_files(|files| {
                let chunk = files.range::<FileName, _>((from, Bound::Unbounded)).take(CHUNK);
                chunk.map(|(name, entry)| (name.clone(), entry.served())).collect()
            });
            let Some((last, _)) = chunk.last() else { break };
            after = Some(last.clone());
            for (name, head) in chunk {
                unseen.remove(&name);
                if head.as_ref() != self.indexed.get(&name) {
                    self.due.insert(name);
                }
            }
        }
        self.due.append(&mut unseen);
    }

    /// Indexes all that is due.
    async fn work(&mut self, stop: &Stop) {
        while !self.due.is_empty() && !stop.is_stopped() {
            if let Err(reason) = self.batch().await {
                tracing::error!(%reason, "site.db cannot be written: {reason}");
                // The files of the batch are in `again`.
                return;
            }
        }
    }

    async fn batch(&mut self) -> Result<(), SiteError> {
        let mut names = Vec::new();
        while names.len() < BATCH_FILES {
            let Some(name) = self.due.pop_first() else { break };
            let served = self.node.head(&name);
            // Most events are about peers, not about a new version.
            if served.as_ref() != self.indexed.get(&name) {
                names.push((name, served));
            }
        }
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
        let authors = rows.iter().map(|row| (row.name.clone(), row.head, row.author.clone()));
        self.node.shared().set_authors(authors.collect());
        self.indexed.extend(rows.into_iter().map(|row| (row.name, row.head)));
        for name in gone.drain(..) {
            self.indexed.remove(&name);
        }
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
