//! `store history`: the versions of a file, newest first, also across forks.

use clap::Args;
use domain::{ObjectId, words};
use gitty::{
    commit,
    history::{self, Wanted},
};
use serde_json::{Value, json};

use super::{
    Exit, Place, end, out,
    version::{Version, Versions},
};

/// Arguments of `store history`.
#[derive(Args, Debug)]
pub(super) struct History {
    #[command(flatten)]
    place: Place,
    /// A file's name for its head, or the hash of a version.
    what: String,
    /// At most so many versions.
    #[arg(long, value_name = "N")]
    depth: Option<usize>,
    /// A version, or the head of a file, that must be among them; newer ones give way.
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,
}

impl History {
    pub(super) fn run(self) -> Exit {
        end(self.list())
    }

    fn list(&self) -> Result<Exit, Exit> {
        let versions = Versions::of(self.place.open()?)?;
        let start = versions.version(&self.what)?;
        let includes = self.to.as_deref().map(|to| versions.find(to)).transpose()?;
        let wanted = Wanted { depth: self.depth.unwrap_or(history::MAX_STEPS), includes };
        let lookup = |id: ObjectId| versions.try_version(id).map(|version| version.commit);
        let found = history::history(start.id, wanted, lookup);
        let shown = found.commits.into_iter().map(|(id, commit)| Version { id, commit });
        self.print(&versions, &shown.collect::<Vec<_>>(), found.skipped);
        Ok(Exit::Done)
    }

    fn print(&self, versions: &Versions, shown: &[Version], skipped: usize) {
        if self.place.json {
            let one = |version: &Version| {
                commit::to_json(&version.commit, version.id, versions.symbolic(version))
            };
            let history: Vec<Value> = shown.iter().map(one).collect();
            return out::json(&json!({ "history": history, "skipped": skipped }));
        }
        for version in shown {
            let (time, name) = (words::utc(version.commit.time_ms()), version.commit.name());
            let text = |key| version.commit.get(key).and_then(|term| term.as_text());
            let author = text("author").or_else(|| text("identity")).unwrap_or("-");
            let message = text("commit_message").unwrap_or("");
            out::line(format!("{}  {time}  {name}  {author}  {message}", version.id).trim_end());
        }
        if skipped > 0 {
            out::note(&format!("{skipped} newer versions left out"));
        }
    }
}
