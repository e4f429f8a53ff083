//! `site.db`: what lists and search read, so that they never read a commit.
//!
//! One row for each file's served head, its metadata, and its text under a trigram index (FTS5).
//! Everything in it comes from the store: a file of another version, or a damaged one, is made
//! anew. A connection pool of its own; no query touches `core.db`.

use std::{path::Path, sync::Arc};

use domain::{FileName, ObjectId};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, Statement, TransactionTrait, Value,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use thiserror::Error;

use super::counted::Counted;

/// Version of the tables; another one is built from the store again.
const VERSION: i64 = 3;
/// Readers at once, and the one writer.
const CONNECTIONS: u32 = 4;

/// `author`, `tags` and `lead` as people type them are searched in their folded form.
const TABLES: &[&str] = &[
    "DROP TABLE IF EXISTS heads",
    "DROP TABLE IF EXISTS metas",
    "DROP TABLE IF EXISTS texts",
    "CREATE TABLE heads (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, head TEXT NOT NULL, \
     time REAL NOT NULL, ext TEXT NOT NULL, public INTEGER NOT NULL, author TEXT, avatar TEXT, \
     peer TEXT, identity TEXT, tags TEXT NOT NULL, title TEXT, lead TEXT NOT NULL, \
     folded_name TEXT NOT NULL, folded_author TEXT, folded_tags TEXT NOT NULL, folded_title TEXT)",
    "CREATE INDEX heads_by_time ON heads (public, time, name)",
    "CREATE INDEX heads_for_accounts ON heads (time, name, public, identity)",
    "CREATE TABLE metas (id INTEGER PRIMARY KEY, meta TEXT NOT NULL)",
    "CREATE VIRTUAL TABLE texts USING fts5(text, tokenize = 'trigram')",
];

/// Numbers of files that everybody finds are positive, those of others negative: so texts can be
/// counted without a look at this table.
const PUT_HEAD: &str = "INSERT INTO heads (id, name, head, time, ext, public, author, avatar, peer, \
     identity, tags, title, lead, folded_name, folded_author, folded_tags, folded_title) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
     ON CONFLICT (name) DO UPDATE SET head = excluded.head, time = excluded.time, \
     public = excluded.public, author = excluded.author, avatar = excluded.avatar, \
     peer = excluded.peer, identity = excluded.identity, tags = excluded.tags, \
     title = excluded.title, lead = excluded.lead, folded_author = excluded.folded_author, \
     folded_tags = excluded.folded_tags, folded_title = excluded.folded_title";

const NEXT_ID: &str = "SELECT 1 + max(ifnull((SELECT max(id) FROM heads), 0), \
     -ifnull((SELECT min(id) FROM heads), 0))";

/// Between the parts of a searched column: no part of it is found across two.
pub(super) const SEPARATOR: char = '\u{1f}';

/// `site.db` cannot be used; it holds nothing that is not in the store.
#[derive(Debug, Error)]
pub enum SiteError {
    /// SQLite says so.
    #[error("site.db cannot be read or written")]
    Db(#[from] DbErr),
    /// A row that this program cannot have written.
    #[error("site.db holds a row that cannot be read: {0}")]
    Row(String),
}

/// The connections; clones share them.
#[derive(Clone, Debug)]
pub struct SiteDb {
    pub(super) db: DatabaseConnection,
    pub(super) counted: Arc<Counted>,
}

/// A file's served head, as lists and search need it.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadRow {
    /// The file.
    pub name: FileName,
    /// Its version.
    pub head: ObjectId,
    /// When it was saved, in seconds since 1970.
    pub time: f64,
    /// Whether everybody finds it.
    pub is_public: bool,
    /// Who saved it, as they called themselves.
    pub author: Option<String>,
    /// Address of their picture.
    pub avatar: Option<String>,
    /// Address they saved it from, unless they had an account.
    pub peer: Option<String>,
    /// Their account.
    pub identity: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its title.
    pub title: Option<String>,
    /// All of its metadata as SWISH answers it, without `symbolic`.
    pub meta: serde_json::Value,
    /// Its text.
    pub text: String,
}

impl SiteDb {
    /// Opens `site.db`, and makes it anew when it cannot be used as it is.
    ///
    /// # Errors
    /// When it cannot be made either.
    pub async fn open(path: &Path) -> Result<Self, SiteError> {
        match Self::open_as_is(path).await {
            Ok(site) => Ok(site),
            Err(reason) => {
                tracing::warn!(%reason, "site.db cannot be used and is built again: {reason}");
                remove(path);
                Self::open_as_is(path).await
            }
        }
    }

