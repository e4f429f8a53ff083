//! Writing `core.db`.

use std::{collections::BTreeSet, path::Path};

use cluster::{AuditEntry, Council, Durable, Key, KeyState, MemberId, RolledBack, Roster};
use domain::{ClusterId, Incarnation, ObjectId};
use gitty::Object;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, EntityTrait,
    QueryFilter, Schema, TransactionTrait,
    sea_query::OnConflict,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use serde::Serialize;
use thiserror::Error;

use super::{
    entity::{audit, fact, log, register, unfiled},
    messages::{self, ChatRows},
};

/// Rows of one statement: SQLite takes 32,766 values.
const ROWS: usize = 1_000;

/// `core.db` cannot be read or written. What was answered before is kept; the node must stop,
/// because its memory may be ahead of the disk.
#[derive(Debug, Error)]
pub enum DbError {
    /// SQLite says so.
    #[error("core.db cannot be read or written")]
    Db(#[from] DbErr),
    /// A row that this program cannot have written.
    #[error("core.db holds a row of table {table} that cannot be read: {reason}")]
    Row {
        /// Where.
        table: &'static str,
        /// Why.
        reason: String,
    },
}

/// The connection; the node's task is its only user.
#[derive(Clone, Debug)]
pub struct CoreDb {
    pub(super) db: DatabaseConnection,
}

/// What one transaction brings from the log into the tables.
#[derive(Debug, Default)]
pub struct Apply {
    /// Batches up to this one are covered by it, and dropped.
    pub upto: u64,
    /// Keys that changed, as of that batch.
    pub registers: Vec<(Key, KeyState)>,
    /// Objects that have no file yet.
    pub unfiled: Vec<(ObjectId, Object)>,
    /// Objects that have a file now, synced.
    pub filed: Vec<ObjectId>,
    /// The roster; none in no cluster.
    pub roster: Option<Roster>,
    /// Ballot counters reserved.
    pub reserved: u64,
    /// Acceptor state for the next roster.
    pub council: Council,
    /// Entries of the audit.
    pub audit: Vec<AuditEntry>,
    /// The highest durable count that each node told.
    pub remembered: Vec<(MemberId, u64)>,
    /// Durable count from which on nothing was compared, if so.
    pub unchecked: Option<u64>,
    /// The life of this disk, if it is another one than it began with.
    pub life: Option<Life>,
}

/// A life of this disk that is not its first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// Its name.
    pub incarnation: Incarnation,
    /// How the one before was found to be rolled back, if it was.
    pub rolled_back: Option<RolledBack>,
    /// Clusters that this node left.
    pub left: BTreeSet<ClusterId>,
}

impl Life {
    /// The present one, unless it is the first.
    #[must_use]
    pub fn of(durable: &Durable) -> Option<Self> {
        let is_first = durable.rolled_back.is_none() && durable.left.is_empty();
        (!is_first).then(|| Self {
            incarnation: durable.incarnation,
            rolled_back: durable.rolled_back,
            left: durable.left.clone(),
        })
    }
}

