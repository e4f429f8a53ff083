//! Reading `site.db`: which files match, their order, their texts and metadata.

use std::collections::BTreeMap;

use domain::{FileName, ObjectId};
use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::{
    SiteDb, SiteError, fold,
    site::{SEPARATOR, statement},
};

const PUBLIC: &str = "public = 1";
const HEADS: &str = "SELECT name, head, author FROM heads";
const COLUMNS: &str = "id, name, time, ext, author, avatar, tags, title";

/// Which version of a file the database has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indexed {
    /// The file.
    pub name: FileName,
    /// Its version; none if the row holds no hash.
    pub head: Option<ObjectId>,
    /// Who saved it.
    pub author: Option<String>,
}

/// A file of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Its row.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// When its head was saved, in seconds since 1970.
    pub time: f64,
    /// What follows the last dot of its name.
    pub ext: String,
    /// Who saved it.
    pub author: Option<String>,
    /// Address of their picture.
    pub avatar: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its title.
    pub title: Option<String>,
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// When it was saved.
    Time,
    /// Its name.
    Name,
    /// Who saved it; files without an author come first.
    Author,
    /// What follows the last dot of its name.
    Type,
}

/// The order of a list; files that are equal in it are in order of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub by: SortBy,
    /// Whether the largest comes first.
    pub is_descending: bool,
}

/// Which part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Files before it.
    pub offset: u64,
    /// Files on it, at most.
    pub limit: u64,
}

/// Conditions that all have to hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    conditions: Vec<String>,
    values: Vec<Value>,
    /// What texts have in them, as FTS5 reads it.
    phrases: Vec<String>,
    way: Way,
}

/// How files whose text matches are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Way {
    /// The other conditions first, then whether the file is one of those that match.
    #[default]
    Listed,
    /// All that match, and of each the rest.
    ByText,
}

/// Who asks, as far as they say who they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guest {
    /// Address of their picture.
    pub avatar: Option<String>,
    /// Their name.
    pub display_name: Option<String>,
    /// Their address.
    pub peer: Option<String>,
    /// Their account, which SWISH says: `local:ann`.
    pub identity: Option<String>,
}

impl Filter {
    fn and(
        mut self,
        condition: impl Into<String>,
        values: impl IntoIterator<Item = Value>,
    ) -> Self {
        self.conditions.push(condition.into());
        self.values.extend(values);
        self
    }

    /// Files for everybody.
    #[must_use]
    pub fn public(self) -> Self {
        self.and(PUBLIC, [])
    }

    /// Files that `guest` may see: those for everybody, and those of their account.
    #[must_use]
    pub fn visible(self, guest: &Guest) -> Self {
        match &guest.identity {
            None => self.public(),
            Some(identity) => self.and("(public = 1 OR identity = ?)", [identity.clone().into()]),
        }
    }

    /// Files that `guest` may call their own: those of their account; and public ones without an
    /// account, from the same picture, name or address, or from the server's own machine.
    #[must_use]
    pub fn owned(self, guest: &Guest) -> Self {
        let said = [&guest.avatar, &guest.display_name, &guest.peer];
        let said = std::iter::once(&guest.identity).chain(said);
        self.and(
            "(identity = ? OR (public = 1 AND identity IS NULL AND \
             (avatar = ? OR author = ? OR peer = ? OR peer LIKE '127.0.0.%')))",
            said.map(|said| said.clone().into()),
        )
    }

    /// Files whose name has this in it.
    #[must_use]
    pub fn name_has(self, part: &str) -> Self {
        self.and("instr(folded_name, ?) > 0", [fold(part).into()])
    }

    /// Files with a tag that has this in it; with any tag, if it is empty.
    #[must_use]
    pub fn tag_has(self, part: &str) -> Self {
        let part = fold(part).replace(SEPARATOR, " ");
        self.and("folded_tags <> '' AND instr(folded_tags, ?) > 0", [part.into()])
    }

