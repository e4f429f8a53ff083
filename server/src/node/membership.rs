//! What an operator does with a node, in the words of the dashboard (protocol 11).

use std::time::Duration;

use cluster::{ChangeOutcome, Member, Phase, Roster, RosterChange};
use domain::{
    NodeId,
    view::{NodeAnswer, Problem},
    words::{NodeAction, NodeRole, Outcome, margin},
};
use tokio::time::timeout;

use super::{Handle, NodeError, NodeView};

/// A change that takes longer goes on without an answer: not known yet.
const PATIENCE: Duration = Duration::from_secs(25);

/// Carries out an action on the node with this name or id, and waits for its end.
///
/// # Errors
/// When nothing of that name is known, or the program is stopping.
pub async fn act(on: &Handle, node: &str, action: NodeAction) -> Result<NodeAnswer, Problem> {
    let view = on.shared().node();
    let member = find(&view, node, action)?;
    let (id, name) = (member.id.node, member.name.clone());
    let change = match action {
        NodeAction::Approve => RosterChange::Approve(member),
        NodeAction::Promote => RosterChange::Promote(id),
        NodeAction::Demote => RosterChange::Demote(id),
        NodeAction::Replace => RosterChange::Replace(id),
        NodeAction::Remove => RosterChange::Remove(id),
        NodeAction::Drain | NodeAction::Undrain => {
            return drain(on, &view, &member, action == NodeAction::Drain).await;
        }
    };
    let outcome = match timeout(PATIENCE, on.change(change)).await {
        Ok(outcome) => outcome.map_err(|error| stopping(&error))?,
        Err(_) => ChangeOutcome::NotKnown,
    };
    Ok(said(outcome, action, &name))
}

/// Says what an action would do now: what follows for the node, and how many then decide.
///
/// # Errors
/// When nothing of that name is known.
pub fn plan(on: &Handle, node: &str, action: NodeAction) -> Result<NodeAnswer, Problem> {
    let view = on.shared().node();
    let member = find(&view, node, action)?;
    let Some(role) = view.roster.as_ref().map(|roster| role_of(&view, roster, member.id.node))
    else {
        return Ok(said(ChangeOutcome::NotAMember, action, &member.name));
    };
    let mut sentence = action.consequence(&member.name);
    if let Some(after) = members_after(&view, action) {
        let majority = after / 2 + 1;
        sentence.push_str(&format!(
            " Afterwards {majority} of {after} members decide. {}.",
            margin(after, after)
        ));
    }
    let (outcome, why) = match expected(&view, member.id.node, role, action) {
        None => (Outcome::Done, None),
        Some(outcome) => {
            let answer = said(outcome, action, &member.name);
            (answer.outcome, Some(answer.sentence))
        }
    };
    if let Some(why) = why {
        sentence.push_str(&format!(" Now this would end as: {outcome}. {why}"));
    }
    Ok(NodeAnswer { outcome, sentence })
}

/// Where the node with this name or id is reached.
///
/// # Errors
/// When nothing of that name is known.
pub fn address(on: &Handle, node: &str, action: NodeAction) -> Result<String, Problem> {
    Ok(find(&on.shared().node(), node, action)?.address)
}

/// What can be done to a node now, as far as this node knows.
#[must_use]
pub fn offered(view: &NodeView, node: NodeId, role: NodeRole) -> Vec<NodeAction> {
    let mut offered = Vec::new();
    let votes = view.role == Some(NodeRole::Member);
    if let Some(roster) = view.roster.as_ref().filter(|_| votes) {
        let all = NodeAction::ALL.iter().copied();
        let changes = all.filter(|action| fits(roster, node, role, *action));
        offered.extend(changes.filter(|_| roster.phase == Phase::Steady));
    }
    if view.me.is_some_and(|me| me.node == node) && view.role.is_some() {
        offered.push(if view.draining { NodeAction::Undrain } else { NodeAction::Drain });
    }
    offered
}

