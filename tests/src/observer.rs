//! An observer from outside: what dashboards said, held against directories and databases.
//!
//! ```text
//!  ask (pages of every node) ──▶ 5 s ──▶ nodes stand still or are stopped ──▶ read (files, tables)
//!                                                  └──▶ differences: none, or the page lied
//! ```
//!
//! It has its own eyes: the journal as SWISH reads it, and the rows of `core.db` added up here.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use cluster::{Draft, DraftKind, Key, KeyState, Record};
use domain::{
    Link, NodeId, ObjectId,
    view::{DivergencesPage, FilesPage},
};
use gitty::{Commit, Object};
use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::Value;

use crate::{directory::Directory, node::Node};

/// Age of what dashboards said when the disks are read.
pub const AGE: Duration = Duration::from_secs(5);
/// Rows of a page.
const ROWS: u64 = 500;

/// What the dashboard of one node said.
#[derive(Clone, Debug)]
pub struct Said {
    by: String,
    /// Head of each file on each node.
    heads: BTreeMap<NodeId, BTreeMap<String, ObjectId>>,
    /// Sides beside the decided head, by file.
    divergences: BTreeMap<String, (ObjectId, BTreeSet<ObjectId>)>,
    waiting: u64,
    files: u64,
}

/// What the disk of one node has.
#[derive(Clone, Debug)]
pub struct Found {
    node: NodeId,
    name: String,
    directory: Directory,
    /// Last lines of the journal.
    journal: BTreeMap<String, ObjectId>,
    registers: BTreeMap<String, Register>,
    /// Objects that have no file.
    unfiled: BTreeMap<ObjectId, Object>,
}

/// What the rows of one file add up to.
#[derive(Clone, Debug, Default)]
struct Register {
    decided: Option<ObjectId>,
    held: Option<ObjectId>,
    tips: BTreeSet<ObjectId>,
}

impl Said {
    /// Makes it a lie: the head of one file on one node is another. For seeing that it is noticed.
    pub fn misquote(&mut self) {
        let heads = self.heads.values_mut().next_back().and_then(|heads| heads.values_mut().last());
        if let Some(head) = heads {
            *head = ObjectId::from_bytes([0xee; 20]);
        }
    }
}

/// Reads the pages of a node as an operator would.
///
/// # Errors
/// It does not answer.
pub async fn ask(node: &Node) -> Result<Said> {
    let dashboard = node.dashboard()?;
    let status = node.status().await?;
    let mut said = Said {
        by: node.setup.name.clone(),
        heads: BTreeMap::new(),
        divergences: BTreeMap::new(),
        waiting: status.waiting().context("waiting")?,
        files: 0,
    };
    let mut offset = 0;
    loop {
        let path = format!("/api/v1/files?limit={ROWS}&offset={offset}");
        let page: FilesPage = serde_json::from_value(dashboard.get(&path).await?.expect(200)?)?;
        said.files = page.total;
        if page.rows.is_empty() {
            break;
        }
        for row in page.rows {
            offset += 1;
            for (id, head) in row.heads {
                let heads = said.heads.entry(id).or_default();
                heads.extend(head.map(|head| (row.name.to_string(), head)));
            }
        }
    }
    loop {
        let offset = said.divergences.len();
        let path = format!("/api/v1/divergences?limit={ROWS}&offset={offset}");
        let page = dashboard.get(&path).await?.expect(200)?;
        let page: DivergencesPage = serde_json::from_value(page)?;
        if page.rows.is_empty() {
            break;
        }
        for row in page.rows {
            let others = row.others.into_iter().map(|side| side.head).collect();
            said.divergences.insert(row.name.to_string(), (row.decided.head, others));
        }
    }
    Ok(said)
}

/// Reads the disk of a node that stands still or is stopped.
///
/// # Errors
/// Files or tables cannot be read.
pub async fn read(node: &Node, id: NodeId) -> Result<Found> {
    let directory = Directory::new(&node.setup.store);
    let journal = directory.heads()?;
    let name = node.setup.name.clone();
    let mut found = Found {
        node: id,
        name,
        directory,
        journal,
        registers: BTreeMap::new(),
        unfiled: BTreeMap::new(),
    };
    found.read_database(&node.setup.data).await?;
    Ok(found)
}

