//! Files with several sides on the made-up site, and what settles them.

use domain::{
    FileName, ObjectId,
    view::{
        ActionOutcome, Activity, Choice, DivergencePage, DivergenceView, DivergencesPage,
        DivergencesQuery, ItemResult, MergeDraft, NodeRef, Problem, Settle, SettlePlan, Side,
        SyncPlan, SyncStep, Version,
    },
    words::{FileState, Outcome},
};

use super::{Inner, NAMES, node_id, versions::data_of};

/// Commits of a file and how they hang together.
#[derive(Clone)]
pub(super) struct Fork {
    pub(super) since_ms: u64,
    /// It still needs a choice.
    pub(super) is_open: bool,
    pub(super) decided: ObjectId,
    /// Heads of the other sides with the nodes that have them.
    others: Vec<(ObjectId, Vec<u8>)>,
    ancestor: ObjectId,
    /// All commits with their texts, oldest first.
    pub(super) commits: Vec<(Version, String)>,
}

/// What one side changes in the common text.
struct Change {
    author: &'static str,
    message: Option<&'static str>,
    nodes: &'static [u8],
    texts: Vec<String>,
}

impl Fork {
    /// A file whose sides part from `common`.
    fn new(name: &FileName, since_ms: u64, common: &str, changes: Vec<Change>) -> Self {
        let seed = name.as_str().bytes().fold(7_u8, |sum, byte| sum.wrapping_mul(31) ^ byte);
        let id = |number: u8| {
            let mut bytes = [seed.wrapping_add(number.wrapping_mul(73)); 20];
            for (at, byte) in name.as_str().bytes().enumerate() {
                bytes[at % 20] = bytes[at % 20].wrapping_mul(17).wrapping_add(byte ^ number);
            }
            ObjectId::from_bytes(bytes)
        };
        let mut fork = Self {
            since_ms,
            is_open: true,
            decided: id(0),
            others: Vec::new(),
            ancestor: id(0),
            commits: Vec::new(),
        };
        let first = version(name, id(0), since_ms - 77_000_000, Some("Ann"), None, None);
        fork.commits.push((first, common.to_owned()));
        let mut number = 0_u8;
        for (index, change) in changes.into_iter().enumerate() {
            let mut previous = id(0);
            for text in change.texts {
                number += 1;
                let at_ms = since_ms - 300_000 + u64::from(number) * 21_000;
                let author = Some(change.author);
                let made = version(name, id(number), at_ms, author, change.message, Some(previous));
                fork.commits.push((made, text));
                previous = id(number);
            }
            match index {
                0 => fork.decided = previous,
                _ => fork.others.push((previous, change.nodes.to_vec())),
            }
        }
        fork
    }

    pub(super) fn find(&self, id: ObjectId) -> Option<&(Version, String)> {
        self.commits.iter().find(|(version, _)| version.id == id)
    }

    /// What `node` (0 is alpha) serves.
    fn head_on(&self, node: u8) -> ObjectId {
        let own = self.others.iter().find(|(_, nodes)| self.is_open && nodes.contains(&node));
        own.map_or(self.decided, |(head, _)| *head)
    }

    fn side(&self, head: ObjectId) -> Option<Side> {
        let (version, _) = self.find(head)?;
        let mut commits = 0;
        let mut at = Some(head);
        while let Some(id) = at.filter(|id| *id != self.ancestor) {
            commits += 1;
            at = self.find(id).and_then(|(version, _)| version.previous);
        }
        let on = (0..3_u8).filter(|node| self.head_on(*node) == head);
        Some(Side {
            head,
            data: version.data,
            author: version.author.clone(),
            message: version.message.clone(),
            at_ms: version.at_ms,
            on: on.map(node_ref).collect(),
            ancestor: Some(self.ancestor),
            commits,
        })
    }

