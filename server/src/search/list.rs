//! A list of files: what the database can decide it decides, and the rest is read and matched.

use std::cmp::Ordering;

use super::{Pattern, Query, Search, SearchError, pattern::INDEXED_CHARS};
use crate::db::{Filter, Guest, Listed, Order, Page, SortBy};

/// Files that are read and matched for one query, the newest ones.
const MAX_READ: u64 = 5_000;
/// Bytes of texts that are read for one query.
const MAX_READ_BYTES: usize = 64 << 20;
/// Up to this many files are looked up faster than the newest of all are gone through.
const FEW: u64 = 1_000;
/// Files of a large site: of fewer, fewer are looked at.
const MANY: u64 = 100_000;
/// Files that match and can be looked up while one text is read.
const LOOK: u64 = 50;
/// Files that are looked at in one go.
const LOOKED_AT: u64 = 100;
/// After so many looks, all that match are looked up after all.
const LOOKS: u64 = 10;
/// Texts in memory at once.
const CHUNK: usize = 50;

/// What is asked.
#[derive(Clone, Debug)]
pub struct List {
    /// Which files.
    pub query: Query,
    /// For whom.
    pub guest: Guest,
    /// In which order.
    pub order: Order,
    /// Which part.
    pub page: Page,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// The files of the page.
    pub matches: Vec<Listed>,
    /// Files that match.
    pub total: u64,
    /// False if older files were not looked at, or the index is still being built.
    pub is_complete: bool,
}

impl Search {
    /// Lists files.
    ///
    /// # Errors
    /// When the database cannot be read or too many search.
    pub async fn list(&self, list: &List) -> Result<Listing, SearchError> {
        if list.query.is_mine && list.guest.avatar.is_none() && list.guest.identity.is_none() {
            let is_complete = self.is_whole();
            return Ok(Listing { matches: Vec::new(), total: 0, is_complete });
        }
        let filter = list.query.filter(&list.guest);
        if !list.query.is_decided_by_filter() {
            return self.read(list, &filter).await;
        }
        let by_text = filter.clone().by_text();
        let total = self.site.count(&by_text).await?;
        if is_soon_found(list, &filter, total)
            && let Some(matches) = self.newest(list).await?
        {
            return Ok(Listing { matches, total, is_complete: self.is_whole() });
        }
        let filter = if total > FEW { filter } else { by_text };
        let matches = self.site.list(&filter, list.order, list.page).await?;
        Ok(Listing { matches, total, is_complete: self.is_whole() })
    }

    /// Reads the newest files that the filter lets through.
    async fn read(&self, list: &List, filter: &Filter) -> Result<Listing, SearchError> {
        let _turn = self.turn().await?;
        let newest = Page { offset: 0, limit: MAX_READ + 1 };
        let mut files = self.site.list(filter, Order::NEWEST, newest).await?;
        let most = usize::try_from(MAX_READ).unwrap_or(usize::MAX);
        let mut is_complete = self.is_whole() && files.len() <= most;
        files.truncate(most);
        files.retain(|file| list.query.matches_meta(file));
        if !list.query.texts.is_empty() {
            let (matching, all) = self.with_texts(&list.query.texts, files).await?;
            (files, is_complete) = (matching, is_complete && all);
        }
        files.sort_by(|one, other| list.order.compare(one, other));
        let total = u64::try_from(files.len()).unwrap_or(u64::MAX);
        let size = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let part = files.into_iter().skip(size(list.page.offset)).take(size(list.page.limit));
        Ok(Listing { matches: part.collect(), total, is_complete })
    }

    /// The page, looked for in the newest files; none if it is not full after [`LOOKS`].
    pub(super) async fn newest(&self, list: &List) -> Result<Option<Vec<Listed>>, SearchError> {
        let public = Filter::default().public();
        let size = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let (skip, limit) = (size(list.page.offset), size(list.page.limit));
        let mut matching = Vec::new();
        for look in 0..LOOKS {
            let page = Page { offset: look * LOOKED_AT, limit: LOOKED_AT };
            let files = self.site.list(&public, Order::NEWEST, page).await?;
            matching.extend(self.with_texts(&list.query.texts, files).await?.0);
            if matching.len() >= skip.saturating_add(limit) {
                return Ok(Some(matching.into_iter().skip(skip).take(limit).collect()));
            }
        }
        Ok(None)
    }

