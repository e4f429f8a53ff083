//! Messages of chats in `core.db`: written with the node's batches, read beside them.
//!
//! In this database and no other one: a copy of an old disk takes back the numbers of messages
//! together with the durable count, by which it is found out (protocol 2).

use std::{collections::BTreeMap, path::Path};

use domain::{Incarnation, MessageId};
use relay::{Body, DocumentId, Message, Number, Origin, Place, Record, Row, Stamp};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, EntityTrait,
    QueryFilter, QueryOrder, QuerySelect, Schema,
    sea_query::{Index, OnConflict},
};

use super::{
    DbError,
    core_db::put_fact,
    entity::{fact, message},
    recover::decode,
};

/// Messages of one statement.
const ROWS: usize = 200;
/// Entries that are read at once at the start.
const PAGE: u64 = 5_000;
/// Connections that read.
const READERS: u32 = 2;
/// Name of the fact that says how far SWISH's files are.
const FILED: &str = "chat_filed";

/// What of the chats one batch makes durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChatRows {
    /// Messages, in the order of their writes.
    pub records: Vec<Record>,
    /// How far SWISH's files are, if that is another number now.
    pub filed: Option<Filed>,
}

/// How far SWISH's files have the messages of this node.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Filed {
    /// The directory.
    pub directory: String,
    /// Every message up to this number is in it.
    pub upto: u64,
}

/// A message with its number in this database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// In the order in which they became durable here.
    pub number: u64,
    /// Which document.
    pub document: DocumentId,
    /// The message.
    pub message: Message,
}

/// Number, document, place and origin of a message.
type EntryRow = (i64, String, Vec<u8>, Option<Vec<u8>>);

/// Connections that only read messages: no save waits for them. Clones share them.
#[derive(Clone, Debug)]
pub struct Messages {
    db: DatabaseConnection,
}

/// Makes the table, the first time.
pub(super) async fn make_table(db: &DatabaseConnection) -> Result<(), DbError> {
    let schema = Schema::new(db.get_database_backend());
    let mut table = schema.create_table_from_entity(message::Entity);
    db.execute(table.if_not_exists()).await?;
    let mut index = Index::create();
    index
        .name("message_place")
        .table(message::Entity)
        .col(message::Column::Document)
        .col(message::Column::Place)
        .unique()
        .if_not_exists();
    db.execute(&index).await?;
    Ok(())
}

/// Writes messages within a transaction: a later record of a place replaces the earlier one, and
/// keeps its number.
pub(super) async fn put(db: &impl ConnectionTrait, rows: &ChatRows) -> Result<(), DbError> {
    // Twice in one statement would be an error.
    let mut last: BTreeMap<(&DocumentId, Place), (usize, &Message)> = BTreeMap::new();
    for (at, Record::Message { document, message }) in rows.records.iter().enumerate() {
        let first = last.get(&(document, message.row.place)).map_or(at, |(first, _)| *first);
        last.insert((document, message.row.place), (first, message));
    }
    let mut records: Vec<_> = last.into_iter().collect();
    records.sort_by_key(|(_, (at, _))| *at);
    for records in records.chunks(ROWS) {
        let row =
            |((document, place), (_, message)): &((&DocumentId, Place), (usize, &Message))| {
                message::ActiveModel {
                    number: NotSet,
                    document: Set(document.as_str().to_owned()),
                    place: Set(place_bytes(place).to_vec()),
                    origin: Set(message.row.origin.map(|origin| origin_bytes(&origin).to_vec())),
                    body: Set(message.body.0.to_vec()),
                }
            };
        let replace = OnConflict::columns([message::Column::Document, message::Column::Place])
            .update_columns([message::Column::Origin, message::Column::Body])
            .to_owned();
        message::Entity::insert_many(records.iter().map(row))
            .on_conflict(replace)
            .exec_without_returning(db)
            .await?;
    }
    if let Some(filed) = &rows.filed {
        put_fact(db, FILED, filed).await?;
    }
    Ok(())
}

