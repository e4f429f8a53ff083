//! `sync`: brings files together on all nodes, with the dashboard's dry run and outcomes.

use clap::Args;
use domain::{
    FileName,
    view::{ItemResult, SyncPlan, SyncRequest},
};

use super::{
    Exit,
    client::{AskError, Node},
    out,
    settle::{exit, report},
};

/// Arguments of `sync`.
#[derive(Args, Debug)]
pub(super) struct Sync {
    #[command(flatten)]
    node: Node,
    /// The files.
    #[arg(required = true)]
    files: Vec<String>,
    /// Only say what would happen.
    #[arg(long)]
    plan: bool,
    /// Print the JSON of /api/v1/sync.
    #[arg(long)]
    json: bool,
}

impl Sync {
    pub(super) async fn run(self) -> Exit {
        let asked = self.ask().await;
        asked.unwrap_or_else(|error| out::complain(&error.to_string(), error.exit()))
    }

    async fn ask(self) -> Result<Exit, AskError> {
        let at = self.node.at();
        let files = self.files.into_iter().map(FileName::new).collect();
        let request = SyncRequest { plan: self.plan, files };
        if !self.plan {
            let results: Vec<ItemResult> = at.post("/api/v1/sync", &request).await?;
            report(&results, self.json);
            return Ok(exit(results.iter().map(|result| &result.outcome)));
        }
        let plans: Vec<SyncPlan> = at.post("/api/v1/sync", &request).await?;
        if self.json {
            out::json(&plans);
        } else {
            plans.iter().flat_map(lines).for_each(|line| out::line(&line));
        }
        Ok(exit(plans.iter().map(|plan| &plan.expect)))
    }
}

fn lines(plan: &SyncPlan) -> Vec<String> {
    let mut lines = vec![format!("{}:", plan.file)];
    lines.extend(plan.steps.iter().map(|step| format!("  {step}")));
    lines.push(format!("  would be: {}", plan.expect));
    lines
}
