//! Comparing hash trees: descends only where digests differ, with one peer at a time.

use domain::{Millis, ObjectId, Root, Serial};

use super::{Branch, Reported};
use crate::{
    Below, Bytes, Change, Core, Key, MemberId, Mutant, PeerMessage, Prefix, Timer, TreeBranch,
    turn::Turn,
};

/// Bytes of a digest that are sent: enough to tell subtrees apart; the root is sent as a whole.
const SENT: usize = 16;

/// The tree of one peer, as far as it was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Comparison {
    pub(crate) peer: MemberId,
    /// Everything up to here in its log is known when this ends.
    upto: Serial,
    roots: (Root, Root),
    /// Prefixes that differ, to be asked for; the deepest last, so that there are never many.
    todo: Vec<Prefix>,
    /// Prefixes that were asked for.
    asked: Vec<Prefix>,
    /// Requests without an answer.
    silent: u32,
    /// What it has, as far as it was told.
    pub(crate) heads: Reported,
    pub(crate) asked_at: Millis,
}

impl Core {
    /// Requests that stay without an answer before another peer is tried.
    const SILENT: u32 = 3;
    /// While heads wait for objects, another tree is compared only after so long a standstill.
    const STANDSTILL: Millis = Millis(5_000);
    /// Or when a peer's tree has waited so long: under load something always comes in.
    const STARVED: Millis = Millis(3_000);

    /// Starts with the peer that has most changes, of those whose tree has to be looked at.
    pub(crate) fn compare_next(&mut self, turn: &mut Turn<'_>) {
        let starves = |peer: &crate::live::Peer| {
            let since = peer.differs_since.map(|since| turn.now.since(since));
            peer.linked && peer.unclear && since >= Some(Self::STARVED)
        };
        let busy = self.catching_up()
            && turn.now.since(self.live.moved_at) < Self::STANDSTILL
            && !self.live.peers.values().any(starves);
        if self.live.comparison.is_some() || busy || !self.has_room() {
            return;
        }
        let Some(peer) = self.most_changed(turn.now) else {
            self.live.gathering = None;
            return;
        };
        let heard = |id: &MemberId| {
            self.live.peers.get(id).is_some_and(|peer| peer.linked && peer.heard.is_some())
        };
        if !self.others().iter().all(heard) {
            let Some(since) = self.live.gathering else {
                self.live.gathering = Some(turn.now);
                return turn.arm(Timer::Compare, self.config.gather.0, self.config.gather.0);
            };
            if turn.now.since(since) < self.config.gather {
                return;
            }
        }
        self.live.gathering = None;
        self.compare_with(peer, turn);
    }

    fn most_changed(&self, now: Millis) -> Option<MemberId> {
        let retry_after = self.config.fetch_again;
        let unclear = self.live.peers.iter().filter(|(id, peer)| {
            peer.linked
                && peer.unclear
                && self.is_known(id)
                && peer.asked.is_none_or(|asked| now.since(asked) >= retry_after)
        });
        let changes = |peer: &crate::live::Peer| peer.serial.0.saturating_sub(peer.seen.0);
        unclear.max_by_key(|(_, peer)| (changes(peer), peer.files)).map(|(id, _)| *id)
    }

    fn compare_with(&mut self, peer: MemberId, turn: &mut Turn<'_>) {
        let Some(state) = self.live.peers.get_mut(&peer) else {
            return;
        };
        let Some((_, theirs)) = state.heard else {
            return;
        };
        state.asked = Some(turn.now);
        self.live.comparison = Some(Comparison {
            peer,
            upto: state.serial,
            roots: (theirs, self.durable.root()),
            todo: vec![Prefix::TOP],
            asked: Vec::new(),
            silent: 0,
            heads: Reported::equal(),
            asked_at: turn.now,
        });
        self.ask_branches(turn);
    }

    /// Asks for the next prefixes, or for those again that were not answered.
    fn ask_branches(&mut self, turn: &mut Turn<'_>) {
        let page = self.config.tree_page;
        let Some(comparison) = &mut self.live.comparison else {
            return;
        };
        if comparison.asked.is_empty() {
            let keep = comparison.todo.len().saturating_sub(page);
            comparison.asked = comparison.todo.split_off(keep);
        }
        comparison.asked_at = turn.now;
        let prefixes = comparison.asked.clone();
        turn.send(comparison.peer, PeerMessage::TreeRequest { prefixes });
        turn.arm(Timer::Compare, self.config.fetch.0, self.config.fetch.0);
    }

    /// A comparison is due, or its peer did not answer.
    pub(crate) fn compare_due(&mut self, turn: &mut Turn<'_>) {
        let Some(comparison) = &mut self.live.comparison else {
            return self.compare_next(turn);
        };
        comparison.silent += 1;
        if comparison.silent < Self::SILENT {
            return self.ask_branches(turn);
        }
        self.live.comparison = None;
        self.compare_next(turn);
    }

