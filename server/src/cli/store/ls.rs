//! `store ls`: the files and their heads.

use clap::Args;
use domain::words;
use serde_json::{Value, json};

use super::{Exit, Place, end, out, version::Versions};

/// Arguments of `store ls`.
#[derive(Args, Debug)]
pub(super) struct Ls {
    #[command(flatten)]
    place: Place,
}

impl Ls {
    pub(super) fn run(self) -> Exit {
        end(self.list())
    }

    fn list(&self) -> Result<Exit, Exit> {
        let versions = Versions::of(self.place.open()?)?;
        let mut exit = Exit::Done;
        let mut files: Vec<Value> = Vec::new();
        for (name, head) in &versions.heads {
            let time = versions.try_version(*head).map(|version| version.commit.time_ms());
            if time.is_none() {
                exit = Exit::Wrong;
            }
            if self.place.json {
                files.push(json!({ "name": name, "head": head, "time_ms": time }));
            } else {
                let time = time.map_or_else(|| "damaged or missing".into(), words::utc);
                out::line(&format!("{head}  {time:<20}  {name}"));
            }
        }
        if self.place.json {
            out::json(&files);
        }
        Ok(exit)
    }
}
