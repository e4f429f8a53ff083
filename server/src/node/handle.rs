//! How the rest of the program talks to the node: commands with a reply, reads without one.

use std::{sync::Arc, time::Duration};

use cluster::{
    ChangeOutcome, FoundOutcome, LeaveOutcome, Leaving, Roster, RosterChange, Save, SaveOutcome,
    SettleOutcome, SyncReport,
};
use domain::{Deed, FileName, ObjectId};
use gitty::Object;
use store::{ReadError, Store};
use thiserror::Error;
use tokio::{
    sync::{
        broadcast::{self, error::RecvError},
        mpsc, oneshot,
    },
    time::timeout,
};

use super::{
    audit::Kept,
    link::{Answer, Asked, Question},
    view::Shared,
};

/// Commands that may wait for the node's task; one more waits with its sender.
pub const COMMANDS: usize = 1024;
/// Events a slow listener may fall behind; then it is told that it missed some.
pub const EVENTS: usize = 4096;

/// Whoever reads a file that is behind is let wait so long.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the node's task is asked to do.
#[derive(Debug)]
pub enum Command {
    /// Decide a save.
    Save {
        /// What.
        save: Box<Save>,
        /// For the outcome.
        reply: oneshot::Sender<SaveOutcome>,
    },
    /// Settle a divergence.
    Settle {
        /// The commit, made on the decided head that was shown.
        save: Box<Save>,
        /// For the outcome.
        reply: oneshot::Sender<SettleOutcome>,
    },
    /// Bring one file together, or say what that would take.
    Sync {
        /// Which.
        name: FileName,
        /// Only say.
        dry: bool,
        /// For what was done.
        reply: oneshot::Sender<SyncReport>,
    },
    /// Get an object from the peers.
    Want {
        /// Its hash.
        id: ObjectId,
        /// Whether it is here now.
        reply: oneshot::Sender<bool>,
    },
    /// Found a cluster with this roster.
    Found {
        /// Epoch 1, this node its first member.
        roster: Roster,
        /// Heads chosen from other stores, whose objects are here.
        chosen: Vec<(FileName, ObjectId)>,
        /// For the outcome.
        reply: oneshot::Sender<FoundOutcome>,
    },
    /// Answer a founder about the store; nothing, if this node is in a cluster.
    AskStore(Asked),
    /// Keep objects of another store, for the founding that follows.
    Keep {
        /// Nobody has looked at them.
        objects: Vec<Object>,
    },
    /// Change the roster.
    Change {
        /// What.
        change: RosterChange,
        /// For the outcome.
        reply: oneshot::Sender<ChangeOutcome>,
    },
    /// Leave the cluster, to found another one or to join one.
    Leave {
        /// Where to.
        to: Leaving,
        /// The JSON of a [`Deed`], durable with it: the first entry of the new life's chain.
        content: String,
        /// For the outcome.
        reply: oneshot::Sender<LeaveOutcome>,
    },
    /// Take no new pages, or take them again.
    Drain(bool),
    /// Write what somebody did into the audit.
    Audit {
        /// The JSON of a [`Deed`].
        content: String,
        /// For whether it is durable.
        reply: oneshot::Sender<bool>,
    },
}

/// Something changed on this node or a peer; listeners read [`Shared`] for the new state.
#[derive(Clone, Debug)]
pub enum NodeEvent {
    /// Something about these files: head, draft, or what a peer reports of them.
    Files(Arc<[FileName]>),
    /// A SWISH beside this node made this version of a file by itself.
    Foreign(FileName, ObjectId),
    /// Somebody did something, here or on another node.
    Deed(Arc<Kept>),
    /// What is known of a peer's files has changed as a whole.
    AllFiles,
    /// A peer came, went, or said something of itself.
    Peers,
    /// An alarm was raised.
    Alarm(cluster::Alarm),
}

/// The node does not answer; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NodeError {
    /// The program is stopping.
    #[error("this node is stopping")]
    Stopping,
}