    /// Files whose author has this in it.
    #[must_use]
    pub fn author_has(self, part: &str) -> Self {
        self.and("instr(folded_author, ?) > 0", [fold(part).into()])
    }

    /// Files of one of these types.
    #[must_use]
    pub fn ext_is_in(self, types: &[String]) -> Self {
        let marks = vec!["?"; types.len()].join(", ");
        self.and(format!("ext IN ({marks})"), types.iter().map(|ext| ext.as_str().into()))
    }

    /// Files whose text has this in it, of three characters at least; whatever their case.
    #[must_use]
    pub fn text_has(self, part: &str) -> Self {
        let phrase = format!("\"{}\"", part.replace('"', "\"\"").replace('\0', "\u{fffd}"));
        Self { phrases: [self.phrases, vec![phrase]].concat(), ..self }
    }

    /// Files whose name, author or a tag begins with this, or whose title has it in it.
    #[must_use]
    pub fn leads_with(self, start: &str) -> Self {
        let lead = format!("{SEPARATOR}{}", start.replace(SEPARATOR, " "));
        self.and(
            "(instr(lead, ?) > 0 OR instr(folded_title, ?) > 0)",
            [lead.into(), fold(start).into()],
        )
    }

    /// The same for few files: what matches by its text is looked up, and the rest not looked at.
    #[must_use]
    pub fn by_text(self) -> Self {
        Self { way: Way::ByText, ..self }
    }

    /// True if only the text decides, and whether everybody finds the file.
    #[must_use]
    pub fn is_only_text(&self) -> bool {
        self.conditions == [PUBLIC] && !self.phrases.is_empty()
    }

    /// What is asked, and its values.
    fn sql(&self, what: &str, end: &str) -> (String, Vec<Value>) {
        let mut conditions = self.conditions.clone();
        if !self.phrases.is_empty() {
            if self.way == Way::ByText {
                // SQLite's way to say that a column's index is not wanted.
                for condition in conditions.iter_mut().filter(|condition| *condition == PUBLIC) {
                    "+public = 1".clone_into(condition);
                }
            }
            conditions.push("id IN (SELECT rowid FROM texts WHERE texts MATCH ?)".to_owned());
        }
        if conditions.is_empty() {
            conditions.push("1".to_owned());
        }
        let sql = format!("SELECT {what} FROM heads WHERE {} {end}", conditions.join(" AND "));
        (sql, self.values.iter().cloned().chain(self.phrase()).collect())
    }

    /// All phrases as one.
    fn phrase(&self) -> Option<Value> {
        (!self.phrases.is_empty()).then(|| self.phrases.join(" AND ").into())
    }
}

impl Order {
    /// The newest first.
    pub const NEWEST: Self = Self { by: SortBy::Time, is_descending: true };

    fn sql(self) -> String {
        let column = match self.by {
            SortBy::Time => "time",
            SortBy::Name => "name",
            SortBy::Author => "author",
            SortBy::Type => "ext",
        };
        let direction = if self.is_descending { "DESC" } else { "ASC" };
        format!("ORDER BY {column} {direction}, name {direction}")
    }
}

