//! Actions on files: what is asked, what would happen, what happened. One vocabulary for pages,
//! command line and audit.
//!
//! Both `POST /api/v1/settle` and `POST /api/v1/sync` take a list and say in `plan` whether it is
//! a dry run. A dry run is answered by plans, a run by results, each in the order of the list.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{NodeRef, Side};
use crate::{
    FileName, ObjectId,
    words::{Outcome, SettleVerb, count, list},
};

/// Body of `POST /api/v1/settle`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettleRequest {
    /// Only say what would happen: answered by [`SettlePlan`]s, else by [`ItemResult`]s.
    pub plan: bool,
    /// From 1 to [`SettleRequest::MAX_ITEMS`], each on its own.
    pub items: Vec<Settle>,
}

impl SettleRequest {
    /// Most items of one request.
    pub const MAX_ITEMS: usize = 1_000;
}

/// One settlement that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settle {
    /// The file.
    pub file: FileName,
    /// The decided head that was shown; refused when it has moved.
    pub expected_head: ObjectId,
    /// What becomes the head.
    pub choice: Choice,
    /// Why, for the audit.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What becomes the head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Choice {
    /// Content and metadata of this commit: a side, or any other version of the file.
    Pick {
        /// The commit.
        commit: ObjectId,
    },
    /// This text, with the head's metadata.
    Merge {
        /// All of it.
        text: String,
        /// The side it was merged from.
        commit: ObjectId,
    },
    /// The head's own content; this side becomes the file `other_name`.
    KeepBoth {
        /// Name of the new file.
        other_name: FileName,
        /// The side.
        commit: ObjectId,
    },
    /// The content before the head, which is a settlement.
    Undo,
}

impl Choice {
    /// What is done.
    #[must_use]
    pub const fn verb(&self) -> SettleVerb {
        match self {
            Self::Pick { .. } => SettleVerb::Pick,
            Self::Merge { .. } => SettleVerb::Merge,
            Self::KeepBoth { .. } => SettleVerb::KeepBoth,
            Self::Undo => SettleVerb::Undo,
        }
    }
}

/// What a settlement would do; the run does the same when nothing else changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlePlan {
    /// The file.
    pub file: FileName,
    /// What is done.
    pub verb: SettleVerb,
    /// The decided head it is made on.
    pub expected_head: ObjectId,
    /// Whose content becomes the head; none for a merged text.
    pub winner: Option<Side>,
    /// What stops being a side; it stays in the history.
    pub losers: Vec<Side>,
    /// The file that the other side becomes.
    pub new_file: Option<FileName>,
    /// Nodes whose head changes.
    pub nodes: Vec<NodeRef>,
    /// How the run would end now.
    pub expect: ActionOutcome,
}

/// How an action on one item ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionOutcome {
    /// The word.
    pub outcome: Outcome,
    /// The reason, or what follows the word: "no majority: 1 of 3 nodes answer".
    #[serde(default)]
    pub detail: Option<String>,
    /// The head now, where it is known.
    #[serde(default)]
    pub head: Option<ObjectId>,
}

impl From<Outcome> for ActionOutcome {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, detail: None, head: None }
    }
}

impl ActionOutcome {
    /// It could not be done.
    #[must_use]
    pub fn failed(reason: impl Into<String>) -> Self {
        Self { outcome: Outcome::Failed, detail: Some(reason.into()), head: None }
    }
}

/// The word, and the reason after a colon: "failed: the disk is full".
impl fmt::Display for ActionOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.detail {
            Some(detail) => write!(f, "{}: {detail}", self.outcome),
            None => write!(f, "{}", self.outcome),
        }
    }
}

/// The result of one item of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemResult {
    /// The file.
    pub file: FileName,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: ActionOutcome,
}

/// Body of `POST /api/v1/sync`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRequest {
    /// Only say what would happen: answered by [`SyncPlan`]s, else by [`ItemResult`]s.
    pub plan: bool,
    /// The files, from 1 to [`SettleRequest::MAX_ITEMS`].
    pub files: Vec<FileName>,
}

/// What a force sync of one file would do. It never chooses between two sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncPlan {
    /// The file.
    pub file: FileName,
    /// The steps, in their order.
    pub steps: Vec<SyncStep>,
    /// How the run would end now.
    pub expect: ActionOutcome,
}

/// One step of a force sync.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum SyncStep {
    /// A quorum read of the file's register.
    Read {
        /// Members that are asked.
        members: usize,
    },
    /// Comparing with what these nodes serve (protocol 4.4).
    Reconcile {
        /// They.
        nodes: Vec<NodeRef>,
    },
    /// Getting what is missing.
    Fetch {
        /// The node that lacks it.
        node: NodeRef,
    },
    /// Having a save that is not decided yet decided.
    Propose {
        /// Its commit.
        commit: ObjectId,
    },
    /// Writing the file's line of `ref/head` where it disagrees.
    Repair {
        /// Nodes whose journal disagrees.
        nodes: Vec<NodeRef>,
    },
}

