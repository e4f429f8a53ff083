//! 6, C1: after the faults end all nodes have the same messages in the same order, and all that
//! were answered, unless the only disk that had one was lost.

use relay::Row;

use super::Check;
use crate::{Violation, chat::World};

const NAME: &str = "union complete (6, C1)";

/// Checks all documents on all nodes.
pub(crate) fn check(world: &World) -> Check {
    for document in &world.documents {
        let rows: Vec<Vec<Row>> = world.nodes.iter().map(|node| node.rows(document)).collect();
        for (node, other) in rows.iter().enumerate().skip(1) {
            if *other != rows[0] {
                let sentence = format!(
                    "{document}: A has {} messages, {} has {}; they agree up to {}",
                    rows[0].len(),
                    World::called(node),
                    other.len(),
                    rows[0].iter().zip(other).take_while(|(a, b)| a == b).count()
                );
                return Err(Violation::new(NAME, sentence));
            }
        }
        let answered = world.oracle.posts.iter().enumerate().filter(|(_, post)| {
            world.documents[post.document] == *document && post.placed.is_some()
        });
        for (number, place) in answered.filter_map(|(at, post)| Some((at, post.placed?))) {
            let is_here = rows[0].iter().any(|row| row.place == place);
            if !is_here && !world.oracle.lost.contains(&(document.clone(), place)) {
                let sentence = format!("post {number} was answered, and no node has it");
                return Err(Violation::new(NAME, sentence));
            }
        }
    }
    Ok(())
}
