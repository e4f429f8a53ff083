//! Whether a chat message is taken: SWISH's limits in SWISH's order, and the cluster's own.

use super::{client_frame::Said, payload::Payload};

/// Longest text, in characters.
const MAX_TEXT: usize = 500;
/// Longest text that is selected, and around it, in characters.
const MAX_SELECTION: usize = 500;
/// Longest query, in characters.
const MAX_QUERY: usize = 1_000;

/// What is known of whoever posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Poster {
    /// They have an account.
    pub(super) is_known: bool,
    /// This site lets only people with an account post.
    pub(super) wants_login: bool,
    /// An operator has muted them.
    pub(super) is_muted: bool,
    /// They have not posted too much in the last minutes, on all nodes.
    pub(super) has_room: bool,
}

/// Why a message is not taken; its text is shown to whoever sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Forbidden {
    /// The site wants a login.
    #[error(
        "Due to frequent spamming we were forced to limit posting chat messages to users who are \
         logged in."
    )]
    Login,
    /// The text is too long.
    #[error("Chat messages are limited to 500 characters")]
    Text,
    /// A selection is too long.
    #[error("Selection too long (max. 500 characters)")]
    Selection,
    /// A query is too long.
    #[error("Query too long (max. 1000 characters)")]
    Query,
    /// An operator has muted them.
    #[error("An operator of this site has muted you: your chat messages are not delivered")]
    Muted,
    /// They post too much.
    #[error("Too many chat messages in a short time; please wait a minute")]
    TooMany,
    /// More than a message may hold in all.
    #[error("The message is too long")]
    TooLong,
    /// Too many messages wait, or the node stops.
    #[error("The message was not taken; please try again in a few seconds")]
    NotTaken,
}

/// Takes a message, or says why not.
pub(super) fn judge(said: &Said, poster: Poster) -> Result<(), Forbidden> {
    if poster.wants_login && !poster.is_known {
        return Err(Forbidden::Login);
    }
    if said.text.as_ref().is_some_and(|text| is_longer(text, MAX_TEXT)) {
        return Err(Forbidden::Text);
    }
    said.payload.iter().flatten().try_for_each(judge_payload)?;
    match poster {
        Poster { is_muted: true, .. } => Err(Forbidden::Muted),
        Poster { has_room: false, .. } => Err(Forbidden::TooMany),
        Poster { .. } => Ok(()),
    }
}

fn judge_payload(payload: &Payload) -> Result<(), Forbidden> {
    match payload {
        Payload::Query(query) if is_longer(query, MAX_QUERY) => Err(Forbidden::Query),
        Payload::Selection(_)
            if payload.selected().iter().any(|text| is_longer(text, MAX_SELECTION)) =>
        {
            Err(Forbidden::Selection)
        }
        Payload::Query(_) | Payload::Selection(_) | Payload::About(_) | Payload::Update { .. } => {
            Ok(())
        }
    }
}

fn is_longer(text: &str, characters: usize) -> bool {
    text.chars().nth(characters).is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::gateway::chat::client_frame::ClientFrame;

    const GOOD: Poster =
        Poster { is_known: false, wants_login: false, is_muted: false, has_room: true };

    fn said(text: &str, payload: &Value) -> Said {
        let sent = json!({
            "type": "chat-message", "docid": "gitty:a.pl", "text": text, "payload": payload,
        });
        match ClientFrame::read(&sent.to_string()) {
            Ok(Some(ClientFrame::ChatMessage(said))) => *said,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn limits_are_swishs_in_characters() {
        let none = json!([]);
        let selection = |length: usize| json!([{ "string": "ä".repeat(length) }]);
        let flat = |length| json!([{ "type": "selection", "selection": selection(length) }]);
        let nested = |length| {
            let cell = json!([{ "cell": "p1", "selections": selection(length) }]);
            json!([{ "type": "selection", "selection": cell }])
        };
        let query = |length: usize| json!([{ "type": "query", "query": "q".repeat(length) }]);
        let table = [
            (said(&"ä".repeat(500), &none), Ok(())),
            (said(&"ä".repeat(501), &none), Err(Forbidden::Text)),
            (said("", &flat(500)), Ok(())),
            (said("", &flat(501)), Err(Forbidden::Selection)),
            (said("", &nested(501)), Err(Forbidden::Selection)),
            (said("", &query(1_000)), Ok(())),
            (said("", &query(1_001)), Err(Forbidden::Query)),
        ];
        for (said, wanted) in table {
            assert_eq!(judge(&said, GOOD), wanted, "{said:?}");
        }
    }

    #[test]
    fn refusals_come_in_swishs_order_and_the_clusters_own_after_them() {
        let long =
            said(&"x".repeat(501), &json!([{ "type": "query", "query": "q".repeat(1_001) }]));
        let mut poster =
            Poster { is_known: false, wants_login: true, is_muted: true, has_room: false };
        assert_eq!(judge(&long, poster), Err(Forbidden::Login));
        poster.is_known = true;
        assert_eq!(judge(&long, poster), Err(Forbidden::Text));
        let query = Said { text: None, ..long };
        assert_eq!(judge(&query, poster), Err(Forbidden::Query));
        let fine = Said { payload: None, ..query };
        assert_eq!(judge(&fine, poster), Err(Forbidden::Muted));
        poster.is_muted = false;
        assert_eq!(judge(&fine, poster), Err(Forbidden::TooMany));
        poster.has_room = true;
        assert_eq!(judge(&fine, poster), Ok(()));
    }
}
