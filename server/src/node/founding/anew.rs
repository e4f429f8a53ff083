//! Founding anew on a node whose cluster has lost a majority for good (protocol 11).
//!
//! Nothing is asked of the old cluster but who still answers: this is refused while a majority
//! does, and while any other member does that was not named as a survivor.

use std::collections::BTreeSet;

use cluster::{DraftKind, LeaveOutcome, Leaving, Member, MemberId, Roster};
use domain::{
    ClusterId, Deed,
    view::{AnewPlan, AnewRequest, OldMember, Problem},
    words::{Action, Outcome, count, thousands},
};
use futures_util::future::join_all;

use super::problem;
use crate::{
    app::App,
    node::{FileEntry, NodeView, PeerView, Shared, link::now_ms},
};

/// Says what founding anew would do, or does it.
///
/// # Errors
/// Refused, with nothing changed; or the program is stopping, and a second run goes on.
pub async fn found_anew(
    app: &App,
    request: AnewRequest,
    person: &str,
) -> Result<AnewPlan, Problem> {
    let view = app.node.shared().node();
    let Some(roster) = view.roster.clone() else {
        return Err(refused("This node is in no cluster: found one with swish-cluster init."));
    };
    if is_done(app, &roster) {
        return Ok(done_before(&view, &roster));
    }
    if roster.has_removed(app.me().node) {
        return Err(refused(
            "This node was removed from its cluster, so others have what came after. If they are \
             all gone, start it with an empty --data and its --store, and found with swish-cluster \
             init.",
        ));
    }
    let plan = plan(app, &view, &roster, &request).await;
    match (&plan.refused, request.plan) {
        (_, true) => return Ok(plan),
        (Some(why), false) => return Err(refused(why)),
        (None, false) => {}
    }
    let Some(reason) = request.reason.filter(|reason| !reason.trim().is_empty()) else {
        return Err(refused("Say why, for the audit: --reason TEXT. See first: --plan."));
    };
    let cluster = ClusterId::from_bytes(rand::random());
    let deed = Deed {
        node_name: view.name.clone(),
        before: Some(format!("cluster {} of {}", roster.cluster, names(&roster.members))),
        after: Some(format!("cluster {cluster} of {}", view.name)),
        reason: Some(reason),
        ..Deed::new(now_ms(), person, Action::FoundedAnew, Outcome::Done)
    };
    let survivors = named(&roster, &request.survivors).collect();
    let to = Leaving::Anew { cluster, survivors };
    let outcome = app.node.leave(to, &deed).await;
    match outcome.map_err(|error| problem("unavailable", error.to_string()))? {
        LeaveOutcome::Left => Ok(AnewPlan { cluster: Some(cluster), ..plan }),
        LeaveOutcome::MajorityAnswers(who) | LeaveOutcome::OthersAnswer(who) => Err(refused(
            &format!("{} answered just now; look again with --plan.", names_of(&roster, &who)),
        )),
        LeaveOutcome::NotElsewhere => Err(refused("This node left that cluster just now.")),
    }
}

/// True if this node founded its cluster anew and is alone in it: a second run has nothing to do.
fn is_done(app: &App, roster: &Roster) -> bool {
    let is_mine = roster.members.iter().all(|member| member.id == app.me());
    is_mine && !app.links.state().left.is_empty()
}

fn done_before(view: &NodeView, roster: &Roster) -> AnewPlan {
    let sentence = format!(
        "{} founded cluster {} anew before, and is its only member: nothing to do.",
        view.name, roster.cluster
    );
    AnewPlan { cluster: Some(roster.cluster), sentences: vec![sentence], ..AnewPlan::default() }
}

/// What is known of the old cluster, and what would be made of it.
async fn plan(app: &App, view: &NodeView, roster: &Roster, request: &AnewRequest) -> AnewPlan {
    let me = app.me();
    let others: Vec<&Member> = roster.members.iter().filter(|m| m.id.node != me.node).collect();
    let asked = others.iter().map(|member| answers(app, view, roster, member));
    let answers = join_all(asked).await;
    let members = others.iter().zip(&answers).map(|(m, answer)| old_member(app, view, m, *answer));
    let members: Vec<OldMember> = members.collect();
    let votes = answers.iter().filter(|answer| **answer == Answer::Votes).count();
    let votes = votes + usize::from(roster.has(&me));
    let survivors: BTreeSet<_> = named(roster, &request.survivors).collect();
    let silent = |at: &usize| answers[*at] == Answer::None;
    let unnamed = (0..others.len()).filter(|at| !silent(at));
    let unnamed: Vec<&str> = unnamed
        .filter(|at| !survivors.contains(&others[*at].id.node))
        .map(|at| others[at].name.as_str())
        .collect();
    let refused = if votes >= roster.quorum() {
        Some(format!(
            "{votes} of {} members answer, and {} decide: nothing is lost. Bring the others back, \
             or replace or remove them: swish-cluster nodes. {}",
            roster.members.len(),
            roster.quorum(),
            heard(&members)
        ))
    } else if unnamed.is_empty() {
        None
    } else {
        let names = unnamed.join(", ");
        Some(format!(
            "{names} answers. If the majority is gone for good, choose the best surviving node (run \
             --plan on each), and there say --survivors {}. {}",
            unnamed.join(","),
            heard(&members)
        ))
    };
    let sentences = sentences(app.node.shared(), view, roster, &members);
    AnewPlan { cluster: None, refused, members, sentences }
}