impl SiteDb {
    /// Versions and authors of the files after `after` up to and with `upto`, in order of their
    /// names; without a bound from the first or up to the last one.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn heads_between(
        &self,
        after: Option<&FileName>,
        upto: Option<&FileName>,
    ) -> Result<Vec<Indexed>, SiteError> {
        let bounds = [after.map(|name| ("name > ?", name)), upto.map(|name| ("name <= ?", name))];
        let bounds = bounds.iter().flatten();
        let conditions: Vec<_> =
            std::iter::once("1").chain(bounds.clone().map(|(sql, _)| *sql)).collect();
        let sql = format!("{HEADS} WHERE {} ORDER BY name", conditions.join(" AND "));
        let values = bounds.map(|(_, name)| Value::from(name.as_str()));
        let rows = self.db.query_all_raw(statement(sql, values)).await?;
        rows.iter().map(indexed).collect()
    }

    /// Versions of those of these files that are in the database; none of one that must be written
    /// anew.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn heads_of(
        &self,
        names: &[FileName],
    ) -> Result<BTreeMap<FileName, Option<ObjectId>>, SiteError> {
        let marks = vec!["?"; names.len()].join(", ");
        let sql = format!("{HEADS} WHERE name IN ({marks})");
        let values = names.iter().map(|name| Value::from(name.as_str()));
        let rows = self.db.query_all_raw(statement(sql, values)).await?;
        rows.iter().map(|row| indexed(row).map(|row| (row.name, row.head))).collect()
    }

    /// How many files match.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn count(&self, filter: &Filter) -> Result<u64, SiteError> {
        let (sql, values) = if filter.is_only_text() {
            // Rows that everybody finds have positive numbers, so the trigrams alone can count.
            let sql = "SELECT count(*) FROM texts WHERE texts MATCH ? AND rowid > 0";
            (sql.to_owned(), filter.phrase().into_iter().collect())
        } else {
            filter.sql("count(*)", "")
        };
        let (asked, state) = (format!("{sql} {values:?}"), self.counted.state());
        if let Some(count) = self.counted.get(&asked, state) {
            return Ok(count);
        }
        let row = self.db.query_one_raw(statement(sql, values)).await?;
        let count = row.map_or(Ok(0), |row| row.try_get_by_index::<i64>(0))?;
        let count = u64::try_from(count).unwrap_or(0);
        self.counted.put(asked, state, count);
        Ok(count)
    }

    /// Files that match, in order.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn list(
        &self,
        filter: &Filter,
        order: Order,
        page: Page,
    ) -> Result<Vec<Listed>, SiteError> {
        // Numbers first: of files before the page, the order's index says all that is needed.
        let (ids, values) = filter.sql("id", &format!("{} LIMIT ? OFFSET ?", order.sql()));
        let sql = format!("SELECT {COLUMNS} FROM heads WHERE id IN ({ids}) {}", order.sql());
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let part = [signed(page.limit), signed(page.offset)].map(Value::from);
        let values = values.into_iter().chain(part);
        let rows = self.db.query_all_raw(statement(sql, values)).await?;
        rows.iter().map(listed).collect()
    }

    /// Texts of rows.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn texts(&self, ids: &[i64]) -> Result<BTreeMap<i64, String>, SiteError> {
        self.by_id("SELECT rowid, text FROM texts WHERE rowid", ids).await
    }

    /// Metadata of rows, as JSON.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn metas(&self, ids: &[i64]) -> Result<BTreeMap<i64, String>, SiteError> {
        self.by_id("SELECT id, meta FROM metas WHERE id", ids).await
    }

    async fn by_id(&self, what: &str, ids: &[i64]) -> Result<BTreeMap<i64, String>, SiteError> {
        let marks = vec!["?"; ids.len()].join(", ");
        let sql = format!("{what} IN ({marks})");
        let values = ids.iter().map(|id| Value::from(*id));
        let rows = self.db.query_all_raw(statement(sql, values)).await?;
        let pair = |row: QueryResult| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
        rows.into_iter().map(pair).collect()
    }
}

fn indexed(row: &QueryResult) -> Result<Indexed, SiteError> {
    let (name, head): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    let author = row.try_get_by_index(2)?;
    Ok(Indexed { name: FileName::new(name), head: head.parse().ok(), author })
}

fn listed(row: &QueryResult) -> Result<Listed, SiteError> {
    let tags: String = row.try_get_by_index(6)?;
    Ok(Listed {
        id: row.try_get_by_index(0)?,
        name: row.try_get_by_index(1)?,
        time: row.try_get_by_index(2)?,
        ext: row.try_get_by_index(3)?,
        author: row.try_get_by_index(4)?,
        avatar: row.try_get_by_index(5)?,
        tags: serde_json::from_str(&tags).map_err(|error| SiteError::Row(error.to_string()))?,
        title: row.try_get_by_index(7)?,
    })
}
