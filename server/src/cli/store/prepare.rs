//! `store prepare`: a complete journal before SWISH opens the store.

use clap::Args;
use serde_json::json;
use store::{ClaimError, PrepareError, Prepared, TailReport};

use super::{Exit, Place, not_open, out, progress::Meter};

/// Arguments of `store prepare`.
#[derive(Args, Debug)]
pub(super) struct Prepare {
    #[command(flatten)]
    place: Place,
}

impl Prepare {
    pub(super) fn run(self) -> Exit {
        let meter = Meter::new();
        let result = store::prepare(&self.place.dir, &|done| meter.tell(done));
        drop(meter);
        let done = match result {
            Ok(done) => done,
            Err(PrepareError::Open(error)) => return not_open(&error),
            Err(error) => return out::complain(&out::chain(&error), exit(&error)),
        };
        if self.place.json {
            out::json(&match done {
                Prepared::Built { files } => json!({ "journal": "built", "files": files }),
                Prepared::Kept(TailReport::Whole) => json!({ "journal": "whole" }),
                Prepared::Kept(TailReport::Completed) => json!({ "journal": "completed" }),
                Prepared::Kept(TailReport::Cut { bytes }) => {
                    json!({ "journal": "cut", "bytes": bytes })
                }
            });
        } else {
            out::line(&match done {
                Prepared::Built { files } => {
                    format!("The journal was built from the times of the commits: {files} files.")
                }
                Prepared::Kept(TailReport::Whole) => "The journal is whole.".into(),
                Prepared::Kept(TailReport::Completed) => "The last line was completed.".into(),
                Prepared::Kept(TailReport::Cut { bytes }) => {
                    format!("{bytes} bytes of an unfinished line were cut off.")
                }
            });
        }
        Exit::Done
    }
}

const fn exit(error: &PrepareError) -> Exit {
    match error {
        PrepareError::InUse(_)
        | PrepareError::Line { .. }
        | PrepareError::Claim(ClaimError::Held { .. }) => Exit::Refused,
        PrepareError::Claim(ClaimError::Io { .. })
        | PrepareError::Open(_)
        | PrepareError::Journal(_)
        | PrepareError::Write { .. } => Exit::Wrong,
    }
}