    fn view(&self, name: &FileName) -> Option<DivergenceView> {
        let others: Vec<_> = self.others.iter().filter_map(|(head, _)| self.side(*head)).collect();
        let waiting = others.iter().take(1).filter_map(|side| side.author.clone()).collect();
        let decided = self.side(self.decided)?;
        Some(DivergenceView {
            name: name.clone(),
            since_ms: self.since_ms,
            decided,
            others,
            waiting,
        })
    }
}

fn version(
    name: &FileName,
    id: ObjectId,
    at_ms: u64,
    author: Option<&str>,
    message: Option<&str>,
    previous: Option<ObjectId>,
) -> Version {
    Version {
        id,
        name: name.clone(),
        at_ms,
        author: author.map(str::to_owned),
        message: message.map(str::to_owned),
        data: data_of(id),
        previous,
        settles: Vec::new(),
    }
}

fn node_ref(node: u8) -> NodeRef {
    NodeRef { id: node_id(node), name: NAMES[usize::from(node)].into() }
}

const COMMON: &str = "parent(john, mary).\nparent(mary, sue).\n\nancestor(X, Y) :- parent(X, Y).\n";

/// Two sides of a small program.
fn small(name: &FileName, since_ms: u64) -> Fork {
    let ours = COMMON.replace(
        "\nancestor",
        "\ngrandparent(X, Z) :-\n    parent(X, Y),\n    parent(Y, Z).\n\nancestor",
    );
    let susan = COMMON.replace("mary, sue", "mary, susan");
    let theirs = format!("{susan}ancestor(X, Z) :- parent(X, Y), ancestor(Y, Z).\n");
    Fork::new(
        name,
        since_ms,
        COMMON,
        vec![
            change("Ann", Some("add grandparent/2"), &[0, 1], vec![ours]),
            change("Ben", None, &[2], vec![susan, theirs]),
        ],
    )
}

fn change(
    author: &'static str,
    message: Option<&'static str>,
    nodes: &'static [u8],
    texts: Vec<String>,
) -> Change {
    Change { author, message, nodes, texts }
}

/// Each node has a side of its own.
fn three_sides(name: &FileName, since_ms: u64) -> Fork {
    let with = |line: &str| format!("{COMMON}{line}\n");
    Fork::new(
        name,
        since_ms,
        COMMON,
        vec![
            change(
                "Cleo",
                Some("solve it with clpfd"),
                &[0],
                vec![with(":- use_module(library(clpfd)).")],
            ),
            change(
                "Ben",
                Some("draw the board"),
                &[1],
                vec![with("board(9)."), with("board(9, 9).")],
            ),
            change("Dora", None, &[2], vec![with("puzzle(1, easy).")]),
        ],
    )
}

/// Markup in every place that a person can write to.
fn hostile(name: &FileName, since_ms: u64) -> Fork {
    let with = |line: &str| format!("{COMMON}{line}\n");
    let evil = "<script>alert(1)</script>\n\"><img src=x onerror=alert(1)>\n</textarea></dialog>";
    Fork::new(
        name,
        since_ms,
        COMMON,
        vec![
            change("<b>Ann</b>", Some("<img src=x onerror=alert(1)>"), &[0, 1], vec![with(evil)]),
            change("<script>alert(1)</script>", None, &[2], vec![with("% harmless")]),
        ],
    )
}

/// A text of a megabyte, with changes far apart.
fn large(name: &FileName, since_ms: u64) -> Fork {
    let line =
        |number: usize| format!("fact({number}, \"{}\").\n", "a long line of text ".repeat(3));
    let common: String = (0..13_000).map(line).collect();
    let ours = format!("{common}fact(end, \"Ann\").\n");
    let theirs =
        common.replacen("fact(7,", "fact(seven,", 1).replacen("fact(12000,", "fact(late,", 1);
    Fork::new(
        name,
        since_ms,
        &common,
        vec![
            change("Ann", Some("one more fact"), &[0, 1], vec![ours]),
            change("Ben", Some("names for numbers"), &[2], vec![theirs]),
        ],
    )
}

