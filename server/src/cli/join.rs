//! `join`: asks a cluster to take this node in.

use clap::Args;

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
}

impl Join {
    pub(super) async fn run(self) -> Exit {
        let join = api::Join { address: self.address };
        match self.node.at().post::<_, Joining>("/api/v1/join", &join).await {
            Ok(Joining { name, asked }) => {
                out::line(&format!("{asked} shows {name} as new, not approved."));
                out::line(&format!("Approve it there: swish-cluster nodes approve {name}"));
                Exit::Done
            }
            Err(error) => out::complain(&error.to_string(), error.exit()),
        }
    }
}
