//! All visitors of a node, page by page: when it links, and when a change was missed.

use std::{collections::BTreeSet, ops::Bound};

use domain::{MemberId, NodeId, Run};

use super::{
    Census, LeaveReason, UpdateReason, Visitor, VisitorChange,
    there::{Asked, Remote},
};
use crate::{Core, Event, Rejection, RelayMessage, Wsid, message::MAX_PAGE_BYTES, turn::Turn};

/// One page, as it came.
pub(crate) struct SnapshotPage {
    pub(crate) after: Option<Wsid>,
    pub(crate) visitors: Vec<(Wsid, Visitor)>,
    pub(crate) more: bool,
}

impl SnapshotPage {
    /// True if it goes on from where it says, in order, and does go on.
    fn is_in_order(&self) -> bool {
        let wsids: Vec<&Wsid> = self.visitors.iter().map(|(wsid, _)| wsid).collect();
        wsids.windows(2).all(|pair| pair[0] < pair[1])
            && wsids.first().is_none_or(|first| self.after.as_ref() < Some(*first))
            && !(self.more && wsids.is_empty())
    }

    /// The last visitor that it speaks of; none for all up to the end.
    fn upto(&self) -> Option<Wsid> {
        self.visitors.last().filter(|_| self.more).map(|(wsid, _)| wsid.clone())
    }
}

impl Core {
    /// Asks a peer for all its visitors, unless that is under way.
    pub(crate) fn ask_for_snapshot(&mut self, from: MemberId, turn: &mut Turn) {
        let patience = self.config.snapshot;
        let Some(remote) = self.presence.remotes.get_mut(&from.node) else { return };
        let is_under_way =
            remote.asked.as_ref().is_some_and(|asked| turn.at().since(asked.at) < patience);
        if !is_under_way {
            ask_next(from, remote, None, None, turn);
        }
    }

    /// A page of the own visitors for a peer.
    pub(crate) fn tell_snapshot(
        &self,
        to: MemberId,
        run: Run,
        after: Option<Wsid>,
        turn: &mut Turn,
    ) {
        if run != self.run {
            return;
        }
        let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = self.presence.here.visitors().range((from, Bound::Unbounded)).peekable();
        let (mut visitors, mut bytes) = (Vec::new(), 0);
        while let Some((wsid, visitor)) = rest.peek() {
            bytes += visitor.size();
            let is_full = visitors.len() == self.config.page_visitors || bytes > MAX_PAGE_BYTES;
            if is_full && !visitors.is_empty() {
                break;
            }
            visitors.push(((*wsid).clone(), (*visitor).clone()));
            rest.next();
        }
        let (more, version, census) = (rest.peek().is_some(), self.presence.version, self.census());
        turn.send(to, RelayMessage::Snapshot { run, version, after, visitors, more, census });
    }

    pub(crate) fn on_snapshot(
        &mut self,
        from: MemberId,
        (run, version): (Run, u64),
        page: SnapshotPage,
        census: Census,
        turn: &mut Turn,
    ) {
        let Some(remote) = self.remote(from.node, run) else { return };
        let Some(asked) = remote.asked.clone().filter(|asked| asked.after == page.after) else {
            return;
        };
        if !page.is_in_order() {
            let rejection = Rejection::WrongRange;
            return turn.emit(Event::Rejected { peer: from, rejection });
        }
        if asked.version.is_some_and(|known| known != version) {
            // A change between two pages was lost.
            return ask_next(from, remote, None, None, turn);
        }
        remote.count = census.local_visitors;
        match page.upto() {
            Some(upto) => ask_next(from, remote, Some(upto), Some(version), turn),
            None => (remote.version, remote.asked) = (Some(version), None),
        }
        self.replace(from.node, page, turn);
    }

    /// Puts a page in place of what is known of its visitors; only what differs is told.
    fn replace(&mut self, node: NodeId, page: SnapshotPage, turn: &mut Turn) {
        let upto = page.upto();
        let Some(remote) = self.presence.remotes.get(&node) else { return };
        let begin = page.after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let end = upto.as_ref().map_or(Bound::Unbounded, Bound::Included);
        let known = remote.site.visitors().range((begin, end)).map(|(wsid, _)| wsid);
        let now: BTreeSet<&Wsid> = page.visitors.iter().map(|(wsid, _)| wsid).collect();
        let gone: Vec<Wsid> = known.filter(|wsid| !now.contains(wsid)).cloned().collect();
        for wsid in gone {
            self.apply(node, VisitorChange::Left { wsid, reason: LeaveReason::Close }, turn);
        }
        for (wsid, visitor) in page.visitors {
            self.apply(node, VisitorChange::Joined { wsid, visitor }, turn);
        }
    }
}

/// Asks for the next page of a snapshot, or for the first one.
fn ask_next(
    from: MemberId,
    remote: &mut Remote,
    after: Option<Wsid>,
    version: Option<u64>,
    turn: &mut Turn,
) {
    remote.asked = Some(Asked { at: turn.at(), after: after.clone(), version });
    turn.send(from, RelayMessage::SnapshotRequest { run: remote.run, after });
}

/// What leads from what was known of a visitor to what it is now.
pub(super) fn changes(wsid: &Wsid, known: &Visitor, now: Visitor) -> Vec<VisitorChange> {
    let heard = now.heard;
    let opened = now.files.difference(&known.files).map(|document| {
        let (wsid, document) = (wsid.clone(), document.clone());
        VisitorChange::Opened { wsid, document, heard }
    });
    let closed = known.files.difference(&now.files).map(|document| {
        let (wsid, document) = (wsid.clone(), document.clone());
        VisitorChange::Closed { wsid, document, heard }
    });
    let mut changes: Vec<VisitorChange> = opened.chain(closed).collect();
    if now.user != known.user {
        let (wsid, user, reason) = (wsid.clone(), now.user, UpdateReason::Snapshot);
        changes.push(VisitorChange::Updated { wsid, user, reason, heard });
    }
    changes
}
