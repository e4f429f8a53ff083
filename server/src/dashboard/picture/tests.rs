//! Three nodes in every state that this node can see.

use std::sync::Arc;

use cluster::{Draft, DraftKind, Member, MemberId, Phase, Roster};
use domain::{
    ClusterId, FileName, Incarnation, NodeId, ObjectId, Root, Serial,
    view::{FileSort, FilesQuery},
    words::{ClusterState, FileState, NodeHealth, NodeRole},
};

use super::*;
use crate::node::{Branch, Divergence, FileEntry, PeerView};

const NOW_MS: u64 = 1_795_442_531_000;
const NAMES: [&str; 3] = ["alpha", "bravo", "charlie"];

fn member(node: u8) -> MemberId {
    MemberId {
        node: NodeId::from_bytes([node + 1; 8]),
        incarnation: Incarnation::from_bytes([node + 1; 8]),
    }
}

fn head(byte: u8) -> ObjectId {
    ObjectId::from_bytes([byte; 20])
}

fn name(node: u8) -> String {
    NAMES[usize::from(node)].to_owned()
}

fn peer(node: u8) -> PeerView {
    PeerView {
        rolled_back: false,
        has_ours: false,
        id: member(node),
        role: NodeRole::Member,
        name: name(node),
        address: format!("10.0.0.{node}:7060"),
        linked: true,
        last_frame_ms: Some(NOW_MS - 200),
        round_trip_ms: Some(0.5),
        clock_offset_ms: Some(1),
        version: Some("0.1.0".into()),
        root: Some(Root::from_bytes([9; 32])),
        equal_ms: Some(NOW_MS - 40_000),
        serial: Serial(1),
        seen: Serial(0),
        files: 1,
        waiting: 0,
        draining: false,
    }
}

/// What alpha knows of a healthy cluster of three.
fn alpha() -> Arc<Shared> {
    let shared = Shared::default();
    let member = |node: u8| Member {
        id: member(node),
        name: name(node),
        address: format!("10.0.0.{node}:7060"),
    };
    shared.change_node(|view| {
        view.name = name(0);
        view.me = Some(member(0).id);
        view.root = Some(Root::from_bytes([9; 32]));
        view.peers = vec![peer(1), peer(2)];
        view.roster = Some(Roster {
            cluster: ClusterId::from_bytes([1; 8]),
            epoch: 1,
            phase: Phase::Steady,
            members: (0..3).map(member).collect(),
            learners: Vec::new(),
            removed: Vec::new(),
        });
    });
    Arc::new(shared)
}

/// Sets the heads that alpha serves and that bravo and charlie report.
fn file(shared: &Shared, name: &str, heads: [Option<u8>; 3]) {
    shared.change_file(&FileName::from(name), |entry| {
        entry.decided = heads[0].map(head);
        entry.changed_ms = NOW_MS - 60_000;
        let reported = heads.iter().zip(0..).skip(1);
        entry.reported = reported
            .filter_map(|(byte, node)| Some((member(node), Some(head((*byte)?)))))
            .collect();
    });
}

fn draft(shared: &Shared, name: &str, kind: DraftKind) {
    shared.change_file(&FileName::from(name), |entry| {
        entry.draft = Some(Draft { tip: head(7), base: entry.decided, kind });
        entry.waiting_since_ms = Some(NOW_MS);
    });
}

fn silence(shared: &Shared, node: u8, ms: u64) {
    shared.change_node(|view| {
        let peer = &mut view.peers[usize::from(node) - 1];
        peer.last_frame_ms = Some(NOW_MS - ms);
    });
}

fn state(shared: &Shared, name: &str) -> (FileState, Option<String>) {
    let name = FileName::from(name);
    let row = Picture::take(shared, NOW_MS, NOW_MS - 7_000)
        .detailed(&name, &shared.file(&name).unwrap())
        .unwrap();
    (row.state, row.detail)
}

fn says(shared: &Shared) -> (ClusterState, String) {
    let picture = Picture::take(shared, NOW_MS, NOW_MS - 7_000);
    let status = picture.status(&Tally::take(&picture, shared));
    (status.state, format!("{} {}.", status.sentence, status.margin))
}

