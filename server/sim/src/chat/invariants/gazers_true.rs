//! 7: what a page is told of others who have its file open is told once, and in the end is true.

use std::collections::BTreeSet;

use relay::{Happening, VisitorEvent, Wsid};

use super::Check;
use crate::{Violation, chat::World};

const NAME: &str = "gazers true (7)";

/// Pages are told of a visitor.
pub(crate) fn told(world: &mut World, node: usize, event: &VisitorEvent, to: &[Wsid]) -> Check {
    let World { documents, pages, .. } = world;
    for page in pages.iter_mut().filter(|page| to.contains(&page.wsid)) {
        let document = &documents[page.document];
        let is_news = page.at == Some(node)
            && match &event.what {
                Happening::Joined(files) => {
                    files.contains(document) && page.gazers.insert(event.wsid.clone())
                }
                Happening::Opened(file) => {
                    file == document && page.gazers.insert(event.wsid.clone())
                }
                Happening::Closed(file) => file == document && page.gazers.remove(&event.wsid),
                Happening::Left(_) => page.gazers.remove(&event.wsid),
                Happening::Updated(_) => page.gazers.contains(&event.wsid),
            };
        if !is_news {
            let sentence = format!(
                "{} on {} is told {event:?}, and has {document} open, as {:?} have",
                page.wsid,
                World::called(node),
                page.gazers
            );
            return Err(Violation::new(NAME, sentence));
        }
    }
    Ok(())
}

/// Checks at the end that every page knows who has its file open.
pub(crate) fn check_all(world: &World) -> Check {
    for page in &world.pages {
        let Some(node) = page.at else { continue };
        let others = world.pages.iter().filter(|other| {
            other.wsid != page.wsid && other.at.is_some() && other.document == page.document
        });
        let others: BTreeSet<Wsid> = others.map(|other| other.wsid.clone()).collect();
        if page.gazers != others {
            let sentence = format!(
                "{} on {} knows {:?}, there are {others:?}",
                page.wsid,
                World::called(node),
                page.gazers
            );
            return Err(Violation::new(NAME, sentence));
        }
    }
    Ok(())
}
