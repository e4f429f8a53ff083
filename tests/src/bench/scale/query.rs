//! Lists and searches of all files, as SWISH's pages ask for them.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use crate::{client::Answer, gateway::Gateway, wait::until};

/// Indexing everything may take this long.
const PATIENCE: Duration = Duration::from_secs(600);
/// Searches of each kind.
const SEARCHES: usize = 200;
/// What a node counts once is kept: each of these is searched once.
const NEW: [&str; 7] = ["memb", "embe", "mber", "membe", "ember", "member", "MEMBER"];
/// Files of a page, at most.
const PAGE: usize = 1_000;
/// Every so many files have the word.
const SOME: usize = 100;

/// Searches of one kind.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// What was searched.
    pub(super) what: &'static str,
    found: u64,
    took: Vec<Duration>,
}

impl Row {
    /// A percentile.
    pub(super) fn ms(&self, percent: usize) -> f64 {
        let mut sorted = self.took.clone();
        sorted.sort_unstable();
        let at = sorted.len().saturating_sub(1) * percent / 100;
        sorted.get(at).map_or(f64::NAN, |took| took.as_secs_f64() * 1_000.0)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, found) = (self.what, self.found);
        write!(f, "{what}: {found} files, p50 {:.1} ms, p99 {:.1} ms", self.ms(50), self.ms(99))
    }
}

/// Two kilobytes, like a program: one word is in this file only, one in every hundredth, one in
/// every second.
pub(super) fn text(file: usize, version: usize) -> String {
    let mut text = format!("% program {file}, version {version}\nrare{file}.\n");
    if file.is_multiple_of(SOME) {
        text += "needle(x).\n";
    }
    if file.is_multiple_of(2) {
        text += "p(X) :- member(X, [1,2,3]).\n";
    }
    let mut line = 0_usize;
    while text.len() < 2_000 {
        line += 1;
        text += &format!(
            "fact({}, \"row {}\", q{}).\n",
            file * 31 % 9_999,
            line * 7,
            file * line % 977
        );
    }
    text
}

/// Waits until every file can be found.
pub(super) async fn is_indexed(gateway: &Gateway) -> Result<()> {
    let indexed = until("all files indexed", PATIENCE, async || {
        let answer = list(gateway, "", 0, 1).await?;
        ensure!(!answer.headers.contains_key("x-search-partial"), "not all yet");
        Ok(())
    });
    indexed.await?;
    Ok(())
}

/// Lists all files, page after page.
pub(super) async fn list_all(gateway: &Gateway, files: usize) -> Result<Duration> {
    let began = Instant::now();
    let mut listed = 0;
    for offset in (0..files).step_by(PAGE) {
        let body = list(gateway, "", offset, PAGE).await?.expect(200)?;
        listed += body["matches"].as_array().context("no matches")?.len();
    }
    ensure!(listed == files, "{listed} of {files} files were listed");
    Ok(began.elapsed())
}

/// What is searched for: what it stands for, how often, and the word of each time.
type Kind<'a> = (&'static str, usize, &'a dyn Fn(usize) -> String);

/// Searches for plain words of four kinds, one search after the other.
pub(super) async fn search(gateway: &Gateway, files: usize) -> Result<Vec<Row>> {
    let rare = |number: usize| format!("rare{}", number * 7_919 % files);
    let kinds: [Kind<'_>; 4] = [
        ("a word of a file or a few", SEARCHES, &rare),
        ("a word of every hundredth file", SEARCHES, &|_| "needle".to_owned()),
        ("a word of every second file, the first time", NEW.len(), &|at| NEW[at].to_owned()),
        ("a word of every second file", SEARCHES, &|_| "member".to_owned()),
    ];
    let mut rows = Vec::new();
    for (what, searches, word) in kinds {
        let mut row = Row { what, found: 0, took: Vec::new() };
        for number in 0..searches {
            let answer = list(gateway, &word(number), 0, 10).await?;
            row.found = answer.expect(200)?["total"].as_u64().context("no total")?;
            ensure!(row.found > 0, "{} was not found", word(number));
            row.took.push(answer.took);
        }
        rows.push(row);
    }
    Ok(rows)
}

async fn list(gateway: &Gateway, query: &str, offset: usize, limit: usize) -> Result<Answer> {
    gateway.get(&format!("/source_list?q={query}&offset={offset}&limit={limit}")).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_two_kilobytes_and_the_words_that_are_searched() {
        let texts: Vec<String> = (0..200).map(|file| text(file, 0)).collect();
        assert!(texts.iter().all(|text| (2_000..2_100).contains(&text.len())));
        let with = |word: &str| texts.iter().filter(|text| text.contains(word)).count();
        assert_eq!((with("needle"), with("member"), with("rare7.")), (2, 100, 1));
    }
}
