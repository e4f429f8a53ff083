//! Posts that this node hears of from the others count as those of its own pages do.
//!
//! Every node gets every message and counts it for its author, so that a limit holds in the whole
//! cluster without a word between nodes. A node that was away counts what it fetches as of now.

use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;

use super::Chat;
use crate::{hub::json_of, node::link::now_ms};

/// Messages older than this when they come are not counted: they are fetched, and not posted now.
const RECENT_MS: u64 = 60_000;

/// Counts until the hub ends.
pub(super) async fn follow(chat: Chat) {
    let mut heard = chat.0.hub.heard();
    loop {
        let message = match heard.recv().await {
            Ok(message) => message,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        let now = now_ms();
        if message.row.place.stamp.0 / 1000 + RECENT_MS < now {
            continue;
        }
        if let Some(author) = author(&Value::Object(json_of(&message))) {
            chat.0.posts.count(author, now);
        }
    }
}

/// Who posted it, as [`super::person::Person::key`] has it; nobody posts what nodes say of saves.
fn author(message: &Value) -> Option<&str> {
    if message["class"] == "update" {
        return None;
    }
    let user = message.get("user")?;
    user.get("profile_id").or_else(|| user.get("uid"))?.as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_counts_for_its_profile_or_its_session() {
        let user = json!({ "uid": "u", "profile_id": "p" });
        assert_eq!(author(&json!({ "user": user })), Some("p"));
        assert_eq!(author(&json!({ "user": { "uid": "u" } })), Some("u"));
        assert_eq!(author(&json!({ "user": { "uid": "u" }, "class": "update" })), None);
        assert_eq!(author(&json!({ "text": "x" })), None);
    }
}
