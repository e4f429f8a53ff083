//! Waiting until the three nodes agree.

use std::time::Duration;

use domain::{
    view::Overview,
    words::{ClusterState, NodeHealth},
};
use tokio::time::{Instant, sleep};

use super::{Child, DemoError, NAMES};

const PATIENCE: Duration = Duration::from_secs(120);
const ASK_EVERY: Duration = Duration::from_millis(150);

/// Returns when each node says that all are up and every file is the same everywhere.
pub(super) async fn wait(children: &[Child]) -> Result<(), DemoError> {
    let until = Instant::now() + PATIENCE;
    for child in children {
        loop {
            let said = match child.place.at().get::<Overview>("/api/v1/overview").await {
                Ok(overview) if is_ready(&overview) => break,
                Ok(overview) => overview.sentence,
                Err(error) => error.to_string(),
            };
            if Instant::now() > until {
                let seconds = PATIENCE.as_secs();
                return Err(DemoError::NotReady { seconds, name: child.place.name, said });
            }
            sleep(ASK_EVERY).await;
        }
    }
    Ok(())
}

fn is_ready(overview: &Overview) -> bool {
    overview.state == ClusterState::Healthy
        && overview.nodes.len() == NAMES.len()
        && overview.nodes.iter().all(|node| node.health == NodeHealth::Up)
        && overview.counts.files == overview.counts.same
}
