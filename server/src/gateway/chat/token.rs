//! The `reconnect` token: what a page shows to be the same page again, on any node.
//!
//! It names the page, the node that gave it and when, and holds for the session that it was given to
//! only. A page does not look into it.

use domain::NodeId;
use relay::Wsid;

use super::{
    ids::{Uuid, uuid_bytes},
    seal::Seal,
};

/// A page that was not connected for so long is a new one.
const VALID_MS: u64 = 30 * 24 * 60 * 60 * 1000;
/// Another node's clock may be this much ahead.
const AHEAD_MS: u64 = 5 * 60 * 1000;

/// Makes and reads the tokens of one cluster.
#[derive(Clone, Debug)]
pub(super) struct Tokens(Seal);

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Back {
    /// The page.
    pub(super) wsid: Wsid,
    /// The node that it was connected with last.
    pub(super) node: NodeId,
}

impl Tokens {
    pub(super) const fn new(key: [u8; 32]) -> Self {
        Self(Seal::new(key, b"reconnect"))
    }

    /// A token for a page of this session.
    pub(super) fn give(&self, session: &str, page: Uuid, node: NodeId, now_ms: u64) -> String {
        let body = [page.as_slice(), &now_ms.to_be_bytes(), node.as_bytes()].concat();
        self.0.seal(session.as_bytes(), &body)
    }

    /// The page that a token of this session names, if it is not too old.
    pub(super) fn read(&self, session: &str, token: &str, now_ms: u64) -> Option<Back> {
        let body = self.0.open(session.as_bytes(), token)?;
        let (page, rest) = body.split_first_chunk::<16>()?;
        let (at, node) = rest.split_first_chunk::<8>()?;
        let at = u64::from_be_bytes(*at);
        let is_valid =
            at <= now_ms.saturating_add(AHEAD_MS) && now_ms <= at.saturating_add(VALID_MS);
        let node = NodeId::from_bytes(node.try_into().ok()?);
        let wsid = Wsid::new(&super::ids::uuid_text(*page)).ok()?;
        is_valid.then_some(Back { wsid, node })
    }

    /// The token that a page gets next; none for a page whose name is no UUID.
    pub(super) fn renew(
        &self,
        session: &str,
        wsid: &Wsid,
        node: NodeId,
        now_ms: u64,
    ) -> Option<String> {
        Some(self.give(session, uuid_bytes(wsid.as_str())?, node, now_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_397_620_000;

    fn page() -> Wsid {
        Wsid::new("6de58f3a-e6e0-11f1-935f-02fc00000001").unwrap()
    }

    fn node() -> NodeId {
        NodeId::from_bytes([7; NodeId::LEN])
    }

    #[test]
    fn every_node_knows_the_page_again_and_for_a_while_only() {
        let token = Tokens::new([1; 32]).renew("s1", &page(), node(), NOW).unwrap();
        let elsewhere = Tokens::new([1; 32]);
        let back = Some(Back { wsid: page(), node: node() });
        assert_eq!(elsewhere.read("s1", &token, NOW + VALID_MS), back);
        assert_eq!(elsewhere.read("s1", &token, NOW - AHEAD_MS), back);
        assert_eq!(elsewhere.read("s1", &token, NOW + VALID_MS + 1), None);
        assert_eq!(elsewhere.read("s1", &token, NOW - AHEAD_MS - 1), None);
    }

    #[test]
    fn another_session_and_another_cluster_do_not() {
        let token = Tokens::new([1; 32]).renew("s1", &page(), node(), NOW).unwrap();
        assert_eq!(Tokens::new([1; 32]).read("s2", &token, NOW), None);
        assert_eq!(Tokens::new([2; 32]).read("s1", &token, NOW), None);
        for forged in ["", "ZyULrlM3948rKoPa_PuLJg", &token[2..]] {
            assert_eq!(Tokens::new([1; 32]).read("s1", forged, NOW), None, "{forged}");
        }
    }
}