impl Messages {
    /// Opens `core.db` for reading messages; it must have been made.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn open(path: &Path) -> Result<Self, DbError> {
        let mut options = ConnectOptions::new(format!("sqlite://{}?mode=ro", path.display()));
        options.max_connections(READERS).sqlx_logging(false).test_before_acquire(false);
        Ok(Self { db: Database::connect(options).await? })
    }

    /// Every message without its text, in the order of their numbers; page by page, because a row
    /// takes more memory than an entry.
    ///
    /// # Errors
    /// When it cannot be read, or holds what this program cannot have written.
    pub async fn rows(&self) -> Result<Vec<(DocumentId, Row)>, DbError> {
        let (mut all, mut after) = (Vec::new(), 0_i64);
        // One text for each document, not one for each message.
        let mut documents: BTreeMap<String, DocumentId> = BTreeMap::new();
        loop {
            let rows: Vec<EntryRow> = message::Entity::find()
                .select_only()
                .column(message::Column::Number)
                .column(message::Column::Document)
                .column(message::Column::Place)
                .column(message::Column::Origin)
                .filter(message::Column::Number.gt(after))
                .order_by_asc(message::Column::Number)
                .limit(PAGE)
                .into_tuple()
                .all(&self.db)
                .await?;
            let Some((last, ..)) = rows.last() else { return Ok(all) };
            after = *last;
            for (_, document, place, origin) in rows {
                let row = row(&place, origin.as_deref())?;
                let document = match documents.get(&document) {
                    Some(known) => known.clone(),
                    None => {
                        let id = document_id(&document)?;
                        documents.entry(document).or_insert(id).clone()
                    }
                };
                all.push((document, row));
            }
        }
    }

    /// Messages of a document by their places; those that are not here are left out.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn at(
        &self,
        document: &DocumentId,
        places: &[Place],
    ) -> Result<BTreeMap<Place, Message>, DbError> {
        let mut found = BTreeMap::new();
        for places in places.chunks(ROWS) {
            let places = places.iter().map(|place| place_bytes(place).to_vec());
            let rows = message::Entity::find()
                .filter(message::Column::Document.eq(document.as_str()))
                .filter(message::Column::Place.is_in(places));
            for model in rows.all(&self.db).await? {
                let Numbered { message, .. } = numbered(model)?;
                found.insert(message.row.place, message);
            }
        }
        Ok(found)
    }

    /// Messages after a number, in order, at most `limit`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn after(&self, number: u64, limit: u64) -> Result<Vec<Numbered>, DbError> {
        let rows = message::Entity::find()
            .filter(message::Column::Number.gt(i64::try_from(number).unwrap_or(i64::MAX)))
            .order_by_asc(message::Column::Number)
            .limit(limit);
        rows.all(&self.db).await?.into_iter().map(numbered).collect()
    }

    /// Documents that have messages after a number.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn documents_after(&self, number: u64) -> Result<Vec<DocumentId>, DbError> {
        let rows: Vec<String> = message::Entity::find()
            .select_only()
            .column(message::Column::Document)
            .distinct()
            .filter(message::Column::Number.gt(i64::try_from(number).unwrap_or(i64::MAX)))
            .into_tuple()
            .all(&self.db)
            .await?;
        rows.iter().map(|document| document_id(document)).collect()
    }

    /// How far SWISH's files are; nothing was filed without an answer.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn filed(&self) -> Result<Option<Filed>, DbError> {
        let row = fact::Entity::find_by_id(FILED).one(&self.db).await?;
        row.map(|row| decode("fact", &row.value)).transpose()
    }
}

fn numbered(model: message::Model) -> Result<Numbered, DbError> {
    let row = row(&model.place, model.origin.as_deref())?;
    Ok(Numbered {
        number: u64::try_from(model.number).unwrap_or(0),
        document: document_id(&model.document)?,
        message: Message { row, body: Body(model.body.into()) },
    })
}

fn document_id(text: &str) -> Result<DocumentId, DbError> {
    DocumentId::new(text).map_err(|error| broken(&error.to_string()))
}

fn broken(reason: &str) -> DbError {
    DbError::Row { table: "message", reason: reason.to_owned() }
}

/// In bytes the order is that of places, also for stamps that are no `i64`.
fn place_bytes(place: &Place) -> [u8; 24] {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&place.stamp.0.to_be_bytes());
    bytes[8..].copy_from_slice(place.id.as_bytes());
    bytes
}

fn origin_bytes(origin: &Origin) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(origin.incarnation.as_bytes());
    bytes[8..].copy_from_slice(&origin.number.get().to_be_bytes());
    bytes
}

fn row(place: &[u8], origin: Option<&[u8]>) -> Result<Row, DbError> {
    let place = read_place(place).ok_or_else(|| broken("its place is none"))?;
    let origin = match origin {
        None => None,
        Some(bytes) => Some(read_origin(bytes).ok_or_else(|| broken("its origin is none"))?),
    };
    Ok(Row { place, origin })
}

fn read_place(bytes: &[u8]) -> Option<Place> {
    let (stamp, id) = bytes.split_first_chunk::<8>()?;
    let id = MessageId::from_bytes(id.try_into().ok()?);
    Some(Place { stamp: Stamp(u64::from_be_bytes(*stamp)), id })
}

fn read_origin(bytes: &[u8]) -> Option<Origin> {
    let (incarnation, number) = bytes.split_first_chunk::<8>()?;
    let number = Number::new(u32::from_be_bytes(number.try_into().ok()?))?;
    Some(Origin { incarnation: Incarnation::from_bytes(*incarnation), number })
}
