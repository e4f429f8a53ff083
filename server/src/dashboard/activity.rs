//! What was done, from the audit: one page of it, or all as lines.

use domain::{
    Deed,
    view::{ActivityPage, ActivityQuery, DeedRow, NodeRef},
};

use crate::node::{Shared, audit::Kept, link::now_ms};

/// The entries that are wanted, newest first.
pub(super) fn page(shared: &Shared, query: &ActivityQuery) -> ActivityPage {
    shared.with_audit(|audit| {
        let all: Vec<_> = audit.newest().collect();
        let deeds = all.iter().map(|kept| (kept.deed.node_name.as_str(), &kept.deed));
        query.page(now_ms(), deeds, |at| row(all[at]))
    })
}

/// All wanted entries, oldest first, each a line of JSON with what its hash is made of, so that
/// whoever has the lines can check the chains.
pub(super) fn lines(shared: &Shared, query: &ActivityQuery) -> Vec<u8> {
    shared.with_audit(|audit| {
        let wanted = audit.oldest().filter(|kept| query.wants(&kept.deed.node_name, &kept.deed));
        let mut lines = Vec::new();
        for kept in wanted {
            // Values of our own types: there is nothing in them that JSON cannot say.
            if let Ok(line) = serde_json::to_vec(&Line::of(kept)) {
                lines.extend(line);
                lines.push(b'\n');
            }
        }
        lines
    })
}

/// An entry as pages show it.
pub(super) fn row(kept: &Kept) -> DeedRow {
    let (entry, deed) = (&kept.entry, kept.deed.clone());
    let node = NodeRef { id: entry.origin.node, name: deed.node_name.clone() };
    DeedRow { node, number: entry.number, hash: kept.hash.to_string(), deed }
}

/// An entry as it is exported.
#[derive(serde::Serialize)]
struct Line<'a> {
    node: domain::NodeId,
    incarnation: domain::Incarnation,
    number: u64,
    hash: domain::AuditHash,
    previous: Option<domain::AuditHash>,
    content: &'a str,
    deed: &'a Deed,
}

impl<'a> Line<'a> {
    fn of(Kept { entry, hash, deed }: &'a Kept) -> Self {
        Self {
            node: entry.origin.node,
            incarnation: entry.origin.incarnation,
            number: entry.number,
            hash: *hash,
            previous: entry.previous,
            content: &entry.content,
            deed,
        }
    }
}
