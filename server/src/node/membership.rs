//! What an operator does with a node, in the words of the dashboard (protocol 11).

use std::time::Duration;

use cluster::{ChangeOutcome, Member, RosterChange};
use domain::{
    NodeId,
    view::Problem,
    words::{NodeAction, Outcome},
};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::{NodeError, NodeView};
use crate::app::App;

/// A change that takes longer goes on without an answer: not known yet.
const PATIENCE: Duration = Duration::from_secs(25);

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// In one word.
    pub outcome: Outcome,
    /// In a sentence.
    pub sentence: String,
}

/// Carries out an action on the node with this name or id, and waits for its end.
///
/// # Errors
/// When nothing of that name is known, or the program is stopping.
pub async fn act(app: &App, node: &str, action: NodeAction) -> Result<Answer, Problem> {
    let view = app.node.shared().node();
    let member = find(&view, node, action)?;
    let (id, name) = (member.id.node, member.name.clone());
    let change = match action {
        NodeAction::Approve => RosterChange::Approve(member),
        NodeAction::Promote => RosterChange::Promote(id),
        NodeAction::Demote => RosterChange::Demote(id),
        NodeAction::Replace => RosterChange::Replace(id),
        NodeAction::Remove => RosterChange::Remove(id),
        NodeAction::Drain | NodeAction::Undrain => {
            return drain(app, id, &name, action == NodeAction::Drain).await;
        }
    };
    let outcome = match timeout(PATIENCE, app.node.change(change)).await {
        Ok(outcome) => outcome.map_err(|error| stopping(&error))?,
        Err(_) => ChangeOutcome::NotKnown,
    };
    Ok(said(outcome, action, &name))
}

/// The node with this name or id: of the roster, or for approval among those that ask.
fn find(view: &NodeView, node: &str, action: NodeAction) -> Result<Member, Problem> {
    let roster = view.roster.as_ref();
    let named = roster.into_iter().flat_map(|roster| roster.everybody());
    let asking = view.asking.iter().filter(|_| action == NodeAction::Approve);
    let removed = roster.into_iter().flat_map(|roster| &roster.removed);
    let mut found = named.chain(asking).chain(removed.filter(|_| action == NodeAction::Remove));
    let member = found.find(|member| member.name == node || member.id.node.to_string() == node);
    member.cloned().ok_or_else(|| Problem {
        code: "no_such_node".into(),
        message: format!("No node called {node} is known here. See them with: swish-cluster nodes"),
    })
}

/// Draining is a matter of the node itself: its own operator says so on its own socket file.
async fn drain(app: &App, id: NodeId, name: &str, drains: bool) -> Result<Answer, Problem> {
    if id != app.me().node {
        return Err(Problem {
            code: "refused".into(),
            message: format!("Only {name} itself can say that: run this on its server."),
        });
    }
    let outcome = match app.node.shared().node().draining == drains {
        true => Outcome::Unchanged,
        false => Outcome::Done,
    };
    app.node.drain(drains).await.map_err(|error| stopping(&error))?;
    let sentence = match drains {
        true => format!("{name} takes no new pages and goes on voting."),
        false => format!("{name} takes new pages."),
    };
    Ok(Answer { outcome, sentence })
}

fn stopping(error: &NodeError) -> Problem {
    Problem { code: "unavailable".into(), message: error.to_string() }
}

fn said(outcome: ChangeOutcome, action: NodeAction, name: &str) -> Answer {
    let (outcome, sentence) = match outcome {
        ChangeOutcome::Done => (Outcome::Done, done(action, name)),
        ChangeOutcome::NoChange => (Outcome::Unchanged, format!("{name} was so already.")),
        ChangeOutcome::Moved => (
            Outcome::Refused,
            "Another change of the members came first or is being repaired; try again in a few \
             seconds."
                .to_owned(),
        ),
        ChangeOutcome::NoMajority => (
            Outcome::NoMajority,
            "Not enough members answer to change them; nothing was changed.".to_owned(),
        ),
        ChangeOutcome::NotKnown => (
            Outcome::NotKnown,
            "It was proposed and may still be decided; look again with: swish-cluster nodes"
                .to_owned(),
        ),
        ChangeOutcome::NotAMember => {
            (Outcome::Refused, "This node has no vote: ask one that has.".to_owned())
        }
        ChangeOutcome::NoSuchNode => (Outcome::Refused, format!("{name} is not in the roster.")),
        ChangeOutcome::NotCaughtUp => (
            Outcome::Refused,
            format!("{name} has not fetched everything yet or does not answer; try again later."),
        ),
        ChangeOutcome::Wiped => (
            Outcome::Refused,
            format!("The disk of {name} is new, and the old one has the vote: replace it."),
        ),
        ChangeOutcome::LastMember => {
            (Outcome::Refused, format!("{name} is the only member, and somebody has to vote."))
        }
    };
    Answer { outcome, sentence }
}

fn done(action: NodeAction, name: &str) -> String {
    match action {
        NodeAction::Approve => format!("{name} is a learner: it is being filled, and has no vote."),
        NodeAction::Promote => format!("{name} is a member: it has a vote."),
        NodeAction::Demote => format!("{name} is a learner: it has no vote any more."),
        NodeAction::Replace => format!("{name} has a vote again, with its new disk."),
        NodeAction::Remove => format!("{name} is out of the cluster."),
        NodeAction::Drain | NodeAction::Undrain => String::new(),
    }
}