impl fmt::Display for SyncStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { members } => write!(f, "ask {members} members for the decided head"),
            Self::Reconcile { nodes } => write!(f, "compare with {}", names(nodes)),
            Self::Fetch { node } => write!(f, "fetch what is missing to {}", node.name),
            Self::Propose { commit } => write!(f, "propose {}", short(*commit)),
            Self::Repair { nodes } => write!(f, "repair ref/head on {}", names(nodes)),
        }
    }
}

impl SettlePlan {
    /// Text of the button that does it: "Make the text of 3f2a91c the new head on 3 nodes".
    #[must_use]
    pub fn button(&self) -> String {
        let on = count(u64::try_from(self.nodes.len()).unwrap_or(u64::MAX), "node", "nodes");
        let of =
            |side: &Option<Side>| side.as_ref().map_or_else(String::new, |side| short(side.head));
        match (self.verb, &self.new_file) {
            (SettleVerb::Pick, _) => {
                format!("Make the text of {} the new head on {on}", of(&self.winner))
            }
            (SettleVerb::Merge, _) => format!("Make the merged text the new head on {on}"),
            (SettleVerb::KeepBoth, Some(other)) => {
                format!("Keep both: save the other side as {other} on {on}")
            }
            (SettleVerb::KeepBoth, None) => format!("Keep both on {on}"),
            (SettleVerb::Undo, _) => {
                format!("Undo: bring the text of {} back on {on}", of(&self.winner))
            }
        }
    }

    /// What is kept, whatever is chosen.
    #[must_use]
    pub fn kept(&self) -> String {
        let stays = match self.losers.as_slice() {
            [] => "The version before it stays".to_owned(),
            [loser] => format!("{} by {} stays", short(loser.head), loser.who()),
            many => {
                let heads: Vec<_> = many.iter().map(|side| short(side.head)).collect();
                format!("{} stay", list(&heads))
            }
        };
        format!("Nothing is deleted. {stays} in the history on every node and can be picked later.")
    }

    /// "alpha, bravo and charlie".
    #[must_use]
    pub fn nodes_text(&self) -> String {
        names(&self.nodes)
    }
}

fn names(nodes: &[NodeRef]) -> String {
    list(&nodes.iter().map(|node| node.name.clone()).collect::<Vec<_>>())
}

/// The digits of a hash that people compare.
fn short(id: ObjectId) -> String {
    id.to_string()[..7].to_owned()
}

#[cfg(test)]
mod tests {
    use super::{super::divergence::tests::diverged, *};

    fn plan(verb: SettleVerb) -> SettlePlan {
        let found = diverged("family.pl");
        SettlePlan {
            file: found.name.clone(),
            verb,
            expected_head: found.decided.head,
            nodes: found.decided.on.clone(),
            new_file: (verb == SettleVerb::KeepBoth).then(|| "other.pl".into()),
            winner: Some(found.others[0].clone()),
            losers: vec![found.decided],
            expect: Outcome::Done.into(),
        }
    }

    #[test]
    fn a_button_says_what_it_does_to_how_many_nodes() {
        let said: Vec<_> = SettleVerb::ALL.iter().map(|verb| plan(*verb).button()).collect();
        assert_eq!(
            said,
            [
                "Make the text of 0202020 the new head on 2 nodes",
                "Make the merged text the new head on 2 nodes",
                "Keep both: save the other side as other.pl on 2 nodes",
                "Undo: bring the text of 0202020 back on 2 nodes",
            ]
        );
        assert_eq!(
            plan(SettleVerb::Pick).kept(),
            "Nothing is deleted. 0101010 by Ann stays in the history on every node and can be \
             picked later."
        );
    }

    #[test]
    fn an_outcome_is_a_word_with_its_reason() {
        let said = Outcome::ALL.iter().map(|outcome| ActionOutcome::from(*outcome).to_string());
        assert_eq!(
            said.collect::<Vec<_>>(),
            [
                "failed",
                "refused",
                "refused: no majority",
                "refused: head moved",
                "not known yet",
                "not tried",
                "no change needed",
                "done",
            ]
        );
        assert_eq!(
            ActionOutcome::failed("the disk is full").to_string(),
            "failed: the disk is full"
        );
    }

    #[test]
    fn steps_of_a_sync_are_read_as_a_list() {
        let alpha = diverged("a").decided.on[0].clone();
        let steps = [
            SyncStep::Read { members: 3 },
            SyncStep::Reconcile { nodes: diverged("a").decided.on },
            SyncStep::Fetch { node: alpha.clone() },
            SyncStep::Propose { commit: diverged("a").decided.head },
            SyncStep::Repair { nodes: vec![alpha] },
        ];
        assert_eq!(
            steps.map(|step| step.to_string()),
            [
                "ask 3 members for the decided head",
                "compare with alpha and bravo",
                "fetch what is missing to alpha",
                "propose 0101010",
                "repair ref/head on alpha",
            ]
        );
    }
}
