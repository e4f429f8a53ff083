//! From a new commit to the node and back.

use cluster::{Copies, HoldReason, Save, SaveOutcome};
use domain::{FileName, ObjectId};
use gitty::{Commit, Object};

use super::client::Client;
use crate::{gateway::error::Refusal, node::Handle};

/// How a save ended, for the surfaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// This commit stands for it; perhaps an earlier, equal save's.
    Decided(ObjectId),
    /// Saved on this server; the others have not agreed.
    Held(Held),
    /// Another save was first; this is the served head.
    Conflict(ObjectId),
    /// It was not carried out.
    Unsettled(Unsettled),
}

/// A save that this server has, serves, and proposes by itself (protocol 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// The commit that stands for it.
    pub(super) commit: ObjectId,
    /// Why it is not decided.
    pub(super) reason: HoldReason,
    /// Where it is.
    pub(super) copies: Copies,
}

/// Why a save is not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unsettled {
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

/// Has `commit` of a client decided as the successor of `base`; `text` is none when it keeps a known one.
pub(super) async fn save(
    node: &Handle,
    client: &Client,
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
    client.saved(&ended);
    Ok(ended)
}

impl Ended {
    fn of(outcome: SaveOutcome, name: &FileName) -> Result<Self, Refusal> {
        let unsettled = match outcome {
            SaveOutcome::Decided { commit } => return Ok(Self::Decided(commit)),
            SaveOutcome::Conflict { head } => return Ok(Self::Conflict(head)),
            SaveOutcome::NoSuchFile => return Err(Refusal::NotFound(format!("/p/{name}"))),
            SaveOutcome::Held { commit, reason, copies } => {
                return Ok(Self::Held(Held { commit, reason, copies }));
            }
            SaveOutcome::NotFounded => Unsettled::NotFounded,
            SaveOutcome::Removed => Unsettled::Removed,
            SaveOutcome::Busy => Unsettled::Busy,
        };
        Ok(Self::Unsettled(unsettled))
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::Decided(_) => "decided",
            Self::Held(_) => "held",
            Self::Conflict(_) => "conflict",
            Self::Unsettled(unsettled) => unsettled.code(),
        }
    }
}

impl Unsettled {
    /// For programs: `error` of the answer, `outcome` of the metric.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::NotFounded => "not_founded",
            Self::Removed => "removed",
            Self::Busy => "busy",
        }
    }
}
