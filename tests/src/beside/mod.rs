//! What stands beside a node as its SWISH: a recorded one, a real one, or one that keeps every byte.

mod raw;
mod real;
mod recorded;

use anyhow::{Result, ensure};

pub use raw::{Heard, RawSwish};
pub use real::RealSwish;
pub use recorded::RecordedSwish;

use crate::cluster::{Cluster, Plan};

/// Stands before the hash of the configuration in a page.
const MARK: &str = "window.swish.config_hash = \"";

/// A page without its hash, and the hash.
#[must_use]
pub fn without_hash(page: &str) -> (String, Option<String>) {
    match page.split_once(MARK).and_then(|(before, rest)| Some((before, rest.split_once('"')?))) {
        Some((before, (hash, after))) => (format!("{before}{after}"), Some(hash.to_owned())),
        None => (page.to_owned(), None),
    }
}

/// One node with a SWISH at this address (`host:port`, perhaps with a prefix), and more in its
/// environment.
///
/// # Errors
/// It does not start.
pub async fn node_beside(address: &str, more: &[(&str, &str)]) -> Result<Cluster> {
    let url = ("SWISH_CLUSTER_SWISH".to_owned(), format!("http://{address}"));
    let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let environment = std::iter::once(url).chain(more).collect();
    let mut cluster = Plan { nodes: 1, environment, ..Plan::default() }.prepare().await?;
    cluster.node_mut(1).start().await?;
    let (code, said) = cluster.node(1).command_line(&["init"]).await?;
    ensure!(code == Some(0), "init: {said}");
    Ok(cluster)
}
