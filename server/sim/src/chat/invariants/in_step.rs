//! 6: when all is the same every node says so of every document of every peer, without a gap that
//! could still be filled.

use relay::PeerDocument;

use super::Check;
use crate::{Violation, chat::World};

/// Checks what all nodes say of all documents.
pub(crate) fn check(world: &World) -> Check {
    for (at, node) in world.nodes.iter().enumerate() {
        for document in &world.documents {
            let Some(status) = node.core.document(document) else { continue };
            let differs = |(_, peer): &(_, PeerDocument)| *peer != PeerDocument::InStep;
            if status.peers.len() + 1 != world.nodes.len() || status.peers.iter().any(differs) {
                let sentence =
                    format!("{} says of {document}: {:?}", World::called(at), status.peers);
                return Err(Violation::new("in step (6)", sentence));
            }
            if !status.gaps.is_empty() && world.oracle.lost.is_empty() {
                let sentence = format!("{}: {document}: {:?}", World::called(at), status.gaps);
                return Err(Violation::new("in step (6)", sentence));
            }
        }
    }
    Ok(())
}