/// An object cannot be read.
#[derive(Debug, Error)]
pub enum ObjectError {
    /// Neither here nor on a linked peer.
    #[error("object {0} is neither here nor on a node that answers")]
    Missing(ObjectId),
    /// It is here, damaged or unreadable, and no peer has it.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The program is stopping.
    #[error(transparent)]
    Stopping(#[from] NodeError),
}

/// A cheap handle to the node; clones share it.
#[derive(Clone, Debug)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
    events: broadcast::Sender<NodeEvent>,
    shared: Arc<Shared>,
    store: Arc<Store>,
}

impl Handle {
    /// Joins the ends that the driver made.
    #[must_use]
    pub const fn new(
        commands: mpsc::Sender<Command>,
        events: broadcast::Sender<NodeEvent>,
        shared: Arc<Shared>,
        store: Arc<Store>,
    ) -> Self {
        Self { commands, events, shared, store }
    }

    /// Decides a save; answered when its outcome is durable, within the protocol's times.
    ///
    /// # Errors
    /// When the program is stopping: the save may or may not be carried out after the next start.
    pub async fn save(&self, save: Save) -> Result<SaveOutcome, NodeError> {
        self.ask(|reply| Command::Save { save: Box::new(save), reply }).await
    }

    /// Settles a divergence with a commit on the decided head (protocol 4.5).
    ///
    /// # Errors
    /// When the program is stopping: it may or may not be carried out after the next start.
    pub async fn settle(&self, save: Save) -> Result<SettleOutcome, NodeError> {
        self.ask(|reply| Command::Settle { save: Box::new(save), reply }).await
    }

    /// Brings one file together without choosing between sides, within 2 s; `dry` only says what
    /// that would take.
    ///
    /// # Errors
    /// When the program is stopping.
    pub async fn sync(&self, name: FileName, dry: bool) -> Result<SyncReport, NodeError> {
        self.ask(|reply| Command::Sync { name, dry, reply }).await
    }

    /// Founds a cluster of the files of this node's store, and of heads chosen from others.
    ///
    /// # Errors
    /// When the program is stopping.
    pub async fn found(
        &self,
        roster: Roster,
        chosen: Vec<(FileName, ObjectId)>,
    ) -> Result<FoundOutcome, NodeError> {
        self.ask(|reply| Command::Found { roster, chosen, reply }).await
    }

    /// Asks this node's own store, as a founder asks another one.
    ///
    /// # Errors
    /// When the program is stopping, or this node is in a cluster.
    pub async fn ask_store(&self, question: Question) -> Result<Answer, NodeError> {
        self.ask(|answer| Command::AskStore(Asked { question, answer })).await
    }

    /// Keeps objects of another store; durable before a founding that is asked for after it.
    ///
    /// # Errors
    /// When the program is stopping.
    pub async fn keep(&self, objects: Vec<Object>) -> Result<(), NodeError> {
        let sent = self.commands.send(Command::Keep { objects }).await;
        sent.map_err(|_| NodeError::Stopping)
    }

    /// Changes the roster; answered within a few seconds, a replacement when it is repaired.
    ///
    /// # Errors
    /// When the program is stopping: the change may or may not be carried out.
    pub async fn change(&self, change: RosterChange) -> Result<ChangeOutcome, NodeError> {
        self.ask(|reply| Command::Change { change, reply }).await
    }

    /// Leaves the cluster, to found another one or to join one; `deed` is durable with it.
    ///
    /// # Errors
    /// When the program is stopping: it may or may not be done.
    pub async fn leave(&self, to: Leaving, deed: &Deed) -> Result<LeaveOutcome, NodeError> {
        let content = serde_json::to_string(deed).unwrap_or_default();
        self.ask(|reply| Command::Leave { to, content, reply }).await
    }

