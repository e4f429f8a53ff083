//! `visitors`: lists the pages that are open now, on all nodes.

use clap::Args;
use domain::{
    view::{NAMELESS, VisitorRow, VisitorsPage, VisitorsQuery, document_name},
    words,
};

use super::{Exit, client::Node, divergences::one_line, out};

/// Arguments of `visitors`.
#[derive(Args, Debug)]
pub(super) struct Visitors {
    #[command(flatten)]
    node: Node,
    /// Only with this in the name, or in that of an open file.
    #[arg(long, default_value = "")]
    q: String,
    /// Only on the node of this name.
    #[arg(long, default_value = "")]
    on: String,
    /// Rows to show.
    #[arg(long, default_value_t = VisitorsQuery::PAGE)]
    limit: u64,
    /// Print the JSON of /api/v1/visitors.
    #[arg(long)]
    json: bool,
}

impl Visitors {
    pub(super) async fn run(self) -> Exit {
        let Self { node, q, on, limit, json } = self;
        let query = VisitorsQuery { q, node: on, limit, ..VisitorsQuery::default() };
        let page: VisitorsPage = match node.at().get(&format!("/api/v1/visitors{query}")).await {
            Ok(page) => page,
            Err(error) => return out::complain(&error.to_string(), error.exit()),
        };
        match json {
            true => out::json(&page),
            false => page.rows.iter().for_each(|row| out::line(&line(row, page.at_ms))),
        }
        Exit::Done
    }
}

fn line(row: &VisitorRow, now_ms: u64) -> String {
    let who = row.who.as_ref().map_or_else(|| row.wsid.clone(), ToString::to_string);
    let files: Vec<_> = row.files.iter().map(|file| document_name(file).to_owned()).collect();
    let files = if files.is_empty() { "no file".to_owned() } else { words::list(&files) };
    let muted = if row.muted.is_some() { " [muted]" } else { "" };
    one_line(&format!(
        "{:<12} {:<8} {} ({who}){muted}, {}: {files}",
        row.node.name,
        row.health.word(),
        row.name.as_deref().unwrap_or(NAMELESS),
        words::ago(now_ms.saturating_sub(row.heard_ms)),
    ))
}
