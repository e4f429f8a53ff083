//! From a new commit to the node and back.

use cluster::{Save, SaveOutcome, WaitReason};
use domain::{FileName, ObjectId};
use gitty::{Commit, Object};

use crate::{gateway::error::Refusal, node::Handle};

/// How a save ended, for the surfaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// This commit stands for it; perhaps an earlier, equal save's.
    Decided(ObjectId),
    /// Another save was decided first; this is the served head.
    Conflict(ObjectId),
    /// It is not decided now.
    Unsettled(Unsettled),
}

/// Why a save is not decided now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unsettled {
    /// Kept on this server.
    Waiting {
        /// Its commit.
        commit: ObjectId,
        /// Why.
        reason: WaitReason,
    },
    /// Not kept: another save of the file waits.
    Blocked {
        /// That other one.
        waiting: ObjectId,
    },
    /// Not kept: this node is in no cluster.
    NotFounded,
    /// Not kept: this node was removed from its cluster.
    Removed,
    /// Not kept: too many saves of this file at once.
    Busy,
}

/// A text with its hash, ready to be stored.
pub(super) struct Text {
    pub(super) id: ObjectId,
    object: Object,
}

impl Text {
    /// Names a text; refuses one that attacks the hash.
    pub(super) fn new(text: &str) -> Result<Self, Refusal> {
        let object = Object::blob(text);
        Ok(Self { id: object.id()?, object })
    }
}

/// Has `commit` decided as the successor of `base`; `text` is none when it keeps a known one.
pub(super) async fn save(
    node: &Handle,
    base: Option<ObjectId>,
    commit: &Commit,
    text: Option<Text>,
) -> Result<Ended, Refusal> {
    let object = commit.object();
    let name = commit.name();
    let save = Save {
        key: name.clone().into(),
        base,
        id: object.id()?,
        commit: object,
        link: commit.link(),
        blob: text.map(|text| (text.id, text.object)),
    };
    let ended = Ended::of(node.save(save).await?, &name)?;
    metrics::counter!("swish_cluster_saves_total", "outcome" => ended.code()).increment(1);
    Ok(ended)
}

impl Ended {
    fn of(outcome: SaveOutcome, name: &FileName) -> Result<Self, Refusal> {
        let unsettled = match outcome {
            SaveOutcome::Decided { commit } => return Ok(Self::Decided(commit)),
            SaveOutcome::Conflict { head } => return Ok(Self::Conflict(head)),
            SaveOutcome::NoSuchFile => return Err(Refusal::NotFound(format!("/p/{name}"))),
            SaveOutcome::Waiting { commit, reason } => Unsettled::Waiting { commit, reason },
            SaveOutcome::Blocked { waiting } => Unsettled::Blocked { waiting },
            SaveOutcome::NotFounded => Unsettled::NotFounded,
            SaveOutcome::Removed => Unsettled::Removed,
            SaveOutcome::Busy => Unsettled::Busy,
        };
        Ok(Self::Unsettled(unsettled))
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::Decided(_) => "decided",
            Self::Conflict(_) => "conflict",
            Self::Unsettled(unsettled) => unsettled.code(),
        }
    }
}

impl Unsettled {
    /// For programs: `error` of the answer, `outcome` of the metric.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Blocked { .. } => "blocked",
            Self::NotFounded => "not_founded",
            Self::Removed => "removed",
            Self::Busy => "busy",
        }
    }
}
