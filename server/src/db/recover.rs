//! Reading `core.db` at the start: tables first, then the log over them.

use std::collections::{BTreeMap, BTreeSet};

use cluster::{AuditEntry, Durable, Key, KeyState, MemberId, Record, RolledBack, Roster};
use domain::{Incarnation, ObjectId};
use gitty::Object;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::de::DeserializeOwned;

use super::{
    CoreDb, DbError,
    core_db::put_fact,
    entity::{audit, fact, log, register, unfiled},
};

/// Registers that are read at once.
const PAGE: u64 = 1_000;

/// What a node knows after a start.
#[derive(Debug)]
pub struct Recovered {
    /// State of the core.
    pub durable: Durable,
    /// Objects in the database: with no file, or with one that may be empty after a power cut.
    pub unfiled: BTreeMap<ObjectId, Object>,
    /// Number of the last batch.
    pub last: u64,
    /// Keys whose rows of the log are not in the tables yet.
    pub dirty: BTreeSet<Key>,
    /// The audit, each chain in order.
    pub audit: Vec<AuditEntry>,
    /// So many of them are in the table.
    pub audit_in_table: usize,
    /// Batches read from the log.
    pub replayed: usize,
}

impl CoreDb {
    /// Reads everything back. A database that has just been made gets `incarnation`.
    ///
    /// # Errors
    /// When it cannot be read, or holds what this program cannot have written.
    pub async fn recover(&self, incarnation: Incarnation) -> Result<Recovered, DbError> {
        let facts = self.facts().await?;
        let incarnation = match fact_of(&facts, "incarnation")? {
            Some(incarnation) => incarnation,
            None => {
                put_fact(&self.db, "incarnation", &incarnation).await?;
                incarnation
            }
        };
        let roster = fact_of::<Option<Roster>>(&facts, "roster")?.flatten();
        let reserved = fact_of(&facts, "reserved")?.unwrap_or(0);
        let audit = self.audit().await?;
        let mut durable = Durable::restore(incarnation, roster, reserved, self.registers().await?);
        durable.council = fact_of(&facts, "council")?.unwrap_or_default();
        let remembered: Vec<(MemberId, u64)> = fact_of(&facts, "remembered")?.unwrap_or_default();
        durable.remembered = remembered.into_iter().collect();
        durable.rolled_back = fact_of::<Option<RolledBack>>(&facts, "rolled_back")?.flatten();
        durable.unchecked = fact_of::<Option<u64>>(&facts, "unchecked")?.flatten();
        durable.left = fact_of(&facts, "left")?.unwrap_or_default();
        durable.restore_audit(&audit);
        let mut recovered = Recovered {
            durable,
            unfiled: self.unfiled().await?,
            last: fact_of(&facts, "applied")?.unwrap_or(0),
            dirty: BTreeSet::new(),
            audit_in_table: audit.len(),
            audit,
            replayed: 0,
        };
        self.replay(&mut recovered).await?;
        recovered.durable.count = recovered.last;
        Ok(recovered)
    }

    async fn facts(&self) -> Result<BTreeMap<String, Vec<u8>>, DbError> {
        let rows = fact::Entity::find().all(&self.db).await?;
        Ok(rows.into_iter().map(|row| (row.name, row.value)).collect())
    }

    /// Page after page: a row takes ten times the memory of what it says.
    async fn registers(&self) -> Result<BTreeMap<Key, KeyState>, DbError> {
        let mut registers = Vec::new();
        let mut after = None::<String>;
        loop {
            let rows = register::Entity::find().order_by_asc(register::Column::Name);
            let rest = after.take().map(|name| register::Column::Name.gt(name));
            let rows = match rest {
                Some(rest) => rows.filter(rest),
                None => rows,
            };
            let page = rows.limit(PAGE).all(&self.db).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.name.clone());
            for row in page {
                let key = row.name.parse().map_err(|error: cluster::KeyError| DbError::Row {
                    table: "register",
                    reason: error.to_string(),
                })?;
                registers.push((key, decode("register", &row.state)?));
            }
        }
        // At once, so that its nodes are full.
        Ok(registers.into_iter().collect())
    }

    async fn unfiled(&self) -> Result<BTreeMap<ObjectId, Object>, DbError> {
        let rows = unfiled::Entity::find().all(&self.db).await?;
        let rows = rows.into_iter().map(|row| {
            let id = row.id.try_into().map_err(|_| DbError::Row {
                table: "unfiled",
                reason: "its key is not a hash".to_owned(),
            })?;
            Ok((ObjectId::from_bytes(id), decode("unfiled", &row.object)?))
        });
        rows.collect()
    }

    async fn audit(&self) -> Result<Vec<AuditEntry>, DbError> {
        let rows = audit::Entity::find()
            .order_by_asc(audit::Column::Origin)
            .order_by_asc(audit::Column::Number);
        let rows = rows.all(&self.db).await?;
        rows.into_iter().map(|row| decode("audit", &row.entry)).collect()
    }

    async fn replay(&self, recovered: &mut Recovered) -> Result<(), DbError> {
        let rows = log::Entity::find().order_by_asc(log::Column::Number).all(&self.db).await?;
        recovered.replayed = rows.len();
        for row in rows {
            let records: Vec<Record> = decode("log", &row.records)?;
            for record in records {
                recovered.durable.apply(&record);
                recovered.dirty.extend(record.key().cloned());
                match record {
                    Record::Object { id, object, .. } => {
                        recovered.unfiled.insert(id, object);
                    }
                    Record::Audit(entry) => recovered.audit.push(entry),
                    Record::Renewed { .. } | Record::Left { .. } => {
                        recovered.dirty.extend(recovered.durable.keys.keys().cloned());
                    }
                    _ => {}
                }
            }
            recovered.last = recovered.last.max(u64::try_from(row.number).unwrap_or(0));
        }
        Ok(())
    }
}

fn fact_of<T: DeserializeOwned>(
    facts: &BTreeMap<String, Vec<u8>>,
    name: &str,
) -> Result<Option<T>, DbError> {
    facts.get(name).map(|value| decode("fact", value)).transpose()
}

pub(super) fn decode<T: DeserializeOwned>(table: &'static str, bytes: &[u8]) -> Result<T, DbError> {
    rmp_serde::from_slice(bytes).map_err(|error| DbError::Row { table, reason: error.to_string() })
}
