//! 409: another save was decided first; the page gets both sides and their merge (protocol 4.2).
//!
//! The differences start at the last commit that the served head and the page's version share,
//! which is the page's version itself unless that one lost. SWISH compares with the page's
//! version always; that would take a visitor's own lost text out again.

use axum::{
    Json,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use domain::{FileName, ObjectId};
use gitty::merge;
use serde_json::{Value, json};

use super::{
    Version,
    diff::{self, Side},
    url,
};
use crate::{
    gateway::error::Refusal,
    node::{Handle, NodeError},
};

/// A save that lost.
pub(super) struct Lost<'a> {
    /// The file.
    pub(super) name: &'a FileName,
    /// What this node serves.
    pub(super) head: ObjectId,
    /// The version the page was made from; none when nobody who answers has it.
    pub(super) previous: Option<Version>,
    /// The page's text; none when it only changes metadata.
    pub(super) posted: Option<&'a str>,
}

/// What the answer is made of.
struct Conflict {
    /// Where both began.
    ancestor: Side,
    /// The served head.
    server: Side,
    /// Text that the page began with.
    previous: String,
    /// Text that the page posted.
    posted: String,
}

/// Answers a save that lost.
pub(super) async fn respond(node: &Handle, lost: Lost<'_>) -> Result<Response, Refusal> {
    let name = lost.name.clone();
    let conflict = Conflict::load(node, lost).await?;
    // Long texts keep a processor busy for a while.
    let url = url(name.as_str());
    let body = tokio::task::spawn_blocking(move || conflict.body(&name, &url)).await;
    let body = body.map_err(|_| NodeError::Stopping)?;
    // SWISH names no charset here.
    let json = [(CONTENT_TYPE, "application/json")];
    Ok((StatusCode::CONFLICT, json, Json(body)).into_response())
}

impl Conflict {
    async fn load(node: &Handle, lost: Lost<'_>) -> Result<Self, Refusal> {
        let server = Side::load(node, Version::load(node, lost.head).await?).await?;
        let common = match &lost.previous {
            Some(previous) => Version::common(node, &server.version, previous).await,
            None => None,
        };
        // Without a common commit the page is compared with the served head, and nothing merged.
        let ancestor = match common {
            Some(version) => Side::load(node, version).await?,
            None => server.clone(),
        };
        let previous = match lost.previous {
            Some(previous) if previous.id != ancestor.version.id => previous.text(node).await?,
            Some(_) | None => ancestor.text.clone(),
        };
        let posted = lost.posted.map_or_else(|| previous.clone(), str::to_owned);
        Ok(Self { ancestor, server, previous, posted })
    }

    fn body(&self, name: &FileName, url: &str) -> Value {
        let mut body = json!({
            "error": "edit_conflict",
            "url": url,
            "file": name,
            "edit": { "server": self.server_edit(), "me": self.my_edit() },
        });
        if self.texts_differ() {
            self.merge(&mut body);
        }
        body
    }

    fn texts_differ(&self) -> bool {
        self.ancestor.version.commit.data() != self.server.version.commit.data()
    }

    fn server_edit(&self) -> Value {
        let (from, to) = (&self.ancestor, &self.server);
        let is_same = from.version.id == to.version.id;
        diff::edit((from, is_same), (to, true))
    }

    fn my_edit(&self) -> Value {
        if self.posted == self.previous {
            return json!({});
        }
        json!({ "data": gitty::diff::unified(&self.previous, &self.posted, "edited", "posted") })
    }

    fn merge(&self, body: &mut Value) {
        let merged = merge::three_way(&self.ancestor.text, &self.server.text, &self.posted);
        body["merged"] = merged.text.into();
        if merged.conflicts > 0 {
            body["patch_status"] = json!(1);
            let places = domain::words::count(
                u64::try_from(merged.conflicts).unwrap_or(u64::MAX),
                "place",
                "places",
            );
            body["patch_errors"] = format!("{places} could not be merged\n").into();
        }
    }
}

