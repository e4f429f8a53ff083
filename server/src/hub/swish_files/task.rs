//! The task that reads and writes SWISH's files: one thing after the other, nothing is queued.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use relay::{Body, DocumentId, Message, Place};
use thiserror::Error;
use tokio::{sync::Notify, time::sleep};

use super::{
    append::{Appended, FileState, sync},
    file,
    folder::{self, Looks},
    line::{self, Line, LineError},
};
use crate::{
    db::{DbError, Messages, Numbered},
    hub::{Hub, HubError},
    shutdown::Stop,
};

/// Time between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// Time between two syncs of what was appended, and of how far it is.
const SYNC_EVERY: Duration = Duration::from_secs(5);
/// Time until something that failed is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// How long half a line is waited for: SWISH writes one in one go.
const CUT: Duration = Duration::from_secs(5);
/// Messages that are imported in one go.
const IMPORTED_AT_ONCE: usize = 2_000;
/// Messages that are appended in one go.
const APPENDED_AT_ONCE: u64 = 200;
/// Bad lines of one look that are told each; of more only their number.
const TOLD: u64 = 20;

/// Something failed; it is tried again.
#[derive(Debug, Error)]
enum FilesError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Hub(#[from] HubError),
    #[error("half a line of somebody else is at the end of {0}")]
    Cut(PathBuf),
}

/// Messages to import, by document.
type Batch = BTreeMap<DocumentId, Vec<(Place, Body)>>;

/// Starts the task; it ends with `stop`. `filed` is up to which number of a message the files of
/// this directory have all of them.
pub(in crate::hub) fn start(
    directory: PathBuf,
    filed: u64,
    (hub, messages, news): (Hub, Messages, Arc<Notify>),
    stop: Stop,
) {
    let files = Files {
        directory: directory.into(),
        hub,
        messages,
        states: BTreeMap::new(),
        appended: filed,
        filed,
        unsynced: BTreeSet::new(),
        synced_at: Instant::now(),
    };
    tokio::spawn(files.run(news, stop));
}

struct Files {
    directory: Arc<Path>,
    hub: Hub,
    messages: Messages,
    /// By path below the directory.
    states: BTreeMap<PathBuf, FileState>,
    /// Every message up to this number is in its file.
    appended: u64,
    /// And on the disk, as core.db says.
    filed: u64,
    /// Files that no sync covers.
    unsynced: BTreeSet<PathBuf>,
    synced_at: Instant,
}