impl CoreDb {
    /// Opens `core.db`, and makes its tables the first time.
    ///
    /// # Errors
    /// When the file cannot be opened or is no database of this program.
    pub async fn open(path: &Path) -> Result<Self, DbError> {
        let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", path.display()));
        options.max_connections(1).sqlx_logging(false).test_before_acquire(false);
        options.map_sqlx_sqlite_opts(|options| {
            options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full)
        });
        let db = Database::connect(options).await?;
        let schema = Schema::new(db.get_database_backend());
        for mut table in [
            schema.create_table_from_entity(log::Entity),
            schema.create_table_from_entity(register::Entity),
            schema.create_table_from_entity(unfiled::Entity),
            schema.create_table_from_entity(fact::Entity),
            schema.create_table_from_entity(audit::Entity),
        ] {
            db.execute(table.if_not_exists()).await?;
        }
        messages::make_table(&db).await?;
        Ok(Self { db })
    }

    /// Makes a batch durable: one row, one sync.
    ///
    /// # Errors
    /// When it is not certain that the row is on the disk.
    pub async fn write(&self, number: u64, records: Vec<u8>) -> Result<(), DbError> {
        let row = log::ActiveModel { number: Set(signed(number)), records: Set(records) };
        log::Entity::insert(row).exec_without_returning(&self.db).await?;
        Ok(())
    }

    /// Makes a batch durable together with messages of chats: one transaction, one sync.
    ///
    /// # Errors
    /// When it is not certain that they are on the disk.
    pub async fn write_with(
        &self,
        number: u64,
        records: Vec<u8>,
        chat: &ChatRows,
    ) -> Result<(), DbError> {
        let transaction = self.db.begin().await?;
        let row = log::ActiveModel { number: Set(signed(number)), records: Set(records) };
        log::Entity::insert(row).exec_without_returning(&transaction).await?;
        messages::put(&transaction, chat).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Brings batches into the tables and drops their rows, in one transaction.
    ///
    /// # Errors
    /// When it failed as a whole; the rows are still there.
    pub async fn apply(&self, apply: Apply) -> Result<(), DbError> {
        let transaction = self.db.begin().await?;
        put_registers(&transaction, &apply.registers).await?;
        put_unfiled(&transaction, &apply.unfiled).await?;
        put_audit(&transaction, &apply.audit).await?;
        for ids in apply.filed.chunks(ROWS) {
            let ids = ids.iter().map(|id| id.as_bytes().to_vec());
            let rows = unfiled::Entity::delete_many().filter(unfiled::Column::Id.is_in(ids));
            rows.exec(&transaction).await?;
        }
        put_fact(&transaction, "reserved", &apply.reserved).await?;
        put_fact(&transaction, "council", &apply.council).await?;
        put_fact(&transaction, "remembered", &apply.remembered).await?;
        put_fact(&transaction, "unchecked", &apply.unchecked).await?;
        if let Some(Life { incarnation, rolled_back, left }) = &apply.life {
            put_fact(&transaction, "incarnation", incarnation).await?;
            put_fact(&transaction, "rolled_back", rolled_back).await?;
            put_fact(&transaction, "left", left).await?;
        }
        put_fact(&transaction, "roster", &apply.roster).await?;
        let covered = log::Column::Number.lte(signed(apply.upto));
        log::Entity::delete_many().filter(covered).exec(&transaction).await?;
        // The durable count goes on after the rows are gone.
        put_fact(&transaction, "applied", &apply.upto).await?;
        transaction.commit().await?;
        Ok(())
    }
}

async fn put_registers(
    db: &impl ConnectionTrait,
    registers: &[(Key, KeyState)],
) -> Result<(), DbError> {
    for rows in registers.chunks(ROWS) {
        let rows = rows.iter().map(|(key, state)| {
            Ok(register::ActiveModel { name: Set(key.to_string()), state: Set(encode(state)?) })
        });
        let rows = rows.collect::<Result<Vec<_>, DbError>>()?;
        let replace = OnConflict::column(register::Column::Name)
            .update_column(register::Column::State)
            .to_owned();
        register::Entity::insert_many(rows).on_conflict(replace).exec_without_returning(db).await?;
    }
    Ok(())
}

async fn put_unfiled(
    db: &impl ConnectionTrait,
    objects: &[(ObjectId, Object)],
) -> Result<(), DbError> {
    // Few rows at a time: each may hold megabytes.
    for rows in objects.chunks(50) {
        let rows = rows.iter().map(|(id, object)| {
            let id = Set(id.as_bytes().to_vec());
            Ok(unfiled::ActiveModel { id, object: Set(encode(object)?) })
        });
        let rows = rows.collect::<Result<Vec<_>, DbError>>()?;
        let keep = OnConflict::column(unfiled::Column::Id)
            .update_column(unfiled::Column::Object)
            .to_owned();
        unfiled::Entity::insert_many(rows).on_conflict(keep).exec_without_returning(db).await?;
    }
    Ok(())
}

async fn put_audit(db: &impl ConnectionTrait, entries: &[AuditEntry]) -> Result<(), DbError> {
    for rows in entries.chunks(ROWS) {
        let rows = rows.iter().map(|entry| {
            let origin = entry.origin;
            let origin = [*origin.node.as_bytes(), *origin.incarnation.as_bytes()].concat();
            let number = Set(signed(entry.number));
            Ok(audit::ActiveModel { origin: Set(origin), number, entry: Set(encode(entry)?) })
        });
        let rows = rows.collect::<Result<Vec<_>, DbError>>()?;
        let again = OnConflict::columns([audit::Column::Origin, audit::Column::Number])
            .update_column(audit::Column::Entry)
            .to_owned();
        audit::Entity::insert_many(rows).on_conflict(again).exec_without_returning(db).await?;
    }
    Ok(())
}

pub(super) async fn put_fact(
    db: &impl ConnectionTrait,
    name: &str,
    value: &impl Serialize,
) -> Result<(), DbError> {
    let row = fact::ActiveModel { name: Set(name.to_owned()), value: Set(encode(value)?) };
    let replace =
        OnConflict::column(fact::Column::Name).update_column(fact::Column::Value).to_owned();
    fact::Entity::insert(row).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}

pub(super) fn encode(value: &impl Serialize) -> Result<Vec<u8>, DbError> {
    let row =
        |error: rmp_serde::encode::Error| DbError::Row { table: "any", reason: error.to_string() };
    rmp_serde::to_vec_named(value).map_err(row)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
