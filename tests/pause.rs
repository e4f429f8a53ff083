//! P. A node that stands still for four seconds while thousands of saves go on: it misses none.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use tests::{
    cluster::Cluster,
    gateway::{Gateway, saved},
    history::{self, Chains, Outcome, Save},
    wait::until,
};
use tokio::task::JoinSet;

/// Saves of all writers together.
const SAVES: usize = 3_000;
/// After so many the node stands still.
const BEFORE: usize = 300;
const PAUSE: Duration = Duration::from_secs(4);
/// Writers, each with a file of its own; every third one saves through the node that stands still.
const WRITERS: usize = 48;
const EQUAL: Duration = Duration::from_secs(20);
const WRITTEN: Duration = Duration::from_secs(10);

struct Writer {
    gateway: Gateway,
    name: String,
    began: Instant,
    decided: Arc<AtomicUsize>,
}

impl Writer {
    async fn run(self) -> Result<Vec<Save>> {
        let mut saves = Vec::new();
        let mut head = None;
        while self.decided.load(Ordering::Relaxed) < SAVES {
            let text = format!("% {} {}\n", self.name, saves.len());
            let sent = self.began.elapsed();
            let answer = match head {
                Some(head) => self.gateway.save(&self.name, head, &text).await?,
                None => self.gateway.create(&self.name, &text).await?,
            };
            let outcome = match saved(&answer) {
                Ok(commit) => {
                    self.decided.fetch_add(1, Ordering::Relaxed);
                    head = Some(commit);
                    Outcome::Saved(commit)
                }
                Err(reason) => {
                    ensure!(matches!(answer.status, 409 | 503), "{reason:#}");
                    // As a page would: it looks what is there now.
                    head = self.gateway.file(&self.name).await.ok().map(|file| file.commit);
                    Outcome::Unknown
                }
            };
            let (name, answered) = (self.name.clone(), self.began.elapsed());
            let heard = vec![answer.status.to_string()];
            saves.push(Save { name, text, sent, answered, outcome, heard });
        }
        Ok(saves)
    }
}

/// Waits until so many saves are decided.
async fn decided(count: &AtomicUsize, wanted: usize) -> Result<()> {
    let what = format!("{wanted} saves");
    let looked = until(&what, EQUAL, async || {
        let now = count.load(Ordering::Relaxed);
        ensure!(now >= wanted, "{now}");
        Ok(())
    });
    looked.await?;
    Ok(())
}

#[tokio::test]
async fn a_node_that_stood_still_for_four_seconds_misses_no_save() -> Result<()> {
    let cluster = Cluster::start().await?;
    let count = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let writer = Writer {
            gateway: cluster.gateway(1 + number % 3),
            name: format!("writer{number}.pl"),
            began,
            decided: Arc::clone(&count),
        };
        writers.spawn(writer.run());
    }
    decided(&count, BEFORE).await?;
    cluster.node(3).pause()?;
    let paused_at = count.load(Ordering::Relaxed);
    tokio::time::sleep(PAUSE).await;
    let meanwhile = count.load(Ordering::Relaxed) - paused_at;
    cluster.node(3).resume()?;
    assert!(meanwhile > SAVES / 20, "{meanwhile} saves while one node stood still");
    let mut saves = Vec::new();
    for seen in writers.join_all().await {
        saves.extend(seen?);
    }
    let took = began.elapsed();
    let equal = cluster.settles(EQUAL).await?;
    let answered: Vec<&Save> =
        saves.iter().filter(|save| matches!(save.outcome, Outcome::Saved(_))).collect();
    assert!(answered.len() >= SAVES);
    eprintln!(
        "{} saves in {took:.1?}, {meanwhile} of them in the pause; equal {equal:.1?} after the last",
        answered.len()
    );
    for number in 1..=3 {
        let directory = cluster.directory(number);
        let chains = until("all chains", WRITTEN, async || {
            let heads = directory.heads()?;
            let mut chains = Chains::new();
            for (name, head) in heads {
                chains.insert(name, directory.chain(head)?);
            }
            let faults = history::check(&saves, &chains, &BTreeSet::new());
            ensure!(faults.is_empty(), "{} faults: {}", faults.len(), faults[0]);
            Ok(chains)
        });
        let (chains, _) = chains.await?;
        let versions: usize = chains.values().map(Vec::len).sum();
        eprintln!("node {number} has {versions} versions and misses none");
    }
    cluster.end().await
}
