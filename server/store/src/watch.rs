//! Waiting for lines that others append: told by the kernel, and looking each second besides.
//!
//! The kernel tells nothing of what another machine does to a network file system, and nothing at
//! all when its watches are used up; so no wait is longer than a second.

use std::{
    io,
    os::{fd::AsFd, unix::net::UnixStream},
    path::{Path, PathBuf},
    time::Duration,
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::inotify::{AddWatchFlags, InitFlags, Inotify},
};

/// Longest time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Waits for changes of one journal; owned by one thread.
#[derive(Debug)]
pub struct JournalWatch {
    dir: PathBuf,
    /// None where the kernel has no more of them.
    inotify: Option<Inotify>,
    /// Whether the directory is watched: it may have been replaced.
    is_watching: bool,
    stopped: UnixStream,
}

/// Ends all waits of a [`JournalWatch`] when it is dropped.
#[derive(Debug)]
pub struct Stopper {
    _open: UnixStream,
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// The journal may have changed, or a second has passed.
    Look,
    /// The [`Stopper`] is gone.
    Stopped,
}

impl JournalWatch {
    /// Watches `head` in this directory from now on.
    ///
    /// # Errors
    /// There are no more descriptors.
    pub(crate) fn new(dir: &Path) -> io::Result<(Self, Stopper)> {
        let (stopped, open) = UnixStream::pair()?;
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC);
        let inotify = inotify.inspect_err(|error| {
            tracing::warn!(%error, "no inotify: ref/head is looked at once a second");
        });
        let mut watch =
            Self { dir: dir.to_owned(), inotify: inotify.ok(), is_watching: false, stopped };
        watch.begin();
        Ok((watch, Stopper { _open: open }))
    }

    /// Waits for a change of the journal, at most a second.
    ///
    /// # Errors
    /// The kernel refuses to wait.
    pub fn wait(&mut self) -> io::Result<Waited> {
        self.begin();
        if self.is_ready()? {
            return Ok(Waited::Stopped);
        }
        self.drain();
        Ok(Waited::Look)
    }

    /// Watches the directory, if it is not; changes until now are the caller's to see.
    fn begin(&mut self) {
        if self.is_watching {
            return;
        }
        let flags = AddWatchFlags::IN_MODIFY
            | AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_MOVED_TO
            | AddWatchFlags::IN_DELETE_SELF
            | AddWatchFlags::IN_MOVE_SELF
            | AddWatchFlags::IN_ONLYDIR;
        let begun = self.inotify.as_ref().map(|inotify| inotify.add_watch(&self.dir, flags));
        self.is_watching = matches!(begun, Some(Ok(_)));
    }

    /// Waits for either end; true if it is the stop.
    fn is_ready(&self) -> io::Result<bool> {
        let mut fds = vec![PollFd::new(self.stopped.as_fd(), PollFlags::POLLIN)];
        let watched = self.inotify.iter().filter(|_| self.is_watching);
        fds.extend(watched.map(|inotify| PollFd::new(inotify.as_fd(), PollFlags::POLLIN)));
        let wait = PollTimeout::try_from(LOOK_EVERY).unwrap_or(PollTimeout::ZERO);
        match poll(&mut fds, wait) {
            Ok(_) | Err(Errno::EINTR) => {
                Ok(fds[0].revents().is_some_and(|events| !events.is_empty()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Takes what the kernel told; a directory that went away is watched again when it is back.
    fn drain(&mut self) {
        while let Some(Ok(events)) = self.inotify.as_ref().map(Inotify::read_events) {
            let gone = AddWatchFlags::IN_IGNORED
                | AddWatchFlags::IN_DELETE_SELF
                | AddWatchFlags::IN_MOVE_SELF;
            if events.iter().any(|event| event.mask.intersects(gone)) {
                self.is_watching = false;
            }
        }
    }
}
