//! `init`: founds a cluster.

use clap::Args;
use domain::view::{AnewPlan, AnewRequest};

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
    /// Found anew on this node: its cluster has lost a majority of its members for good.
    #[arg(long, conflicts_with = "members", requires = "why")]
    anew: bool,
    /// Names of members that answer and shall come in afterwards, by joining.
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "anew")]
    survivors: Vec<String>,
    /// Only say what founding anew would do.
    #[arg(long, requires = "anew", group = "why")]
    plan: bool,
    /// Why, for the audit.
    #[arg(long, value_name = "TEXT", requires = "anew", group = "why")]
    reason: Option<String>,
    /// Print the roster, or what was found anew, as JSON.
    #[arg(long)]
    json: bool,
}

impl Init {
    pub(super) async fn run(self) -> Exit {
        if self.anew {
            return self.found_anew().await;
        }
        match found(&self.node.at(), self.members).await {
            Ok(founded) if self.json => out::json(&founded),
            Ok(founded) => say(&founded),
            Err(error) => return out::complain(&error.to_string(), error.exit()),
        }
        Exit::Done
    }

    async fn found_anew(self) -> Exit {
        let Self { node, survivors, plan, reason, json, .. } = self;
        let request = AnewRequest { plan, reason, survivors };
        let answer: Result<AnewPlan, _> = node.at().post("/api/v1/init/anew", &request).await;
        match answer {
            Ok(answer) if json => out::json(&answer),
            Ok(answer) => say_anew(&answer),
            Err(error) => return out::complain(&error.to_string(), error.exit()),
        }
        Exit::Done
    }
}

fn say_anew(answer: &AnewPlan) {
    if let Some(cluster) = answer.cluster {
        out::line(&format!("Cluster {cluster} is founded anew."));
    }
    answer.sentences.iter().for_each(|sentence| out::line(sentence));
    if let Some(refused) = &answer.refused {
        out::line(&format!("Now this would be refused: {refused}"));
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
