//! A site that does not exist: three nodes and some files, to show and test pages without a
//! cluster.

mod chats;
mod deeds;
mod forks;
mod silent;
mod versions;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{
    FileName, NodeId, ObjectId,
    view::{
        ActionOutcome, Activity, ActivityPage, ActivityQuery, AnyState, CatchUp, ChatPage,
        ChatsPage, ChatsQuery, Column, Counts, DiffQuery, Difference, DivergencePage,
        DivergencesPage, DivergencesQuery, FilePage, FileRow, FilesPage, FilesQuery, HistoryPage,
        HistoryQuery, ItemResult, LinkReport, LiveEvent, Me, MergeDraft, MessagesQuery, Moderate,
        Need, NodeAnswer, NodeCard, NodeRef, ObjectText, Overview, Problem, Settle, SettlePlan,
        SyncPlan, Version, VisitorsPage, VisitorsQuery, file_href,
    },
    words::{
        self, ClusterState, FileState, NodeAction, NodeHealth, NodeRole, Outcome, Role, Situation,
        SwishState,
    },
};

pub use self::silent::Silent;
use self::{chats::Chats, forks::Fork};
use crate::{Answer, Api};

const NAMES: [&str; 3] = ["alpha", "bravo", "charlie"];
const AUTHORS: [Option<&str>; 5] = [Some("Ann"), Some("Ben"), None, Some("Cleo"), Some("Dora")];
const FILES: [&str; 9] = [
    "family.pl",
    "Sudoku.swinb",
    "tax.pl",
    "lists.pl",
    "eliza.pl",
    "queens.pl",
    "Bäume & Graphen.swinb",
    "<script>alert(1)</script>.pl",
    "a-name-as-long-as-only-a-student-in-a-hurry-would-ever-type-it-into-a-box-final-2.pl",
];

/// The made-up site; clones share it.
#[derive(Clone)]
pub struct MadeUp {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    at_ms: u64,
    charlie: NodeHealth,
    rows: Vec<FileRow>,
    /// What was saved since the start, oldest first.
    saved: Vec<Version>,
    saves: u8,
    forks: BTreeMap<FileName, Fork>,
    /// Actions that still work before each of the following ends like this.
    failure: Option<(usize, ActionOutcome)>,
    may_act: bool,
    /// What was done to nodes, oldest first.
    done: Vec<(String, NodeAction)>,
    catches_up: bool,
    chats: Chats,
}

