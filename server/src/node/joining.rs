//! Joining a cluster: this node knocks at one of its nodes until an operator has approved it.
//!
//! It receives nothing meanwhile. When it is approved the members dial it, and tell the roster.

use std::{fs, path::PathBuf, time::Duration};

use domain::view::Problem;
use serde::{Deserialize, Serialize};

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
/// # Errors
/// When this node is in a cluster or has files, or when nobody there takes the question.
pub async fn join(app: &App, address: String) -> Result<Joining, Problem> {
    let state = app.links.state();
    if state.cluster.is_some() {
        return Err(problem("already_member", "This node is in a cluster already."));
    }
    if state.files > 0 {
        let text = format!(
            "This node has {} files of its own. Give it an empty store: the files of a second \
             store cannot be taken over yet.",
            state.files
        );
        return Err(problem("not_empty", &text));
    }
    let knocked = app.links.knock(&address).await;
    let hello = knocked.map_err(|error| problem("unreachable", &error.to_string()))?;
    let file = app.config.node.data.join(FILE);
    fs::write(&file, &address).map_err(|error| problem("unavailable", &error.to_string()))?;
    tokio::spawn(knock(app.clone(), address));
    Ok(Joining { name: app.links.about().name.clone(), asked: hello.name })
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
