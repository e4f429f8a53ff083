//! `ref/head` line by line: what each line says, and whether the commits it names are there.

use std::{collections::BTreeMap, io, path::Path};

use domain::{FileName, ObjectId};
use gitty::{
    HeadUpdate,
    journal::{self, Journal},
};

use super::{Check, Finding};
use crate::read_only::{self, Line};

/// Longest piece of a damaged line that is shown.
const SHOWN_CHARS: usize = 80;

impl Check {
    /// Checks the journal; all objects have been looked at.
    pub(super) fn journal(&mut self, path: &Path) -> io::Result<()> {
        if read_only::is_empty(path)? {
            self.find(Finding::NoJournal);
            return Ok(());
        }
        let mut heads = BTreeMap::new();
        read_only::each_line(path, |line| self.line(&line, &mut heads))?;
        self.result.files = heads.len();
        self.without_head(&heads);
        Ok(())
    }

    fn line(&mut self, line: &Line, heads: &mut BTreeMap<FileName, ObjectId>) {
        let Line { number, bytes } = line;
        let journal = Journal::read(bytes);
        if journal.partial_bytes > 0 {
            return self.find(Finding::Tail { bytes: journal.partial_bytes });
        }
        if *number == 1 && journal.epoch.is_none() {
            self.find(Finding::NoEpoch);
        }
        if !journal.foreign.is_empty() || *number > 1 && journal.epoch.is_some() {
            return self.find(Finding::Line { line: *number, text: shown(bytes) });
        }
        if canonical(*number, &journal).as_bytes() != bytes {
            self.find(Finding::Layout { line: *number, text: shown(bytes) });
        }
        for update in journal.updates {
            self.result.lines += 1;
            self.update(*number, &update);
            heads.insert(update.name, update.new);
        }
    }

    fn update(&mut self, line: usize, update: &HeadUpdate) {
        let name = update.name.clone();
        if let Some(id) = update.old.filter(|id| !self.knows(id)) {
            self.find(Finding::NoOld { line, name: name.clone(), id });
        }
        let id = update.new;
        match self.index.link(&id) {
            Some(link) if link.name == name => {}
            Some(link) => self.find(Finding::OtherFile { line, name, id, found: link.name }),
            None if self.damaged.contains(&id) => {}
            None => self.find(Finding::NoCommit { line, name, id }),
        }
    }

    /// Files with commits that the journal does not name.
    fn without_head(&mut self, heads: &BTreeMap<FileName, ObjectId>) {
        let mut found = BTreeMap::new();
        for (commit, link) in self.index.commits() {
            if !heads.contains_key(&link.name) {
                found.insert(link.name, commit);
            }
        }
        let found = found.into_iter();
        self.result.findings.extend(found.map(|(name, commit)| Finding::NoHead { name, commit }));
    }

    fn knows(&self, id: &ObjectId) -> bool {
        self.index.link(id).is_some() || self.damaged.contains(id)
    }
}

/// The line as SWISH writes it; the blank second line is part of the beginning.
fn canonical(number: usize, line: &Journal) -> String {
    match line.epoch {
        Some(epoch) => format!("epoch({epoch}).\n"),
        None if number == 2 && line.updates.is_empty() => "\n".into(),
        None => journal::lines(&line.updates),
    }
}

fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.trim_end_matches('\n').chars().take(SHOWN_CHARS).collect()
}
