//! 6, C2: a page sees each message once and in its place, and in the end all of them.

use relay::{Delivery, Place, Row};

use super::Check;
use crate::{Violation, chat::World};

const NAME: &str = "seen once (6, C2)";

/// A message is given to pages.
pub(crate) fn delivered(world: &mut World, node: usize, delivery: &Delivery) -> Check {
    let document = world.documents.iter().position(|document| *document == delivery.document);
    for wsid in &delivery.to {
        let page = world.pages.iter().position(|page| page.wsid == *wsid);
        let page = page.filter(|page| {
            world.pages[*page].at == Some(node) && Some(world.pages[*page].document) == document
        });
        let Some(page) = page else {
            let sentence = format!("{wsid} is given a message of a document it does not read");
            return Err(Violation::new(NAME, sentence));
        };
        given(world, node, page, delivery.after, delivery.message.row)?;
    }
    Ok(())
}

/// A page is given a message.
pub(crate) fn given(
    world: &mut World,
    node: usize,
    page: usize,
    after: Option<Place>,
    row: Row,
) -> Check {
    world.counts.deliveries += 1;
    let page = &mut world.pages[page];
    if page.seen.contains_key(&row.place) {
        let sentence = format!("{} sees {:?} twice on {}", page.wsid, row, World::called(node));
        return Err(Violation::new(NAME, sentence));
    }
    // Imported messages reach nodes without being given to pages, so only the others are compared.
    let before = page.seen.range(..row.place).rev().find(|(_, is_numbered)| **is_numbered);
    let before = before.map(|(place, _)| *place);
    let is_in_place = after.is_none_or(|after| after < row.place) && before <= after;
    if !page.has_moved && !is_in_place {
        let sentence = format!("{} is given {row:?} after {after:?}, it has {before:?}", page.wsid);
        return Err(Violation::new(NAME, sentence));
    }
    page.seen.insert(row.place, row.origin.is_some());
    Ok(())
}

/// Checks at the end that every page has seen what its node has.
pub(crate) fn check_all(world: &World) -> Check {
    for page in &world.pages {
        let Some(node) = page.at else { continue };
        let document = &world.documents[page.document];
        let is_lost = |place: &Place| world.oracle.lost.contains(&(document.clone(), *place));
        let rows = world.nodes[node].rows(document);
        let numbered = rows.iter().filter(|row| row.origin.is_some()).map(|row| row.place);
        let there: Vec<Place> = numbered.filter(|place| !is_lost(place)).collect();
        let seen = page.seen.iter().filter(|(_, is_numbered)| **is_numbered);
        let seen: Vec<Place> = seen.map(|(place, _)| *place).filter(|p| !is_lost(p)).collect();
        if seen != there {
            let missing = there.iter().find(|place| !seen.contains(place));
            let sentence = format!(
                "{} has seen {} messages and {} has {}; missing {missing:?}",
                page.wsid,
                seen.len(),
                World::called(node),
                there.len()
            );
            return Err(Violation::new(NAME, sentence));
        }
    }
    Ok(())
}
