//! `store diff`: what changed between two versions.

use clap::Args;
use domain::ObjectId;
use gitty::diff;
use serde_json::json;

use super::{Exit, Place, end, out, version::Versions};

/// Arguments of `store diff`.
#[derive(Args, Debug)]
pub(super) struct Diff {
    #[command(flatten)]
    place: Place,
    /// A file's name for its head, or the hash of a version.
    from: String,
    /// The later version; without it, `from` is compared with the one before it.
    to: Option<String>,
}

impl Diff {
    pub(super) fn run(self) -> Exit {
        end(self.compare())
    }

    fn compare(&self) -> Result<Exit, Exit> {
        let versions = Versions::of(self.place.open()?)?;
        let (from, to) = match &self.to {
            Some(to) => (Some(versions.version(&self.from)?), versions.version(to)?),
            None => {
                let to = versions.version(&self.from)?;
                let before = to.commit.previous().map(|id| versions.version(&id.to_string()));
                (before.transpose()?, to)
            }
        };
        let text = |blob: ObjectId| versions.object(&blob).map(|object| lossy(&object.content));
        let old = from.as_ref().map_or_else(|| Ok(String::new()), |v| text(v.commit.data()))?;
        let new = text(to.commit.data())?;
        let label = from.as_ref().map_or_else(|| "/dev/null".into(), |v| v.id.to_string());
        let diff = diff::unified(&old, &new, &label, &to.id.to_string());
        if self.place.json {
            let from = from.map(|version| version.id);
            out::json(&json!({ "from": from, "to": to.id, "data": diff }));
        } else {
            out::bytes(diff.as_bytes());
        }
        Ok(Exit::Done)
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
