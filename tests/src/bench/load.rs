//! Writers in a closed loop: each sends its next save when the one before is answered.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use domain::ObjectId;
use tokio::task::JoinSet;

use crate::{
    cluster::Cluster,
    gateway::{self, Gateway},
};

/// Makes a request's body about 300 bytes long.
const PADDING: &str = "% lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod \
     tempor incididunt ut labore et dolore magna aliqua.\n";

/// What is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Case {
    /// (a) Through the node that decided the file last.
    Same,
    /// (b) Through the next node.
    Other,
    /// (c) A new file.
    Create,
}

/// A file of one writer.
#[derive(Clone, Debug)]
struct File {
    name: String,
    head: ObjectId,
    /// Index of the node that decided it last.
    node: usize,
}

/// One save that was answered "saved".
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// The file.
    pub(super) name: String,
    /// The version.
    pub(super) commit: ObjectId,
    /// Its text.
    pub(super) text: String,
    /// When it was answered, since the load's beginning.
    pub(super) answered: Duration,
    /// From sending to the whole answer.
    pub(super) took_us: u64,
}

/// What one slice gave.
#[derive(Clone, Debug, Default)]
pub(super) struct Slice {
    /// Saves, in no order.
    pub(super) samples: Vec<Sample>,
    /// Saves that lost, waited or failed: none of them is expected.
    pub(super) others: Vec<String>,
    /// How long it was.
    pub(super) time: Duration,
}

/// A group of writers with their files, kept over slices.
#[derive(Debug)]
pub(super) struct Load {
    writers: Vec<Writer>,
    began: Instant,
}

#[derive(Debug)]
struct Writer {
    number: usize,
    /// Its own connection to each node.
    gateways: Vec<Gateway>,
    files: Vec<File>,
    /// Its saves so far.
    count: usize,
    group: Arc<str>,
}

impl Load {
    /// Makes `files` files for each writer, spread over the nodes.
    pub(super) async fn new(
        cluster: &Cluster,
        group: &str,
        writers: usize,
        files: usize,
    ) -> Result<Self> {
        let group: Arc<str> = group.into();
        let writers = (0..writers).map(|number| Writer {
            number,
            gateways: (1..=3).map(|node| cluster.gateway(node)).collect(),
            files: Vec::new(),
            count: 0,
            group: Arc::clone(&group),
        });
        let mut making = JoinSet::new();
        for mut writer in writers {
            making.spawn(async move {
                for _ in 0..files {
                    let (name, head, _) = writer.create().await?;
                    let node = writer.home();
                    writer.files.push(File { name, head, node });
                }
                anyhow::Ok(writer)
            });
        }
        let writers = making.join_all().await.into_iter().collect::<Result<_>>()?;
        Ok(Self { writers, began: Instant::now() })
    }

    /// When the clock of the samples began.
    pub(super) const fn began(&self) -> Instant {
        self.began
    }

    /// Saves for a while.
    pub(super) async fn run(&mut self, case: Case, time: Duration) -> Result<Slice> {
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        let clock = self.began;
        for mut writer in self.writers.drain(..) {
            tasks.spawn(async move {
                let mut slice = Slice::default();
                while start.elapsed() < time {
                    writer.save(case, clock, &mut slice).await;
                }
                (writer, slice)
            });
        }
        let mut all = Slice::default();
        for (writer, slice) in tasks.join_all().await {
            self.writers.push(writer);
            all.samples.extend(slice.samples);
            all.others.extend(slice.others);
        }
        all.time = start.elapsed();
        Ok(all)
    }
}

impl Writer {
    async fn save(&mut self, case: Case, clock: Instant, slice: &mut Slice) {
        let start = Instant::now();
        let saved = match case {
            Case::Same => self.update(0).await,
            Case::Other => self.update(1).await,
            Case::Create => self.create().await,
        };
        let took = start.elapsed();
        match saved {
            Ok((name, commit, text)) => slice.samples.push(Sample {
                name,
                commit,
                text,
                answered: clock.elapsed(),
                took_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            }),
            Err(error) => slice.others.push(format!("{error:#}")),
        }
    }

    /// Saves the file whose turn it is, `steps` nodes after the one that decided it last.
    async fn update(&mut self, steps: usize) -> Result<(String, ObjectId, String)> {
        let text = self.text();
        let turn = self.count % self.files.len();
        let file = &mut self.files[turn];
        let node = (file.node + steps) % self.gateways.len();
        let answer = self.gateways[node].save(&file.name, file.head, &text).await?;
        file.head = gateway::saved(&answer).with_context(|| file.name.clone())?;
        file.node = node;
        Ok((file.name.clone(), file.head, text))
    }

    async fn create(&mut self) -> Result<(String, ObjectId, String)> {
        let text = self.text();
        let name = format!("{}-{}-{}.pl", self.group, self.number, self.count);
        let answer = self.gateways[self.home()].create(&name, &text).await?;
        let head = gateway::saved(&answer).with_context(|| name.clone())?;
        Ok((name, head, text))
    }

    /// Writers are spread over the nodes.
    fn home(&self) -> usize {
        self.number % self.gateways.len()
    }

    fn text(&mut self) -> String {
        self.count += 1;
        format!("% save {} of writer {}\n{PADDING}", self.count, self.number)
    }
}
