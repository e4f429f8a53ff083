//! `store cat`: the text of a version, as it is stored.

use clap::Args;
use serde_json::json;

use super::{Exit, Place, end, out, version::Versions};

/// Arguments of `store cat`.
#[derive(Args, Debug)]
pub(super) struct Cat {
    #[command(flatten)]
    place: Place,
    /// A file's name for its head, or a hash of a version or a text.
    what: String,
}

impl Cat {
    pub(super) fn run(self) -> Exit {
        end(self.print())
    }

    fn print(&self) -> Result<Exit, Exit> {
        let versions = Versions::of(self.place.open()?)?;
        let object = versions.content(&self.what)?;
        if self.place.json {
            let text = String::from_utf8_lossy(&object.content);
            out::json(&json!({ "type": object.kind.as_str(), "text": text }));
        } else {
            out::bytes(&object.content);
        }
        Ok(Exit::Done)
    }
}
