//! Counts answers that peers owe: whatever comes beyond that was never asked for.
//!
//! Answers that got lost leave credit behind, so a peer that only answers is never blamed. Which
//! object an answer is for is looked at elsewhere; what nobody wants is ignored there.

use crate::{Core, Event, MemberId, Offence, PeerMessage, turn::Turn};

/// Answers that a peer may still send, by what was asked of it in this run of its program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Owed {
    /// One Announce, Absent or Chunk for each object or chunk.
    pub(crate) objects: u64,
    /// Branches of its tree.
    pub(crate) branches: u64,
}

impl Core {
    /// Notes what the messages of this turn ask for.
    pub(crate) fn note_asked(&mut self, turn: &Turn<'_>) {
        for (to, message) in turn.sent() {
            let Some(peer) = self.live.peers.get_mut(to) else { continue };
            match message {
                PeerMessage::Request { ids } => peer.owes.objects += count(ids.len()),
                PeerMessage::RequestChunks { count, .. } => peer.owes.objects += u64::from(*count),
                PeerMessage::TreeRequest { prefixes } => {
                    peer.owes.branches += count(prefixes.len());
                }
                _ => {}
            }
        }
    }

    /// Counts an answer; one that nobody asked for is told.
    pub(crate) fn note_answer(
        &mut self,
        from: MemberId,
        message: &PeerMessage,
        turn: &mut Turn<'_>,
    ) {
        let owes = |core: &mut Self| core.live.peers.get(&from).map(|peer| peer.owes);
        let Some(owed) = owes(self) else { return };
        let (objects, branches) = match message {
            PeerMessage::Announce { .. }
            | PeerMessage::Chunk { .. }
            | PeerMessage::Absent { .. } => (1, 0),
            PeerMessage::TreeIs { branches } => (0, count(branches.len()).max(1)),
            _ => return,
        };
        if owed.objects < objects || owed.branches < branches {
            turn.emit(Event::Offended { peer: from, offence: Offence::Unasked });
        }
        if let Some(peer) = self.live.peers.get_mut(&from) {
            peer.owes.objects = owed.objects.saturating_sub(objects);
            peer.owes.branches = owed.branches.saturating_sub(branches);
        }
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