impl Found {
    /// Reads a copy of the database: opening it would change it.
    async fn read_database(&mut self, data: &Path) -> Result<()> {
        let folder = tempfile::tempdir()?;
        for entry in fs::read_dir(data)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with("core.db") {
                fs::copy(entry.path(), folder.path().join(entry.file_name()))?;
            }
        }
        let file = folder.path().join("core.db");
        let db = Database::connect(format!("sqlite://{}", file.display())).await?;
        let all = async |sql: &str| {
            let statement = Statement::from_string(db.get_database_backend(), sql.to_owned());
            db.query_all_raw(statement).await
        };
        for row in all("SELECT name, state FROM register").await? {
            let key: Key = row.try_get::<String>("", "name")?.parse()?;
            let state: KeyState = rmp_serde::from_slice(&row.try_get::<Vec<u8>>("", "state")?)?;
            let register = self.register(&key);
            register.decided = state.decided.map(|decided| decided.head);
            register.held = held(state.draft);
            register.tips = state.tips.iter().map(|tip| tip.commit).collect();
        }
        for row in all("SELECT id, object FROM unfiled").await? {
            let id = row.try_get::<Vec<u8>>("", "id")?.try_into();
            let id = id.map_err(|_| anyhow!("a key of unfiled is no hash"))?;
            let object = rmp_serde::from_slice(&row.try_get::<Vec<u8>>("", "object")?)?;
            self.unfiled.insert(ObjectId::from_bytes(id), object);
        }
        for row in all("SELECT records FROM log ORDER BY number").await? {
            let records = row.try_get::<Vec<u8>>("", "records")?;
            rmp_serde::from_slice::<Vec<Record>>(&records)?.into_iter().for_each(|it| self.add(it));
        }
        Ok(db.close().await?)
    }

    fn register(&mut self, key: &Key) -> &mut Register {
        self.registers.entry(key.file().to_string()).or_default()
    }

    /// Adds a row that is not in the tables yet.
    fn add(&mut self, record: Record) {
        match record {
            Record::Decided { key, head, .. } => self.register(&key).decided = Some(head),
            Record::Draft { key, draft } => self.register(&key).held = held(draft),
            Record::Tip { key, tip, .. } => {
                self.register(&key).tips.insert(tip.commit);
            }
            Record::Object { id, object, .. } => {
                self.unfiled.insert(id, object);
            }
            _ => {}
        }
    }

    /// The commit, wherever it is; none if it is nowhere.
    fn commit(&self, id: ObjectId) -> Result<Option<Link>> {
        let object = match self.unfiled.get(&id) {
            Some(object) => object.clone(),
            None if self.directory.has(id) => self.directory.object(id)?,
            None => return Ok(None),
        };
        Ok(Some(Commit::parse(&object.content)?.link()))
    }

    /// A commit and those before it, also across a fork, as far as they are there.
    fn back(&self, head: ObjectId) -> Result<BTreeMap<ObjectId, Link>> {
        let mut found = BTreeMap::new();
        let mut at = Some(head);
        while let Some(id) = at
            && let Some(link) = self.commit(id)?
        {
            at = link.previous;
            found.insert(id, link);
        }
        Ok(found)
    }
}

fn held(draft: Option<Draft>) -> Option<ObjectId> {
    draft.filter(|draft| draft.kind == DraftKind::Held).map(|draft| draft.tip)
}

/// Everything that a page said and no disk has, or the other way round.
///
/// # Errors
/// An object cannot be read.
pub fn differences(said: &[Said], found: &[Found]) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for disk in found {
        let registers = disk.registers.iter();
        let decided: BTreeMap<String, ObjectId> = registers
            .filter_map(|(name, register)| Some((name.clone(), register.decided?)))
            .collect();
        compare(&mut all, &format!("{}: journal and database", disk.name), &disk.journal, &decided);
        for page in said {
            let what = format!("the page of {} about the disk of {}", page.by, disk.name);
            let heads = page.heads.get(&disk.node).cloned().unwrap_or_default();
            compare(&mut all, &what, &heads, &disk.journal);
            if usize::try_from(page.files)? != disk.journal.len() {
                all.push(format!("{what}: {} files, not {}", page.files, disk.journal.len()));
            }
            let held = disk.registers.values().filter(|register| register.held.is_some());
            let held = u64::try_from(held.count())?;
            if page.by == disk.name && page.waiting != held {
                all.push(format!("{what}: {} saves wait, not {held}", page.waiting));
            }
            all.extend(unlike_sides(page, disk)?.into_iter().map(|it| format!("{what}: {it}")));
        }
    }
    Ok(all)
}

fn compare(
    all: &mut Vec<String>,
    what: &str,
    one: &BTreeMap<String, ObjectId>,
    other: &BTreeMap<String, ObjectId>,
) {
    for name in one.keys().chain(other.keys()).collect::<BTreeSet<_>>() {
        let (one, other) = (one.get(name), other.get(name));
        if one != other {
            all.push(format!("{what}: {name}: {one:?} and {other:?}"));
        }
    }
}

/// What is listed as diverging, against the tips that neither lead to the head nor were settled.
fn unlike_sides(page: &Said, disk: &Found) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for (name, register) in &disk.registers {
        let Some(head) = register.decided else { continue };
        let mut done = disk.back(head)?;
        for settled in done.values().flat_map(|link| &link.settles).copied().collect::<Vec<_>>() {
            done.extend(disk.back(settled)?);
        }
        let open = register.tips.iter().copied().filter(|tip| !done.contains_key(tip));
        let open: BTreeSet<_> = open.collect();
        let mut before = BTreeSet::new();
        for tip in &open {
            before.extend(disk.back(*tip)?.into_keys().filter(|id| id != tip));
        }
        let sides: BTreeSet<_> = open.difference(&before).copied().collect();
        let listed = page.divergences.get(name);
        match listed {
            None if sides.is_empty() => {}
            Some((decided, others)) if *decided == head && *others == sides => {}
            _ => {
                all.push(format!("{name}: {listed:?} is listed, {head} beside {sides:?} is there"));
            }
        }
    }
    Ok(all)
}

/// Ids of the nodes by name, as one of them says.
///
/// # Errors
/// It does not answer, or in another form.
pub async fn ids(node: &Node) -> Result<BTreeMap<String, NodeId>> {
    let cards = node.dashboard()?.get("/api/v1/nodes").await?.expect(200)?;
    let cards = cards.as_array().context("no list")?;
    let id = |card: &Value| -> Result<(String, NodeId)> {
        let name = card["name"].as_str().context("no name")?.to_owned();
        Ok((name, serde_json::from_value(card["id"].clone())?))
    };
    cards.iter().map(id).collect()
}
