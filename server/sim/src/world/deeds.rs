//! People who do things that the audit keeps.

use cluster::{AuditEntry, Bytes, Input, Token};

use super::{World, event::Event};
use crate::{invariants::Check, trace::name};

impl World {
    /// The next deed, if there are any in this weather.
    pub(super) fn deed_later(&mut self) {
        if let Some(gap) = self.profile.deed_gap_us {
            let gap = self.dice.between(gap);
            self.after(gap, Event::Deed);
        }
    }

    /// Somebody does something, on a node that is up, as the driver would write it.
    pub(super) fn deed(&mut self) {
        if self.healing {
            return;
        }
        self.deed_later();
        let node = self.dice.index(self.nodes.len());
        if !self.nodes[node].up || self.nodes[node].asleep_until > self.now {
            return;
        }
        let token = Token(self.next_stamp());
        let (number, previous) = self.nodes[node].core.next_audit();
        let entry = AuditEntry {
            origin: self.nodes[node].id,
            number,
            previous,
            content: format!("deed {}", token.0),
            seal: Bytes(Vec::new().into()),
        };
        let now = self.now;
        self.trace.line(now, || format!("{} ⇐ deed {number}", name(node)));
        self.oracle.deeds.insert(token, entry.clone());
        self.input(node, Input::Audit { token, entry: Box::new(entry) });
    }

    /// A node says that an entry is durable.
    pub(super) fn deed_done(&mut self, node: usize, token: Token, is_done: bool) -> Check {
        let Some(entry) = self.oracle.deeds.remove(&token) else { return Ok(()) };
        let now = self.now;
        self.trace.line(now, || format!("{} ⇒ deed {} {is_done}", name(node), entry.number));
        crate::invariants::one_chain::check_answer(node, &self.nodes[node], &entry, is_done)?;
        self.counts.deeds += 1;
        self.oracle.done.push(entry);
        Ok(())
    }
}
