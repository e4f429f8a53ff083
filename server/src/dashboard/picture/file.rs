//! One file, with what each node reports of it.

use domain::{
    FileName,
    view::{FilePage, HeadReport},
};

use super::Picture;
use crate::node::Shared;

/// Looks a file up; none when no node has said anything of it.
pub(in crate::dashboard) fn file(
    picture: &Picture,
    shared: &Shared,
    name: &FileName,
) -> Option<FilePage> {
    let row = picture.detailed(name, &shared.file(name)?)?;
    let report = |seat: &super::Seat| HeadReport {
        node: seat.node_ref(),
        own: seat.is_own(),
        health: seat.health,
        head: row.head_on(seat.member.node),
        heard_ms: match &seat.peer {
            Some(peer) => peer.last_frame_ms,
            None => Some(picture.at_ms),
        },
    };
    let heads = picture.seats.iter().map(report).collect();
    Some(FilePage { at_ms: picture.at_ms, heads, row })
}
