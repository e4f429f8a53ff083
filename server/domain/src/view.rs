//! What the API returns and the pages show; the JSON of `/api/v1` is exactly these types.

mod activity;
mod file;
mod file_query;

use std::{fmt, fmt::Write};

use serde::{Deserialize, Serialize};

use crate::{
    FileName, NodeId, ObjectId,
    words::{ClusterState, FileState, NodeHealth, NodeRole, Outcome, Role, Tone},
};

pub use activity::{ActivityPage, ActivityQuery, DeedRow};
pub use file::{
    Difference, FilePage, Gap, HeadReport, HistoryPage, ObjectText, Version, file_href, file_of,
};
pub use file_query::{DiffQuery, DiffView, FileQuery, HistoryQuery};

/// A node by id and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeRef {
    /// Its id.
    pub id: NodeId,
    /// What people call it.
    pub name: String,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// The account's name.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// The cluster as one node sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// The node that says all this.
    pub node: NodeRef,
    /// That node's clock when it said so, ms since 1970.
    pub at_ms: u64,
    /// One word for everything.
    pub state: ClusterState,
    /// What follows the word: [`crate::words::Situation`] as text.
    pub sentence: String,
    /// What the cluster can still lose: [`crate::words::margin`].
    pub margin: String,
    /// Age of the last comparison by content; none before the first.
    pub checked_ago_ms: Option<u64>,
    /// Every node, the own one first.
    pub nodes: Vec<NodeCard>,
    /// Files by state; each number equals the rows of the list it links to.
    pub counts: Counts,
    /// What needs attention, worst first, ten at most.
    pub needs: Vec<Need>,
    /// The last events, newest first.
    pub latest: Vec<Activity>,
    /// Saves in each of the last 15 minutes, oldest first.
    pub saves: Vec<u32>,
}

/// One node, as the node that answers sees it. `None` is "never heard".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeCard {
    /// Its id.
    pub id: NodeId,
    /// What people call it.
    pub name: String,
    /// It is the one that answers.
    pub own: bool,
    /// How it answers.
    pub health: NodeHealth,
    /// What it may do.
    pub role: NodeRole,
    /// When its last frame came, ms since 1970 on the answering node's clock.
    pub last_seen_ms: Option<u64>,
    /// Beginning of its root hash, 8 digits.
    pub root: Option<String>,
    /// Its root equals the answering node's.
    pub same_root: bool,
    /// Files it reports.
    pub files: Option<u64>,
    /// When its root last equalled the answering node's, ms since 1970.
    #[serde(default)]
    pub equal_ms: Option<u64>,
    /// Files it lacks or serves an older version of.
    pub behind: u64,
    /// Saves that wait there for a majority.
    #[serde(default)]
    pub waiting: Option<u64>,
    /// Whether the link to it is open; none for the answering node.
    #[serde(default)]
    pub linked: Option<bool>,
    /// Its clock minus ours.
    pub clock_offset_ms: Option<i64>,
    /// Program version it reports.
    pub version: Option<String>,
    /// Last round trip over its link.
    pub round_trip_ms: Option<f64>,
    /// Where its link is reached.
    pub address: String,
}

/// Files by state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// All of them.
    pub files: u64,
    /// [`FileState::Same`].
    pub same: u64,
    /// [`FileState::Spreading`].
    pub spreading: u64,
    /// [`FileState::Behind`].
    pub behind: u64,
    /// [`FileState::Held`]: saves that wait for a majority.
    pub waiting: u64,
    /// [`FileState::ObjectMissing`].
    pub missing: u64,
    /// [`FileState::Unknown`].
    pub unknown: u64,
    /// [`FileState::Diverged`].
    pub diverged: u64,
    /// [`FileState::Imported`].
    pub imported: u64,
    /// [`FileState::Damaged`].
    pub damaged: u64,
}

impl Counts {
    /// Counts one more file.
    pub fn add(&mut self, state: FileState) {
        self.files += 1;
        *self.slot(state) += 1;
    }

    /// Files in `state`.
    #[must_use]
    pub fn of(&self, state: FileState) -> u64 {
        *self.clone().slot(state)
    }