    /// Those of `files` whose texts match, and whether all texts were read.
    async fn with_texts(
        &self,
        patterns: &[Pattern],
        files: Vec<Listed>,
    ) -> Result<(Vec<Listed>, bool), SearchError> {
        let (mut matching, mut bytes) = (Vec::new(), 0);
        for chunk in files.chunks(CHUNK) {
            if bytes >= MAX_READ_BYTES {
                return Ok((matching, false));
            }
            let ids: Vec<i64> = chunk.iter().map(|file| file.id).collect();
            let texts = self.site.texts(&ids).await?;
            bytes += texts.values().map(String::len).sum::<usize>();
            let patterns = patterns.to_vec();
            let matched = tokio::task::spawn_blocking(move || {
                let is_match = |text: &str| patterns.iter().all(|pattern| pattern.is_match(text));
                let matched = texts.into_iter().filter(|(_, text)| is_match(text));
                matched.map(|(id, _)| id).collect::<Vec<_>>()
            });
            // A task is cut off only when the program ends.
            let matched = matched.await.map_err(|_| SearchError::Busy)?;
            matching.extend(chunk.iter().filter(|file| matched.contains(&file.id)).cloned());
        }
        Ok((matching, true))
    }
}

/// Whether a page is filled sooner by looking at the newest files, one after the other, than by
/// looking up all that match.
fn is_soon_found(list: &List, filter: &Filter, total: u64) -> bool {
    let is_newest_first = list.order == Order::NEWEST;
    let first = list.page.offset.saturating_add(list.page.limit);
    let looks = first.saturating_mul(MANY) / total.max(1);
    is_newest_first && filter.is_only_text() && looks.saturating_mul(LOOK) < total
}

impl Query {
    /// What the database can decide; each match passes it.
    fn filter(&self, guest: &Guest) -> Filter {
        let filter = Filter::default();
        let mut filter = if self.is_mine { filter.owned(guest) } else { filter.visible(guest) };
        for part in self.names.iter().filter_map(Pattern::required) {
            filter = filter.name_has(part);
        }
        for tag in &self.tags {
            filter = filter.tag_has(tag.required().unwrap_or_default());
        }
        for part in self.users.iter().filter_map(Pattern::required) {
            filter = filter.author_has(part);
        }
        if !self.types.is_empty() && self.types.iter().all(is_text) {
            let types: Vec<_> = self.types.iter().filter_map(Pattern::required).collect();
            filter = filter.ext_is_in(&types.into_iter().map(str::to_owned).collect::<Vec<_>>());
        }
        for part in self.texts.iter().filter_map(Pattern::indexed) {
            filter = filter.text_has(part);
        }
        filter
    }

    /// True if whatever passes the filter matches.
    fn is_decided_by_filter(&self) -> bool {
        let parts = [&self.names, &self.tags, &self.users, &self.types, &self.texts];
        let is_indexed = |text: &Pattern| text.indexed().is_some();
        parts.into_iter().flatten().all(is_text) && self.texts.iter().all(is_indexed)
    }

    fn matches_meta(&self, file: &Listed) -> bool {
        let author = file.author.as_deref();
        self.names.iter().all(|name| name.is_match(&file.name))
            && self.tags.iter().all(|tag| file.tags.iter().any(|value| tag.is_match(value)))
            && self.users.iter().all(|user| author.is_some_and(|author| user.is_match(author)))
            && (self.types.is_empty() || self.types.iter().any(|one| is_type(one, &file.ext)))
    }
}

/// A type is a whole word, not a part of one.
fn is_type(pattern: &Pattern, ext: &str) -> bool {
    match pattern {
        Pattern::Text { text, .. } => text == ext,
        Pattern::Regex { regex, .. } => regex.is_match(ext),
    }
}

const fn is_text(pattern: &Pattern) -> bool {
    matches!(pattern, Pattern::Text { .. })
}

impl Order {
    /// As the database orders.
    fn compare(self, one: &Listed, other: &Listed) -> Ordering {
        let order = match self.by {
            SortBy::Time => one.time.total_cmp(&other.time),
            SortBy::Name => Ordering::Equal,
            SortBy::Author => one.author.cmp(&other.author),
            SortBy::Type => one.ext.cmp(&other.ext),
        };
        let order = order.then_with(|| one.name.cmp(&other.name));
        if self.is_descending { order.reverse() } else { order }
    }
}

const _: () = assert!(INDEXED_CHARS == 3, "FTS5's trigrams");
