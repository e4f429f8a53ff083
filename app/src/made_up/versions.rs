//! Versions of the made-up files: chains with a fork, a gap and hostile texts.

use domain::{
    FileName, ObjectId, ObjectKind,
    view::{
        DiffQuery, Difference, FilePage, FileRow, Gap, HeadReport, HistoryPage, HistoryQuery,
        NodeRef, ObjectText, Problem, Version,
    },
};

use super::{AUTHORS, Inner, forks::Fork};

/// The file that `tax.pl` was forked from.
const SOURCE: &str = "family.pl";
/// Its oldest version is on no node.
const GAP: &str = "lists.pl";
/// Bytes of a text that a page gets, as a node sends them.
const MAX_SHOWN_BYTES: usize = 256 << 10;
/// Versions of a file that nobody has saved since.
const VERSIONS: u8 = 4;

impl Inner {
    pub(super) fn file(&self, name: &FileName) -> Result<FilePage, Problem> {
        let row = self.row(name)?.clone();
        let report = |column: domain::view::Column| HeadReport {
            own: column.name == super::NAMES[0],
            head: row.head_on(column.id),
            health: column.health,
            heard_ms: Some(self.at_ms - 300),
            node: NodeRef { id: column.id, name: column.name },
        };
        let heads = self.columns().into_iter().map(report).collect();
        Ok(FilePage { at_ms: self.at_ms, heads, row })
    }

    pub(super) fn history(
        &self,
        name: &FileName,
        query: HistoryQuery,
    ) -> Result<HistoryPage, Problem> {
        let mut chain = self.chain(name)?;
        let head = chain.first().map(|version| version.id);
        let from = query.from.or(head);
        let on_side = self.forks.get(name).filter(|_| chain.iter().all(|v| Some(v.id) != from));
        if let Some(side) = on_side.zip(from).map(|(fork, from)| fork_chain(fork, from)) {
            chain = side;
        }
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let versions: Vec<_> =
            chain.into_iter().skip_while(|version| Some(version.id) != from).take(limit).collect();
        let missing = versions.last().and_then(|version| version.previous);
        let is_gap = name.as_str() == GAP || versions.is_empty();
        let gap = missing.or(from).filter(|_| is_gap).map(|id| Gap { id, problem: absent(id) });
        let older = missing.filter(|_| !is_gap && name.as_str() != GAP);
        Ok(HistoryPage { at_ms: self.at_ms, head, versions, older, gap })
    }

    pub(super) fn diff(&self, name: &FileName, query: DiffQuery) -> Result<Difference, Problem> {
        let chain = self.chain(name)?;
        let sides = self.forks.get(name).into_iter().flat_map(|fork| &fork.commits);
        let all = || chain.iter().chain(sides.clone().map(|(version, _)| version));
        let find = |id: ObjectId| {
            all().find(|version| version.id == id).cloned().ok_or_else(|| absent(id))
        };
        let to = match query.to {
            Some(id) => find(id)?,
            None => chain[0].clone(),
        };
        let from = query.from.or(to.previous).map(find).transpose()?;
        let old = from.as_ref().map_or_else(String::new, |from| self.text_of(name, from.id));
        let unified = unified(&old, &self.text_of(name, to.id));
        Ok(cut(from, to, unified))
    }

    pub(super) fn object(&self, id: ObjectId) -> Result<ObjectText, Problem> {
        let named = |row: &FileRow| {
            let chain = self.chain(&row.name).ok()?;
            let sides = self.forks.get(&row.name).into_iter().flat_map(|fork| &fork.commits);
            let all = chain.iter().chain(sides.map(|(version, _)| version));
            let version = all.clone().find(|version| version.data == id)?;
            Some(self.text_of(&row.name, version.id))
        };
        let mut text = self.rows.iter().find_map(named).ok_or_else(|| absent(id))?;
        let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
        text.truncate(MAX_SHOWN_BYTES);
        let left_out = bytes - u64::try_from(text.len()).unwrap_or(0);
        Ok(ObjectText { id, kind: ObjectKind::Blob, bytes, text, left_out })
    }

    fn row(&self, name: &FileName) -> Result<&FileRow, Problem> {
        self.rows.iter().find(|row| row.name == *name).ok_or_else(|| Problem {
            code: "not_found".into(),
            message: format!("No node has a file “{name}”: neither alpha, bravo, charlie."),
        })
    }

    /// All versions of a file, newest first.
    fn chain(&self, name: &FileName) -> Result<Vec<Version>, Problem> {
        let row = self.row(name)?;
        if let Some(fork) = self.forks.get(name) {
            return Ok(fork_chain(fork, fork.decided));
        }
        let saved = self.saved.iter().rev().filter(|version| version.name == *name);
        let mut chain: Vec<Version> = saved.cloned().collect();
        if chain.is_empty() {
            chain.extend(row.common_head().map(|head| self.version(row, head, 0)));
        }
        let first = u8::from(self.saved.iter().all(|version| version.name != *name));
        chain.extend((first..VERSIONS).map(|age| self.version(row, older(row, age), age)));
        let previous: Vec<_> = chain.iter().skip(1).map(|version| version.id).collect();
        for (version, previous) in chain.iter_mut().zip(previous) {
            version.previous = Some(previous);
        }
        if let (GAP, Some(oldest)) = (name.as_str(), chain.last_mut()) {
            oldest.previous = Some(ObjectId::from_bytes([0xab; 20]));
        }
        Ok(chain)
    }

