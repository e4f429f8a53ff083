//! `nodes`: lists the nodes of the cluster, and changes who is in it and who votes.

use clap::{Args, Subcommand};
use domain::{
    view::NodeCard,
    words::{NodeAction, Outcome},
};

use super::{
    Exit,
    client::{At, Node},
    out,
};
use crate::node::{joining::Invitation, membership::Answer};

/// Arguments of `nodes`.
#[derive(Args, Debug)]
pub(super) struct Nodes {
    #[command(flatten)]
    node: Node,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    deed: Option<Deed>,
}

/// What to do; none lists the nodes.
#[derive(Debug, Subcommand)]
enum Deed {
    /// Say what to run on a new node.
    Invite,
    /// Let a node in that asked: it is filled, and has no vote.
    Approve(Which),
    /// Give a learner a vote, once it has everything.
    Promote(Which),
    /// Take a member's vote; it goes on being filled.
    Demote(Which),
    /// Give a member whose disk is new its vote back: two changes in a row.
    Replace(Which),
    /// Take a node out of the cluster.
    Remove(Which),
    /// Take no new pages on this node; it goes on voting.
    Drain(Which),
    /// Take new pages again.
    Undrain(Which),
}

#[derive(Args, Debug)]
struct Which {
    /// Name or id of the node.
    name: String,
}

impl Deed {
    /// The action and the node; none for what is about no node.
    fn action(&self) -> Option<(NodeAction, &str)> {
        let (action, which) = match self {
            Self::Invite => return None,
            Self::Approve(which) => (NodeAction::Approve, which),
            Self::Promote(which) => (NodeAction::Promote, which),
            Self::Demote(which) => (NodeAction::Demote, which),
            Self::Replace(which) => (NodeAction::Replace, which),
            Self::Remove(which) => (NodeAction::Remove, which),
            Self::Drain(which) => (NodeAction::Drain, which),
            Self::Undrain(which) => (NodeAction::Undrain, which),
        };
        Some((action, &which.name))
    }
}

impl Nodes {
    pub(super) async fn run(self) -> Exit {
        let at = self.node.at();
        match self.deed.as_ref().map(Deed::action) {
            None => self.list(&at).await,
            Some(None) => self.invite(&at).await,
            Some(Some((action, name))) => self.act(&at, action, name).await,
        }
    }

    async fn list(&self, at: &At) -> Exit {
        let cards: Vec<NodeCard> = match at.get("/api/v1/nodes").await {
            Ok(cards) => cards,
            Err(error) => return out::complain(&error.to_string(), error.exit()),
        };
        if self.json {
            out::json(&cards);
        } else {
            cards.iter().for_each(|card| out::line(&line(card)));
        }
        Exit::Done
    }

    async fn invite(&self, at: &At) -> Exit {
        let invitation: Invitation = match at.post("/api/v1/nodes/invite", &()).await {
            Ok(invitation) => invitation,
            Err(error) => return out::complain(&error.to_string(), error.exit()),
        };
        if self.json {
            out::json(&invitation);
        } else {
            let secret = invitation.secret_file.display();
            out::line(&format!("Copy {secret} to the new node and start it, then run there:"));
            out::line(&invitation.command);
        }
        Exit::Done
    }

    async fn act(&self, at: &At, action: NodeAction, name: &str) -> Exit {
        let path = format!("/api/v1/nodes/{}/{}", escaped(name), action.code());
        let answer: Answer = match at.post(&path, &()).await {
            Ok(answer) => answer,
            Err(error) => return out::complain(&error.to_string(), error.exit()),
        };
        if self.json {
            out::json(&answer);
        } else {
            out::line(&format!("{}. {}", answer.outcome, answer.sentence));
        }
        exit(answer.outcome)
    }
}

fn exit(outcome: Outcome) -> Exit {
    match outcome {
        Outcome::Done | Outcome::Unchanged => Exit::Done,
        Outcome::NotKnown | Outcome::NotTried => Exit::Wrong,
        Outcome::NoMajority => Exit::NoMajority,
        Outcome::Refused | Outcome::HeadMoved | Outcome::Failed => Exit::Refused,
    }
}

fn line(card: &NodeCard) -> String {
    let files = card.files.map_or_else(|| "?".to_owned(), |files| files.to_string());
    let own = if card.own { " (this node)" } else { "" };
    let (name, role, health) = (&card.name, card.role, card.health);
    format!("{name}{own}  {role}, {health}, {files} files, {}, {}", card.address, card.id)
}

/// A name as a part of an address.
fn escaped(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    name.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_kind_is_one_part_of_an_address() {
        assert_eq!(escaped("node-1.b"), "node-1.b");
        assert_eq!(escaped("a b/ü"), "a%20b%2F%C3%BC");
    }

    #[test]
    fn only_what_is_decided_ends_well() {
        let ends = |outcome| matches!(exit(outcome), Exit::Done);
        let good: Vec<_> = Outcome::ALL.iter().copied().filter(|o| ends(*o)).collect();
        assert_eq!(good, [Outcome::Unchanged, Outcome::Done]);
    }
}
