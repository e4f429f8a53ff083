//! What moderators have decided, for whoever takes posts and hands out messages.
//!
//! It is a fold over the audit that the node keeps (docs/decisions/0041): as soon as an entry is
//! durable here, wherever it was made, the next question is answered by it. A question takes a
//! short lock and no other time.

use domain::{MessageId, Ruling, VisitorKey};
use relay::{DocumentId, PublicUser};

use crate::node::{Handle, link::now_ms};

/// A cheap handle; clones ask the same node.
#[derive(Clone, Debug)]
pub struct Moderation {
    node: Handle,
}

impl Moderation {
    /// Asks this node's audit.
    #[must_use]
    pub const fn new(node: Handle) -> Self {
        Self { node }
    }

    /// Whether visitors must not get a message, neither with the history nor as a late one.
    #[must_use]
    pub fn is_hidden(&self, document: &DocumentId, id: &MessageId) -> bool {
        self.hidden(document, id).is_some()
    }

    /// Who has hidden a message, when and why; none when it is shown.
    #[must_use]
    pub fn hidden(&self, document: &DocumentId, id: &MessageId) -> Option<Ruling> {
        let shared = self.node.shared();
        shared.with_audit(|audit| audit.moderated().hidden(document.as_str(), id).cloned())
    }

    /// Whether what somebody posts now must be refused.
    #[must_use]
    pub fn is_muted(&self, user: &PublicUser) -> bool {
        self.muted(user).is_some()
    }

    /// Who has muted somebody, since when and until when; none when they may post now.
    ///
    /// Somebody with a login is known by the profile and, as everybody, by the visitor's `uid`:
    /// a login does not end a muting of the visitor without it.
    #[must_use]
    pub fn muted(&self, user: &PublicUser) -> Option<Ruling> {
        let now_ms = now_ms();
        self.node.shared().with_audit(|audit| {
            let moderated = audit.moderated();
            keys_of(user).find_map(|key| moderated.muted(&key, now_ms).cloned())
        })
    }
}

/// By what a user is known from one page to the next, the most lasting first.
pub fn keys_of(user: &PublicUser) -> impl Iterator<Item = VisitorKey> {
    let profile = user.get("profile_id").map(|id| VisitorKey::Profile(id.to_owned()));
    let uid = user.get("uid").map(|id| VisitorKey::Uid(id.to_owned()));
    profile.into_iter().chain(uid).filter(VisitorKey::is_within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_known_by_the_profile_first() {
        let fields = [("uid", "u-1"), ("profile_id", "p-1"), ("name", "Ann"), ("email", "a@b")];
        let user = PublicUser::new(fields.map(|(name, value)| (name.into(), value.into())));
        let keys: Vec<_> = keys_of(&user).map(|key| key.to_string()).collect();
        assert_eq!(keys, ["profile:p-1", "uid:u-1"]);
        let nobody = PublicUser::new([("uid".to_owned(), String::new())]);
        assert_eq!(keys_of(&nobody).count(), 0);
    }
}
