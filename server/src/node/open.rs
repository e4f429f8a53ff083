//! Opening a node's disk: database first, then the store, which is brought up to it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use cluster::{Config, Core, Durable};
use domain::{FileName, Incarnation, NodeId, ObjectId, ObjectKind};
use gitty::{Commit, Object};
use store::{Index, JournalError, Reading, Rewrite, Store, WriteError};
use thiserror::Error;
use tracing::{info, warn};

use super::{
    garbage, named,
    publish::About,
    view::{FileEntry, Shared},
};
use crate::db::{Apply, CoreDb, DbError, Life, Recovered};

/// Time between two lines of the log while every object is read.
const SAY_EVERY: Duration = Duration::from_secs(5);

/// The node cannot start; nothing was lost, and nothing was answered.
#[derive(Debug, Error)]
pub enum OpenError {
    /// About `core.db`.
    #[error(transparent)]
    Db(#[from] DbError),
    /// About the store.
    #[error("the store {path} cannot be opened")]
    Store {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: store::OpenError,
    },
    /// About objects of the database that have to be files.
    #[error("objects cannot be written into the store")]
    Write(#[from] WriteError),
    /// About `ref/head`.
    #[error("the journal of the store cannot be brought up to date")]
    Journal(#[from] JournalError),
    /// About the disk.
    #[error("the store cannot be synced")]
    Sync(#[source] std::io::Error),
}

/// A node that is ready to start.
pub struct Opened {
    pub(super) core: Core,
    pub(super) index: Index,
    /// Where the index is kept for the next start.
    pub(super) index_file: PathBuf,
    pub(super) db: CoreDb,
    pub(super) store: Arc<Store>,
    pub(super) shared: Arc<Shared>,
    pub(super) about: About,
    pub(super) last_row: u64,
    pub(super) in_table: BTreeSet<ObjectId>,
    /// Heads of the store, as long as this node is in no cluster.
    pub(super) store_heads: BTreeMap<FileName, ObjectId>,
    pub(super) store_files: usize,
    /// Heads in the journal that a SWISH wrote itself and nobody has judged.
    pub(super) foreign: Vec<(FileName, ObjectId)>,
}

impl Opened {
    /// State to say Hello with.
    #[must_use]
    pub fn durable(&self) -> &Durable {
        self.core.durable()
    }

    /// Files in the store.
    #[must_use]
    pub fn files(&self) -> usize {
        self.store_files.max(self.core.durable().decided_count())
    }
}

/// Opens database and store; afterwards every decided head is in `ref/head` and has its files.
///
/// # Errors
/// See [`OpenError`].
pub async fn open(
    data: &Path,
    store_dir: &Path,
    name: &str,
    node: NodeId,
) -> Result<Opened, OpenError> {
    let db = CoreDb::open(&data.join("core.db")).await?;
    let mut recovered = db.recover(Incarnation::from_bytes(rand::random())).await?;
    let index_file = data.join("store.index");
    let opened = open_store(store_dir, &index_file)?;
    for id in &opened.damaged {
        warn!(object = %id, "object {id} of the store is damaged; it is not used");
    }
    let mut index = opened.index;
    named::index_named(&mut index, &opened.store, &recovered.durable, &recovered.unfiled);
    let garbage = garbage::garbage(&recovered.unfiled, &recovered.durable, &index);
    recovered.unfiled.retain(|id, _| !garbage.contains(id));
    index_unfiled(&mut index, &recovered);
    let store = Arc::new(opened.store);
    let foreign = foreign_heads(&index, &store.ends(), &recovered.durable);
    let (filed, last_row) = file_recovered(&store, &index, (&opened.heads, &foreign), &recovered)?;
    let in_table = apply_recovered(&db, &recovered, (&filed, &garbage), last_row).await?;
    let shared = Arc::new(Shared::default());
    let unfiled = recovered.unfiled.into_iter().filter(|(id, _)| !filed.contains(id));
    shared.change_unfiled(|map| *map = unfiled.collect::<HashMap<_, _>>());
    info!(
        replayed = recovered.replayed,
        files = opened.heads.len(),
        garbage = garbage.len(),
        "store and database are open"
    );
    let core = Core::recover(Config::default(), node, recovered.durable);
    shared.change_audit(|audit| {
        recovered.audit.into_iter().for_each(|entry| drop(audit.add(entry)));
    });
    publish_all(&shared, &index, &core, &opened.heads);
    let about = About { name: name.to_owned() };
    let store_files = opened.heads.len();
    // Only a node that may still found needs them.
    let store_heads = if core.durable().roster.is_some() { BTreeMap::new() } else { opened.heads };
    Ok(Opened {
        core,
        index,
        index_file,
        db,
        store,
        shared,
        about,
        last_row,
        in_table,
        store_heads,
        store_files,
        foreign,
    })
}

/// Opens the store, and says now and then how far that is where every object has to be read.
fn open_store(dir: &Path, index: &Path) -> Result<store::Opened, OpenError> {
    let began = Instant::now();
    let mut said = began;
    let opened = Store::open_claimed(dir, index, &mut |progress| {
        if said.elapsed() >= SAY_EVERY {
            said = Instant::now();
            let Reading { objects, permille } = progress;
            info!(objects, percent = permille / 10, "reading every object of the store");
        }
    });
    let opened = opened.map_err(|source| OpenError::Store { path: dir.to_owned(), source })?;
    let (index, objects) = (opened.report.index, opened.index.len());
    info!(?index, objects, duration_ms = began.elapsed().as_millis(), "the store is open");
    Ok(opened)
}

/// Objects that only the database has belong to the index as well.
fn index_unfiled(index: &mut Index, recovered: &Recovered) {
    for (id, object) in &recovered.unfiled {
        if object.kind != ObjectKind::Commit {
            index.insert_blob(*id);
        } else if let Ok(commit) = Commit::parse(&object.content) {
            index.insert_commit(*id, commit.link());
        }
    }
}

/// Heads at which a SWISH may stand that wrote them itself while this node was down.
fn foreign_heads(
    index: &Index,
    ends: &[(FileName, ObjectId)],
    durable: &Durable,
) -> Vec<(FileName, ObjectId)> {
    if durable.roster.is_none() {
        return Vec::new();
    }
    let known = |name: &FileName, head: ObjectId| is_known(index, durable, name, head);
    ends.iter().filter(|(name, head)| !known(name, *head)).cloned().collect()
}

/// True if `head` is on the path of what this node serves, has decided or proposes, or of a tip.
pub(super) fn is_known(index: &Index, durable: &Durable, name: &FileName, head: ObjectId) -> bool {
    let Some(state) = durable.get(&cluster::Key::File(name.clone())) else {
        return false;
    };
    let decided = state.decided.map(|decided| decided.head);
    let draft = state.draft.map(|draft| draft.tip);
    let tips = state.tips.iter().map(|tip| tip.commit);
    let mut ends = decided.into_iter().chain(draft).chain(tips);
    ends.any(|end| on_path(index, name, end, head))
}

/// True if `wanted` is on the path of `head`.
fn on_path(index: &Index, name: &FileName, head: ObjectId, wanted: ObjectId) -> bool {
    let step = |id: &ObjectId| index.link(id).filter(|link| link.name == *name)?.previous;
    std::iter::successors(Some(head), step).any(|id| id == wanted)
}

/// Writes files and lines of every served head, and files of every tip, whether or not a file is
/// there: a power cut can leave one empty, and SWISH never rewrites it (protocol 3).
fn file_recovered(
    store: &Store,
    index: &Index,
    (heads, foreign): (&BTreeMap<FileName, ObjectId>, &[(FileName, ObjectId)]),
    recovered: &Recovered,
) -> Result<(BTreeSet<ObjectId>, u64), OpenError> {
    let mut objects = BTreeMap::new();
    let mut served = Vec::new();
    let foreign: BTreeSet<&FileName> = foreign.iter().map(|(name, _)| name).collect();
    for (key, state) in &recovered.durable.keys {
        let head = recovered.durable.served(key);
        // A SWISH that saved by itself is led when its line has been judged.
        let is_judged = !foreign.contains(key.file());
        if heads.get(key.file()) != head.as_ref() && is_judged {
            served.extend(head.map(|head| (key.file().clone(), head)));
        }
        let ends = state.tips.iter().map(|tip| tip.commit).chain(head);
        for (name, end) in ends.map(|end| (key.file(), end)) {
            unfiled_path(index, &recovered.unfiled, name, end, &mut objects);
        }
    }
    let objects: Vec<_> = objects.into_iter().collect();
    store.repair_tail()?;
    store.write_objects(&objects, Rewrite::Yes)?;
    store.lead(&served)?;
    if !objects.is_empty() || !served.is_empty() || recovered.replayed > 0 {
        store.sync().map_err(OpenError::Sync)?;
    }
    Ok((objects.into_iter().map(|(id, _)| id).collect(), recovered.last))
}

/// Objects on the path of `end` that only the database has, back to the first commit that has a
/// file or was seen before.
fn unfiled_path(
    index: &Index,
    unfiled: &BTreeMap<ObjectId, Object>,
    name: &FileName,
    end: ObjectId,
    objects: &mut BTreeMap<ObjectId, Object>,
) {
    let mut at = Some(end).filter(|end| !objects.contains_key(end));
    while let Some(link) = at.and_then(|id| index.link(&id)) {
        let ids = at.into_iter().chain([link.blob]);
        let before = objects.len();
        objects.extend(ids.filter_map(|id| Some((id, unfiled.get(&id)?.clone()))));
        let found = objects.len() > before;
        at = link.previous.filter(|_| found && link.name == *name);
    }
}

/// The log is replayed: its rows go into the tables, and what has a file or is garbage leaves them.
async fn apply_recovered(
    db: &CoreDb,
    recovered: &Recovered,
    (filed, garbage): (&BTreeSet<ObjectId>, &BTreeSet<ObjectId>),
    last_row: u64,
) -> Result<BTreeSet<ObjectId>, OpenError> {
    let unfiled: Vec<(ObjectId, Object)> = recovered
        .unfiled
        .iter()
        .filter(|(id, _)| !filed.contains(id))
        .map(|(id, object)| (*id, object.clone()))
        .collect();
    let in_table = unfiled.iter().map(|(id, _)| *id).collect();
    if recovered.replayed > 0 || !garbage.is_empty() {
        let durable = &recovered.durable;
        let keys = recovered.dirty.iter();
        let registers =
            keys.filter_map(|key| Some((key.clone(), durable.get(key)?.clone()))).collect();
        let apply = Apply {
            upto: last_row,
            registers,
            unfiled,
            filed: filed.union(garbage).copied().collect(),
            roster: durable.roster.clone(),
            reserved: durable.reserved,
            council: durable.council.clone(),
            remembered: durable.remembered.iter().map(|(id, count)| (*id, *count)).collect(),
            unchecked: durable.unchecked,
            life: Life::of(durable),
            audit: recovered.audit.iter().skip(recovered.audit_in_table).cloned().collect(),
        };
        db.apply(apply).await?;
    }
    Ok(in_table)
}

/// Lists every file with its head and time before the first page is served. Authors are in commits
/// only: whoever indexes these tells them.
fn publish_all(
    shared: &Shared,
    index: &Index,
    core: &Core,
    store_heads: &BTreeMap<FileName, ObjectId>,
) {
    let decided = core.durable().heads().map(|(key, _)| key.file());
    let drafts = core.durable().keys.iter().filter(|(_, state)| state.draft.is_some());
    let names: BTreeSet<&FileName> =
        decided.chain(drafts.map(|(key, _)| key.file())).chain(store_heads.keys()).collect();
    let file = |name: &FileName| {
        let status = core.file(&cluster::Key::File(name.clone()));
        let mut entry = FileEntry {
            decided: status.decided.map(|decided| decided.head),
            draft: status.draft,
            imported: store_heads.get(name).copied(),
            ..FileEntry::default()
        };
        let head = entry.served().and_then(|id| index.link(&id));
        entry.changed_ms = head.map_or(0, |link| link.time_ms);
        (name.clone(), entry)
    };
    shared.replace_files(names.into_iter().map(file).collect());
}
