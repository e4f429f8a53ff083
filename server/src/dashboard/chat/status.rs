//! How one chat stands over all nodes: the words and numbers of its row.

use domain::{
    Moderated,
    view::{ChatOnNode, ChatRow},
    words::ChatState,
};
use relay::{Agreement, DocumentId, DocumentStatus, Gap, PeerDocument};

use super::Compared;
use crate::dashboard::picture::{Picture, Seat};

/// What a row is made of besides its chat; for one moment.
pub(in crate::dashboard) struct Scene<'a> {
    pub(in crate::dashboard) picture: &'a Picture,
    pub(in crate::dashboard) compared: &'a Compared,
    pub(in crate::dashboard) moderated: &'a Moderated,
}

impl Scene<'_> {
    /// The row of a chat; without a status it has no message here.
    pub(super) fn row(&self, document: &DocumentId, status: Option<&DocumentStatus>) -> ChatRow {
        let count = status.map_or(0, |status| status.summary.measure.count);
        let nodes: Vec<_> =
            self.picture.seats.iter().map(|seat| self.on(seat, document, status)).collect();
        let (state, detail) = self.state(document, status, &nodes);
        ChatRow {
            document: document.to_string(),
            count,
            last_ms: status.and_then(|status| status.summary.last).map(|last| last.stamp.0 / 1000),
            state,
            detail,
            to_fetch: differing(self.picture, status).map(|(_, one)| one.lacked).max().unwrap_or(0),
            hidden: self.moderated.hidden_in(document.as_str()),
            nodes,
        }
    }

    /// The chat on one node.
    fn on(
        &self,
        seat: &Seat,
        document: &DocumentId,
        status: Option<&DocumentStatus>,
    ) -> ChatOnNode {
        let count = status.map_or(0, |status| status.summary.measure.count);
        let known = PeerDocument::InStep;
        let there = if seat.is_own() { known } else { beside(seat, status) };
        let (state, there, agreement) = match there {
            PeerDocument::InStep => (ChatState::InStep, Some(count), Some(count)),
            PeerDocument::Differs(found) => {
                (ChatState::ToFetch, Some(found.theirs), Some(found.serial))
            }
            PeerDocument::Unknown => (ChatState::Unknown, None, None),
        };
        // While all is equal each beat compares everything: the last frame is as old as the last
        // one of them, to a second.
        let beat = seat.peer.as_ref().and_then(|peer| peer.last_frame_ms);
        let beat = beat.filter(|_| state == ChatState::InStep);
        let compared = self.compared.at(seat.member, document);
        ChatOnNode {
            node: seat.node_ref(),
            own: seat.is_own(),
            health: seat.health,
            state,
            count: there,
            agreement,
            compared_ms: compared.max(beat).filter(|_| !seat.is_own()),
        }
    }

    fn state(
        &self,
        document: &DocumentId,
        status: Option<&DocumentStatus>,
        nodes: &[ChatOnNode],
    ) -> (ChatState, Option<String>) {
        let lost: u64 = status.map_or(0, |status| self.open_gaps(document, status).map(size).sum());
        if lost > 0 {
            return (ChatState::Gap, Some(ChatState::gap_detail(lost)));
        }
        let mut differing: Vec<_> = differing(self.picture, status).collect();
        differing.sort_by_key(|(_, one)| std::cmp::Reverse(one.lacked));
        if let Some((_, worst)) = differing.first() {
            let detail = match worst.lacked {
                0 => {
                    let names = names(differing.iter().map(|(name, _)| *name));
                    ChatState::lacked_detail(lacked_there(worst), &names)
                }
                lacked => {
                    let from = differing.iter().filter(|(_, one)| one.lacked > 0);
                    ChatState::to_fetch_detail(lacked, &names(from.map(|(name, _)| *name)))
                }
            };
            return (ChatState::ToFetch, Some(detail));
        }
        let unknown = nodes.iter().filter(|on| on.state == ChatState::Unknown);
        let unknown = names(unknown.map(|on| on.node.name.as_str()));
        match unknown.is_empty() {
            true => (ChatState::InStep, None),
            false => (ChatState::Unknown, Some(ChatState::unknown_detail(&unknown))),
        }
    }

    /// What is missing for good and nobody has accepted.
    fn open_gaps<'a>(
        &'a self,
        document: &'a DocumentId,
        status: &'a DocumentStatus,
    ) -> impl Iterator<Item = &'a Gap> {
        let gaps = status.gaps.iter().filter(|_| status.are_gaps_final);
        gaps.filter(|gap| self.accepted(document, gap).is_none())
    }

    /// Who has accepted that these are lost.
    pub(super) fn accepted(&self, document: &DocumentId, gap: &Gap) -> Option<&domain::Ruling> {
        let numbers = (gap.first.get(), gap.last.get());
        self.moderated.accepted(document.as_str(), gap.incarnation, numbers)
    }
}

/// How many numbers a gap has.
fn size(gap: &Gap) -> u64 {
    u64::from(gap.last.get() - gap.first.get()) + 1
}

/// How a node's chat is beside ours; not known while it is not heard.
fn beside(seat: &Seat, status: Option<&DocumentStatus>) -> PeerDocument {
    let found = status.filter(|_| seat.answers()).and_then(|status| {
        status.peers.iter().find(|(peer, _)| peer.node == seat.member.node).map(|(_, one)| *one)
    });
    found.unwrap_or(PeerDocument::Unknown)
}

fn differing<'a>(
    picture: &'a Picture,
    status: Option<&'a DocumentStatus>,
) -> impl Iterator<Item = (&'a str, Agreement)> {
    picture.seats.iter().filter(|seat| !seat.is_own()).filter_map(move |seat| {
        match beside(seat, status) {
            PeerDocument::Differs(found) => Some((seat.name.as_str(), found)),
            PeerDocument::InStep | PeerDocument::Unknown => None,
        }
    })
}

/// Messages of ours that the other node did not have at the comparison.
const fn lacked_there(found: &Agreement) -> u64 {
    found.ours.saturating_sub(found.theirs.saturating_sub(found.lacked))
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    names.map(str::to_owned).collect()
}