    /// The peer is gone: what it told is kept, and another one is compared with.
    pub(crate) fn end_comparison_with(&mut self, peer: MemberId, turn: &mut Turn<'_>) {
        if self.live.comparison.as_ref().is_some_and(|comparison| comparison.peer == peer) {
            self.live.comparison = None;
            turn.disarm(Timer::Compare);
            self.compare_next(turn);
        }
    }

    pub(crate) fn on_tree_request(&self, from: MemberId, prefixes: &[Prefix], turn: &mut Turn<'_>) {
        if !self.is_known(&from) {
            return;
        }
        let asked = prefixes.iter().take(self.config.tree_page);
        let branches = asked.map(|prefix| self.branch(*prefix)).collect();
        turn.promise(from, PeerMessage::TreeIs { branches });
    }

    fn branch(&self, prefix: Prefix) -> TreeBranch {
        let below = match self.durable.tree().branch(prefix) {
            Branch::Split(digests) => {
                let digests: Vec<u8> =
                    digests.iter().flat_map(|digest| digest[..SENT].to_vec()).collect();
                Below::Digests(Bytes(digests.into()))
            }
            Branch::Bucket(rows) => {
                Below::Heads(rows.iter().filter_map(|row| self.change_of(&row.key)).collect())
            }
        };
        TreeBranch { prefix, below }
    }

    /// What is below prefixes of the peer's tree. Only what was asked for counts.
    pub(crate) fn on_tree(
        &mut self,
        from: MemberId,
        branches: Vec<TreeBranch>,
        turn: &mut Turn<'_>,
    ) {
        let mut news = Vec::new();
        for TreeBranch { prefix, below } in branches {
            let Some(comparison) = self.live.comparison.as_mut().filter(|c| c.peer == from) else {
                return;
            };
            let Some(at) = comparison.asked.iter().position(|asked| *asked == prefix) else {
                continue;
            };
            comparison.asked.swap_remove(at);
            comparison.silent = 0;
            match below {
                Below::Digests(Bytes(digests)) => self.descend(from, prefix, &digests),
                Below::Heads(heads) => news.extend(self.differing(from, prefix, heads)),
            }
        }
        self.learn_changes(from, news, turn);
        self.compare_on(from, turn);
    }

    /// Asks on, or ends: then everything up to the serial it began at is known.
    fn compare_on(&mut self, from: MemberId, turn: &mut Turn<'_>) {
        let Some(comparison) = self.live.comparison.take_if(|comparison| comparison.peer == from)
        else {
            return;
        };
        if !comparison.asked.is_empty() || !comparison.todo.is_empty() {
            let answered = comparison.asked.is_empty();
            self.live.comparison = Some(comparison);
            if answered {
                self.ask_branches(turn);
            }
            return;
        }
        turn.disarm(Timer::Compare);
        self.live.moved_at = turn.now;
        let Some(peer) = self.live.peers.get_mut(&from) else {
            return;
        };
        peer.seen = peer.seen.max(comparison.upto);
        peer.asked = None;
        peer.unclear = false;
        peer.compared = Some(comparison.roots);
        self.replace_reported(from, comparison.heads, turn);
        self.compare_next(turn);
    }

    /// Notes the children that differ from ours, to be asked for.
    fn descend(&mut self, from: MemberId, prefix: Prefix, digests: &[u8]) {
        let (digests, rest) = digests.as_chunks::<SENT>();
        if digests.len() != 16 || !rest.is_empty() {
            return;
        }
        let mut differ = Vec::new();
        for (child, theirs) in prefix.children().zip(digests) {
            let ours = self.durable.tree().digest(child);
            if theirs == &[0; SENT] {
                // It has nothing there; what we have is its business.
                self.note_lacking(from, child, &[]);
            } else if theirs[..] != ours[..SENT] {
                differ.push(child);
            }
        }
        if self.config.broken(Mutant::WrongBucket) {
            differ =
                differ.iter().filter_map(|child| prefix.children().find(|c| c > child)).collect();
        }
        if let Some(comparison) = &mut self.live.comparison {
            comparison.todo.extend(differ);
        }
    }

    /// What of a bucket is not as here.
    fn differing(&mut self, from: MemberId, prefix: Prefix, heads: Vec<Change>) -> Vec<Change> {
        let mut keys: Vec<Key> = heads.iter().map(|change| change.key.clone()).collect();
        keys.sort();
        self.note_lacking(from, prefix, &keys);
        let mut news = Vec::new();
        for change in heads.into_iter().filter(|change| prefix.has(&change.key)) {
            if self.decided(&change.key) != change.head {
                self.note_reported(from, &change.key, change.head);
            }
            if self.change_of(&change.key).as_ref() != Some(&change) {
                news.push(change);
            }
        }
        news
    }

    /// The peer has no head of those of our keys below a prefix that it did not name.
    fn note_lacking(&mut self, from: MemberId, prefix: Prefix, named: &[Key]) {
        let ours = self.durable.tree().rows(prefix);
        let lacking = ours.iter().filter(|row| named.binary_search(&row.key).is_err());
        let lacking: Vec<Key> = lacking.map(|row| row.key.clone()).collect();
        for key in lacking {
            self.note_reported(from, &key, None::<ObjectId>);
        }
    }
}
