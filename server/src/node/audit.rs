//! What people do: sealed with this node's key, kept durable by the core, checked when it comes
//! from others, and shown.

use std::{collections::BTreeMap, sync::Arc};

use cluster::{Alarm, AuditEntry, Bytes, Input, MemberId, PeerMessage, Token};
use domain::{AuditHash, Deed, DeedPlace, Moderated};

use super::{
    driver::{Driver, Waiter},
    handle::NodeEvent,
    link::Kind,
};

/// Entries of one page that a peer asked for.
const PAGE_ENTRIES: usize = 200;
/// And its bytes of content, so that a page stays a small frame.
const PAGE_BYTES: usize = 256 << 10;

/// An entry that is durable here, and what it says.
#[derive(Debug)]
pub struct Kept {
    /// As it was written.
    pub entry: AuditEntry,
    /// Its hash.
    pub hash: AuditHash,
    /// What it says.
    pub deed: Deed,
}

/// All entries, in memory: a person does not do enough to fill it (docs/decisions/0027).
#[derive(Debug, Default)]
pub struct AuditLog {
    chains: BTreeMap<MemberId, Vec<Arc<Kept>>>,
    /// By time, then by place; oldest first.
    by_time: BTreeMap<(u64, MemberId, u64), Arc<Kept>>,
    /// What the entries say about chats and visitors (docs/decisions/0041).
    moderated: Moderated,
}

impl AuditLog {
    /// Takes in an entry that is durable; none if it is here already.
    pub(crate) fn add(&mut self, entry: AuditEntry) -> Option<Arc<Kept>> {
        let chain = self.chains.entry(entry.origin).or_default();
        let last = chain.last().map_or(0, |kept| kept.entry.number);
        if entry.number <= last {
            return None;
        }
        let (hash, deed) = (entry.hash(), Deed::read(&entry.content));
        let kept = Arc::new(Kept { entry, hash, deed });
        let place = (kept.deed.at_ms, kept.entry.origin, kept.entry.number);
        let (at_ms, origin, number) = place;
        self.moderated.take(DeedPlace { at_ms, origin, number }, &kept.deed);
        chain.push(Arc::clone(&kept));
        self.by_time.insert(place, Arc::clone(&kept));
        Some(kept)
    }

    /// Newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Arc<Kept>> {
        self.by_time.values().rev()
    }

    /// Oldest first.
    pub fn oldest(&self) -> impl Iterator<Item = &Arc<Kept>> {
        self.by_time.values()
    }

    /// What moderators have decided.
    #[must_use]
    pub const fn moderated(&self) -> &Moderated {
        &self.moderated
    }

    /// A page of a chain after a number, and the last number that is here.
    fn after(&self, origin: MemberId, after: u64) -> (Vec<AuditEntry>, u64) {
        let chain = self.chains.get(&origin).map_or(&[][..], Vec::as_slice);
        let upto = chain.last().map_or(0, |kept| kept.entry.number);
        let begin = chain.partition_point(|kept| kept.entry.number <= after);
        let mut bytes = 0;
        let fits = |kept: &&Arc<Kept>| {
            bytes += kept.entry.content.len();
            bytes <= PAGE_BYTES
        };
        let page = chain.iter().skip(begin).take(PAGE_ENTRIES).take_while(fits);
        (page.map(|kept| kept.entry.clone()).collect(), upto)
    }

    /// The first entry of each chain that does not follow the one before it, or whose seal is not
    /// its origin's: somebody changed the database.
    pub(super) fn broken(&self) -> Vec<(MemberId, u64)> {
        let broken = |(origin, chain): (&MemberId, &Vec<Arc<Kept>>)| {
            let mut before = None;
            for (number, kept) in (1..).zip(chain) {
                let follows = kept.entry.number == number && kept.entry.previous == before;
                if !follows || !is_sealed(&kept.entry) {
                    return Some((*origin, kept.entry.number));
                }
                before = Some(kept.hash);
            }
            None
        };
        self.chains.iter().filter_map(broken).collect()
    }
}

impl Driver {
    /// Writes what somebody did here: number and hash are the core's, the seal is this node's.
    pub(super) fn on_audit_command(
        &mut self,
        token: Token,
        content: String,
        reply: tokio::sync::oneshot::Sender<bool>,
    ) {
        self.waiters.insert(token, Waiter::Audit(reply));
        self.audit(token, content);
    }

    /// Adds an entry to the chain of this life of the disk.
    pub(super) fn audit(&mut self, token: Token, content: String) {
        let (number, previous) = self.core.next_audit();
        let origin = self.core.me();
        let seal = Bytes(Vec::new().into());
        let mut entry = AuditEntry { origin, number, previous, content, seal };
        entry.seal = Bytes(self.links.identity.seal(entry.hash().as_bytes()).into());
        self.input(Input::Audit { token, entry: Box::new(entry) });
    }