/// Whether a member answers, and whether as one that votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    None,
    /// Its disk is another one, or it is in no cluster.
    Lives,
    Votes,
}

/// A link, or at least a Hello where it was reached last. One in another cluster has gone its way.
async fn answers(app: &App, view: &NodeView, roster: &Roster, member: &Member) -> Answer {
    let linked = view.peers.iter().find(|peer| peer.linked && peer.id.node == member.id.node);
    if let Some(peer) = linked {
        return if peer.id == member.id { Answer::Votes } else { Answer::Lives };
    }
    let Ok(asking) = app.links.ask(&member.address).await else { return Answer::None };
    let hello = asking.hello();
    match hello.cluster {
        _ if hello.node != member.id.node => Answer::None,
        Some(cluster) if cluster != roster.cluster => Answer::None,
        Some(_) if hello.member() == member.id => Answer::Votes,
        Some(_) | None => Answer::Lives,
    }
}

fn old_member(app: &App, view: &NodeView, member: &Member, answer: Answer) -> OldMember {
    let peer = view.peers.iter().find(|peer| peer.id.node == member.id.node);
    let remembered = app.links.state().remembered;
    let count = remembered.iter().find(|(id, _)| *id == member.id).map_or(0, |(_, count)| *count);
    let heard = peer.filter(|peer| peer.root.is_some());
    OldMember {
        name: member.name.clone(),
        address: member.address.clone(),
        answers: answer != Answer::None,
        silent_ms: peer.and_then(|peer| peer.last_frame_ms).map(|at| now_ms().saturating_sub(at)),
        lacking: heard.map(|peer| lacking(view, peer)),
        serial: heard.map(|peer| peer.serial.0),
        count,
    }
}

/// Positions of its change log that this node had not taken in when it was heard last.
fn lacking(view: &NodeView, peer: &PeerView) -> u64 {
    let is_equal = peer.root == view.root;
    if is_equal { 0 } else { peer.serial.0.saturating_sub(peer.seen.0) }
}

fn heard(members: &[OldMember]) -> String {
    let heard: Vec<String> = members.iter().map(OldMember::heard).collect();
    format!("{}.", heard.join("; "))
}

/// What stays, what becomes of it, and what to beware of.
fn sentences(
    shared: &Shared,
    view: &NodeView,
    roster: &Roster,
    members: &[OldMember],
) -> Vec<String> {
    let of = |is_it: fn(&FileEntry) -> bool| {
        let found = shared.with_files(|files| files.values().filter(|file| is_it(file)).count());
        u64::try_from(found).unwrap_or(u64::MAX)
    };
    let is_held = |file: &FileEntry| file.draft.is_some_and(|d| d.kind == DraftKind::Held);
    let (served, newer) = (of(|file| file.served().is_some()), of(|file| file.newer.is_some()));
    let (held, diverged) = (of(is_held), of(|file| file.divergence.is_some()));
    let mut said = vec![
        format!(
            "{} becomes the only member of a new cluster; the old one, {}, had {}.",
            view.name,
            roster.cluster,
            names(&roster.members)
        ),
        format!(
            "{} as this node serves them are its first values, of them {} with a save that is held here.",
            count(served, "file", "files"),
            thousands(held),
        ),
    ];
    if diverged > 0 {
        said.push(format!(
            "{} two sides; every side that is known here stays.",
            count(diverged, "file has", "files have")
        ));
    }
    if newer > 0 {
        said.push(format!(
            "{} had a newer version elsewhere that never arrived here: it comes back only with a \
             disk that has it.",
            count(newer, "file", "files")
        ));
    }
    said.extend(members.iter().map(OldMember::known));
    said.extend(best(members));
    said.push(
        "Where several nodes survive, run this plan on each and found on the one that lacks least; \
         of a lost member, the one with the higher durable count heard of it last."
            .to_owned(),
    );
    said.push(
        "Do not do this because of a network that is cut: if the others work, they are another \
         cluster from then on and refuse each other's links, and what both sides save has to be \
         settled file by file."
            .to_owned(),
    );
    said.push(
        "A node that comes back is brought in with its disk: there, swish-cluster join ADDR \
         --leave-old-cluster; here, swish-cluster nodes approve and promote."
            .to_owned(),
    );
    said
}

/// The survivor with the longest change log, as it was heard last.
fn best(members: &[OldMember]) -> Option<String> {
    let answering = members.iter().filter(|member| member.answers && member.lacking > Some(0));
    let best = answering.max_by_key(|member| member.lacking)?;
    Some(format!("{} answers and has what this node lacks: look at its plan first.", best.name))
}

fn named<'a>(roster: &'a Roster, names: &'a [String]) -> impl Iterator<Item = domain::NodeId> + 'a {
    let is_named = |member: &&Member| {
        names.iter().any(|name| *name == member.name || *name == member.id.node.to_string())
    };
    roster.members.iter().filter(is_named).map(|member| member.id.node)
}

fn names(members: &[Member]) -> String {
    members.iter().map(|member| member.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn names_of(roster: &Roster, who: &[MemberId]) -> String {
    let members = roster.members.iter().filter(|member| who.contains(&member.id));
    members.map(|member| member.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn refused(message: &str) -> Problem {
    problem("refused", message.to_owned())
}
