//! A disk that was found to be an older one: this node is cut off, and goes on in a new life
//! without stopping (protocol 2, "Rolled back").

use cluster::{Input, Key};
use domain::Incarnation;
use rand::{TryRngCore, rngs::OsRng};
use tracing::error;

use super::{batch::Held, driver::Driver, handle::NodeEvent, relay::FromNode};

impl Driver {
    /// Drops what the old life had to say, ends its links, and begins the new one.
    pub(super) fn renew(&mut self) {
        let Some(incarnation) = fresh() else {
            error!(
                "the system gives no random numbers: this node stops; what was answered is kept"
            );
            std::process::abort();
        };
        for held in self.held.values_mut() {
            held.retain(|held| matches!(held, Held::Reply(..)));
        }
        self.outbox.clear();
        self.links.links.renew(incarnation);
        self.input(Input::Renew { incarnation });
    }

    /// The new life has begun: everything is shown anew, and said in the next Hello.
    pub(super) fn on_renewed(&mut self) {
        let keys: Vec<Key> = self.core.durable().keys.keys().cloned().collect();
        keys.iter().for_each(|key| self.publish_file(key.file()));
        self.tell_hub(FromNode::Renewed(self.core.me().incarnation));
        self.tell_hub_of_peers();
        self.peers_changed = true;
        self.dial();
        self.publish_node();
        let _ = self.events.send(NodeEvent::AllFiles);
    }
}

/// Drawn now and from the system: a snapshot of a machine would bring back what was drawn before.
fn fresh() -> Option<Incarnation> {
    let mut bytes = [0; 8];
    OsRng.try_fill_bytes(&mut bytes).ok()?;
    Some(Incarnation::from_bytes(bytes))
}
