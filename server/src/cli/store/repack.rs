//! `store repack`: loose objects into a pack.

use clap::Args;
use serde_json::{Value, json};
use store::{ClaimError, Loose, RepackError, Repacked};

use super::{
    Exit, Place,
    fsck::{finding, say},
    not_open, out,
    progress::Meter,
};

/// Arguments of `store repack`.
#[derive(Args, Debug)]
pub(super) struct Repack {
    #[command(flatten)]
    place: Place,
    /// Remove the loose files and merge small packs; only when no SWISH and no node runs.
    #[arg(long)]
    drop_loose: bool,
}

impl Repack {
    pub(super) fn run(self) -> Exit {
        let loose = if self.drop_loose { Loose::Drop } else { Loose::Keep };
        let meter = Meter::new();
        let result = store::repack(&self.place.dir, loose, &|done| meter.tell(done));
        drop(meter);
        let done = match result {
            Ok(done) => done,
            Err(RepackError::Open(error)) => return not_open(&error),
            Err(error) => return out::complain(&out::chain(&error), exit(&error)),
        };
        if self.place.json {
            let findings: Vec<Value> = done.findings.iter().map(finding).collect();
            out::json(&json!({
                "pack": done.pack, "objects": done.objects, "bytes": done.bytes,
                "removed": done.removed, "merged": done.merged, "findings": findings,
            }));
        } else {
            done.findings.iter().for_each(say);
            out::line(&sentence(&done));
        }
        if done.findings.is_empty() { Exit::Done } else { Exit::Wrong }
    }
}

fn sentence(done: &Repacked) -> String {
    let Repacked { objects, bytes, removed, merged, .. } = done;
    let made = done.pack.as_ref().map_or_else(
        || "No new pack was needed".to_owned(),
        |pack| format!("{objects} objects, {bytes} bytes, are in {pack}"),
    );
    format!("{made}; {removed} loose files and {} packs were removed.", merged.len())
}

const fn exit(error: &RepackError) -> Exit {
    match error {
        RepackError::InUse(_) | RepackError::Claim(ClaimError::Held { .. }) => Exit::Refused,
        RepackError::Claim(ClaimError::Io { .. })
        | RepackError::Open(_)
        | RepackError::Io { .. }
        | RepackError::Damaged(_) => Exit::Wrong,
    }
}
