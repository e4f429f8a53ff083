//! `settle`: chooses between the sides of a file, with the dashboard's dry run and outcomes.

use std::path::PathBuf;

use clap::Args;
use domain::{
    FileName, ObjectId,
    view::{
        ActionOutcome, Choice, DivergencePage, FilePage, ItemResult, Settle, SettlePlan,
        SettleRequest, escape, file_href,
    },
};

use super::{
    Exit,
    client::{AskError, At, Node},
    divergences::side_line,
    out,
};

/// Arguments of `settle`.
#[derive(Args, Debug)]
pub(super) struct SettleFile {
    #[command(flatten)]
    node: Node,
    /// The file.
    file: String,
    #[command(flatten)]
    choice: Chosen,
    /// Side that the text of --merge was merged from; needed when there are several.
    #[arg(long, value_name = "HASH", requires = "merge")]
    side: Option<ObjectId>,
    /// Decided head that this is meant for; refused when it has moved [default: the present one].
    #[arg(long, value_name = "HEAD")]
    expect: Option<ObjectId>,
    /// Why, for those who read about it later.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Only say what would happen.
    #[arg(long)]
    plan: bool,
    /// Print the JSON of /api/v1/settle.
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Chosen {
    /// Content and metadata of this version become the head.
    #[arg(long, value_name = "HASH")]
    pick: Option<ObjectId>,
    /// The text of this local file becomes the head, with the head's metadata.
    #[arg(long, value_name = "PATH")]
    merge: Option<PathBuf>,
    /// The head stays; the side HASH becomes the file NAME.
    #[arg(long, value_names = ["NAME", "HASH"], num_args = 2)]
    keep_both: Option<Vec<String>>,
    /// The content before the head, which is a settlement, becomes the head.
    #[arg(long)]
    undo: bool,
}

impl SettleFile {
    pub(super) async fn run(self) -> Exit {
        let (at, json, plan) = (self.node.at(), self.json, self.plan);
        let item = match self.item(&at).await {
            Ok(item) => item,
            Err(exit) => return exit,
        };
        let request = SettleRequest { plan, items: vec![item] };
        let asked =
            if plan { planned(&at, &request, json).await } else { done(&at, &request, json).await };
        asked.unwrap_or_else(|error| out::complain(&error.to_string(), error.exit()))
    }

    /// What is asked for, with what is not said read from the node.
    async fn item(self, at: &At) -> Result<Settle, Exit> {
        let file = FileName::new(self.file);
        let complain = |error: AskError| out::complain(&error.to_string(), error.exit());
        let known = Known::read(at, &file).await.map_err(complain)?;
        let choice = self.choice.read(self.side, &known);
        let choice = choice.map_err(|reason| out::complain(&reason, Exit::Usage))?;
        let Some(expected_head) = self.expect.or(known.decided) else {
            return Err(out::complain(
                &format!("no version of {file} is decided yet"),
                Exit::Wrong,
            ));
        };
        Ok(Settle { file, expected_head, choice, reason: self.reason })
    }
}

/// The file as it is now.
struct Known {
    decided: Option<ObjectId>,
    others: Vec<ObjectId>,
}

impl Known {
    async fn read(at: &At, file: &FileName) -> Result<Self, AskError> {
        let address = format!("/api/v1/divergences/{}", escape(file.as_str()));
        match at.get::<DivergencePage>(&address).await {
            Ok(page) => Ok(Self {
                decided: Some(page.divergence.decided.head),
                others: page.divergence.others.iter().map(|side| side.head).collect(),
            }),
            Err(AskError::Problem(problem)) if problem.code == "not_found" => {
                let page: FilePage = at.get(&format!("/api/v1{}", file_href(file))).await?;
                let decided = page.row.heads.first().and_then(|(_, head)| *head);
                Ok(Self { decided, others: Vec::new() })
            }
            Err(error) => Err(error),
        }
    }
}

impl Chosen {
    fn read(self, side: Option<ObjectId>, known: &Known) -> Result<Choice, String> {
        match self {
            Self { pick: Some(commit), .. } => Ok(Choice::Pick { commit }),
            Self { merge: Some(path), .. } => {
                let text = std::fs::read_to_string(&path)
                    .map_err(|error| format!("{}: {error}", path.display()))?;
                let commit = match (side, known.others.as_slice()) {
                    (Some(side), _) => side,
                    (None, [only]) => *only,
                    (None, []) => return Err("it has one side only".to_owned()),
                    (None, _) => return Err("it has several sides: say --side".to_owned()),
                };
                Ok(Choice::Merge { text, commit })
            }
            Self { keep_both: Some(words), .. } => match words.as_slice() {
                [name, hash] => {
                    let commit = hash.parse().map_err(|_| format!("{hash} is no hash"))?;
                    Ok(Choice::KeepBoth { other_name: FileName::from(name.as_str()), commit })
                }
                _ => Err("--keep-both needs a name and a hash".to_owned()),
            },
            Self { .. } => Ok(Choice::Undo),
        }
    }
}

async fn planned(at: &At, request: &SettleRequest, json: bool) -> Result<Exit, AskError> {
    let plans: Vec<SettlePlan> = at.post("/api/v1/settle", request).await?;
    if json {
        out::json(&plans);
    } else {
        plans.iter().flat_map(plan_lines).for_each(|line| out::line(&line));
    }
    Ok(exit(plans.iter().map(|plan| &plan.expect)))
}

async fn done(at: &At, request: &SettleRequest, json: bool) -> Result<Exit, AskError> {
    let results: Vec<ItemResult> = at.post("/api/v1/settle", request).await?;
    report(&results, json);
    Ok(exit(results.iter().map(|result| &result.outcome)))
}

fn plan_lines(plan: &SettlePlan) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", plan.file, plan.button())];
    let sides = plan.winner.iter().chain(&plan.losers);
    lines.extend(sides.map(|side| side_line(side, side.head == plan.expected_head)));
    if !plan.nodes.is_empty() {
        lines.push(format!("  changes {}", plan.nodes_text()));
    }
    lines.push(format!("  {}", plan.kept()));
    lines.push(format!("  would be: {}", plan.expect));
    lines
}

/// A line for each item: "family.pl: done, now 3f2a…".
pub(super) fn report(results: &[ItemResult], json: bool) {
    if json {
        return out::json(&results);
    }
    for ItemResult { file, outcome } in results {
        let head = outcome.head.map(|head| format!(", now {head}"));
        out::line(&format!("{file}: {outcome}{}", head.unwrap_or_default()));
    }
}

/// 0 when everything is as wanted, 1 otherwise.
pub(super) fn exit<'a>(mut outcomes: impl Iterator<Item = &'a ActionOutcome>) -> Exit {
    match outcomes.any(|outcome| outcome.outcome.is_open()) {
        true => Exit::Wrong,
        false => Exit::Done,
    }
}