    /// One chip for every state that has files or that people look for; worst first.
    #[must_use]
    pub fn chips(&self) -> Vec<Chip> {
        let always = |state| {
            !matches!(state, FileState::Imported | FileState::Damaged | FileState::Diverged)
        };
        let chip = |state: &FileState| Chip { state: *state, count: self.of(*state) };
        let shown = |chip: &Chip| chip.count > 0 || always(chip.state);
        FileState::ALL.iter().map(chip).filter(shown).collect()
    }

    fn slot(&mut self, state: FileState) -> &mut u64 {
        match state {
            FileState::Damaged => &mut self.damaged,
            FileState::ObjectMissing => &mut self.missing,
            FileState::Diverged => &mut self.diverged,
            FileState::Held => &mut self.waiting,
            FileState::Behind => &mut self.behind,
            FileState::Imported => &mut self.imported,
            FileState::Spreading => &mut self.spreading,
            FileState::Unknown => &mut self.unknown,
            FileState::Same => &mut self.same,
        }
    }
}

/// A state of a file or of a node, for lists that hold both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnyState {
    /// Of the cluster.
    Cluster(ClusterState),
    /// Of a node.
    Node(NodeHealth),
    /// Of a file.
    File(FileState),
    /// Of an action that ended.
    Outcome(Outcome),
}

impl AnyState {
    /// What people read.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cluster(state) => state.word(),
            Self::Node(health) => health.word(),
            Self::File(state) => state.word(),
            Self::Outcome(outcome) => outcome.word(),
        }
    }

    /// Which colour and icon it gets.
    #[must_use]
    pub const fn tone(self) -> Tone {
        match self {
            Self::Cluster(state) => state.tone(),
            Self::Node(health) => health.tone(),
            Self::File(state) => state.tone(),
            Self::Outcome(outcome) => outcome.tone(),
        }
    }
}

/// Something an operator should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// Its state.
    pub state: AnyState,
    /// Subject and number: "14 files are behind on charlie".
    pub what: String,
    /// Page that shows it.
    pub href: Option<String>,
    /// Why, and what happens next.
    pub reason: String,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// When, ms since 1970.
    pub at_ms: u64,
    /// What: "Ann saved tax.pl on bravo".
    pub text: String,
    /// Page that shows it.
    pub href: Option<String>,
}

/// One page of the list of files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesPage {
    /// The answering node's clock, ms since 1970.
    pub at_ms: u64,
    /// A column for each node, the own one first.
    pub nodes: Vec<Column>,
    /// The rows, in the order asked for.
    pub rows: Vec<FileRow>,
    /// Files there are.
    pub total: u64,
    /// Files that match the query, on all pages.
    pub shown: u64,
    /// Position of the first row among those that match.
    pub offset: u64,
    /// How many files the same search has in each state: [`Counts::chips`].
    pub chips: Vec<Chip>,
}

/// A node as a column of the list of files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its id.
    pub id: NodeId,
    /// What people call it.
    pub name: String,
    /// Away and Suspect nodes' heads are their last word, not news.
    pub health: NodeHealth,
}

/// A state and how many files are in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chip {
    /// The state.
    pub state: FileState,
    /// Files in it.
    pub count: u64,
}

/// One file over all nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRow {
    /// Its name.
    pub name: FileName,
    /// Its state.
    pub state: FileState,
    /// What follows the word, such as [`FileState::behind_detail`].
    #[serde(default)]
    pub detail: Option<String>,
    /// Its head on each node, as that node itself reports; none when it has no such file.
    pub heads: Vec<(NodeId, Option<ObjectId>)>,
    /// Nodes that serve the decided head.
    pub on: usize,
    /// Members.
    pub of: usize,
    /// Who saved it last.
    pub author: Option<String>,
    /// When it was saved last, ms since 1970.
    pub changed_ms: u64,
}

impl FileRow {
    /// The head most nodes report; among equals the first column's.
    #[must_use]
    pub fn common_head(&self) -> Option<ObjectId> {
        let reported = || self.heads.iter().filter_map(|(_, head)| *head);
        let votes = |head: ObjectId| reported().filter(|other| *other == head).count();
        reported().rev().max_by_key(|head| votes(*head))
    }

    /// What `node` reports.
    #[must_use]
    pub fn head_on(&self, node: NodeId) -> Option<ObjectId> {
        self.heads.iter().find(|(id, _)| *id == node).and_then(|(_, head)| *head)
    }
}