/// One of many of the same kind.
fn plain(name: &FileName, since_ms: u64) -> Fork {
    let mine = format!("{COMMON}% as alpha and bravo have it\n");
    let theirs = format!("{COMMON}% as charlie has it\n");
    let by = [change("Ann", None, &[0, 1], vec![mine]), change("Emre", None, &[2], vec![theirs])];
    Fork::new(name, since_ms, COMMON, by.into())
}

impl Inner {
    /// Makes the first files and `more` others diverge, and one wait and one be late.
    pub(super) fn diverge(&mut self, more: usize) {
        let at_ms = self.at_ms;
        for (index, row) in self.rows.iter_mut().enumerate() {
            let minutes = |minutes: u64| at_ms - minutes * 60_000;
            let age = u64::try_from(index).unwrap_or(0);
            let fork = match index {
                0 => small(&row.name, minutes(18)),
                1 => three_sides(&row.name, minutes(95)),
                4 => large(&row.name, minutes(4)),
                7 => hostile(&row.name, minutes(240)),
                _ if index >= 9 && index < 9 + more => plain(&row.name, minutes(1 + age)),
                _ => continue,
            };
            row.state = FileState::Diverged;
            row.heads = (0..3).map(|node| (node_id(node), Some(fork.head_on(node)))).collect();
            let decided = row.heads.iter().filter(|(_, head)| *head == Some(fork.decided)).count();
            row.on = decided;
            row.detail = Some(format!("{} sides", fork.others.len() + 1));
            self.forks.insert(row.name.clone(), fork);
        }
    }

    pub(super) fn divergences(&self, query: &DivergencesQuery) -> DivergencesPage {
        let all = self.listed();
        let filter = query.filter();
        let total = u64::try_from(all.len()).unwrap_or(u64::MAX);
        let found: Vec<_> =
            all.into_iter().filter(|found| filter.wants(found, self.at_ms)).collect();
        let shown = u64::try_from(found.len()).unwrap_or(u64::MAX);
        let (skip, take) = (usize::try_from(query.offset), usize::try_from(query.limit));
        let rows = found.into_iter().skip(skip.unwrap_or(usize::MAX)).take(take.unwrap_or(50));
        DivergencesPage {
            at_ms: self.at_ms,
            nodes: self.columns(),
            rows: rows.collect(),
            total,
            shown,
            offset: query.offset,
        }
    }

    /// Open ones, oldest first.
    fn listed(&self) -> Vec<DivergenceView> {
        let open = self.forks.iter().filter(|(_, fork)| fork.is_open);
        let mut all: Vec<_> = open.filter_map(|(name, fork)| fork.view(name)).collect();
        all.sort_by(|one, other| (one.since_ms, &one.name).cmp(&(other.since_ms, &other.name)));
        all
    }

    pub(super) fn divergence(&self, name: &FileName) -> Result<DivergencePage, Problem> {
        let all = self.listed();
        let at = all.iter().position(|found| found.name == *name).ok_or_else(|| none(name))?;
        let fork = self.forks.get(name).ok_or_else(|| none(name))?;
        let mut graph: Vec<_> = fork.commits.iter().map(|(version, _)| version.clone()).collect();
        graph.reverse();
        let decided = all[at].decided.clone();
        let trace = ["asked 3 members: 2 promised", "decided by alpha and bravo", "told charlie"];
        let step = |(index, text): (usize, &&str)| Activity {
            at_ms: decided.at_ms + u64::try_from(index).unwrap_or(0) * 7,
            text: (*text).to_owned(),
            href: None,
        };
        Ok(DivergencePage {
            at_ms: self.at_ms,
            graph,
            trace: trace.iter().enumerate().map(step).rev().collect(),
            place: u64::try_from(at + 1).unwrap_or(u64::MAX),
            of: u64::try_from(all.len()).unwrap_or(u64::MAX),
            before: at.checked_sub(1).map(|before| all[before].name.clone()),
            after: all.get(at + 1).map(|after| after.name.clone()),
            divergence: all[at].clone(),
        })
    }

