//! `store history`: the versions of a file, newest first, also across forks.

use clap::Args;
use domain::words;
use gitty::commit;
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
        let previous = |version: &Version| versions.try_version(version.commit.previous()?);
        let all = std::iter::successors(Some(start), previous);
        let (shown, skipped) = match &self.to {
            None => (all.take(self.depth.unwrap_or(usize::MAX)).collect(), 0),
            Some(to) => {
                let to = versions.find(to)?;
                let all: Vec<_> = all.collect();
                let at = all.iter().position(|version| version.id == to).ok_or_else(|| {
                    out::complain(&format!("{to} is not in this history"), Exit::Wrong)
                })?;
                around(all, at, self.depth.unwrap_or(usize::MAX))
            }
        };
        self.print(&versions, &shown, skipped);
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

/// At most `depth` versions that hold the one at `at`, and how many before it were left out.
fn around<T>(all: Vec<T>, at: usize, depth: usize) -> (Vec<T>, usize) {
    let wanted = depth.saturating_sub(at).max(depth.div_ceil(2));
    let after = wanted.min(all.len() - at);
    let before = depth.saturating_sub(after).min(at);
    let kept = |index: usize| index < before || (at..at + after).contains(&index);
    let shown = all.into_iter().enumerate().filter(|(index, _)| kept(*index));
    (shown.map(|(_, version)| version).collect(), at - before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wanted_version_is_shown_and_newer_ones_give_way() {
        let history = |at, depth| around((0..10).collect::<Vec<_>>(), at, depth);
        assert_eq!(history(0, 3), (vec![0, 1, 2], 0));
        assert_eq!(history(1, 5), (vec![0, 1, 2, 3, 4], 0));
        assert_eq!(history(6, 4), (vec![0, 1, 6, 7], 4));
        assert_eq!(history(9, 4), (vec![0, 1, 2, 9], 6));
        assert_eq!(history(9, usize::MAX), ((0..10).collect(), 0));
    }
}
