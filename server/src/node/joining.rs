//! Joining a cluster: this node knocks at one of its nodes until an operator has approved it.
//!
//! It receives nothing meanwhile. When it is approved the members dial it, and tell the roster.

use std::{fs, path::PathBuf, time::Duration};

use cluster::{LeaveOutcome, Leaving, Roster};
use domain::{
    Deed,
    view::Problem,
    words::{Action, Outcome},
};
use serde::{Deserialize, Serialize};

use super::link::now_ms;
use crate::app::App;

/// File of the data directory with the address, while this node wants to join.
const FILE: &str = "joining";
/// Time between two knocks.
const KNOCK_EVERY: Duration = Duration::from_secs(2);

/// A node that asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joining {
    /// Name of the node that asks.
    pub name: String,
    /// Name of the node that was asked.
    pub asked: String,
    /// Files of its own: when it is let in, what the cluster lacks is proposed, and what differs is
    /// listed as a divergence.
    #[serde(default)]
    pub files: u64,
}

/// What the operator of a new node needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The command to run there.
    pub command: String,
    /// File with the cluster secret, to be copied there first.
    pub secret_file: PathBuf,
}

/// How a new node joins this cluster.
///
/// # Errors
/// When this node is in none.
pub fn invite(app: &App) -> Result<Invitation, Problem> {
    if app.links.state().cluster.is_none() {
        return Err(problem("refused", "This node is in no cluster yet: init comes first."));
    }
    Ok(Invitation {
        command: format!("swish-cluster join {}", app.links.about().address),
        secret_file: app.config.node.secret_file.clone(),
    })
}

/// Asks the node at `address` to let this one in, now and until an operator has said yes.
///
/// With `leaves` this node leaves the cluster that it is in first, if that is another one.
///
/// # Errors
/// When this node is in a cluster and may not leave it, or when nobody there takes the question.
pub async fn join(
    app: &App,
    address: String,
    leaves: bool,
    person: &str,
) -> Result<Joining, Problem> {
    if let Some(roster) = app.node.shared().node().roster {
        leave(app, &roster, &address, leaves, person).await?;
    }
    let state = app.links.state();
    let knocked = app.links.knock(&address).await;
    let hello = knocked.map_err(|error| problem("unreachable", &error.to_string()))?;
    let file = app.config.node.data.join(FILE);
    fs::write(&file, &address).map_err(|error| problem("unavailable", &error.to_string()))?;
    tokio::spawn(knock(app.clone(), address));
    Ok(Joining { name: app.links.about().name.clone(), asked: hello.name, files: state.files })
}

/// Leaves the cluster of `roster`, to join that of the node at `address`.
async fn leave(
    app: &App,
    roster: &Roster,
    address: &str,
    leaves: bool,
    person: &str,
) -> Result<(), Problem> {
    let asking = app.links.ask(address).await;
    let asking = asking.map_err(|error| problem("unreachable", &error.to_string()))?;
    let hello = asking.hello();
    let (theirs, ours) = match hello.cluster {
        Some(theirs) if theirs != roster.cluster => (theirs, roster.cluster),
        Some(_) => {
            return Err(problem("already_member", "This node is in that cluster already."));
        }
        None => {
            let text = format!("{} is in no cluster, and this node is in one.", hello.name);
            return Err(problem("already_member", &text));
        }
    };
    let name = &hello.name;
    if !leaves {
        let text = format!(
            "This node is in cluster {ours}, and {name} in {theirs}. To go there it has to leave its \
             cluster for good: its vote there ends; its files, held saves and sides come along, are \
             proposed, and where they differ listed as divergences. Until it is approved it saves \
             nothing. If that is meant: join {address} --leave-old-cluster"
        );
        return Err(problem("refused", &text));
    }
    let deed = Deed {
        node_name: app.links.about().name.clone(),
        before: Some(format!("cluster {ours}")),
        after: Some(format!("asks {name} of cluster {theirs}")),
        ..Deed::new(now_ms(), person, Action::LeftCluster, Outcome::Done)
    };
    let left = app.node.leave(Leaving::Join { cluster: theirs }, &deed).await;
    match left.map_err(|error| problem("unavailable", &error.to_string()))? {
        LeaveOutcome::Left => Ok(()),
        LeaveOutcome::MajorityAnswers(who) => {
            let members = roster.members.iter().filter(|member| who.contains(&member.id));
            let names: Vec<&str> = members.map(|member| member.name.as_str()).collect();
            let text = format!(
                "The old cluster works: {} answers, and with this node decides. Remove this node \
                 there first (nodes remove), or stop the others if that cluster is to end.",
                names.join(", ")
            );
            Err(problem("refused", &text))
        }
        LeaveOutcome::OthersAnswer(_) | LeaveOutcome::NotElsewhere => {
            Err(problem("refused", "This node has just changed its cluster; look again."))
        }
    }
}

/// Goes on asking after a restart.
pub fn resume(app: &App) {
    if let Ok(address) = fs::read_to_string(app.config.node.data.join(FILE)) {
        tokio::spawn(knock(app.clone(), address));
    }
}

async fn knock(app: App, address: String) {
    while app.links.state().cluster.is_none() {
        if let Err(error) = app.links.knock(&address).await {
            tracing::debug!(%error, "asking to join: {error}");
        }
        tokio::select! {
            () = tokio::time::sleep(KNOCK_EVERY) => {}
            () = app.stop.stopped() => return,
        }
    }
    let _ = fs::remove_file(app.config.node.data.join(FILE));
}

fn problem(code: &str, message: &str) -> Problem {
    Problem { code: code.into(), message: message.into() }
}