/// Order of the list of files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileSort {
    /// Worst state first, then the newest change.
    #[default]
    Worst,
    /// Newest change first.
    Changed,
    /// By name.
    Name,
}

impl FileSort {
    /// What addresses carry.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Worst => "worst",
            Self::Changed => "changed",
            Self::Name => "name",
        }
    }

    /// How two rows are ordered; names break ties, so that paging is stable.
    #[must_use]
    pub fn order(self, left: &FileRow, right: &FileRow) -> std::cmp::Ordering {
        let newest = || right.changed_ms.cmp(&left.changed_ms);
        let name = || left.name.cmp(&right.name);
        match self {
            Self::Worst => left.state.cmp(&right.state).then_with(newest).then_with(name),
            Self::Changed => newest().then_with(name),
            Self::Name => name(),
        }
    }
}

/// Which files, in which order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct FilesQuery {
    /// Part of a name, any case.
    pub q: String,
    /// Only this state.
    pub state: Option<FileState>,
    /// Only files whose head on this node (its name) is not the common one.
    pub node: Option<String>,
    /// Order.
    pub sort: FileSort,
    /// Rows to skip.
    pub offset: u64,
    /// Rows to return, at most [`FilesQuery::MAX_LIMIT`].
    pub limit: u64,
}

impl Default for FilesQuery {
    fn default() -> Self {
        Self {
            q: String::new(),
            state: None,
            node: None,
            sort: FileSort::Worst,
            offset: 0,
            limit: Self::PAGE,
        }
    }
}

impl FilesQuery {
    /// Rows of a page.
    pub const PAGE: u64 = 100;
    /// Most rows an answer may have.
    pub const MAX_LIMIT: u64 = 1_000;

    /// Reads the part of an address after `?`. What it does not understand keeps its default, so
    /// an old bookmark still opens.
    #[must_use]
    pub fn parse(search: &str) -> Self {
        let mut query = Self::default();
        for pair in search.trim_start_matches('?').split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = unescape(value);
            match key {
                "q" => query.q = value,
                "state" => query.state = value.parse().ok(),
                "node" => query.node = (!value.is_empty()).then_some(value),
                "sort" => query.sort = sort(&value),
                "offset" => query.offset = value.parse().unwrap_or(0),
                "limit" => query.limit = value.parse().unwrap_or(Self::PAGE),
                _ => {}
            }
        }
        query.limit = query.limit.clamp(1, Self::MAX_LIMIT);
        query
    }

    /// Whether `row` is wanted, apart from its position.
    #[must_use]
    pub fn wants(&self, row: &FileRow, nodes: &[Column]) -> bool {
        let needle = self.q.trim().to_lowercase();
        let named = needle.is_empty() || row.name.as_str().to_lowercase().contains(&needle);
        let in_state = self.state.is_none_or(|state| state == row.state);
        let differs = self.node.as_ref().is_none_or(|name| {
            let node = nodes.iter().find(|node| node.name == *name);
            node.is_some_and(|node| row.head_on(node.id) != row.common_head())
        });
        named && in_state && differs
    }
}

/// The part of an address after the path: empty, or `?` and what differs from the default.
impl fmt::Display for FilesQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut mark = '?';
        let mut put = |key: &str, value: &str| {
            let text = escape(value);
            write!(f, "{}{key}={text}", std::mem::replace(&mut mark, '&'))
        };
        if !self.q.is_empty() {
            put("q", &self.q)?;
        }
        if let Some(state) = self.state {
            put("state", state.code())?;
        }
        if let Some(node) = &self.node {
            put("node", node)?;
        }
        if self.sort != FileSort::default() {
            put("sort", self.sort.code())?;
        }
        if self.offset != 0 {
            put("offset", &self.offset.to_string())?;
        }
        if self.limit != Self::PAGE {
            put("limit", &self.limit.to_string())?;
        }
        Ok(())
    }
}

/// One message of the event stream `/api/v1/events`, as the data of an unnamed event.
///
/// Its id is `<boot>-<n>`: `boot` differs for each start of the node, `n` counts heads and
/// overviews without a gap. A tick repeats the id of the message before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LiveEvent {
    /// A file changed on some node.
    Head {
        /// The file.
        name: FileName,
        /// What the answering node serves now.
        head: Option<ObjectId>,
        /// The file over all nodes.
        row: FileRow,
    },
    /// The overview changed.
    Overview(Box<Overview>),
    /// Something was done, here or on another node.
    Deed(Box<DeedRow>),
    /// Every 5 s, so that silence is news.
    Tick {
        /// The node's clock, ms since 1970.
        at_ms: u64,
    },
}