#[cfg(test)]
mod tests {
    use gitty::{Commit, Meta, commit};

    use super::*;

    const FIXTURE: &str =
        include_str!("../../../../tests/fixtures/swish/transcripts/head-plain-fixed.jsonl");
    const OLD: &str = "% demo\np(1).\np(2).\n\n/** <examples>\n?- p(X).\n*/\np(3).\n";

    /// The recorded requests to `/p/demo5.pl` by method and status.
    fn recorded(method: &str, status: u16) -> Vec<Value> {
        let events = FIXTURE.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let wanted = |event: &Value| {
            event["path"].as_str().is_some_and(|path| path.starts_with("/p/"))
                && event["method"] == method
                && event["status"] == status
        };
        events.filter(wanted).collect()
    }

    fn version(commit: Commit) -> Version {
        Version { id: commit.object().id().unwrap(), commit }
    }

    fn hash(value: &Value) -> ObjectId {
        value.as_str().unwrap().parse().unwrap()
    }

    /// The commit that a recorded save made on top of `before`.
    fn saved(event: &Value, before: Option<&Version>) -> Version {
        let answer = &event["resp_json"]["meta"];
        let meta = Meta::from_json(&event["req_body"]["meta"], false).peer("127.0.0.1");
        let time = answer["time"].as_f64().unwrap();
        let blob = hash(&answer["data"]);
        let made = version(match before {
            None => commit::create(&"demo5.pl".into(), blob, meta, None, time),
            Some(before) => commit::update(&before.commit, before.id, blob, meta, time),
        });
        assert_eq!(made.id, hash(&answer["commit"]));
        made
    }

    fn without_labels(diff: &Value) -> String {
        diff.as_str().unwrap().split_inclusive('\n').skip(2).collect()
    }

    fn conflict(posted: &str) -> Conflict {
        let first = saved(&recorded("POST", 200)[0], None);
        let puts = recorded("PUT", 200);
        let second = saved(&puts[0], Some(&first));
        let third = saved(&puts[1], Some(&second));
        Conflict {
            ancestor: Side { version: second, text: OLD.into() },
            server: Side { version: third, text: format!("{OLD}p(4).\n") },
            previous: OLD.into(),
            posted: posted.into(),
        }
    }

    #[test]
    fn the_answer_is_the_one_swish_gave() {
        for event in recorded("PUT", 409) {
            let posted = event["req_body"]["data"].as_str().unwrap();
            let mut ours = conflict(posted).body(&"demo5.pl".into(), "/p/demo5.pl");
            let mut theirs = event["resp_json"].clone();
            for side in ["server", "me"] {
                for answer in [&mut ours, &mut theirs] {
                    let diff = without_labels(&answer["edit"][side]["data"]);
                    answer["edit"][side]["data"] = diff.into();
                }
            }
            // SWISH's merge drops lines beside a conflict, and words its error otherwise.
            if posted == "stale.\n" {
                for key in ["merged", "patch_errors"] {
                    assert!(ours[key].is_string() && theirs[key].is_string());
                    ours[key] = Value::Null;
                    theirs[key] = Value::Null;
                }
            }
            assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn a_page_that_changed_nothing_has_an_empty_side() {
        let body = conflict(OLD).body(&"demo5.pl".into(), "/p/demo5.pl");
        assert_eq!(body["edit"]["me"], json!({}));
        assert_eq!(body["merged"], format!("{OLD}p(4).\n"));
    }

    #[test]
    fn without_a_common_version_nothing_is_merged() {
        let mut conflict = conflict("mine.\n");
        conflict.ancestor = conflict.server.clone();
        let body = conflict.body(&"demo5.pl".into(), "/p/demo5.pl");
        assert_eq!(body.get("merged"), None);
        assert_eq!(body["edit"]["server"].get("data"), None);
    }
}