impl Files {
    async fn run(mut self, news: Arc<Notify>, stop: Stop) {
        let mut looked = None::<Instant>;
        while !stop.is_stopped() {
            let is_due = looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY);
            let done = async {
                if is_due {
                    self.import().await?;
                    looked = Some(Instant::now());
                }
                self.append().await?;
                self.sync().await
            }
            .await;
            let wait = match done {
                Ok(()) => LOOK_EVERY,
                Err(error) => {
                    tracing::warn!(%error, "SWISH's chat files: {error}");
                    AGAIN
                }
            };
            tokio::select! {
                () = news.notified() => {}
                () = sleep(wait) => {}
                () = stop.stopped() => {}
            }
        }
    }

    /// Reads what is new in all files, and waits until it is durable.
    async fn import(&mut self) -> Result<(), FilesError> {
        let directory = Arc::clone(&self.directory);
        let found = blocking(move || folder::files(&directory)).await?;
        let mut batch = Batch::new();
        for (path, looks) in found {
            let state = self.states.entry(path.clone()).or_default();
            if state.looks == looks {
                continue;
            }
            if looks.inode != state.looks.inode || looks.size < state.imported {
                state.begin_again();
            }
            if let Err(error) = self.import_file(&path, &mut batch).await {
                // The others are read all the same, and this one again at the next look.
                let path = self.directory.join(&path).display().to_string();
                tracing::warn!(path, %error, "{path} cannot be read: {error}");
                self.hand_in(&mut batch).await?;
                continue;
            }
            self.states.entry(path).or_default().looks = looks;
        }
        self.hand_in(&mut batch).await
    }

    async fn import_file(&mut self, path: &Path, batch: &mut Batch) -> Result<(), FilesError> {
        let mut bad = 0;
        loop {
            let state = self.states.entry(path.to_owned()).or_default();
            let (from, whole) = (state.imported, self.directory.join(path));
            let piece = blocking(move || {
                let piece = file::read(&whole, from)?;
                let read = |line: &Option<Vec<u8>>| read_line(line.as_deref());
                let lines: Vec<_> = piece.lines.iter().map(read).collect();
                Ok((lines, piece.upto, piece.more))
            });
            let (lines, upto, more) = piece.await?;
            let mut ids = Vec::new();
            let mut good = Vec::new();
            for line in lines {
                state.lines += 1;
                let line = line.and_then(|line| {
                    let is_here = folder::path_of(&line.document) == path;
                    if is_here { Ok(line) } else { Err(elsewhere(&line)) }
                });
                match line {
                    Ok(line) => {
                        ids.push(line.place.id);
                        good.push(line);
                    }
                    Err(error) => {
                        bad += 1;
                        tell_bad(&self.directory.join(path), state.lines, &error, bad);
                    }
                }
            }
            state.note(ids, upto);
            for Line { document, place, body } in good {
                batch.entry(document).or_default().push((place, body));
            }
            if batch.values().map(Vec::len).sum::<usize>() >= IMPORTED_AT_ONCE {
                self.hand_in(batch).await?;
            }
            if !more {
                return Ok(());
            }
        }
    }

    /// Has messages imported, and looks at the rows that came of that, so that their ids need not
    /// be remembered.
    async fn hand_in(&mut self, batch: &mut Batch) -> Result<(), FilesError> {
        if batch.is_empty() {
            return Ok(());
        }
        self.hub.import(std::mem::take(batch)).await?;
        self.append().await
    }

    /// Appends every message that is not in its file yet.
    async fn append(&mut self) -> Result<(), FilesError> {
        loop {
            let rows = self.messages.after(self.appended, APPENDED_AT_ONCE).await?;
            let Some(last) = rows.last().map(|row| row.number) else {
                self.states.values_mut().for_each(FileState::settle);
                return Ok(());
            };
            let mut documents: BTreeMap<DocumentId, Vec<Message>> = BTreeMap::new();
            for Numbered { document, message, .. } in rows {
                documents.entry(document).or_default().push(message);
            }
            for (document, messages) in documents {
                self.append_to(document, messages).await?;
            }
            self.appended = last;
        }
    }

    async fn append_to(
        &mut self,
        document: DocumentId,
        messages: Vec<Message>,
    ) -> Result<(), FilesError> {
        let path = folder::path_of(&document);
        let mut state = self.states.remove(&path).unwrap_or_default();
        let whole = self.directory.join(&path);
        let appended = blocking(move || {
            let looks = Looks::of(&whole).unwrap_or_default();
            if looks.inode != state.looks.inode || looks.size < state.imported {
                state.begin_again();
            }
            let appended = state.append(&whole, (&document, &messages), CUT)?;
            Ok((state, appended))
        });
        // If it failed, the file is read again.
        let (state, appended) = appended.await?;
        self.states.insert(path.clone(), state);
        match appended {
            Appended::Lines(lines) => {
                if lines > 0 {
                    self.unsynced.insert(path);
                }
                Ok(())
            }
            Appended::Later => Err(FilesError::Cut(self.directory.join(path))),
        }
    }

    /// Brings what was appended to the disk, and then says so in core.db.
    async fn sync(&mut self) -> Result<(), FilesError> {
        if self.appended == self.filed || self.synced_at.elapsed() < SYNC_EVERY {
            return Ok(());
        }
        let (directory, paths) = (Arc::clone(&self.directory), self.unsynced.clone());
        blocking(move || sync(&directory, &paths)).await?;
        self.unsynced.clear();
        self.hub.filed(self.appended).await?;
        (self.filed, self.synced_at) = (self.appended, Instant::now());
        Ok(())
    }
}

fn read_line(line: Option<&[u8]>) -> Result<Line, LineError> {
    let line = line.ok_or(LineError::TooLong)?;
    line::read(std::str::from_utf8(line).map_err(|_| LineError::Shape("text in UTF-8"))?)
}

fn elsewhere(line: &Line) -> LineError {
    LineError::Elsewhere(line.document.to_string())
}

fn tell_bad(path: &Path, line: u64, error: &LineError, count: u64) {
    let path = path.display();
    if count <= TOLD {
        tracing::warn!(%path, line, %error, "{path}:{line}: a message was skipped: {error}");
    } else if count == TOLD + 1 {
        tracing::warn!(%path, "{path}: further bad lines are skipped without a word");
    }
}

/// Work on files, off the tasks.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
