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

#[cfg(test)]
mod tests {
    use domain::{Incarnation, MemberId, NodeId};
    use relay::{Number, Summary};

    use super::*;
    use crate::node::{NodeView, PeerView, Shared};

    fn member(byte: u8) -> MemberId {
        MemberId {
            node: NodeId::from_bytes([byte; 8]),
            incarnation: Incarnation::from_bytes([byte; 8]),
        }
    }

    fn peer(byte: u8, name: &str, last_frame_ms: u64) -> PeerView {
        PeerView {
            rolled_back: false,
            id: member(byte),
            name: name.into(),
            address: String::new(),
            linked: true,
            last_frame_ms: Some(last_frame_ms),
            round_trip_ms: None,
            clock_offset_ms: None,
            version: None,
            gateway: None,
            root: None,
            equal_ms: None,
            serial: domain::Serial(0),
            seen: domain::Serial(0),
            files: 0,
            waiting: 0,
            role: domain::words::NodeRole::Member,
            draining: false,
            has_ours: true,
        }
    }

    /// alpha, bravo and charlie; charlie was last heard `silent_ms` ago.
    fn picture(silent_ms: u64) -> Picture {
        let shared = Shared::default();
        let at_ms = 1_000_000;
        shared.change_node(|node: &mut NodeView| {
            (node.name, node.me) = ("alpha".into(), Some(member(1)));
            node.peers = vec![peer(2, "bravo", at_ms), peer(3, "charlie", at_ms - silent_ms)];
            let names = (1..).zip(["alpha", "bravo", "charlie"]);
            let member = |(byte, name): (u8, &str)| cluster::Member {
                id: member(byte),
                name: name.into(),
                address: String::new(),
            };
            node.roster = Some(cluster::Roster {
                cluster: domain::ClusterId::from_bytes([1; 8]),
                epoch: 1,
                phase: cluster::Phase::Steady,
                members: names.map(member).collect(),
                learners: Vec::new(),
                removed: Vec::new(),
            });
        });
        Picture::take(&shared, at_ms, 0)
    }

    fn status(bravo: PeerDocument, charlie: PeerDocument) -> DocumentStatus {
        let mut summary = Summary::default();
        summary.measure.count = 120;
        let peers = vec![(member(2), bravo), (member(3), charlie)];
        DocumentStatus { summary, gaps: Vec::new(), are_gaps_final: false, peers }
    }

    /// State and detail, and what stands for bravo and charlie.
    fn says(silent_ms: u64, status: &DocumentStatus) -> (ChatState, String, [Option<u64>; 2]) {
        let (picture, compared, moderated) =
            (picture(silent_ms), Compared::default(), Moderated::default());
        let scene = Scene { picture: &picture, compared: &compared, moderated: &moderated };
        let row = scene.row(&DocumentId::new("gitty:a.pl").unwrap(), Some(status));
        let counts = [row.nodes[1].count, row.nodes[2].count];
        (row.state, row.detail.unwrap_or_default(), counts)
    }

    #[test]
    fn a_chat_is_in_step_only_with_every_node_that_answers() {
        use PeerDocument::{Differs, InStep, Unknown};

        let differs =
            |theirs, lacked| Differs(Agreement { serial: 100, ours: 120, theirs, lacked });
        assert_eq!(
            [
                says(0, &status(InStep, InStep)),
                says(0, &status(InStep, Unknown)),
                says(5_000, &status(InStep, InStep)),
                says(0, &status(differs(151, 31), differs(119, 0))),
                says(0, &status(differs(117, 0), InStep)),
            ],
            [
                (ChatState::InStep, String::new(), [Some(120), Some(120)]),
                (ChatState::Unknown, "not compared with charlie".into(), [Some(120), None]),
                (ChatState::Unknown, "not compared with charlie".into(), [Some(120), None]),
                (ChatState::ToFetch, "31 messages from bravo".into(), [Some(151), Some(119)]),
                (ChatState::ToFetch, "bravo lacks 3 messages".into(), [Some(117), Some(120)]),
            ]
        );
    }

    #[test]
    fn a_gap_counts_when_every_node_that_is_linked_was_asked() {
        let mut found = status(PeerDocument::InStep, PeerDocument::InStep);
        let number = |value| Number::new(value).unwrap();
        let incarnation = member(3).incarnation;
        found.gaps = vec![Gap { incarnation, first: number(3), last: number(4) }];
        assert_eq!(says(0, &found).0, ChatState::InStep);
        found.are_gaps_final = true;
        assert_eq!(says(0, &found).1, "2 messages on no node that answers");
    }
}
