//! The overview: one pass over the files, then everything else from its counts.

use domain::view::{Activity, ChatCounts, Counts, NodeRef, Overview, file_href};

use super::{Picture, scan};
use crate::node::Shared;

/// Minutes of the curve of saves.
const MINUTES: u64 = 15;
/// Events that are shown.
const LATEST: usize = 10;

/// What one pass over the files gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::dashboard) struct Tally {
    /// Files by state.
    pub(in crate::dashboard) counts: Counts,
    /// Per member, in the order of the seats: files it lacks or serves older.
    pub(in crate::dashboard) behind: Vec<u64>,
}

impl Tally {
    /// Counts all files.
    pub(in crate::dashboard) fn take(picture: &Picture, shared: &Shared) -> Self {
        let mut tally = Self { counts: Counts::default(), behind: vec![0; picture.seats.len()] };
        scan::each(shared, |name, entry| {
            let Some(row) = picture.row(name, entry) else {
                return;
            };
            tally.counts.add(row.state);
            for (seat, behind) in picture.seats.iter().zip(&mut tally.behind) {
                *behind += u64::from(picture.is_behind(seat, entry));
            }
        });
        tally
    }
}

/// The cluster in one answer.
pub(in crate::dashboard) fn overview(picture: &Picture, shared: &Shared) -> Overview {
    let tally = Tally::take(picture, shared);
    let status = picture.status(&tally);
    let own = picture.seats.first();
    Overview {
        node: NodeRef {
            id: own.map_or(domain::NodeId::from_bytes([0; 8]), |seat| seat.member.node),
            name: picture.node.name.clone(),
        },
        at_ms: picture.at_ms,
        state: status.state,
        sentence: status.sentence,
        margin: status.margin,
        checked_ago_ms: picture.checked_ago_ms(),
        nodes: picture.cards(&tally),
        needs: picture.needs(&tally),
        latest: latest(picture, shared),
        saves: saves(picture),
        counts: tally.counts,
        // The hub knows them: the site adds them.
        chat: ChatCounts::default(),
    }
}

fn latest(picture: &Picture, shared: &Shared) -> Vec<Activity> {
    let newest = picture.node.latest.iter().rev().take(LATEST);
    newest
        .map(|(at_ms, name, commit)| {
            let entry = shared.file(name).filter(|entry| entry.served() == Some(*commit));
            let author = entry.and_then(|entry| entry.author);
            Activity {
                at_ms: *at_ms,
                text: format!("{} saved {name}", author.as_deref().unwrap_or("Somebody")),
                href: Some(file_href(name)),
            }
        })
        .collect()
}

/// Saves in each of the last minutes, oldest first.
fn saves(picture: &Picture) -> Vec<u32> {
    let minute = picture.at_ms / 60_000;
    let first = minute.saturating_sub(MINUTES - 1);
    let of = |minute| picture.node.saves_per_minute.get(&minute).copied().unwrap_or(0);
    (first..=minute).map(|minute| u32::try_from(of(minute)).unwrap_or(u32::MAX)).collect()
}
