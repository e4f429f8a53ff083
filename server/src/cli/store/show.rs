//! `store show`: the metadata of a version, or what an object is.

use clap::Args;
use domain::ObjectKind;
use gitty::commit;
use serde_json::json;

use super::{Exit, Place, end, out, version::Versions};

/// Arguments of `store show`.
#[derive(Args, Debug)]
pub(super) struct Show {
    #[command(flatten)]
    place: Place,
    /// A file's name for its head, or a hash.
    what: String,
}

impl Show {
    pub(super) fn run(self) -> Exit {
        end(self.show())
    }

    fn show(&self) -> Result<Exit, Exit> {
        let versions = Versions::of(self.place.open()?)?;
        let id = versions.find(&self.what)?;
        let object = versions.object(&id)?;
        if object.kind != ObjectKind::Commit {
            let (kind, bytes) = (object.kind.as_str(), object.content.len());
            if self.place.json {
                out::json(&json!({ "hash": id, "type": kind, "utf8_bytes": bytes }));
            } else {
                out::line(&format!("{id}: a {kind} of {bytes} bytes"));
            }
            return Ok(Exit::Done);
        }
        let version = versions.version(&self.what)?;
        if self.place.json {
            let symbolic = versions.symbolic(&version);
            out::json(&commit::to_json(&version.commit, version.id, symbolic));
        } else {
            out::line(&format!("version: {id}"));
            for (key, value) in &version.commit.dict().pairs {
                out::line(&format!("{key}: {value}"));
            }
        }
        Ok(Exit::Done)
    }
}
