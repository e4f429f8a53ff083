//! `join`: asks a cluster to take this node in.

use clap::Args;
use domain::words::count;

use super::{Exit, client::Node, out};
use crate::{dashboard::api::nodes as api, node::joining::Joining};

/// Arguments of `join`.
#[derive(Args, Debug)]
pub(super) struct Join {
    #[command(flatten)]
    node: Node,
    /// Link address of a node of the cluster.
    #[arg(value_name = "ADDR")]
    address: String,
    /// Leave the cluster that this node is in, for good: when a majority of it is lost and another
    /// one was founded anew. What this node has comes along.
    #[arg(long)]
    leave_old_cluster: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Join {
    pub(super) async fn run(self) -> Exit {
        let Self { address, leave_old_cluster, .. } = &self;
        let join = api::Join { address: address.clone(), leave_old_cluster: *leave_old_cluster };
        match self.node.at().post::<_, Joining>("/api/v1/join", &join).await {
            Ok(joining) if self.json => {
                out::json(&joining);
                Exit::Done
            }
            Ok(Joining { name, asked, files }) => {
                out::line(&format!("{asked} shows {name} as new, not approved."));
                if files > 0 {
                    let files = count(files, "file comes", "files come");
                    out::line(&format!(
                        "Its {files} along: what the cluster lacks is proposed, what differs is \
                         listed as a divergence."
                    ));
                }
                out::line(&format!("Approve it there: swish-cluster nodes approve {name}"));
                Exit::Done
            }
            Err(error) => out::complain(&error.to_string(), error.exit()),
        }
    }
}