    /// Takes no new pages from now on, or takes them again; this node goes on voting.
    ///
    /// # Errors
    /// When the program is stopping.
    pub async fn drain(&self, drains: bool) -> Result<(), NodeError> {
        self.commands.send(Command::Drain(drains)).await.map_err(|_| NodeError::Stopping)
    }

    /// Writes what somebody did into the audit; true when it is durable here. False: the program
    /// is stopping, or the entry is too long.
    pub async fn audit(&self, deed: &Deed) -> bool {
        let Ok(content) = serde_json::to_string(deed) else { return false };
        self.ask(|reply| Command::Audit { content, reply }).await.unwrap_or(false)
    }

    /// The served head of a file (protocol 1).
    #[must_use]
    pub fn head(&self, name: &FileName) -> Option<ObjectId> {
        self.shared.file(name).and_then(|entry| entry.served())
    }

    /// Greatest `time` of the commits of a file that are known here, in milliseconds since 1970.
    #[must_use]
    pub fn latest_ms(&self, name: &FileName) -> u64 {
        self.shared.file(name).map_or(0, |entry| entry.latest_ms)
    }

    /// True if every SWISH on this node's store stands at the served head of a file, or will when
    /// it has read its journal.
    ///
    /// # Errors
    /// When the program is stopping.
    pub async fn is_led(&self, name: &FileName) -> Result<bool, NodeError> {
        let Some(head) = self.head(name) else { return Ok(true) };
        let (store, name) = (Arc::clone(&self.store), name.clone());
        let look = tokio::task::spawn_blocking(move || store.is_led(&name, head));
        look.await.map_err(|_| NodeError::Stopping)
    }

    /// Returns when no newer decided head of a file is known than the one that is served here; at
    /// the latest after 2 s, while its objects are asked for before others (protocol 3).
    pub async fn caught_up(&self, name: &FileName) {
        if self.newer(name).is_some() {
            let _ = timeout(PATIENCE, self.catches_up(name)).await;
        }
    }

    async fn catches_up(&self, name: &FileName) {
        let mut events = self.subscribe();
        while let Some(head) = self.newer(name) {
            let (reply, _) = oneshot::channel();
            let wanted = self.commands.send(Command::Want { id: head, reply }).await;
            // Until that head is here, or another one is known.
            while wanted.is_ok() && self.newer(name) == Some(head) {
                if let Err(RecvError::Closed) = events.recv().await {
                    return;
                }
            }
        }
    }

    fn newer(&self, name: &FileName) -> Option<ObjectId> {
        self.shared.file(name).and_then(|entry| entry.newer)
    }

    /// Reads an object that is here, from memory or disk; verified by its hash.
    ///
    /// # Errors
    /// When it is not here or damaged.
    pub async fn local_object(&self, id: ObjectId) -> Result<Object, ObjectError> {
        if let Some(object) = self.shared.in_memory(&id) {
            return Ok(object);
        }
        let store = Arc::clone(&self.store);
        let read = tokio::task::spawn_blocking(move || store.read(&id)).await;
        let object = read.map_err(|_| NodeError::Stopping)??;
        self.shared.remember(id, object.clone());
        Ok(object)
    }

    /// Reads an object; asks the peers for up to 2 s when it is not here (protocol 3).
    ///
    /// # Errors
    /// When nobody who answers has it.
    pub async fn object(&self, id: ObjectId) -> Result<Object, ObjectError> {
        match self.local_object(id).await {
            Ok(object) => Ok(object),
            Err(ObjectError::Stopping(stopping)) => Err(stopping.into()),
            Err(_) => {
                if self.ask(|reply| Command::Want { id, reply }).await? {
                    self.local_object(id).await
                } else {
                    Err(ObjectError::Missing(id))
                }
            }
        }
    }

    /// State that pages and the API show.
    #[must_use]
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Events from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<NodeEvent> {
        self.events.subscribe()
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, NodeError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| NodeError::Stopping)?;
        answer.await.map_err(|_| NodeError::Stopping)
    }
}