impl MadeUp {
    /// All nodes up and every file equal; none when `files` is 0.
    #[must_use]
    pub fn healthy(at_ms: u64, files: usize) -> Self {
        let rows = (0..files).map(|index| equal_row(index, at_ms)).collect();
        let inner = Inner {
            at_ms,
            charlie: NodeHealth::Up,
            rows,
            saved: Vec::new(),
            saves: 0,
            forks: BTreeMap::new(),
            failure: None,
            may_act: true,
            done: Vec::new(),
            catches_up: false,
            chats: Chats::new(files > 0),
        };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    /// One node is suspect and files are in many states.
    #[must_use]
    pub fn troubled(at_ms: u64, files: usize) -> Self {
        let site = Self::healthy(at_ms, files);
        site.with(|inner| {
            inner.charlie = NodeHealth::Suspect;
            inner.rows.iter_mut().zip(trouble(at_ms)).for_each(|(row, trouble)| trouble(row));
        });
        site
    }

    /// All nodes up; four files of two or three sides and `more` of the same kind need a choice,
    /// one save is held and one file is behind on charlie, which catches up.
    #[must_use]
    pub fn diverged(at_ms: u64, files: usize, more: usize) -> Self {
        let site = Self::healthy(at_ms, files);
        site.with(|inner| {
            inner.catches_up = true;
            let [late, held] = [0, 1].map(|at| trouble(at_ms).into_iter().nth(at));
            inner
                .rows
                .iter_mut()
                .skip(2)
                .zip([late, held].into_iter().flatten())
                .for_each(|(row, trouble)| trouble(row));
            inner.diverge(more);
        });
        site
    }

    /// Whoever asks may only look.
    #[must_use]
    pub fn for_viewers(self) -> Self {
        self.with(|inner| inner.may_act = false);
        self
    }

    /// After `after` more actions each one ends with `failure`; none lets them work again.
    pub fn fail(&self, after: usize, failure: Option<ActionOutcome>) {
        self.with(|inner| inner.failure = failure.map(|failure| (after, failure)));
    }

    /// What was done to nodes, oldest first.
    #[must_use]
    pub fn done(&self) -> Vec<(String, NodeAction)> {
        self.with(|inner| inner.done.clone())
    }

    /// Sets the clock.
    pub fn tick(&self, at_ms: u64) -> LiveEvent {
        self.with(|inner| inner.at_ms = at_ms);
        LiveEvent::Tick { at_ms }
    }

    /// Saves `name` on all nodes: what the event stream says of it.
    pub fn save(&self, name: &str, author: &str) -> LiveEvent {
        self.with(|inner| {
            inner.saves = inner.saves.wrapping_add(1);
            if inner.move_head(&name.into(), author) {
                return inner.head_event(name);
            }
            let head = ObjectId::from_bytes([inner.saves.wrapping_mul(37); 20]);
            let row = FileRow {
                name: name.into(),
                author: Some(author.to_owned()),
                changed_ms: inner.at_ms,
                heads: (0..3).map(|node| (node_id(node), Some(head))).collect(),
                ..equal_row(0, inner.at_ms)
            };
            inner.saved.push(Version {
                id: head,
                name: row.name.clone(),
                at_ms: inner.at_ms,
                author: row.author.clone(),
                message: None,
                data: versions::data_of(head),
                previous: None,
                settles: Vec::new(),
            });
            inner.rows.retain(|old| old.name != row.name);
            inner.rows.push(row.clone());
            LiveEvent::Head { name: row.name.clone(), head: Some(head), row }
        })
    }

    /// What the event stream says of a file that changed.
    #[must_use]
    pub fn head_event(&self, name: &str) -> LiveEvent {
        self.with(|inner| inner.head_event(name))
    }

    /// The overview now.
    #[must_use]
    pub fn now(&self) -> Overview {
        self.with(|inner| inner.overview())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Api for MadeUp {
    fn overview(&self) -> Answer<Overview> {
        let overview = self.now();
        Box::pin(async { Ok(overview) })
    }

    fn files(&self, query: FilesQuery) -> Answer<FilesPage> {
        let page = self.with(|inner| inner.files(&query));
        Box::pin(async { Ok(page) })
    }

    fn file(&self, name: FileName) -> Answer<FilePage> {
        let page = self.with(|inner| inner.file(&name));
        Box::pin(async { page })
    }

    fn history(&self, name: FileName, query: HistoryQuery) -> Answer<HistoryPage> {
        let page = self.with(|inner| inner.history(&name, query));
        Box::pin(async { page })
    }

    fn diff(&self, name: FileName, query: DiffQuery) -> Answer<Difference> {
        let found = self.with(|inner| inner.diff(&name, query));
        Box::pin(async { found })
    }

    fn object(&self, id: ObjectId) -> Answer<ObjectText> {
        let text = self.with(|inner| inner.object(id));
        Box::pin(async { text })
    }

    fn me(&self) -> Answer<Me> {
        let may_act = self.with(|inner| inner.may_act);
        let role = if may_act { Role::Operator } else { Role::Viewer };
        Box::pin(async move { Ok(Me { name: "ann".into(), role }) })
    }

    fn activity(&self, query: ActivityQuery) -> Answer<ActivityPage> {
        let page = self.with(|inner| inner.activity(&query));
        Box::pin(async { Ok(page) })
    }

    fn divergences(&self, query: DivergencesQuery) -> Answer<DivergencesPage> {
        let page = self.with(|inner| inner.divergences(&query));
        Box::pin(async { Ok(page) })
    }

    fn divergence(&self, name: FileName) -> Answer<DivergencePage> {
        let page = self.with(|inner| inner.divergence(&name));
        Box::pin(async { page })
    }

    fn merge(&self, name: FileName, side: ObjectId) -> Answer<MergeDraft> {
        let draft = self.with(|inner| inner.merge(&name, side));
        Box::pin(async { draft })
    }

    fn plan_settle(&self, items: Vec<Settle>) -> Answer<Vec<SettlePlan>> {
        let plans = self.with(|inner| items.iter().map(|item| inner.plan_settle(item)).collect());
        Box::pin(async { Ok(plans) })
    }

    fn settle(&self, items: Vec<Settle>) -> Answer<Vec<ItemResult>> {
        let results = self.with(|inner| items.into_iter().map(|item| inner.settle(item)).collect());
        Box::pin(async { Ok(results) })
    }

    fn plan_sync(&self, files: Vec<FileName>) -> Answer<Vec<SyncPlan>> {
        let plans = self.with(|inner| files.iter().map(|file| inner.plan_sync(file)).collect());
        Box::pin(async { Ok(plans) })
    }

    fn sync(&self, files: Vec<FileName>) -> Answer<Vec<ItemResult>> {
        let results = self.with(|inner| files.into_iter().map(|file| inner.sync(file)).collect());
        Box::pin(async { Ok(results) })
    }

    fn plan_node(&self, node: NodeId, action: NodeAction) -> Answer<NodeAnswer> {
        let planned = made_up_name(node)
            .map(|name| NodeAnswer { outcome: Outcome::Done, sentence: action.consequence(name) });
        Box::pin(async { planned })
    }

    fn node_action(
        &self,
        node: NodeId,
        action: NodeAction,
        _: Option<String>,
    ) -> Answer<NodeAnswer> {
        let said = made_up_name(node).map(|name| {
            self.with(|inner| inner.done.push((name.to_owned(), action)));
            let sentence = format!("{name}: {action} is done.");
            NodeAnswer { outcome: Outcome::Done, sentence }
        });
        Box::pin(async { said })
    }

    fn chats(&self, query: ChatsQuery) -> Answer<ChatsPage> {
        let page = self.with(|inner| inner.chats(&query));
        Box::pin(async { Ok(page) })
    }

    fn chat(&self, document: String, query: MessagesQuery) -> Answer<ChatPage> {
        let page = self.with(|inner| inner.chat(&document, &query));
        Box::pin(async { Ok(page) })
    }

    fn visitors(&self, query: VisitorsQuery) -> Answer<VisitorsPage> {
        let page = self.with(|inner| inner.visitors(&query));
        Box::pin(async { Ok(page) })
    }

    fn plan_moderate(&self, item: Moderate) -> Answer<NodeAnswer> {
        let sentence = item.verb().consequence().to_owned();
        Box::pin(async { Ok(NodeAnswer { outcome: Outcome::Done, sentence }) })
    }

    fn moderate(&self, item: Moderate, reason: Option<String>) -> Answer<NodeAnswer> {
        let said = self.with(|inner| inner.moderate(item, reason));
        Box::pin(async { Ok(said) })
    }
}

fn made_up_name(node: NodeId) -> Result<&'static str, Problem> {
    let name = (0..3).find(|at| node_id(*at) == node).map(|at| NAMES[usize::from(at)]);
    name.ok_or_else(|| Problem { code: "not_found".into(), message: "No such node.".into() })
}

impl Inner {
    fn overview(&self) -> Overview {
        let mut counts = Counts::default();
        self.rows.iter().for_each(|row| counts.add(row.state));
        let situation = self.situation(&counts);
        let calm = situation.state() == ClusterState::Healthy;
        Overview {
            node: NodeRef { id: node_id(0), name: NAMES[0].into() },
            at_ms: self.at_ms,
            state: situation.state(),
            sentence: situation.to_string(),
            margin: words::margin(if self.charlie == NodeHealth::Up { 3 } else { 2 }, 3),
            checked_ago_ms: Some(12_000),
            nodes: (0..3).map(|node| self.card(node, &counts)).collect(),
            needs: if calm { Vec::new() } else { self.needs(&counts) },
            latest: self.latest(),
            saves: vec![
                12,
                16,
                11,
                24,
                20,
                31,
                26,
                36,
                0,
                34,
                24,
                41,
                31,
                36,
                u32::from(self.saves),
            ],
            counts,
            chat: self.chat_counts(),
        }
    }

    fn situation(&self, counts: &Counts) -> Situation {
        match self.charlie {
            NodeHealth::Up if counts.diverged > 0 => Situation::Diverged { files: counts.diverged },
            NodeHealth::Up => Situation::Healthy { files: counts.files, nodes: 3 },
            _ => Situation::Degraded { silent: vec![NAMES[2].into()], for_ms: 4_000, spare: 0 },
        }
    }

    fn card(&self, node: u8, counts: &Counts) -> NodeCard {
        let charlie = node == 2;
        let behind = if charlie { counts.behind } else { 0 };
        NodeCard {
            id: node_id(node),
            name: NAMES[usize::from(node)].into(),
            own: node == 0,
            health: if charlie { self.charlie } else { NodeHealth::Up },
            role: NodeRole::Member,
            last_seen_ms: Some(self.at_ms - if charlie { 4_000 } else { 300 }),
            root: Some(if behind > 0 { "77ab01fe" } else { "9f31c2d0" }.into()),
            same_root: behind == 0,
            equal_ms: Some(self.at_ms - if charlie { 40_000 } else { 1_200 }),
            files: Some(counts.files - counts.spreading),
            behind,
            waiting: Some(if node == 0 { counts.waiting } else { 0 }),
            linked: Some(!charlie || self.charlie == NodeHealth::Up).filter(|_| node != 0),
            clock_offset_ms: Some([0, 2, -11][usize::from(node)]),
            version: Some("0.1.0".into()),
            round_trip_ms: Some([0.0, 0.4, 0.9][usize::from(node)]).filter(|_| node != 0),
            address: format!("127.0.0.1:706{}", node + 1),
            links: (self.catches_up && !charlie || node == 0).then(|| self.links(node)),
            catch_up: (self.catches_up && charlie).then(catch_up),
            swish: (node == 0).then_some(SwishState::Up),
            actions: match charlie {
                true => vec![NodeAction::Demote, NodeAction::Replace, NodeAction::Remove],
                false => vec![NodeAction::Demote, NodeAction::Drain],
            },
        }
    }

    fn head_event(&self, name: &str) -> LiveEvent {
        let row = self.rows.iter().find(|row| row.name.as_str() == name).cloned();
        let row = row.unwrap_or_else(|| equal_row(0, self.at_ms));
        LiveEvent::Head { name: row.name.clone(), head: row.common_head(), row }
    }

    fn links(&self, node: u8) -> Vec<LinkReport> {
        let link = |to: u8| LinkReport {
            to: node_id(to),
            open: to != 2 || self.charlie == NodeHealth::Up,
            round_trip_ms: Some(0.3 + f64::from(to) * 0.4),
        };
        (0..3).filter(|to| *to != node).map(link).collect()
    }

    fn needs(&self, counts: &Counts) -> Vec<Need> {
        let need = |state: AnyState, what: String, href: &str, reason: &str| Need {
            state,
            what,
            href: Some(href.into()),
            reason: reason.into(),
        };
        let behind = words::count(counts.behind, "file is", "files are");
        if counts.diverged > 0 {
            let files = words::count(counts.diverged, "file has", "files have");
            return vec![need(
                AnyState::File(FileState::Diverged),
                format!("{files} two or more sides"),
                "/divergences",
                "Each needs a choice; the decided side is served meanwhile.",
            )];
        }
        vec![
            need(
                AnyState::Node(self.charlie),
                "charlie does not answer".into(),
                "/files?node=charlie",
                "alpha and bravo hear nothing from it. What it holds is its last word; look at its server.",
            ),
            need(
                AnyState::File(FileState::Held),
                "1 save is held".into(),
                "/files?state=held",
                "It waits on alpha for a majority and is tried again each second.",
            ),
            need(
                AnyState::File(FileState::Behind),
                format!("{behind} behind on charlie"),
                "/files?state=behind&node=charlie",
                "It fetches them from alpha when it answers again.",
            ),
        ]
    }

    fn latest(&self) -> Vec<Activity> {
        let mut newest: Vec<_> = self.rows.iter().collect();
        newest.sort_by(|left, right| domain::view::FileSort::Changed.order(left, right));
        let saved = |row: &&FileRow| Activity {
            at_ms: row.changed_ms,
            text: format!("{} saved {}", row.author.as_deref().unwrap_or("Somebody"), row.name),
            href: Some(file_href(&row.name)),
        };
        newest.iter().take(8).map(saved).collect()
    }

    fn columns(&self) -> Vec<Column> {
        let health = |node| {
            if node == 2 { self.charlie } else { NodeHealth::Up }
        };
        let column = |node: u8| Column {
            id: node_id(node),
            name: NAMES[usize::from(node)].into(),
            health: health(node),
        };
        (0..3).map(column).collect()
    }

    fn files(&self, query: &FilesQuery) -> FilesPage {
        let nodes = self.columns();
        let any_state = FilesQuery { state: None, ..query.clone() };
        let mut counts = Counts::default();
        let found = self.rows.iter().filter(|row| any_state.wants(row, &nodes));
        found.clone().for_each(|row| counts.add(row.state));
        let mut rows: Vec<_> = found.filter(|row| query.wants(row, &nodes)).cloned().collect();
        rows.sort_by(|left, right| query.sort.order(left, right));
        let shown = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let (skip, take) = (usize::try_from(query.offset), usize::try_from(query.limit));
        let rows = rows.into_iter().skip(skip.unwrap_or(usize::MAX)).take(take.unwrap_or(100));
        FilesPage {
            at_ms: self.at_ms,
            rows: rows.collect(),
            total: u64::try_from(self.rows.len()).unwrap_or(u64::MAX),
            shown,
            offset: query.offset,
            chips: counts.chips(),
            nodes,
        }
    }
}

fn catch_up() -> CatchUp {
    CatchUp {
        arrived: 412,
        wanted: 7_823,
        missing: 0,
        per_second: 96.0,
        from: vec![NodeRef { id: node_id(0), name: NAMES[0].into() }],
        waits_for: Some("alpha's objects".into()),
    }
}

fn node_id(node: u8) -> NodeId {
    NodeId::from_bytes([node + 1; 8])
}

fn object(index: usize, version: u8) -> Option<ObjectId> {
    let mut bytes = [version.wrapping_mul(91); 20];
    let number = u32::try_from(index).unwrap_or(u32::MAX).wrapping_mul(0x9e37_79b1);
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    bytes[1] ^= version;
    Some(ObjectId::from_bytes(bytes))
}

fn equal_row(index: usize, at_ms: u64) -> FileRow {
    let name = match FILES.get(index) {
        Some(name) => FileName::from(*name),
        None => FileName::from(format!("exercise-{index:05}.pl").as_str()),
    };
    let age = u64::try_from(index).unwrap_or(0).pow(3) * 9_000 + 9_000;
    FileRow {
        name,
        state: FileState::Same,
        detail: None,
        heads: (0..3).map(|node| (node_id(node), object(index, 0))).collect(),
        on: 3,
        of: 3,
        author: AUTHORS[index % AUTHORS.len()].map(str::to_owned),
        changed_ms: at_ms.saturating_sub(age),
    }
}

/// Something that goes wrong with a file.
type Trouble = Box<dyn Fn(&mut FileRow)>;

/// What is wrong with the first files.
fn trouble(at_ms: u64) -> Vec<Trouble> {
    fn set(row: &mut FileRow, state: FileState, on: usize, detail: Option<String>) {
        row.state = state;
        row.on = on;
        row.detail = detail;
    }
    vec![
        Box::new(|row| {
            row.heads[2].1 = object(90, 7);
            set(row, FileState::Behind, 2, Some(FileState::behind_detail("charlie", 3)));
        }),
        Box::new(move |row| {
            let detail = FileState::held_detail("alpha", at_ms - 18_000);
            set(row, FileState::Held, 1, Some(detail));
        }),
        Box::new(|row| {
            row.heads[2].1 = None;
            set(row, FileState::Spreading, 2, None);
        }),
        Box::new(|row| {
            row.heads[1].1 = object(91, 3);
            let detail = FileState::missing_detail("bravo", "alpha", 8_000);
            set(row, FileState::ObjectMissing, 2, Some(detail));
        }),
        Box::new(|row| {
            let detail = FileState::unknown_detail("charlie", 4_000);
            set(row, FileState::Unknown, 2, Some(detail));
        }),
    ]
}
