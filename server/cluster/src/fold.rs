//! For the models: brings states that differ in nothing that matters to one form.
//!
//! Two states are folded into one only if every input has the same outputs from both, but for the
//! numbers of writes and the times of timers, and leads to states that fold into one again.

use domain::Millis;

use crate::{Ballot, Core, Key, WriteNo, exchange::Tally};

impl Core {
    /// Numbers writes from the last durable one, as if no count were ever told, and forgets what is only shown or timed; the number
    /// that was taken off. With `patient`, who answered a save is kept: its patience may end.
    pub fn fold(&mut self, patient: bool) -> WriteNo {
        let base = self.live.persisted;
        let less = |no: &mut WriteNo| no.0 = no.0.saturating_sub(base.0);
        let live = &mut self.live;
        [&mut live.issued, &mut live.promised_in, &mut live.persisted, &mut live.reserved_in]
            .into_iter()
            .for_each(less);
        live.own.iter_mut().for_each(|(no, _)| less(no));
        live.start_at.values_mut().for_each(less);
        live.fast.values_mut().filter_map(|fast| fast.promised_in.as_mut()).for_each(less);
        for round in live.rounds.values_mut() {
            round.own_in.iter_mut().for_each(less);
            round.attempt = 0;
        }
        // What a crash takes back is known by its records, not by its number.
        self.durable.count = self.live.issued.0;
        self.live.began = 0;
        self.durable.unchecked = self.durable.unchecked.map(|_| 0);
        self.forget_trifles(patient);
        base
    }

    /// True if something begins or counts when a write is durable, beside what is sent then.
    #[must_use]
    pub fn awaits_write(&self) -> bool {
        !self.live.own.is_empty() || !self.live.start_at.is_empty()
    }

    /// Ballot of the round under way.
    #[must_use]
    pub fn round(&self, key: &Key) -> Option<Ballot> {
        self.live.rounds.get(key).map(|round| round.ballot)
    }

    /// Counts and times for screens, and how long to wait.
    fn forget_trifles(&mut self, patient: bool) {
        let live = &mut self.live;
        if live.wanted.is_empty() {
            live.rank = 0;
        }
        live.tally = Tally::default();
        live.moved_at = Millis(0);
        for wanted in live.wanted.values_mut() {
            wanted.rests = 0;
        }
        live.sources.retain(|_, source| !source.line.is_empty() || !source.asked.is_empty());
        for peer in live.peers.values_mut() {
            peer.owes = crate::exchange::Owed::default();
            peer.heads = crate::catch_up::Reported::default();
        }
        if !patient {
            let saving = live.saving.values_mut();
            let current = saving.filter_map(|saving| saving.current.as_mut());
            current.for_each(|current| current.answered.clear());
        }
    }
}
