//! `divergences`: the dashboard's list of files that need a choice, in words.

use clap::Args;
use domain::{
    view::{DivergenceView, DivergencesPage, DivergencesQuery, Side},
    words,
};

use super::{
    Exit,
    client::{AskError, At, Node},
    out,
};

/// Arguments of `divergences`.
#[derive(Args, Debug)]
pub(super) struct Divergences {
    #[command(flatten)]
    node: Node,
    /// Words and tokens, as the dashboard's search box takes them: tax node:charlie older:1h.
    query: Vec<String>,
    /// Print the JSON of /api/v1/divergences.
    #[arg(long)]
    json: bool,
}

impl Divergences {
    pub(super) async fn run(self) -> Exit {
        match read(&self.node.at(), &self.query.join(" ")).await {
            Ok(page) if self.json => out::json(&page),
            Ok(page) => lines(&page).iter().for_each(|line| out::line(line)),
            Err(error) => return out::complain(&error.to_string(), error.exit()),
        }
        Exit::Done
    }
}

/// All pages of the list as one.
async fn read(at: &At, words: &str) -> Result<DivergencesPage, AskError> {
    let limit = DivergencesQuery::MAX_LIMIT;
    let mut query = DivergencesQuery { q: words.to_owned(), limit, offset: 0 };
    let address = |query: &DivergencesQuery| format!("/api/v1/divergences{query}");
    let mut all: DivergencesPage = at.get(&address(&query)).await?;
    loop {
        query.offset += limit;
        if query.offset >= all.shown {
            return Ok(all);
        }
        let page: DivergencesPage = at.get(&address(&query)).await?;
        all.rows.extend(page.rows);
    }
}

fn lines(page: &DivergencesPage) -> Vec<String> {
    if page.total == 0 {
        return vec!["No file has two sides.".to_owned()];
    }
    let mut lines = Vec::new();
    for row in &page.rows {
        lines.push(heading(row, page.at_ms));
        lines.extend(row.sides().map(|side| side_line(side, side.head == row.decided.head)));
    }
    let total = words::count(page.total, "file has two sides", "files have two sides");
    lines.push(format!("{} of {} shown: {total}.", page.rows.len(), page.total));
    lines
}

fn heading(row: &DivergenceView, now_ms: u64) -> String {
    let age = words::ago(now_ms.saturating_sub(row.since_ms));
    let waits = match row.waiting.as_slice() {
        [] => String::new(),
        names => format!("; waiting: {}", words::list(names)),
    };
    format!("{}  {}, {age}{waits}", row.name, row.sides_text())
}

/// A side with its whole hash, which `settle` takes.
pub(super) fn side_line(side: &Side, is_decided: bool) -> String {
    let what = if is_decided { "decided" } else { "side   " };
    let commits = words::count(side.commits, "commit", "commits");
    let message = side.message.as_deref().map(|text| format!(": {}", one_line(text)));
    format!(
        "  {what} {}  {}, {commits}, on {}{}",
        side.head,
        one_line(side.who()),
        side.where_text(),
        message.unwrap_or_default(),
    )
}

/// What people wrote, without what a terminal would obey.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect()
}