    fn version(&self, row: &FileRow, id: ObjectId, age: u8) -> Version {
        let is_source = row.name.as_str() == "tax.pl" && age >= 2;
        let name = if is_source { SOURCE.into() } else { row.name.clone() };
        let messages = [Some("add grandparent/2"), None, Some("<b>first</b> rules"), None];
        let author = match age {
            0 => row.author.clone(),
            _ => AUTHORS[usize::from(age) % AUTHORS.len()].map(str::to_owned),
        };
        let at_ms = row.changed_ms.min(self.at_ms).saturating_sub(u64::from(age) * 7_000_000);
        let message = messages[usize::from(age) % messages.len()].map(str::to_owned);
        Version {
            id,
            name,
            at_ms,
            author,
            message,
            data: data_of(id),
            previous: None,
            settles: Vec::new(),
        }
    }

    /// Each version adds a line at the end.
    fn text_of(&self, name: &FileName, id: ObjectId) -> String {
        if let Some((_, text)) = self.forks.get(name).and_then(|fork| fork.find(id)) {
            return text.clone();
        }
        let chain = self.chain(name).unwrap_or_default();
        let edits = chain.iter().rev().position(|version| version.id == id).unwrap_or(0);
        let mut text = "% <script>alert(1)</script>\n% \"><img src=x onerror=alert(1)>\n\
                        parent(john, mary).\nparent(mary, sue).\n\n\
                        ancestor(X, Y) :- parent(X, Y).\n"
            .to_owned();
        (0..=edits).for_each(|edit| text += &format!("edit({edit}). % </code></pre>\n"));
        text
    }
}

/// Versions from `head` back, newest first.
fn fork_chain(fork: &Fork, head: ObjectId) -> Vec<Version> {
    let first = fork.find(head).map(|(version, _)| version);
    let previous = |version: &&Version| Some(&fork.find(version.previous?)?.0);
    std::iter::successors(first, previous).cloned().collect()
}

fn older(row: &FileRow, age: u8) -> ObjectId {
    let mut bytes = [age.wrapping_mul(53).wrapping_add(7); 20];
    for (at, byte) in row.name.as_str().bytes().enumerate() {
        bytes[at % 19] = bytes[at % 19].wrapping_mul(31).wrapping_add(byte);
    }
    ObjectId::from_bytes(bytes)
}

pub(super) fn data_of(commit: ObjectId) -> ObjectId {
    ObjectId::from_bytes(commit.as_bytes().map(|byte| !byte))
}

fn absent(id: ObjectId) -> Problem {
    let message = format!(
        "{} is not on alpha; bravo was asked and does not have it; charlie does not answer and may \
         have it.",
        &id.to_string()[..7]
    );
    Problem { code: "missing".into(), message }
}

/// Keeps as much as a node sends.
fn cut(from: Option<Version>, to: Version, mut unified: String) -> Difference {
    let bytes = unified.len();
    if bytes > MAX_SHOWN_BYTES {
        let end = unified[..MAX_SHOWN_BYTES].rfind('\n').map_or(0, |at| at + 1);
        unified.truncate(end);
    }
    let left_out = u64::try_from(bytes - unified.len()).unwrap_or(0);
    Difference { from, to, unified, left_out }
}

/// The difference as `diff -u` shows it, well enough for made-up texts.
fn unified(old: &str, new: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    if old == new {
        return String::new();
    }
    let mut text = "--- old\n+++ new\n".to_owned();
    match line_by_line(&old, &new) {
        Some(hunks) => text += &hunks,
        None => text += &one_place(&old, &new),
    }
    text
}

/// For texts of which few lines differ, each from the one in its place.
fn line_by_line(old: &[&str], new: &[&str]) -> Option<String> {
    let last = old.len().max(new.len());
    let changed: Vec<_> = (0..last).filter(|at| old.get(*at) != new.get(*at)).collect();
    if changed.len() > 3 {
        return None;
    }
    let mut text = String::new();
    for group in changed.chunk_by(|one, next| next - one <= 6) {
        let (first, after) = (group[0].saturating_sub(3), (group[group.len() - 1] + 4).min(last));
        let lines = |all: &[&str]| after.min(all.len()).saturating_sub(first);
        let (old_lines, new_lines) = (lines(old), lines(new));
        text += &format!("@@ -{},{old_lines} +{},{new_lines} @@\n", first + 1, first + 1);
        for at in first..after {
            let (old, new) = (old.get(at), new.get(at));
            match (old, new) {
                (Some(same), Some(new)) if same == new => text += &format!(" {same}\n"),
                _ => {
                    old.iter().for_each(|line| text += &format!("-{line}\n"));
                    new.iter().for_each(|line| text += &format!("+{line}\n"));
                }
            }
        }
    }
    Some(text)
}

/// One place from the first line that differs to the last one, with three lines around it.
fn one_place(old: &[&str], new: &[&str]) -> String {
    let start = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let ends = old[start..].iter().rev().zip(new[start..].iter().rev());
    let end = ends.take_while(|(old, new)| old == new).count();
    let (old_end, new_end) = (old.len() - end, new.len() - end);
    let (first, after) = (start.saturating_sub(3), end.min(3));
    let mut text = format!(
        "@@ -{},{} +{},{} @@\n",
        if old.is_empty() { 0 } else { first + 1 },
        old_end + after - first,
        first + 1,
        new_end + after - first,
    );
    old[first..start].iter().for_each(|line| text += &format!(" {line}\n"));
    old[start..old_end].iter().for_each(|line| text += &format!("-{line}\n"));
    new[start..new_end].iter().for_each(|line| text += &format!("+{line}\n"));
    old[old_end..old_end + after].iter().for_each(|line| text += &format!(" {line}\n"));
    text
}
