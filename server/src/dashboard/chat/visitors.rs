//! The list of visitors, node by node.

use domain::{
    view::{MutedVisitor, VisitorRow, VisitorsOnNode, VisitorsPage, VisitorsQuery},
    words::NodeHealth,
};
use relay::Gazer;

use super::{problem, status::Scene};
use crate::{
    dashboard::site::{Answered, Hubs, Site},
    hub::{Visiting, keys_of},
};

/// Visitors that are looked at before the hub goes on with other things.
const AT_ONCE: usize = 1_000;

/// One page of the list.
pub(in crate::dashboard) async fn visitors(
    site: &Site,
    query: VisitorsQuery,
) -> Answered<VisitorsPage> {
    let Hubs { hub, .. } = site.hubs()?;
    let mut all: Vec<Visiting> = Vec::new();
    loop {
        let skip = all.len();
        // Whoever comes meanwhile may be missed or stand twice: the next event asks again.
        let part = hub
            .look(move |core| {
                let copy = |one: Gazer<'_>| Visiting::from(one);
                core.visitors().skip(skip).take(AT_ONCE).map(copy).collect::<Vec<_>>()
            })
            .await
            .map_err(problem)?;
        let is_last = part.len() < AT_ONCE;
        all.extend(part);
        if is_last {
            break;
        }
    }
    site.ask_chat(move |scene| page(scene, &query, all)).await
}

fn page(scene: &Scene<'_>, query: &VisitorsQuery, all: Vec<Visiting>) -> VisitorsPage {
    let at_ms = scene.picture.at_ms;
    let nodes = scene.picture.seats.iter().map(|seat| VisitorsOnNode {
        node: seat.node_ref(),
        health: seat.health,
        visitors: length(all.iter().filter(|one| one.node == seat.member.node).count()),
    });
    let (nodes, total) = (nodes.collect(), length(all.len()));
    let rows = all.into_iter().filter_map(|one| row(scene, one));
    let wanted: Vec<_> = rows.filter(|row| query.wants(row)).collect();
    let muted = scene.moderated.mutings(at_ms).map(|muting| MutedVisitor {
        who: muting.key.clone(),
        name: muting.name.to_owned(),
        ruling: muting.ruling.clone(),
    });
    let skip = usize::try_from(query.offset).unwrap_or(usize::MAX);
    let take = usize::try_from(query.limit).unwrap_or(usize::MAX);
    VisitorsPage {
        at_ms,
        total,
        shown: length(wanted.len()),
        rows: wanted.into_iter().skip(skip).take(take).collect(),
        offset: query.offset,
        nodes,
        muted: muted.collect(),
    }
}

/// A visitor; none of a node that is not in the roster any more.
fn row(scene: &Scene<'_>, one: Visiting) -> Option<VisitorRow> {
    let seat = scene.picture.seats.iter().find(|seat| seat.member.node == one.node)?;
    let who = keys_of(&one.visitor.user).next();
    let mut keys = keys_of(&one.visitor.user);
    let muted = keys.find_map(|key| scene.moderated.muted(&key, scene.picture.at_ms).cloned());
    // The hub hears a node by its beats: it may know earlier than the links.
    let health = match (one.is_marked, seat.health) {
        (true, NodeHealth::Away) => NodeHealth::Away,
        (true, _) => NodeHealth::Suspect,
        (false, health) => health,
    };
    Some(VisitorRow {
        wsid: one.wsid.to_string(),
        name: one.visitor.user.get("name").filter(|name| !name.is_empty()).map(str::to_owned),
        who,
        node: seat.node_ref(),
        health,
        files: one.visitor.files.iter().map(ToString::to_string).collect(),
        heard_ms: one.visitor.heard.0 / 1000,
        muted,
    })
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
