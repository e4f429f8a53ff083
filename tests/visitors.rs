//! A node with a thousand visitors is killed: the others' pages are right soon, and nobody flickers.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use tests::{cluster::Cluster, page::Page};

const VISITORS: usize = 1_000;
/// Of them, those that have the watchers' file open.
const SHARED: usize = 20;
/// Pages that open at once.
const AT_ONCE: usize = 16;
/// After a fault every page shows the truth within this (issue: 15 s).
const RIGHT: Duration = Duration::from_secs(15);
const FILE: &str = "shared.pl";

/// A page that keeps what it was told.
struct Watcher {
    page: Page,
    visitors: u64,
    /// What happened to each page that it was told of, in order.
    told: BTreeMap<String, Vec<String>>,
}

impl Watcher {
    async fn open(address: &str) -> Result<Self> {
        let mut page = Page::open(address).await?;
        page.has_open(&[FILE]).await?;
        Ok(Self { page, visitors: 0, told: BTreeMap::new() })
    }

    /// Hears until this holds; how long that took.
    async fn until(
        &mut self,
        what: &str,
        patience: Duration,
        holds: impl Fn(&Self) -> bool,
    ) -> Result<Duration> {
        let began = Instant::now();
        while !holds(self) {
            let left = patience.checked_sub(began.elapsed());
            let left = left.with_context(|| {
                format!("{what}: {} visitors, told {:?}", self.visitors, self.told)
            })?;
            let Ok(frame) = self.page.next_within(left.min(Duration::from_secs(1))).await else {
                continue;
            };
            if let Some(visitors) = frame["visitors"].as_u64() {
                self.visitors = visitors;
            }
            let event = frame["event"].as_str().or_else(|| frame["type"].as_str());
            let kind = event.unwrap_or_default();
            if matches!(kind, "opened" | "removeUser")
                && let Some(wsid) = frame["wsid"].as_str()
                && wsid != self.page.wsid()
            {
                self.told.entry(wsid.to_owned()).or_default().push(kind.to_owned());
            }
        }
        Ok(began.elapsed())
    }

    /// Pages of which more than their coming was told, and this last.
    fn heard(&self, kind: &str) -> usize {
        let told = self.told.values().filter(|told| told.len() > 1);
        told.filter(|told| told.last().is_some_and(|last| last == kind)).count()
    }
}

/// Opens a page for each query and cookie, [`AT_ONCE`] at a time; the first [`SHARED`] have the
/// watchers' file open.
async fn open_all(address: &str, openings: Vec<(String, String)>) -> Result<Vec<Page>> {
    let pages = openings.into_iter().enumerate().map(|(number, (query, cookie))| async move {
        let mut page = Page::open_as(address, &query, &cookie).await?;
        let own = format!("own-{number}.pl");
        page.has_open(&[if number < SHARED { FILE } else { &own }]).await?;
        anyhow::Ok(page)
    });
    stream::iter(pages).buffered(AT_ONCE).try_collect().await
}

#[tokio::test]
async fn a_killed_node_with_a_thousand_visitors_leaves_the_others_right() -> Result<()> {
    let mut cluster = Cluster::start().await?;
    let addresses: Vec<_> = cluster.nodes.iter().map(|node| node.setup.gateway.clone()).collect();
    let mut watchers =
        vec![Watcher::open(&addresses[0]).await?, Watcher::open(&addresses[1]).await?];
    let began = Instant::now();
    let pages = open_all(&addresses[2], vec![(String::new(), String::new()); VISITORS]).await?;
    eprintln!("{VISITORS} pages opened in {:.1?}", began.elapsed());
    let all = u64::try_from(VISITORS + watchers.len())?;
    for watcher in &mut watchers {
        let took = watcher.until("all are counted", RIGHT, |it| it.visitors == all).await?;
        eprintln!("counted after {took:.1?}");
    }

    cluster.node_mut(3).kill().await?;
    for watcher in &mut watchers {
        let is_right = |it: &Watcher| it.visitors == 2 && it.heard("removeUser") == SHARED;
        let took = watcher.until("the killed node's are gone", RIGHT, is_right).await?;
        eprintln!("right after {took:.1?}");
    }

    // They come back to another node, as the same visitors.
    let openings: Vec<_> =
        pages.iter().map(|page| (page.reconnect(), page.cookie.clone())).collect();
    let wsids: Vec<_> = pages.iter().map(|page| page.wsid().to_owned()).collect();
    drop(pages);
    let pages = open_all(&addresses[1], openings).await?;
    for (page, wsid) in pages.iter().zip(&wsids) {
        ensure!(page.wsid() == wsid, "{wsid} came back as {}", page.wsid());
    }
    for watcher in &mut watchers {
        let is_right = |it: &Watcher| it.visitors == all && it.heard("opened") == SHARED;
        watcher.until("all are back", RIGHT, is_right).await?;
        for wsid in &wsids[..SHARED] {
            let told = watcher.told.get(wsid).context("nothing was told")?;
            assert_eq!(told, &["opened", "removeUser", "opened"], "{wsid} was told so");
        }
    }

    // The node itself comes back: nobody is told anything of anybody.
    let before: Vec<_> = watchers.iter().map(|watcher| watcher.told.clone()).collect();
    cluster.node_mut(3).start().await?;
    let mut third = Watcher::open(&addresses[2]).await?;
    let one_more = all + 1;
    third.until("it knows everybody", RIGHT, |it| it.visitors == one_more).await?;
    for (watcher, before) in watchers.iter_mut().zip(before) {
        watcher.until("one more", RIGHT, |it| it.visitors == one_more).await?;
        let mut now = watcher.told.clone();
        now.remove(third.page.wsid());
        assert_eq!(now, before);
    }
    drop(pages);
    cluster.end().await
}
