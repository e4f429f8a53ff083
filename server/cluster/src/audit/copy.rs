//! Adding to the own chain, and copying the others'.

use super::{AuditEntry, Follows, MAX_CONTENT_BYTES};
use crate::{
    Alarm, Core, MemberId, Output, PeerMessage, Record, Reply, Token, Urgency, turn::Turn,
};
use domain::AuditHash;

/// Chains of one heartbeat that are looked at: one for each life of each node.
const MAX_CHAINS: usize = 1_000;

impl Core {
    /// Number of the next entry of the own chain, and the hash that it must name.
    #[must_use]
    pub fn next_audit(&self) -> (u64, Option<AuditHash>) {
        let tip = self.durable.audit.get(&self.me);
        (tip.map_or(0, |tip| tip.number) + 1, tip.map(|tip| tip.hash))
    }

    /// Adds to the own chain; answered, and told to everybody, when it is durable.
    pub(crate) fn on_audit(&mut self, token: Token, entry: AuditEntry, turn: &mut Turn<'_>) {
        let is_own = entry.origin == self.me && entry.content.len() <= MAX_CONTENT_BYTES;
        if !is_own || self.durable.audit.judge(&entry) != Follows::Next {
            return turn.reply(token, Reply::Audited(false));
        }
        self.record(Record::Audit(entry.clone()), Urgency::Now, turn);
        let linked = self.live.peers.iter().filter(|(_, peer)| peer.linked).map(|(id, _)| *id);
        for peer in linked.collect::<Vec<_>>() {
            let upto = entry.number;
            turn.promise(peer, PeerMessage::AuditIs { entries: vec![entry.clone()], upto });
        }
        turn.reply_durably(token, Reply::Audited(true));
    }

    /// Every chain with its last number, for a heartbeat.
    pub(crate) fn audit_numbers(&self) -> Vec<(MemberId, u64)> {
        self.durable.audit.numbers().collect()
    }

    /// A peer says how long its chains are: asks for what is missing here.
    pub(crate) fn on_audit_numbers(
        &mut self,
        from: MemberId,
        numbers: &[(MemberId, u64)],
        turn: &mut Turn<'_>,
    ) {
        for (origin, number) in numbers.iter().take(MAX_CHAINS) {
            if *number > self.durable.audit.number(origin) {
                self.ask_for_audit(from, *origin, turn);
            }
        }
    }

    pub(crate) fn on_audit_since(
        &self,
        from: MemberId,
        origin: MemberId,
        after: u64,
        turn: &mut Turn<'_>,
    ) {
        if self.durable.audit.number(&origin) > after {
            turn.output(Output::ServeAudit { to: from, origin, after });
        }
    }

    /// Takes in what follows; `upto` is the last number that the sender has of the last chain.
    pub(crate) fn on_audit_is(
        &mut self,
        from: MemberId,
        entries: Vec<AuditEntry>,
        upto: u64,
        turn: &mut Turn<'_>,
    ) {
        let Some(origin) = entries.last().map(|entry| entry.origin) else { return };
        for entry in entries {
            self.live.audit_asked.remove(&entry.origin);
            match self.durable.audit.judge(&entry) {
                Follows::Next if entry.content.len() <= MAX_CONTENT_BYTES => {
                    self.record(Record::Audit(entry), Urgency::Soon, turn);
                }
                Follows::Next | Follows::Known => {}
                Follows::Gap => self.ask_for_audit(from, entry.origin, turn),
                Follows::Forks => {
                    let (origin, number) = (entry.origin, entry.number);
                    turn.raise(Alarm::AuditForks { origin, number });
                }
            }
        }
        if self.durable.audit.number(&origin) < upto {
            self.ask_for_audit(from, origin, turn);
        }
    }

    /// Asks one peer at a time for a chain; another one when that does not answer.
    fn ask_for_audit(&mut self, from: MemberId, origin: MemberId, turn: &mut Turn<'_>) {
        let asked = self.live.audit_asked.get(&origin);
        if asked.is_some_and(|at| turn.now.since(*at) < self.config.fetch_again) {
            return;
        }
        if self.live.audit_asked.len() >= MAX_CHAINS {
            self.live.audit_asked.clear();
        }
        self.live.audit_asked.insert(origin, turn.now);
        let after = self.durable.audit.number(&origin);
        turn.send(from, PeerMessage::AuditSince { origin, after });
    }
}
