//! Suggestions while somebody types: files by name, author, tag or title, and lines of texts.

use serde_json::Value;

use super::{Search, SearchError, pattern::INDEXED_CHARS};
use crate::db::{Filter, Listed, Order, Page, SiteError, fold};

/// Files that are looked at for suggested files, the newest that may match.
const MAX_FILES_READ: u64 = 500;
/// Suggested files; SWISH has no limit.
const MAX_FILES: usize = 100;
/// Files whose texts are read for suggested lines, the newest that may match.
const MAX_TEXTS_READ: u64 = 1_000;
/// Bytes of texts that are read for them.
const MAX_READ_BYTES: usize = 16 << 20;
/// Suggested lines.
const MAX_LINES: usize = 25;
/// Suggested lines of one file.
const MAX_LINES_OF_FILE: usize = 5;
/// Texts in memory at once.
const CHUNK: usize = 25;

/// Where in a line the typed text may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Match {
    /// At the start of a word.
    #[default]
    Word,
    /// At the start of the line.
    Line,
    /// Anywhere.
    Any,
}

/// A suggested file.
#[derive(Clone, Debug, PartialEq)]
pub struct FileHit {
    /// Its name.
    pub name: String,
    /// Its metadata.
    pub meta: Value,
}

/// A suggested line.
#[derive(Clone, Debug, PartialEq)]
pub struct LineHit {
    /// Where.
    pub file: FileHit,
    /// Its number, from 1.
    pub line: usize,
    /// The line.
    pub text: String,
}

impl Search {
    /// Public files whose name, author or a tag begins with `start`, or a word of the title.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn suggest_files(&self, start: &str) -> Result<Vec<FileHit>, SearchError> {
        let filter = Filter::default().public().leads_with(start);
        let page = Page { offset: 0, limit: MAX_FILES_READ };
        let mut files = self.site.list(&filter, Order::NEWEST, page).await?;
        files.retain(|file| leads_with(file, start));
        files.truncate(MAX_FILES);
        // The newest of many, in SWISH's order.
        files.reverse();
        self.hits(&files).await
    }

    /// Lines of public files that have `typed` in them.
    ///
    /// # Errors
    /// When the database cannot be read or too many search.
    pub async fn suggest_lines(
        &self,
        typed: &str,
        place: Match,
    ) -> Result<Vec<LineHit>, SearchError> {
        let _turn = self.turn().await?;
        let mut filter = Filter::default().public();
        if typed.chars().count() >= INDEXED_CHARS {
            filter = filter.text_has(typed);
        }
        let page = Page { offset: 0, limit: MAX_TEXTS_READ };
        let files = self.site.list(&filter, Order::NEWEST, page).await?;
        let mut found: Vec<(Listed, Vec<(usize, String)>)> = Vec::new();
        let (mut count, mut bytes) = (0, 0);
        for chunk in files.chunks(CHUNK) {
            if count >= MAX_LINES || bytes >= MAX_READ_BYTES {
                break;
            }
            let ids: Vec<i64> = chunk.iter().map(|file| file.id).collect();
            let texts = self.site.texts(&ids).await?;
            bytes += texts.values().map(String::len).sum::<usize>();
            let (chunk, typed) = (chunk.to_vec(), fold(typed));
            let lines = tokio::task::spawn_blocking(move || {
                let lines = |file: Listed| {
                    let text = texts.get(&file.id)?;
                    let lines = matching_lines(text, &typed, place);
                    (!lines.is_empty()).then_some((file, lines))
                };
                chunk.into_iter().filter_map(lines).collect::<Vec<_>>()
            });
            let lines = lines.await.map_err(|_| SearchError::Busy)?;
            count += lines.iter().map(|(_, lines)| lines.len()).sum::<usize>();
            found.extend(lines);
        }
        self.line_hits(found).await
    }

    /// The first lines of the newest files, in SWISH's order.
    async fn line_hits(
        &self,
        found: Vec<(Listed, Vec<(usize, String)>)>,
    ) -> Result<Vec<LineHit>, SearchError> {
        let mut left = MAX_LINES;
        let mut kept = Vec::new();
        for (file, mut lines) in found {
            lines.truncate(left);
            left -= lines.len();
            kept.push((file, lines));
        }
        kept.retain(|(_, lines)| !lines.is_empty());
        kept.reverse();
        let files: Vec<_> = kept.iter().map(|(file, _)| file.clone()).collect();
        let hits = self.hits(&files).await?;
        let lines = kept.into_iter().flat_map(|(file, lines)| {
            lines.into_iter().map(move |(line, text)| (file.name.clone(), line, text))
        });
        let hit = |(name, line, text)| {
            let file = hits.iter().find(|hit| hit.name == name)?.clone();
            Some(LineHit { file, line, text })
        };
        Ok(lines.filter_map(hit).collect())
    }

    /// Files with their metadata; one that has just gone is left out.
    async fn hits(&self, files: &[Listed]) -> Result<Vec<FileHit>, SearchError> {
        let ids: Vec<i64> = files.iter().map(|file| file.id).collect();
        let metas = self.site.metas(&ids).await?;
        let hit = |file: &Listed| {
            let meta = serde_json::from_str(metas.get(&file.id)?);
            let meta = meta.map_err(|error| SiteError::Row(error.to_string()).into());
            Some(meta.map(|meta| FileHit { name: file.name.clone(), meta }))
        };
        files.iter().filter_map(hit).collect()
    }
}

fn leads_with(file: &Listed, start: &str) -> bool {
    let names = std::iter::once(&file.name).chain(&file.author).chain(&file.tags);
    names.into_iter().any(|name| name.starts_with(start))
        || file.title.as_ref().is_some_and(|title| begins_word(&fold(title), &fold(start)))
}

fn matching_lines(text: &str, typed: &str, place: Match) -> Vec<(usize, String)> {
    let lines = (1..).zip(text.split('\n').map(|line| line.trim_matches('\r')));
    let is_match = |line: &str| match place {
        Match::Word => begins_word(&fold(line), typed),
        Match::Line => fold(line).starts_with(typed),
        Match::Any => fold(line).contains(typed),
    };
    let lines = lines.filter(|(_, line)| is_match(line)).take(MAX_LINES_OF_FILE);
    lines.map(|(number, line)| (number, line.to_owned())).collect()
}

/// Whether `start` is in `text` where no letter, digit or `_` stands before it.
fn begins_word(text: &str, start: &str) -> bool {
    let is_of_word = |char: char| char.is_alphanumeric() || char == '_';
    text.match_indices(start).any(|(at, _)| !text[..at].ends_with(is_of_word))
}