#[test]
fn files_have_the_state_that_the_heads_say() {
    let shared = alpha();
    file(&shared, "same", [Some(1), Some(1), Some(1)]);
    file(&shared, "behind", [Some(1), Some(1), Some(2)]);
    file(&shared, "lacking", [Some(1), Some(1), None]);
    file(&shared, "own", [Some(1), Some(2), Some(2)]);
    assert_eq!(state(&shared, "same"), (FileState::Same, None));
    assert_eq!(state(&shared, "behind"), (FileState::Behind, Some("on charlie".into())));
    assert_eq!(state(&shared, "lacking"), (FileState::Behind, Some("on charlie".into())));
    assert_eq!(state(&shared, "own"), (FileState::Behind, Some("on alpha".into())));
}

#[test]
fn a_fresh_head_spreads_and_is_not_late() {
    let shared = alpha();
    file(&shared, "a", [Some(2), Some(1), Some(1)]);
    shared.change_file(&"a".into(), |entry| entry.changed_ms = NOW_MS - 100);
    assert_eq!(state(&shared, "a"), (FileState::Spreading, Some("on 1 of 3 nodes".into())));
    assert_eq!(says(&shared).0, ClusterState::Healthy);
}

#[test]
fn drafts_are_held_or_imported_and_a_save_under_way_is_no_file() {
    let shared = alpha();
    draft(&shared, "held", DraftKind::Held);
    draft(&shared, "imported", DraftKind::Import);
    draft(&shared, "fresh", DraftKind::Fresh);
    let held = "waits for a majority, on alpha, since 14:02:11 UTC";
    assert_eq!(state(&shared, "held"), (FileState::Held, Some(held.into())));
    assert_eq!(state(&shared, "imported"), (FileState::Imported, None));
    let picture = Picture::take(&shared, NOW_MS, NOW_MS - 7_000);
    assert_eq!(picture.detailed(&"fresh".into(), &shared.file(&"fresh".into()).unwrap()), None);
    assert_eq!(Tally::take(&picture, &shared).counts.files, 2);
}

fn divergence() -> Divergence {
    let side = |byte| Branch {
        head: head(byte),
        data: head(byte),
        author: None,
        message: None,
        at_ms: NOW_MS,
        reporters: [member(2)].into(),
        ancestor: None,
        commits: 1,
    };
    Divergence { decided: side(1), others: vec![side(2)], waiting: Vec::new() }
}

#[test]
fn a_file_with_two_sides_is_said_to_need_a_choice() {
    let shared = alpha();
    file(&shared, "a", [Some(1), Some(1), Some(1)]);
    shared.change_file(&"a".into(), |entry| entry.divergence = Some(Arc::new(divergence())));
    assert_eq!(state(&shared, "a"), (FileState::Diverged, Some("2 sides".into())));
    assert_eq!(says(&shared).0, ClusterState::Diverged);
}

#[test]
fn nothing_is_known_of_a_node_that_is_away() {
    let shared = alpha();
    file(&shared, "a", [Some(1), Some(1), Some(1)]);
    silence(&shared, 2, 40_000);
    let detail = "charlie is away, last word 40 s ago";
    assert_eq!(state(&shared, "a"), (FileState::Unknown, Some(detail.into())));
}

#[test]
fn health_follows_silence_and_links() {
    let shared = alpha();
    let health = |shared: &Shared| Picture::take(shared, NOW_MS, NOW_MS - 7_000).seats[2].health;
    let after = |ms| {
        silence(&shared, 2, ms);
        health(&shared)
    };
    assert_eq!(
        [after(2_999), after(3_000), after(9_999), after(10_000)],
        [NodeHealth::Up, NodeHealth::Suspect, NodeHealth::Suspect, NodeHealth::Away]
    );
    silence(&shared, 2, 100);
    shared.change_node(|view| view.peers[1].linked = false);
    assert_eq!(health(&shared), NodeHealth::Suspect);
    shared.change_node(|view| view.peers.clear());
    assert_eq!(health(&shared), NodeHealth::Away);
}

