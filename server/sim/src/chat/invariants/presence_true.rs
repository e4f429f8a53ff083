//! 7: 15 s after the last fault each node knows the visitors of the nodes that it reaches, with
//! their users and files, and none of the others.

use std::collections::{BTreeMap, BTreeSet};

use domain::NodeId;
use relay::{DocumentId, Wsid};

use super::Check;
use crate::{Violation, chat::World};

type Known = BTreeMap<(NodeId, Wsid), (String, BTreeSet<DocumentId>)>;

/// Checks what every node that runs knows.
pub(crate) fn check(world: &World) -> Check {
    for node in (0..world.nodes.len()).filter(|node| world.nodes[*node].up) {
        let truth = truth(world, node);
        let core = &world.nodes[node].core;
        let known: Known = core
            .visitors()
            .map(|gazer| {
                let name = gazer.visitor.user.get("name").unwrap_or_default().to_owned();
                ((gazer.node, gazer.wsid.clone()), (name, gazer.visitor.files.clone()))
            })
            .collect();
        let count = core.census().visitors;
        let is_marked = core.visitors().any(|gazer| gazer.is_marked);
        if known != truth || usize::try_from(count) != Ok(truth.len()) || is_marked {
            let sentence = format!(
                "{} counts {count} visitors and knows {known:?}, marked: {is_marked}; there are \
                 {truth:?}",
                World::called(node)
            );
            return Err(Violation::new("presence true (7)", sentence));
        }
    }
    Ok(())
}

/// The visitors of a node and of those that it is linked to.
fn truth(world: &World, node: usize) -> Known {
    let is_reached =
        |other: usize| other == node || (world.nodes[other].up && world.network.is_up(node, other));
    let pages = world.pages.iter().filter_map(|page| {
        let at = page.at.filter(|at| is_reached(*at))?;
        let files = BTreeSet::from([world.documents[page.document].clone()]);
        Some(((world.nodes[at].id.node, page.wsid.clone()), (page.name.clone(), files)))
    });
    pages.collect()
}