    /// True unless it brings entries whose origin did not write them.
    pub(super) fn is_genuine(&self, from: MemberId, message: &PeerMessage) -> bool {
        let PeerMessage::AuditIs { entries, .. } = message else { return true };
        let forged = entries.iter().find(|entry| !is_sealed(entry));
        if let Some(entry) = forged {
            self.raise(Alarm::AuditForged { from, origin: entry.origin });
        }
        forged.is_none()
    }

    pub(super) fn serve_audit(&mut self, to: MemberId, origin: MemberId, after: u64) {
        let (entries, upto) = self.shared.with_audit(|audit| audit.after(origin, after));
        if !entries.is_empty() {
            let message = PeerMessage::AuditIs { entries, upto };
            self.outbox.entry((to, Kind::Bulk)).or_default().push(message);
        }
    }

    /// Entries of a batch that is durable now.
    pub(super) fn show_audit(&self, entries: Vec<AuditEntry>) {
        for entry in entries {
            if let Some(kept) = self.shared.change_audit(|audit| audit.add(entry)) {
                let _ = self.events.send(NodeEvent::Deed(kept));
            }
        }
    }

    /// Looks once at what the database kept.
    pub(super) fn check_audit(&self) {
        for (origin, number) in self.shared.with_audit(AuditLog::broken) {
            self.raise(Alarm::AuditForks { origin, number });
        }
    }
}

/// True if the node that the entry names has signed it.
fn is_sealed(entry: &AuditEntry) -> bool {
    let node = super::identity::sealed_by(&entry.seal.0, entry.hash().as_bytes());
    node == Some(entry.origin.node)
}

/// Entries of each batch that the table does not have yet.
pub(super) type Unapplied = BTreeMap<u64, Vec<AuditEntry>>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::identity::Identity;

    fn entry(identity: &Identity, number: u64, previous: Option<AuditHash>) -> AuditEntry {
        let incarnation = domain::Incarnation::from_bytes([1; 8]);
        let origin = MemberId { node: identity.node(), incarnation };
        let (content, seal) = (format!("{{\"at_ms\":{number}}}"), Bytes(Vec::new().into()));
        let mut entry = AuditEntry { origin, number, previous, content, seal };
        entry.seal = Bytes(identity.seal(entry.hash().as_bytes()).into());
        entry
    }

    fn log(count: u64) -> (Identity, AuditLog) {
        let (identity, mut log) = (Identity::random(), AuditLog::default());
        let mut previous = None;
        for number in 1..=count {
            let entry = entry(&identity, number, previous);
            previous = Some(entry.hash());
            log.add(entry);
        }
        (identity, log)
    }

    #[test]
    fn only_its_origin_can_seal_an_entry_and_only_as_it_is() {
        let (alpha, eve) = (Identity::random(), Identity::random());
        let good = entry(&alpha, 1, None);
        assert!(is_sealed(&good));
        let mut other = good.clone();
        other.content.push(' ');
        assert!(!is_sealed(&other));
        let mut forged = good.clone();
        forged.seal = Bytes(eve.seal(good.hash().as_bytes()).into());
        assert!(!is_sealed(&forged));
        forged.seal = Bytes(Vec::new().into());
        assert!(!is_sealed(&forged));
    }

    #[test]
    fn a_chain_is_served_in_pages() {
        let (_, log) = log(450);
        let origin = *log.chains.keys().next().unwrap();
        let mut after = 0;
        let mut pages = Vec::new();
        while after < 450 {
            let (page, upto) = log.after(origin, after);
            assert_eq!((upto, page[0].number), (450, after + 1));
            after = page.last().unwrap().number;
            pages.push(page.len());
        }
        assert_eq!(pages, [200, 200, 50]);
        assert_eq!(log.after(origin, 450).0, []);
    }

    #[test]
    fn a_changed_database_shows() {
        let (identity, mut log) = log(5);
        assert_eq!(log.broken(), []);
        let origin = *log.chains.keys().next().unwrap();
        let chain = log.chains.get_mut(&origin).unwrap();
        let mut changed = chain[2].entry.clone();
        changed.content = "{}".to_owned();
        let (hash, deed) = (changed.hash(), Deed::read("{}"));
        chain[2] = Arc::new(Kept { entry: changed, hash, deed });
        assert_eq!(log.broken(), [(origin, 3)]);
        // One who has the node's key still breaks the chain.
        let chain = log.chains.get_mut(&origin).unwrap();
        let other = entry(&identity, 3, None);
        chain[2] =
            Arc::new(Kept { hash: other.hash(), deed: Deed::read(&other.content), entry: other });
        assert_eq!(log.broken(), [(origin, 3)]);
    }
}