    /// Changes of both sides one after the other, with markers: enough to be edited.
    pub(super) fn merge(&self, name: &FileName, side: ObjectId) -> Result<MergeDraft, Problem> {
        let fork = self.forks.get(name).filter(|fork| fork.is_open).ok_or_else(|| none(name))?;
        let text = |id| fork.find(id).map(|(_, text)| text.clone()).ok_or_else(|| none(name));
        let (ours, theirs) = (text(fork.decided)?, text(side)?);
        let common = ours.lines().zip(theirs.lines()).take_while(|(a, b)| a == b).count();
        let start: String = ours.split_inclusive('\n').take(common).collect();
        let rest = |text: &str| text.split_inclusive('\n').skip(common).collect::<String>();
        let merged = match (rest(&ours), rest(&theirs)) {
            (mine, other) if mine.is_empty() || other.is_empty() => start + &mine + &other,
            (mine, other) => format!("{start}<<<<<<<\n{other}=======\n{mine}>>>>>>>\n"),
        };
        let conflicts = u64::from(merged.contains("<<<<<<<"));
        let (decided, ancestor) = (fork.decided, Some(fork.ancestor));
        Ok(MergeDraft { decided, side, ancestor, text: merged, conflicts })
    }

    pub(super) fn plan_settle(&self, item: &Settle) -> SettlePlan {
        let fork = self.forks.get(&item.file);
        let side = |id: ObjectId| fork.and_then(|fork| fork.side(id));
        let before = || {
            let head = fork.and_then(|fork| fork.find(fork.decided));
            head.and_then(|(version, _)| side(version.previous?))
        };
        let winner = match &item.choice {
            Choice::Pick { commit } => side(*commit),
            Choice::Merge { .. } => None,
            Choice::KeepBoth { .. } => side(item.expected_head),
            Choice::Undo => before(),
        };
        let open = fork.filter(|fork| fork.is_open).and_then(|fork| fork.view(&item.file));
        let wins = winner.as_ref().map(|side| side.head);
        let losers = open.iter().flat_map(DivergenceView::sides).cloned();
        SettlePlan {
            file: item.file.clone(),
            verb: item.choice.verb(),
            expected_head: item.expected_head,
            losers: losers.filter(|side| Some(side.head) != wins).collect(),
            new_file: match &item.choice {
                Choice::KeepBoth { other_name, .. } => Some(other_name.clone()),
                Choice::Pick { .. } | Choice::Merge { .. } | Choice::Undo => None,
            },
            nodes: (0..3).map(node_ref).collect(),
            expect: self.judge(item).unwrap_or_else(|| Outcome::Done.into()),
            winner,
        }
    }

    /// Why an item is not done, if so.
    fn judge(&self, item: &Settle) -> Option<ActionOutcome> {
        let Some(fork) = self.forks.get(&item.file) else {
            return Some(Outcome::Unchanged.into());
        };
        (fork.decided != item.expected_head).then_some(ActionOutcome {
            outcome: Outcome::HeadMoved,
            detail: None,
            head: Some(fork.decided),
        })
    }

    pub(super) fn settle(&mut self, item: Settle) -> ItemResult {
        let file = item.file.clone();
        let outcome = match self.next_failure() {
            Some(failure) => failure,
            None => self.judge(&item).unwrap_or_else(|| self.decide(item)),
        };
        ItemResult { file, outcome }
    }

    /// What goes wrong with this action, when the test wants that.
    fn next_failure(&mut self) -> Option<ActionOutcome> {
        let (after, failure) = self.failure.as_mut()?;
        if *after == 0 {
            return Some(failure.clone());
        }
        *after -= 1;
        None
    }