    /// A database that ends with the program.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub async fn in_memory() -> Result<Self, SiteError> {
        let mut options = ConnectOptions::new("sqlite::memory:");
        // Each connection would have a database of its own.
        options.min_connections(1).max_connections(1).sqlx_logging(false);
        Self::with(options).await
    }

    async fn open_as_is(path: &Path) -> Result<Self, SiteError> {
        let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", path.display()));
        options.max_connections(CONNECTIONS).sqlx_logging(false).test_before_acquire(false);
        options.map_sqlx_sqlite_opts(|options| {
            // Nothing in it is a promise: a power cut may take the last rows, and they come back.
            options
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal)
                // The kernel keeps what is read often; here it would be memory of this node.
                .pragma("cache_size", "-4000")
        });
        Self::with(options).await
    }

    async fn with(options: ConnectOptions) -> Result<Self, SiteError> {
        let db = Database::connect(options).await?;
        let version = db.query_one_raw(statement("PRAGMA user_version", [])).await?;
        let version = version.map(|row| row.try_get_by_index::<i64>(0)).transpose()?;
        if version != Some(VERSION) {
            for sql in TABLES {
                db.execute_unprepared(sql).await?;
            }
            db.execute_unprepared(&format!("PRAGMA user_version = {VERSION}")).await?;
        }
        Ok(Self { db, counted: Arc::default() })
    }

    /// Puts heads in place of what was there of these files, and takes others out.
    ///
    /// # Errors
    /// When it failed as a whole.
    pub async fn write(&self, rows: &[HeadRow], gone: &[FileName]) -> Result<(), SiteError> {
        let transaction = self.db.begin().await?;
        for row in rows {
            put(&transaction, row).await?;
        }
        for name in gone {
            take_out(&transaction, name).await?;
        }
        transaction.commit().await?;
        self.counted.forget();
        Ok(())
    }
}

async fn put(transaction: &DatabaseTransaction, row: &HeadRow) -> Result<(), SiteError> {
    let id = id_of(transaction, row).await?;
    let values = std::iter::once(Value::from(id)).chain(head_values(row));
    transaction.execute_raw(statement(PUT_HEAD, values)).await?;
    let meta = "INSERT OR REPLACE INTO metas (id, meta) VALUES (?, ?)";
    transaction.execute_raw(statement(meta, [id.into(), row.meta.to_string().into()])).await?;
    transaction.execute_raw(statement("DELETE FROM texts WHERE rowid = ?", [id.into()])).await?;
    let text = "INSERT INTO texts (rowid, text) VALUES (?, ?)";
    transaction.execute_raw(statement(text, [id.into(), row.text.as_str().into()])).await?;
    Ok(())
}

/// The number of a row: the one it has, unless it is of the wrong kind.
async fn id_of(transaction: &DatabaseTransaction, row: &HeadRow) -> Result<i64, SiteError> {
    let number = |found: Option<sea_orm::QueryResult>| {
        found.map(|row| row.try_get_by_index::<i64>(0)).transpose()
    };
    let known = statement("SELECT id FROM heads WHERE name = ?", [row.name.as_str().into()]);
    match number(transaction.query_one_raw(known).await?)? {
        Some(id) if (id > 0) == row.is_public => return Ok(id),
        Some(_) => take_out(transaction, &row.name).await?,
        None => {}
    }
    let next = number(transaction.query_one_raw(statement(NEXT_ID, [])).await?)?;
    let next = next.ok_or_else(|| SiteError::Row("no next number".to_owned()))?;
    Ok(if row.is_public { next } else { -next })
}

async fn take_out(transaction: &DatabaseTransaction, name: &FileName) -> Result<(), SiteError> {
    for sql in [
        "DELETE FROM texts WHERE rowid = (SELECT id FROM heads WHERE name = ?)",
        "DELETE FROM metas WHERE id = (SELECT id FROM heads WHERE name = ?)",
        "DELETE FROM heads WHERE name = ?",
    ] {
        transaction.execute_raw(statement(sql, [name.as_str().into()])).await?;
    }
    Ok(())
}

fn head_values(row: &HeadRow) -> [Value; 16] {
    let name = row.name.as_str();
    let folded = |text: &Option<String>| text.as_deref().map(fold);
    let lead = std::iter::once(name).chain(row.author.as_deref());
    let lead = joined(lead.chain(row.tags.iter().map(String::as_str)));
    [
        name.into(),
        row.head.to_string().into(),
        row.time.into(),
        row.name.extension().into(),
        i64::from(row.is_public).into(),
        row.author.clone().into(),
        row.avatar.clone().into(),
        row.peer.clone().into(),
        row.identity.clone().into(),
        serde_json::Value::from(row.tags.clone()).to_string().into(),
        row.title.clone().into(),
        lead.into(),
        fold(name).into(),
        folded(&row.author).into(),
        fold(&joined(row.tags.iter().map(String::as_str))).into(),
        folded(&row.title).into(),
    ]
}

/// Each part after a separator: empty only without parts.
fn joined<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for part in parts {
        text.push(SEPARATOR);
        text.push_str(part);
    }
    text
}

/// Lower case, letter by letter: what is part of a text is part of it folded too.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_lowercase).collect()
}

pub(super) fn statement(
    sql: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

fn remove(path: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        // What is not there need not go; what cannot go shows when the file is opened.
        let _ = std::fs::remove_file(name);
    }
}
