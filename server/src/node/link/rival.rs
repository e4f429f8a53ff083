//! Two runs of one node: does the first still answer when another one says Hello? (protocol 2,
//! "Doubled connections")
//!
//! A node that was started again has closed its connections, or does not answer on them. If it
//! answers, its disk was copied and both run: neither is linked until one has been gone for a
//! while.

use std::{collections::BTreeMap, time::Duration};

use cluster::MemberId;
use domain::{NodeId, Run};
use futures_util::future::join_all;
use tokio::time::{Instant, timeout};

use super::{connection, table::Slot};

/// Time for the first run to answer.
const ANSWERS: Duration = Duration::from_secs(2);
/// A run that was not heard of for so long is gone.
const GONE: Duration = Duration::from_secs(10);

/// True if the other end of one of these connections answers a ping that is sent now.
pub(super) async fn answers(rivals: &[Slot]) -> bool {
    join_all(rivals.iter().map(answers_on)).await.contains(&true)
}

async fn answers_on(slot: &Slot) -> bool {
    let Some((ping, micros)) = connection::ping() else { return false };
    let mut answered = slot.answered.subscribe();
    // With a full queue the next ping of the connection itself is as good.
    let _full = slot.outbox.push(ping).is_err();
    let answer = answered.wait_for(|newest| *newest >= micros);
    tokio::select! {
        answer = timeout(ANSWERS, answer) => answer.is_ok_and(|answer| answer.is_ok()),
        () = slot.ended.stopped() => false,
    }
}

/// Nodes of which two runs answered, and when each run was last heard of.
#[derive(Debug, Default)]
pub(super) struct Clashes(BTreeMap<NodeId, BTreeMap<Run, Instant>>);

impl Clashes {
    /// Two runs of a node answer.
    pub(super) fn found(&mut self, node: NodeId, runs: impl IntoIterator<Item = Run>) {
        let now = Instant::now();
        self.0.entry(node).or_default().extend(runs.into_iter().map(|run| (run, now)));
    }

    /// A run of a node says Hello: true while another one was heard of.
    pub(super) fn hears(&mut self, member: MemberId, run: Run) -> bool {
        let Some(runs) = self.0.get_mut(&member.node) else { return false };
        let now = Instant::now();
        runs.insert(run, now);
        runs.retain(|_, heard| now.duration_since(*heard) < GONE);
        let clashes = runs.len() > 1;
        if !clashes {
            self.0.remove(&member.node);
        }
        clashes
    }
}
