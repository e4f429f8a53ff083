//! One word and one sentence for the whole cluster.

use domain::words::{ClusterState, Situation, margin};

use super::{Picture, Seat, Tally};

/// A peer whose digest differs for longer than this is being compared, not just a save behind.
const COMPARED_WITHIN_MS: u64 = 10_000;

/// State, sentence and margin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::dashboard) struct Status {
    /// One word.
    pub(in crate::dashboard) state: ClusterState,
    /// What follows the word.
    pub(in crate::dashboard) sentence: String,
    /// What the cluster can still lose.
    pub(in crate::dashboard) margin: String,
}

impl Picture {
    /// The cluster's state with its counts.
    pub(in crate::dashboard) fn status(&self, tally: &Tally) -> Status {
        if self.node.roster.is_none() {
            return Status {
                state: ClusterState::NoMajority,
                sentence: "This node is in no cluster yet. Found one with swish-cluster init, or \
                           wait for a node that was founded with this one."
                    .to_owned(),
                margin: "Saves nothing until then".to_owned(),
            };
        }
        let margin = margin(self.reachable(), self.members());
        if let Some(situation) = self.situation(tally) {
            return Status { state: situation.state(), sentence: situation.to_string(), margin };
        }
        let unlike = self.seats.iter().find(|seat| self.is_unlike(seat));
        let name = unlike.map_or("a node", |seat| seat.name.as_str());
        let sentence = format!("Saving works. {name} has not been compared with this node yet.");
        Status { state: ClusterState::CatchingUp, sentence, margin }
    }

    /// Time since the member that was compared longest ago was found equal; none before that.
    pub(super) fn checked_ago_ms(&self) -> Option<u64> {
        let equal = self.seats.iter().filter_map(|seat| seat.peer.as_ref());
        let times: Option<Vec<u64>> = equal.map(|peer| peer.equal_ms).collect();
        let oldest = times?.into_iter().min().unwrap_or(self.at_ms);
        Some(self.at_ms.saturating_sub(oldest))
    }

    /// Members that can help to decide, with this one.
    pub(in crate::dashboard) fn reachable(&self) -> usize {
        self.seats.iter().filter(|seat| seat.votes() && seat.answers()).count()
    }

    /// Those who vote, whether or not their disks are still there.
    fn members(&self) -> usize {
        self.node.roster.as_ref().map_or(0, |roster| roster.members.len())
    }

    /// None while digests differ and no file is known to be behind.
    fn situation(&self, tally: &Tally) -> Option<Situation> {
        let (reachable, of) = (self.reachable(), self.members());
        let majority = of / 2 + 1;
        if reachable < majority {
            return Some(Situation::NoMajority { reachable, of, waiting: tally.counts.waiting });
        }
        if reachable < of {
            return Some(self.degraded(reachable - majority));
        }
        if tally.counts.diverged > 0 {
            return Some(Situation::Diverged { files: tally.counts.diverged });
        }
        let late = self.seats.iter().zip(&tally.behind).max_by_key(|(_, files)| **files);
        if let Some((seat, files)) = late.filter(|(_, files)| **files > 0) {
            return Some(Situation::CatchingUp { node: seat.name.clone(), files: *files });
        }
        if tally.counts.imported > 0 {
            let node = self.node.name.clone();
            return Some(Situation::CatchingUp { node, files: tally.counts.imported });
        }
        let is_equal = !self.seats.iter().any(|seat| self.is_unlike(seat));
        let nodes = self.seats.len();
        is_equal.then_some(Situation::Healthy { files: tally.counts.files, nodes })
    }

    fn degraded(&self, spare: usize) -> Situation {
        let silent = || self.seats.iter().filter(|seat| seat.votes() && !seat.answers());
        let voteless = |seat: &&Seat| !seat.votes() && self.is_in_place_of_a_member(seat);
        if silent().next().is_none() {
            let nodes = self.seats.iter().filter(voteless);
            let nodes = nodes.map(|seat| seat.name.clone()).collect();
            return Situation::Voteless { nodes, spare };
        }
        let longest = silent().map(|seat| self.silent_for(seat)).max();
        Situation::Degraded {
            silent: silent().map(|seat| seat.name.clone()).collect(),
            for_ms: longest.unwrap_or(0),
            spare,
        }
    }

    /// True for a node that was a member before its disk was made anew.
    fn is_in_place_of_a_member(&self, seat: &Seat) -> bool {
        let roster = self.node.roster.as_ref();
        roster.is_some_and(|roster| {
            roster.members.iter().any(|member| member.id.node == seat.member.node)
        })
    }

    /// A node that was never heard has been silent since this one began to listen.
    fn silent_for(&self, seat: &Seat) -> u64 {
        let listened_ms = self.at_ms.saturating_sub(self.since_ms);
        seat.silent_ms(self.at_ms).unwrap_or(listened_ms)
    }

    /// True until its digest was found equal to ours, and when it has long been another.
    fn is_unlike(&self, seat: &Seat) -> bool {
        let Some(peer) = &seat.peer else {
            return false;
        };
        let is_equal_now = peer.root.is_some() && peer.root == self.node.root;
        let equal_ms = peer.equal_ms.filter(|_| !is_equal_now);
        match equal_ms {
            Some(equal_ms) => self.at_ms.saturating_sub(equal_ms) > COMPARED_WITHIN_MS,
            None => peer.equal_ms.is_none() && !is_equal_now,
        }
    }
}