#[test]
fn the_sentence_follows_the_worst() {
    let shared = alpha();
    file(&shared, "a", [Some(1), Some(1), Some(1)]);
    let healthy = "All 1 file equal on 3 of 3 nodes. Can lose 1 more node.";
    assert_eq!(says(&shared), (ClusterState::Healthy, healthy.into()));
    file(&shared, "a", [Some(1), Some(1), Some(2)]);
    let late = "Saving works. charlie is behind by 1 file. Can lose 1 more node.";
    assert_eq!(says(&shared), (ClusterState::CatchingUp, late.into()));
    silence(&shared, 2, 4_000);
    let degraded = "Saving works. charlie does not answer, for 4 s: one more loss stops deciding. \
                    Can lose 0 more nodes.";
    assert_eq!(says(&shared), (ClusterState::Degraded, degraded.into()));
    silence(&shared, 1, 5_000);
    draft(&shared, "a", DraftKind::Held);
    let alone = "1 of 3 nodes reachable. Saves are kept on this server and wait: 1 so far. \
                 Needs 1 more node to decide.";
    assert_eq!(says(&shared), (ClusterState::NoMajority, alone.into()));
}

#[test]
fn nothing_is_healthy_before_it_was_compared() {
    let shared = alpha();
    shared.change_node(|view| {
        view.peers[1].root = None;
        view.peers[1].equal_ms = None;
    });
    assert_eq!(says(&shared).0, ClusterState::CatchingUp);
    assert_eq!(Picture::take(&shared, NOW_MS, NOW_MS - 7_000).checked_ago_ms(), None);
    shared.change_node(|view| view.roster = None);
    assert!(says(&shared).1.starts_with("This node is in no cluster yet."));
}

#[test]
fn a_member_whose_disk_is_new_is_a_learner_and_not_counted() {
    let shared = alpha();
    file(&shared, "a", [Some(1), Some(1), None]);
    let anew = MemberId { incarnation: Incarnation::from_bytes([99; 8]), ..member(2) };
    shared.change_node(|view| {
        view.peers[1].id = anew;
        view.peers[1].role = NodeRole::Learner;
    });
    shared.change_file(&"a".into(), |entry| {
        entry.reported.insert(anew, Some(head(1)));
    });
    assert_eq!(state(&shared, "a"), (FileState::Same, None));
    let voteless = "Saving works. charlie has no vote, because its disk is new; replace it: one \
                    more loss stops deciding. Can lose 0 more nodes.";
    assert_eq!(says(&shared), (ClusterState::Degraded, voteless.into()));
    silence(&shared, 1, 5_000);
    assert_eq!(says(&shared).0, ClusterState::NoMajority);
}

/// Many files, by a rule that gives every state.
fn crowd(shared: &Shared) {
    for n in 0..500_u32 {
        let byte = |modulus: u32| Some(u8::from(n.is_multiple_of(modulus)));
        file(shared, &format!("f{n:03}"), [Some(1), byte(1), byte(3)]);
        if n.is_multiple_of(7) {
            draft(shared, &format!("f{n:03}"), DraftKind::Held);
        }
    }
}

#[test]
fn each_count_equals_the_rows_of_its_list() {
    let shared = alpha();
    crowd(&shared);
    let picture = Picture::take(&shared, NOW_MS, NOW_MS - 7_000);
    let overview = overview(&picture, &shared);
    for state in FileState::ALL {
        let query = FilesQuery { state: Some(*state), limit: 1_000, ..FilesQuery::default() };
        let page = files(&picture, &shared, &query);
        assert_eq!(u64::try_from(page.rows.len()), Ok(overview.counts.of(*state)), "{state}");
        assert_eq!(page.shown, overview.counts.of(*state));
        assert!(page.rows.iter().all(|row| row.state == *state));
    }
    assert_eq!(overview.counts.files, 500);
}

#[test]
fn pages_together_are_the_whole_list_in_order() {
    let shared = alpha();
    crowd(&shared);
    let picture = Picture::take(&shared, NOW_MS, NOW_MS - 7_000);
    for sort in [FileSort::Worst, FileSort::Changed, FileSort::Name] {
        let page = |offset, limit| {
            let query = FilesQuery { sort, offset, limit, ..FilesQuery::default() };
            files(&picture, &shared, &query).rows
        };
        let pages: Vec<_> = (0..10).flat_map(|n| page(n * 50, 50)).collect();
        assert_eq!(pages, page(0, 1_000));
        assert!(pages.is_sorted_by(|a, b| sort.order(a, b).is_le()));
    }
}

#[test]
fn a_peer_that_reports_without_our_head_is_listed() {
    let shared = alpha();
    shared.change_file(&"theirs".into(), |entry: &mut FileEntry| {
        entry.reported = [(member(1), Some(head(1))), (member(2), Some(head(1)))].into();
    });
    assert_eq!(state(&shared, "theirs"), (FileState::Behind, Some("on alpha".into())));
}
