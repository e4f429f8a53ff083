//! Answers to saves, in SWISH's shapes and, where SWISH has none, in the gateway's.

use axum::{
    Json,
    http::{StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use cluster::WaitReason;
use domain::{FileName, ObjectId};
use serde_json::{Value, json};

use super::{Version, save::Unsettled, url};
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

/// 503 that says whether the text is kept.
pub(super) fn unsettled(name: &FileName, unsettled: &Unsettled) -> Response {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let body = unsettled_body(name, unsettled);
    (status, [(RETRY_AFTER, RETRY_S.to_string())], json_type(), Json(body)).into_response()
}

fn unsettled_body(name: &FileName, unsettled: &Unsettled) -> Value {
    let mut body = json!({
        "code": 503,
        "error": unsettled.code(),
        "file": name,
        "message": sentence(unsettled),
    });
    match unsettled {
        Unsettled::Waiting { commit, .. } => body["commit"] = json!(commit),
        Unsettled::Blocked { waiting } => body["waiting"] = json!(waiting),
        Unsettled::NotFounded | Unsettled::Removed | Unsettled::Busy => {}
    }
    body
}

fn sentence(unsettled: &Unsettled) -> String {
    match unsettled {
        Unsettled::Waiting { commit, reason: WaitReason::NoMajority } => format!(
            "No majority of the nodes answers. Your text is kept on this server as version \
             {commit} and is proposed when a majority is back, unless another save was decided \
             first; it stays readable at /p/{commit}."
        ),
        Unsettled::Waiting { commit, reason: WaitReason::Contention } => format!(
            "The nodes answer but did not agree in time, because others save this file too. Your \
             text is kept on this server as version {commit} and is proposed again, unless \
             another save was decided first; it stays readable at /p/{commit}."
        ),
        Unsettled::Blocked { waiting } => format!(
            "Version {waiting} of this file waits for a majority of the nodes. Your text is not \
             kept: keep the page open and save again when that version is decided; it is readable \
             at /p/{waiting}."
        ),
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
    fn a_waiting_save_says_where_its_text_is() {
        let waiting = Unsettled::Waiting { commit: id(), reason: WaitReason::NoMajority };
        assert_eq!(
            unsettled_body(&"a.pl".into(), &waiting),
            json!({
                "code": 503,
                "commit": "31fc383a600fd9ae4b4e58926edd45699cb01382",
                "error": "waiting",
                "file": "a.pl",
                "message": "No majority of the nodes answers. Your text is kept on this server \
                    as version 31fc383a600fd9ae4b4e58926edd45699cb01382 and is proposed when a \
                    majority is back, unless another save was decided first; it stays readable \
                    at /p/31fc383a600fd9ae4b4e58926edd45699cb01382.",
            })
        );
    }

    #[test]
    fn a_save_that_is_not_kept_says_so() {
        for unsettled in [
            Unsettled::Blocked { waiting: id() },
            Unsettled::NotFounded,
            Unsettled::Removed,
            Unsettled::Busy,
        ] {
            let body = unsettled_body(&"a.pl".into(), &unsettled);
            assert!(body["message"].as_str().unwrap().contains("Your text is not kept"), "{body}");
            assert_eq!(body.get("commit"), None);
        }
    }
}
