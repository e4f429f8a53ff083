//! One file over all nodes: its state and its row.

use cluster::DraftKind;
use domain::{
    FileName, NodeId, ObjectId,
    view::FileRow,
    words::{FileState, NodeHealth},
};

use super::{Picture, Seat};
use crate::node::FileEntry;

/// A head younger than this that is not everywhere is on its way, not late.
const SPREADING_MS: u64 = 3_000;

/// A file's state, and the first node that is why.
struct Judged<'a> {
    state: FileState,
    seat: Option<&'a Seat>,
}

impl Picture {
    /// The row of a file; none for a name that only a save under way has.
    pub(in crate::dashboard) fn row(&self, name: &FileName, entry: &FileEntry) -> Option<FileRow> {
        if entry.served().is_none() && entry.reported.is_empty() {
            return None;
        }
        let goal = self.goal(entry);
        let heads: Vec<(NodeId, Option<ObjectId>)> =
            self.seats.iter().map(|seat| (seat.member.node, head(seat, entry))).collect();
        Some(FileRow {
            name: name.clone(),
            state: self.judge(entry, goal).state,
            detail: None,
            on: heads.iter().filter(|(_, head)| head.is_some() && *head == goal).count(),
            of: self.seats.len(),
            heads,
            author: None,
            changed_ms: entry.changed_ms,
        })
    }

    /// Adds what only rows that are shown need.
    pub(in crate::dashboard) fn detailed(
        &self,
        name: &FileName,
        entry: &FileEntry,
    ) -> Option<FileRow> {
        let row = self.row(name, entry)?;
        let judged = self.judge(entry, self.goal(entry));
        Some(FileRow {
            detail: self.detail(&row, &judged, entry),
            author: entry.author.clone(),
            ..row
        })
    }

    /// True if the seat lacks what the others serve, and has had the time to fetch it.
    pub(super) fn is_behind(&self, seat: &Seat, entry: &FileEntry) -> bool {
        !self.is_fresh(entry) && head(seat, entry) != self.goal(entry)
    }

    /// The head that all nodes should serve.
    ///
    /// A fresh one is this node's; later the one most nodes have, so that a node that comes back
    /// with an old store is seen to be behind even in its own eyes.
    fn goal(&self, entry: &FileEntry) -> Option<ObjectId> {
        if self.is_fresh(entry) {
            return own_head(entry);
        }
        let heads = || self.seats.iter().filter_map(|seat| head(seat, entry));
        let votes = |wanted: ObjectId| heads().filter(|head| *head == wanted).count();
        // The last of equals wins, and this node is the last of the reversed.
        let heads: Vec<ObjectId> = heads().collect();
        heads.iter().rev().copied().max_by_key(|head| votes(*head))
    }

    fn is_fresh(&self, entry: &FileEntry) -> bool {
        entry.decided.is_some() && self.at_ms.saturating_sub(entry.changed_ms) < SPREADING_MS
    }

    fn judge(&self, entry: &FileEntry, goal: Option<ObjectId>) -> Judged<'_> {
        let of = |state| Judged { state, seat: None };
        if entry.divergence.is_some() {
            return of(FileState::Diverged);
        }
        match entry.draft.map(|draft| draft.kind) {
            Some(DraftKind::Held) => return of(FileState::Held),
            Some(DraftKind::Import) => return of(FileState::Imported),
            Some(DraftKind::Fresh | DraftKind::Settle) | None => {}
        }
        let is_away = |seat: &&Seat| seat.health == NodeHealth::Away;
        let lacks = |seat: &&Seat| !is_away(seat) && head(seat, entry) != goal;
        let late = self.seats.iter().find(lacks);
        match (late, self.seats.iter().find(is_away)) {
            (Some(_), _) if self.is_fresh(entry) => of(FileState::Spreading),
            (Some(seat), _) => Judged { state: FileState::Behind, seat: Some(seat) },
            (None, Some(seat)) => Judged { state: FileState::Unknown, seat: Some(seat) },
            (None, None) => of(FileState::Same),
        }
    }

    fn detail(&self, row: &FileRow, judged: &Judged<'_>, entry: &FileEntry) -> Option<String> {
        match (judged.state, judged.seat) {
            (FileState::Held, _) => {
                let since_ms = entry.waiting_since_ms.unwrap_or(self.at_ms);
                Some(FileState::held_detail(&self.node.name, since_ms))
            }
            (FileState::Diverged, _) => {
                let divergence = entry.divergence.as_ref()?;
                Some(FileState::diverged_detail(divergence.others.len() + 1))
            }
            (FileState::Spreading, _) => Some(FileState::spreading_detail(row.on, row.of)),
            (FileState::Behind, Some(seat)) => Some(format!("on {}", seat.name)),
            (FileState::Unknown, Some(seat)) => match seat.silent_ms(self.at_ms) {
                Some(silent_ms) => Some(FileState::unknown_detail(&seat.name, silent_ms)),
                None => Some(format!("{} is away, never heard", seat.name)),
            },
            _ => None,
        }
    }
}

/// What a member has, as it says itself. A held save is no head that others could lack.
pub(in crate::dashboard) fn head(seat: &Seat, entry: &FileEntry) -> Option<ObjectId> {
    seat.peer.as_ref().map_or_else(|| own_head(entry), |peer| entry.on(peer))
}

fn own_head(entry: &FileEntry) -> Option<ObjectId> {
    match entry.draft {
        Some(draft) if draft.kind == DraftKind::Held => entry.decided,
        Some(_) | None => entry.served(),
    }
}
