//! `status`: the dashboard's first page, in words.

use std::path::PathBuf;

use clap::Args;
use domain::{
    view::{NodeCard, Overview},
    words::{self, ClusterState, Tone},
};

use super::{
    Exit,
    client::{At, Node},
    out,
};

/// Arguments of `status`.
#[derive(Args, Debug)]
pub(super) struct Status {
    #[command(flatten)]
    node: Node,
    /// Ask a dashboard instead of a socket file, such as <http://127.0.0.1:7050>.
    #[arg(long)]
    url: Option<String>,
    /// With --url: file with that node's token, `api-token` in its data directory.
    #[arg(long, value_name = "FILE", requires = "url")]
    token_file: Option<PathBuf>,
    /// Print the JSON of /api/v1/overview.
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) async fn run(self) -> Exit {
        let token = self.token_file.as_ref().map(std::fs::read_to_string).transpose();
        let token = match token {
            Ok(token) => token.map(|token| token.trim().to_owned()),
            Err(error) => return out::complain(&error.to_string(), Exit::Usage),
        };
        let at = self.url.map_or_else(|| self.node.at(), |url| At::Url { url, token });
        let overview: Overview = match at.get("/api/v1/overview").await {
            Ok(overview) => overview,
            Err(error) => return out::complain(&error.to_string(), error.exit()),
        };
        if self.json {
            out::json(&overview);
        } else {
            lines(&overview).iter().for_each(|line| out::line(line));
        }
        exit(overview.state)
    }
}

fn exit(state: ClusterState) -> Exit {
    match (state, state.tone()) {
        (ClusterState::NoMajority, _) => Exit::NoMajority,
        (_, Tone::Good | Tone::Info) => Exit::Done,
        (_, Tone::Warn | Tone::Bad | Tone::Unknown) => Exit::Wrong,
    }
}

fn lines(overview: &Overview) -> Vec<String> {
    let mut lines = vec![
        format!("{}. {}", overview.state.word(), overview.sentence),
        format!("{}.", overview.margin),
        String::new(),
    ];
    lines.extend(overview.nodes.iter().map(|node| node_line(node, overview.at_ms)));
    lines.push(String::new());
    let chips = overview.counts.chips();
    let chips = chips.iter().filter(|chip| chip.count > 0);
    lines.extend(
        chips.map(|chip| format!("{:>8}  {}", words::thousands(chip.count), chip.state.word())),
    );
    lines.extend(overview.needs.iter().map(|need| format!("! {}: {}", need.what, need.reason)));
    lines
}

fn node_line(node: &NodeCard, now_ms: u64) -> String {
    let files = node.files.map_or_else(|| "-".to_owned(), words::thousands);
    let seen = match (node.own, node.last_seen_ms) {
        (true, _) => "this node".to_owned(),
        (false, Some(at)) => words::ago(now_ms.saturating_sub(at)),
        (false, None) => "never heard".to_owned(),
    };
    let root = node.root.as_deref().unwrap_or("-");
    format!("{:<12} {:<8} {files:>8} files  {root:<8}  {seen}", node.name, node.health.word())
}
