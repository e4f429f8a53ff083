//! Answers to saves, in SWISH's shapes and, where SWISH has none, in the gateway's.

use axum::{
    Json,
    http::{StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use cluster::{Copies, HoldReason};
use domain::{FileName, ObjectId};
use serde_json::{Value, json};

use super::{
    Version,
    save::{Held, Unsettled},
    url,
};
use crate::{
    gateway::error::{Refusal, json_type},
    node::Handle,
};

/// Seconds after which a client may save again.
const RETRY_S: u32 = 5;

/// 200 with SWISH's content type.
pub(in crate::gateway) fn ok(body: &Value) -> Response {
    (json_type(), Json(body)).into_response()
}

/// What SWISH says of a save: where the file is and its new metadata.
pub(super) async fn saved(
    node: &Handle,
    base: Option<ObjectId>,
    commit: ObjectId,
) -> Result<Value, Refusal> {
    let version = Version::load(node, commit).await?;
    let name = version.commit.name();
    let served = node.head(&name);
    // The head may have moved on already; one that has not moved yet is about to be this commit.
    let is_head = served == Some(commit) || served == base;
    Ok(json!({
        "url": url(name.as_str()),
        "file": name,
        "meta": version.meta(is_head),
    }))
}

/// The name is taken; SWISH says so with 200.
pub(super) fn file_exists(name: &FileName) -> Response {
    ok(&json!({ "error": "file_exists", "file": name }))
}

/// 503: the text is not kept.
pub(super) fn unsettled(name: &FileName, unsettled: &Unsettled) -> Response {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let body = unsettled_body(name, unsettled);
    (status, [(RETRY_AFTER, RETRY_S.to_string())], json_type(), Json(body)).into_response()
}

fn unsettled_body(name: &FileName, unsettled: &Unsettled) -> Value {
    json!({
        "code": 503,
        "error": unsettled.code(),
        "file": name,
        "message": sentence(unsettled),
    })
}

/// What a page is told of a save that is held, in the shape of SWISH's messages.
pub(super) fn held_message(held: &Held) -> Value {
    let text = held_sentence(held);
    json!({ "type": "message", "kind": "warning", "data": [text], "html": text })
}

const fn held_sentence(held: &Held) -> &'static str {
    match (held.reason, held.copies) {
        (HoldReason::NoMajority, Copies::OnlyHere) => {
            "Saved on this server only, the others cannot be reached: this disk has the only copy."
        }
        (HoldReason::NoMajority, Copies::Told) => {
            "Saved on this server, and told to those that can be reached; a majority cannot."
        }
        (HoldReason::Contention, _) => "Saved on this server, the others have not agreed yet.",
    }
}

fn sentence(unsettled: &Unsettled) -> String {
    match unsettled {
        Unsettled::NotFounded => "This server is in no cluster yet, so it cannot save. Your text \
             is not kept: keep the page open and save again when the cluster is founded."
            .to_owned(),
        Unsettled::Removed => "This server was removed from its cluster, so it cannot save. Your \
             text is not kept: keep the page open, and save it on another server."
            .to_owned(),
        Unsettled::Busy => "Too many saves of this file at once. Your text is not kept: keep the \
             page open and save again in a few seconds."
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> ObjectId {
        "31fc383a600fd9ae4b4e58926edd45699cb01382".parse().unwrap()
    }

    #[test]
    fn a_held_save_says_where_it_is() {
        let says = |reason, copies| {
            held_message(&Held { commit: id(), reason, copies })["data"][0]
                .as_str()
                .map(str::to_owned)
        };
        let all = [
            says(HoldReason::NoMajority, Copies::OnlyHere),
            says(HoldReason::NoMajority, Copies::Told),
            says(HoldReason::Contention, Copies::Told),
        ];
        assert!(all[0].as_ref().is_some_and(|text| text.contains("this disk has the only copy")));
        assert!(all.iter().flatten().all(|text| text.starts_with("Saved on this server")));
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
    }

    #[test]
    fn a_save_that_is_not_kept_says_so() {
        for unsettled in [Unsettled::NotFounded, Unsettled::Removed, Unsettled::Busy] {
            let body = unsettled_body(&"a.pl".into(), &unsettled);
            assert!(body["message"].as_str().unwrap().contains("Your text is not kept"), "{body}");
            assert_eq!(body.get("commit"), None);
        }
    }
}
