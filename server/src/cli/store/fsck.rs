//! `store fsck`: is every object, pack and line of the journal what it should be?

use clap::Args;
use serde_json::{Value, json};
use store::{Finding, Weight};

use super::{Exit, Place, not_open, out, progress::Meter};

/// Arguments of `store fsck`.
#[derive(Args, Debug)]
pub(super) struct Fsck {
    #[command(flatten)]
    place: Place,
}

impl Fsck {
    pub(super) fn run(self) -> Exit {
        let meter = Meter::new();
        let result = store::fsck(&self.place.dir, &|done| meter.tell(done));
        drop(meter);
        let checked = match result {
            Ok(checked) => checked,
            Err(error) => return not_open(&error),
        };
        let store::Fsck { loose, packed, packs, files, lines, findings } = &checked;
        if self.place.json {
            let findings: Vec<Value> = findings.iter().map(finding).collect();
            out::json(&json!({
                "loose": loose, "packed": packed, "packs": packs, "files": files,
                "lines": lines, "findings": findings,
            }));
        } else {
            findings.iter().for_each(say);
            out::line(&format!(
                "{loose} loose objects, {packed} packed, {packs} pack files, {files} files, {lines} moves: {}",
                if checked.is_damaged() { "damaged" } else { "whole" }
            ));
        }
        if checked.is_damaged() { Exit::Wrong } else { Exit::Done }
    }
}

/// A finding for scripts.
pub(super) fn finding(finding: &Finding) -> Value {
    json!({
        "code": finding.code(),
        "damage": finding.weight() == Weight::Damage,
        "object": finding.object(),
        "text": finding.to_string(),
    })
}

/// A finding for people.
pub(super) fn say(finding: &Finding) {
    let mark = match finding.weight() {
        Weight::Damage => "damage",
        Weight::Notice => "notice",
    };
    out::line(&format!("{mark}: {finding}"));
}
