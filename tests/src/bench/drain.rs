//! When SWISH can see a save: its journal line and its loose files, on every node.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use domain::ObjectId;
use gitty::{Object, journal::Journal};

use super::load::Sample;
use crate::{cluster::Cluster, directory::Directory};

/// Time between two looks at a journal: the error of a line's age.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Everything is written long before.
const PATIENCE: Duration = Duration::from_secs(60);

/// When each commit was first named by a journal.
type Lines = HashMap<ObjectId, Duration>;

/// Follows the journals of all nodes.
#[derive(Debug)]
pub(super) struct Watch {
    clock: Instant,
    stop: Arc<AtomicBool>,
    nodes: Vec<(Directory, JoinHandle<Result<Lines>>)>,
}

/// How the backlog went.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drained {
    /// From the first save until everything was written everywhere.
    pub(super) time: Duration,
    /// Longest time from an answer to the journal line, over all saves and nodes.
    pub(super) oldest: Duration,
}

impl Watch {
    /// Starts to follow; `clock` is that of the samples.
    pub(super) fn start(cluster: &Cluster, clock: Instant) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let follow = |number| {
            let directory = cluster.directory(number);
            let (path, stop) = (directory.path().join("ref/head"), Arc::clone(&stop));
            (directory, std::thread::spawn(move || follow(path, clock, &stop)))
        };
        let nodes = (1..=3).map(follow).collect();
        Self { clock, stop, nodes }
    }

    /// Waits until all of these saves are written; `began` is when the first was sent.
    pub(super) async fn drained(self, samples: &[Sample], began: Duration) -> Result<Drained> {
        let files = by_file(samples);
        let last: Vec<_> = files.values().filter_map(|saves| saves.last()).collect();
        let objects = objects(samples)?;
        let deadline = Instant::now() + PATIENCE;
        for (directory, _) in &self.nodes {
            while !ends_with(directory, &last)? || !objects.iter().all(|id| directory.has(*id)) {
                ensure!(Instant::now() < deadline, "not written after {PATIENCE:?}");
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
        // The last line says when it was over; looking for the files took longer than that, and
        // files come before lines.
        let looked = self.clock.elapsed();
        self.stop.store(true, Ordering::Relaxed);
        let (mut end, mut oldest) = (Duration::ZERO, Duration::ZERO);
        for (_, thread) in self.nodes {
            let lines = thread.join().map_err(|_| anyhow!("a watch ended"))??;
            for saves in files.values() {
                let (line, age) = ages(saves, &lines).context("a save without a line")?;
                end = end.max(line);
                oldest = oldest.max(age);
            }
        }
        ensure!(end <= looked, "a line after the end");
        Ok(Drained { time: end.saturating_sub(began), oldest })
    }
}

/// When the last line of a file came, and how old the oldest save was that a line led past.
///
/// The filer may lead past several saves of a file with one line.
fn ages(saves: &[&Sample], lines: &Lines) -> Option<(Duration, Duration)> {
    let mut written: Option<Duration> = None;
    let (mut end, mut oldest) = (Duration::ZERO, Duration::ZERO);
    for save in saves.iter().rev() {
        let own = lines.get(&save.commit).copied();
        written = own.into_iter().chain(written).min();
        let line = written?;
        end = end.max(line);
        oldest = oldest.max(line.saturating_sub(save.answered));
    }
    Some((end, oldest))
}

/// Saves of each file in their order; a file has one writer.
fn by_file(samples: &[Sample]) -> BTreeMap<&str, Vec<&Sample>> {
    let mut files: BTreeMap<&str, Vec<&Sample>> = BTreeMap::new();
    for sample in samples {
        files.entry(&sample.name).or_default().push(sample);
    }
    for saves in files.values_mut() {
        saves.sort_by_key(|save| save.answered);
    }
    files
}

fn objects(samples: &[Sample]) -> Result<Vec<ObjectId>> {
    let mut ids = Vec::with_capacity(samples.len() * 2);
    for sample in samples {
        ids.extend([sample.commit, Object::blob(&sample.text).id()?]);
    }
    Ok(ids)
}

fn ends_with(directory: &Directory, last: &[&&Sample]) -> Result<bool> {
    let heads = directory.heads()?;
    Ok(last.iter().all(|save| heads.get(&save.name) == Some(&save.commit)))
}

fn follow(path: PathBuf, clock: Instant, stop: &AtomicBool) -> Result<Lines> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::End(0))?;
    let mut lines = Lines::new();
    let mut rest = Vec::new();
    loop {
        let ends = stop.load(Ordering::Relaxed);
        if file.read_to_end(&mut rest)? > 0 {
            let now = clock.elapsed();
            let journal = Journal::read(&rest);
            rest.drain(..journal.complete_bytes);
            for update in journal.updates {
                lines.entry(update.new).or_insert(now);
            }
        }
        if ends {
            return Ok(lines);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(number: u8, answered: u64) -> Sample {
        Sample {
            name: "a.pl".into(),
            commit: ObjectId::from_bytes([number; 20]),
            text: String::new(),
            answered: Duration::from_millis(answered),
            took_us: 0,
        }
    }

    #[test]
    fn a_line_of_a_later_save_is_a_line_of_those_before() {
        let saves = [sample(1, 100), sample(2, 200), sample(3, 300)];
        let line = |number: u8, at| (ObjectId::from_bytes([number; 20]), Duration::from_millis(at));
        let lines = Lines::from([line(2, 250), line(3, 310)]);
        let (end, oldest) = ages(&saves.iter().collect::<Vec<_>>(), &lines).unwrap();
        assert_eq!((end.as_millis(), oldest.as_millis()), (310, 150));
        assert_eq!(ages(&[&sample(4, 1)], &lines), None);
    }
}