/// Why the API did not answer; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// For programs: `not_found`, `unavailable`, `offline`, …
    pub code: String,
    /// For people: a sentence with the next step.
    pub message: String,
}

fn sort(code: &str) -> FileSort {
    let all = [FileSort::Worst, FileSort::Changed, FileSort::Name];
    all.into_iter().find(|sort| sort.code() == code).unwrap_or_default()
}

/// Makes `value` safe inside an address.
#[must_use]
pub fn escape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(byte));
            }
            _ => write!(text, "%{byte:02X}").expect("writing to a String does not fail"),
        }
    }
    text
}

/// Undoes [`escape`], and reads the `+` that forms write for a space.
pub(crate) fn unescape(text: &str) -> String {
    unescape_path(&text.replace('+', " "))
}

/// Undoes [`escape`].
fn unescape_path(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut value = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let coded = (*byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match coded.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) => {
                value.push(decoded);
                at += 2;
            }
            None => value.push(*byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&value).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> NodeId {
        NodeId::from_bytes([byte; 8])
    }

    fn head(byte: u8) -> Option<ObjectId> {
        Some(ObjectId::from_bytes([byte; 20]))
    }

    fn row(name: &str, heads: [Option<ObjectId>; 3]) -> FileRow {
        FileRow {
            name: name.into(),
            state: FileState::Behind,
            detail: None,
            heads: (1..).map(id).zip(heads).collect(),
            on: 2,
            of: 3,
            author: None,
            changed_ms: 0,
        }
    }

    #[test]
    fn a_query_reads_back_from_its_address() {
        let query = FilesQuery {
            q: "100% a+b&c=ä".into(),
            state: Some(FileState::ObjectMissing),
            node: Some("node b".into()),
            sort: FileSort::Name,
            offset: 200,
            limit: 50,
        };
        assert_eq!(FilesQuery::parse(&query.to_string()), query);
        assert_eq!(FilesQuery::default().to_string(), "");
        assert_eq!(FilesQuery::parse(""), FilesQuery::default());
    }

    #[test]
    fn a_form_and_nonsense_are_read_kindly() {
        let query = FilesQuery::parse("?q=my+file&state=&sort=up&limit=9999999&x=%zz&offset=-1");
        let limit = FilesQuery::MAX_LIMIT;
        assert_eq!(query, FilesQuery { q: "my file".into(), limit, ..FilesQuery::default() });
        assert_eq!(FilesQuery::parse("q=%e2%82%ac%").q, "€%");
    }

    #[test]
    fn the_common_head_is_the_majoritys_and_else_the_first_columns() {
        assert_eq!(row("a", [head(1), head(2), head(2)]).common_head(), head(2));
        assert_eq!(row("a", [head(3), head(1), head(2)]).common_head(), head(3));
        assert_eq!(row("a", [None, None, head(2)]).common_head(), head(2));
        assert_eq!(row("a", [None; 3]).common_head(), None);
    }

    #[test]
    fn a_node_filter_wants_what_differs_there() {
        let named =
            |byte, name: &str| Column { id: id(byte), name: name.into(), health: NodeHealth::Up };
        let nodes = [named(1, "alpha"), named(2, "bravo"), named(3, "charlie")];
        let file = row("Lists.pl", [head(1), head(1), head(2)]);
        let wanted = |search: &str| FilesQuery::parse(search).wants(&file, &nodes);
        assert!(wanted("q=lists&node=charlie&state=behind"));
        assert!(!wanted("node=alpha"));
        assert!(!wanted("state=same"));
        assert!(!wanted("q=tax"));
    }

    #[test]
    fn counts_add_up_to_the_files() {
        let mut counts = Counts::default();
        FileState::ALL.iter().for_each(|state| counts.add(*state));
        let chips = counts.chips();
        assert_eq!(counts.files, chips.iter().map(|chip| chip.count).sum::<u64>());
        assert_eq!(chips.len(), FileState::ALL.len());
        assert_eq!(Counts::default().chips().len(), 6);
    }
}