/// Whether a change makes sense for a node in this role; draining is no change of the roster.
fn fits(roster: &Roster, node: NodeId, role: NodeRole, action: NodeAction) -> bool {
    let is_named = roster.members.iter().any(|member| member.id.node == node);
    let many = roster.members.len() > 1;
    match (action, role) {
        (NodeAction::Approve, NodeRole::New) => true,
        (NodeAction::Promote, NodeRole::Learner) => !is_named,
        (NodeAction::Replace, NodeRole::Learner) => is_named && many,
        (NodeAction::Demote, NodeRole::Member) => many,
        (NodeAction::Remove, NodeRole::Learner | NodeRole::Member) => !is_named || many,
        (_, NodeRole::New | NodeRole::Learner | NodeRole::Member | NodeRole::Removed) => false,
    }
}

/// How a change would be refused now; none if it would be proposed.
fn expected(
    view: &NodeView,
    node: NodeId,
    role: NodeRole,
    action: NodeAction,
) -> Option<ChangeOutcome> {
    if matches!(action, NodeAction::Drain | NodeAction::Undrain) {
        return None;
    }
    let roster = view.roster.as_ref().filter(|_| view.role == Some(NodeRole::Member));
    let Some(roster) = roster else { return Some(ChangeOutcome::NotAMember) };
    let linked = view.peers.iter().filter(|peer| peer.linked && roster.has(&peer.id)).count();
    let is_named = roster.members.iter().any(|member| member.id.node == node);
    if roster.phase == Phase::Repairing {
        Some(ChangeOutcome::Moved)
    } else if linked + 1 < roster.quorum() {
        Some(ChangeOutcome::NoMajority)
    } else if fits(roster, node, role, action) {
        None
    } else if is_named && roster.members.len() == 1 {
        Some(ChangeOutcome::LastMember)
    } else if is_named && role == NodeRole::Learner {
        Some(ChangeOutcome::Wiped)
    } else {
        Some(ChangeOutcome::NoChange)
    }
}

/// Members after a change; none if their number stays.
fn members_after(view: &NodeView, action: NodeAction) -> Option<usize> {
    let members = view.roster.as_ref()?.members.len();
    match action {
        NodeAction::Promote => Some(members + 1),
        NodeAction::Demote | NodeAction::Remove => members.checked_sub(1).filter(|left| *left > 0),
        NodeAction::Approve | NodeAction::Replace | NodeAction::Drain | NodeAction::Undrain => None,
    }
}

/// What a node may do, as this node sees it.
fn role_of(view: &NodeView, roster: &Roster, node: NodeId) -> NodeRole {
    let own = view.me.filter(|me| me.node == node).and(view.role);
    let peer = view.peers.iter().find(|peer| peer.id.node == node).map(|peer| peer.role);
    own.or(peer).unwrap_or(if roster.names(node) {
        NodeRole::Member
    } else if roster.has_removed(node) {
        NodeRole::Removed
    } else {
        NodeRole::New
    })
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

/// Draining is a matter of the node itself: it is said on its own dashboard or socket file.
async fn drain(
    on: &Handle,
    view: &NodeView,
    member: &Member,
    drains: bool,
) -> Result<NodeAnswer, Problem> {
    let name = &member.name;
    if view.me.is_none_or(|me| me.node != member.id.node) {
        return Err(Problem {
            code: "refused".into(),
            message: format!("Only {name} itself can do that: say it there."),
        });
    }
    let outcome = match view.draining == drains {
        true => Outcome::Unchanged,
        false => Outcome::Done,
    };
    on.drain(drains).await.map_err(|error| stopping(&error))?;
    let sentence = match drains {
        true => format!("{name} takes no new pages and goes on voting."),
        false => format!("{name} takes new pages."),
    };
    Ok(NodeAnswer { outcome, sentence })
}

fn stopping(error: &NodeError) -> Problem {
    Problem { code: "unavailable".into(), message: error.to_string() }
}

fn said(outcome: ChangeOutcome, action: NodeAction, name: &str) -> NodeAnswer {
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
    NodeAnswer { outcome, sentence }
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
