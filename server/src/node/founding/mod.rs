//! Founding a cluster: the first roster, of nodes that are asked what they are and what their stores
//! have (protocol 4.4, 11).

mod anew;
mod report;
mod stores;

use std::collections::BTreeSet;

use cluster::{FoundOutcome, Member, MemberId, Phase, Roster};
use domain::{ClusterId, view::Problem};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    node::link::{Asking, Hello, ProbeError},
};

pub use anew::found_anew;
pub use report::report;

/// A node that shall be a member, beside the one that founds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewMember {
    /// Where its links are reached, `host:port`.
    pub address: String,
}

/// A cluster that was founded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Founded {
    /// Its first roster.
    pub roster: Roster,
}

/// Founds a cluster of this node and `others`; the files of their stores become its first ones.
///
/// A file that several of them have gets the head that all others lead to, else that of a majority
/// of the stores, else that of the first store in their order, which begins with this node's. What
/// is not on its path is a divergence.
///
/// # Errors
/// When this node or one of them is in a cluster, or one of them or its store does not answer.
/// Nothing was changed then, here or there.
pub async fn found(app: &App, others: Vec<NewMember>) -> Result<Founded, Problem> {
    if app.links.state().cluster.is_some() {
        return Err(already_member("This node"));
    }
    let asked = others.iter().map(|other| app.links.ask(&other.address));
    let answers: Vec<_> = join_all(asked).await.into_iter().zip(&others).collect();
    let mut members = vec![own(app)];
    let mut stores = Vec::new();
    for (answer, other) in answers {
        members.push(member(answer.as_ref().map(Asking::hello), &other.address)?);
        stores.extend(answer);
    }
    let roster = roster(members)?;
    let chosen = stores::choose_heads(app, stores).await?;
    match app.node.found(roster.clone(), chosen).await {
        Ok(FoundOutcome::Founded) => Ok(Founded { roster }),
        Ok(FoundOutcome::AlreadyMember) => Err(already_member("This node")),
        Err(error) => Err(problem("unavailable", error.to_string())),
    }
}

fn own(app: &App) -> Member {
    let about = app.links.about();
    Member { id: app.me(), name: about.name.clone(), address: about.address.clone() }
}

/// The node at an address, if it may become a member.
fn member(answer: Result<&Hello, &ProbeError>, address: &str) -> Result<Member, Problem> {
    let hello = answer.map_err(|error| problem("unreachable", error.to_string()))?;
    let who = format!("{} at {address}", hello.name);
    if hello.has_roster {
        return Err(already_member(&who));
    }
    Ok(Member { id: hello.member(), name: hello.name.clone(), address: address.to_owned() })
}

fn roster(members: Vec<Member>) -> Result<Roster, Problem> {
    let ids: BTreeSet<MemberId> = members.iter().map(|member| member.id).collect();
    let names: BTreeSet<&str> = members.iter().map(|member| member.name.as_str()).collect();
    if ids.len() < members.len() {
        return Err(problem("malformed", "The same node is listed twice.".to_owned()));
    }
    if names.len() < members.len() {
        let text = "Two nodes have the same name; start them with another --name.".to_owned();
        return Err(problem("malformed", text));
    }
    let cluster = ClusterId::from_bytes(rand::random());
    Ok(Roster {
        cluster,
        epoch: 1,
        phase: Phase::Steady,
        members,
        learners: Vec::new(),
        removed: Vec::new(),
    })
}

fn already_member(who: &str) -> Problem {
    problem("already_member", format!("{who} is in a cluster already."))
}

fn problem(code: &str, message: String) -> Problem {
    Problem { code: code.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use domain::{Incarnation, NodeId, Run};

    use super::*;
    use crate::node::link::{Kind, PROTOCOL_VERSION, Purpose};

    fn hello(files: u64, cluster: Option<ClusterId>) -> Hello {
        Hello {
            relay: 0,
            kind: Kind::Control,
            purpose: Purpose::Founding,
            protocol: PROTOCOL_VERSION,
            cluster,
            node: NodeId::from_bytes([1; 8]),
            incarnation: Incarnation::from_bytes([2; 8]),
            run: Run::from_bytes([3; 8]),
            name: "bravo".into(),
            address: "elsewhere:1".into(),
            epoch: 0,
            phase: None,
            files,
            has_roster: cluster.is_some(),
            remembered: Vec::new(),
            durable_count: 0,
            version: "0".into(),
            wall_ms: 0,
            dashboard: None,
            gateway: None,
        }
    }

    #[test]
    fn a_node_becomes_a_member_at_the_address_it_was_asked_at() {
        for files in [0, 3] {
            let member = member(Ok(&hello(files, None)), "bravo:7060").unwrap();
            assert_eq!((member.name.as_str(), member.address.as_str()), ("bravo", "bravo:7060"));
        }
    }

    #[test]
    fn a_node_in_a_cluster_is_refused() {
        let hello = hello(0, Some(ClusterId::from_bytes([9; 8])));
        assert_eq!(member(Ok(&hello), "bravo:7060").unwrap_err().code, "already_member");
    }

    #[test]
    fn a_node_cannot_be_listed_twice() {
        let one = member(Ok(&hello(0, None)), "bravo:7060").unwrap();
        assert_eq!(roster(vec![one.clone(), one]).unwrap_err().code, "malformed");
    }
}
