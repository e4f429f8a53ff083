//! `init`: founds a cluster.

use clap::Args;

use super::{
    Exit,
    client::{AskError, At, Node},
    out,
};
use crate::node::founding::{Founded, NewMember};

/// Arguments of `init`.
#[derive(Args, Debug)]
pub(super) struct Init {
    #[command(flatten)]
    node: Node,
    /// Link addresses of the other members; their nodes run. Their stores may have files: of a
    /// file that differs, a majority of the stores decides, else the first store in this order
    /// after this node's; what loses is listed as a divergence.
    #[arg(long, value_name = "ADDR", value_delimiter = ',')]
    members: Vec<String>,
    /// Print the roster as JSON.
    #[arg(long)]
    json: bool,
}

impl Init {
    pub(super) async fn run(self) -> Exit {
        match found(&self.node.at(), self.members).await {
            Ok(founded) if self.json => out::json(&founded),
            Ok(founded) => say(&founded),
            Err(error) => return out::complain(&error.to_string(), error.exit()),
        }
        Exit::Done
    }
}

/// Asks a node to found a cluster with the nodes at these addresses.
pub(super) async fn found(at: &At, members: Vec<String>) -> Result<Founded, AskError> {
    let members: Vec<_> = members.into_iter().map(|address| NewMember { address }).collect();
    at.post("/api/v1/init", &members).await
}

fn say(founded: &Founded) {
    let roster = &founded.roster;
    let names: Vec<_> = roster.members.iter().map(|member| member.name.as_str()).collect();
    out::line(&format!("Founded cluster {} of {}.", roster.cluster, names.join(", ")));
}
