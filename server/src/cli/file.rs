//! `file`: how one file is on each node, and its newest versions.

use clap::Args;
use domain::{
    FileName,
    view::{FilePage, HistoryPage, HistoryQuery, Version, file_href},
    words,
};
use serde::Serialize;

use super::{
    Exit,
    client::{AskError, At, Node},
    divergences::one_line,
    out,
};

/// Arguments of `file`.
#[derive(Args, Debug)]
pub(super) struct File {
    #[command(flatten)]
    node: Node,
    /// Its name.
    name: String,
    /// Versions to show.
    #[arg(long, default_value_t = HistoryQuery::PAGE)]
    limit: u64,
    /// Print the JSON of /api/v1/files/{name} and its history.
    #[arg(long)]
    json: bool,
}

/// Both answers in one.
#[derive(Serialize)]
struct Found {
    file: FilePage,
    history: HistoryPage,
}

impl File {
    pub(super) async fn run(self) -> Exit {
        match read(&self.node.at(), &FileName::new(self.name), self.limit).await {
            Ok(found) if self.json => out::json(&found),
            Ok(found) => lines(&found).iter().for_each(|line| out::line(line)),
            Err(error) => return out::complain(&error.to_string(), error.exit()),
        }
        Exit::Done
    }
}

async fn read(at: &At, name: &FileName, limit: u64) -> Result<Found, AskError> {
    let address = format!("/api/v1{}", file_href(name));
    let query = HistoryQuery { limit, ..HistoryQuery::default() };
    let file = at.get(&address).await?;
    Ok(Found { file, history: at.get(&format!("{address}/history{query}")).await? })
}

fn lines(found: &Found) -> Vec<String> {
    let row = &found.file.row;
    let detail = row.detail.as_deref().map(|detail| format!(" ({detail})")).unwrap_or_default();
    let mut lines = vec![format!("{}: {}{detail}", row.name, row.state.word())];
    lines.extend(found.file.heads.iter().map(|report| {
        let head = report.head.map_or_else(|| "-".to_owned(), |head| head.to_string());
        format!("  {:<12} {:<8} {head}", report.node.name, report.health.word())
    }));
    lines.extend(found.history.versions.iter().map(|v| version_line(v, found.history.at_ms)));
    lines.extend(found.history.gap.iter().map(|gap| format!("! {}", gap.problem.message)));
    lines
}

fn version_line(version: &Version, now_ms: u64) -> String {
    let age = words::ago(now_ms.saturating_sub(version.at_ms));
    let author = one_line(version.author.as_deref().unwrap_or("Somebody"));
    let settles = match version.settles.as_slice() {
        [] => String::new(),
        tips => {
            let tips: Vec<_> = tips.iter().map(ToString::to_string).collect();
            format!(", settles {}", words::list(&tips))
        }
    };
    format!("  {}  {author}, {age}{settles}", version.id)
}