    fn decide(&mut self, item: Settle) -> ActionOutcome {
        let (at_ms, file) = (self.at_ms, item.file);
        let Some(fork) = self.forks.get_mut(&file) else {
            return Outcome::Unchanged.into();
        };
        let text = |id: ObjectId| fork.find(id).map(|(_, text)| text.clone()).unwrap_or_default();
        let is_undo = item.choice == Choice::Undo;
        let (text, other) = match item.choice {
            Choice::Pick { commit } => (text(commit), None),
            Choice::Merge { text, .. } => (text, None),
            Choice::KeepBoth { other_name, .. } => (text(fork.decided), Some(other_name)),
            Choice::Undo => {
                let head = fork.find(fork.decided).and_then(|(head, _)| head.previous);
                (head.map(text).unwrap_or_default(), None)
            }
        };
        let number = u8::try_from(fork.commits.len()).unwrap_or(u8::MAX);
        let mut bytes = *fork.decided.as_bytes();
        bytes.iter_mut().for_each(|byte| *byte = byte.wrapping_mul(29).wrapping_add(number));
        let head = ObjectId::from_bytes(bytes);
        let settles = match is_undo {
            true => Vec::new(),
            false => fork.others.iter().map(|(head, _)| *head).collect(),
        };
        let made = version(&file, head, at_ms, Some("Ann"), None, Some(fork.decided));
        fork.commits.push((Version { settles, ..made }, text));
        fork.decided = head;
        fork.is_open = false;
        self.show_head(&file, head);
        if let Some(other) = other {
            let row = super::equal_row(0, at_ms);
            self.rows.push(domain::view::FileRow { name: other, changed_ms: at_ms, ..row });
        }
        ActionOutcome { outcome: Outcome::Done, detail: None, head: Some(head) }
    }

    fn show_head(&mut self, file: &FileName, head: ObjectId) {
        let at_ms = self.at_ms;
        for row in self.rows.iter_mut().filter(|row| row.name == *file) {
            row.state = FileState::Same;
            row.detail = None;
            row.on = 3;
            row.changed_ms = at_ms;
            row.heads = (0..3).map(|node| (node_id(node), Some(head))).collect();
        }
    }

    /// Somebody saves a diverged file: its decided head moves, and it stays diverged.
    pub(super) fn move_head(&mut self, name: &FileName, author: &str) -> bool {
        let at_ms = self.at_ms;
        let Some(fork) = self.forks.get_mut(name).filter(|fork| fork.is_open) else {
            return false;
        };
        let number = u8::try_from(fork.commits.len()).unwrap_or(u8::MAX);
        let mut bytes = *fork.decided.as_bytes();
        bytes.iter_mut().for_each(|byte| *byte = byte.wrapping_mul(41).wrapping_add(number));
        let head = ObjectId::from_bytes(bytes);
        let text = fork.find(fork.decided).map(|(_, text)| text.clone()).unwrap_or_default();
        let made = version(name, head, at_ms, Some(author), None, Some(fork.decided));
        fork.commits.push((made, format!("{text}% moved by {author}\n")));
        fork.decided = head;
        let heads = (0..3).map(|node| (node_id(node), Some(fork.head_on(node)))).collect();
        for row in self.rows.iter_mut().filter(|row| row.name == *name) {
            row.heads = Vec::clone(&heads);
            row.author = Some(author.to_owned());
            row.changed_ms = at_ms;
        }
        true
    }

    pub(super) fn plan_sync(&self, file: &FileName) -> SyncPlan {
        let nodes: Vec<_> = (0..3).map(node_ref).collect();
        let steps = vec![
            SyncStep::Read { members: 3 },
            SyncStep::Reconcile { nodes: nodes.clone() },
            SyncStep::Repair { nodes: nodes.into_iter().skip(2).collect() },
        ];
        SyncPlan { file: file.clone(), steps, expect: Outcome::Unchanged.into() }
    }

    pub(super) fn sync(&mut self, file: FileName) -> ItemResult {
        let outcome = self.next_failure().unwrap_or_else(|| Outcome::Unchanged.into());
        ItemResult { file, outcome }
    }
}

fn none(name: &FileName) -> Problem {
    let message = format!("alpha knows of no other side of “{name}”.");
    Problem { code: "not_found".into(), message }
}
