//! The old plan, taken literally: ask the others for their heads, find the last common commit by
//! majority, propose the new head, accept it with a lock that expires, send the new head; else
//! start again.
//!
//! What the plan leaves open is a [`Rules`]. There is one file, and a commit is a number.

use std::collections::{BTreeMap, BTreeSet};

/// The commit that everybody begins with.
pub(crate) const FIRST: usize = 0;

/// What the majority is counted of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Majority {
    /// Those who can be reached.
    OfReachable,
    /// All nodes.
    OfAll,
    /// All nodes, and each of them has to report.
    AllReport,
}

/// Ways to read the plan.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) majority: Majority,
    /// Time until a lock expires, in milliseconds; none if it never does.
    pub(crate) lock_ms: Option<u64>,
    /// Whether an accept and its lock are on the disk before they are told.
    pub(crate) syncs: bool,
    /// Whether a proposal carries the commit, or its hash only.
    pub(crate) carries: bool,
    /// Whether a new head is taken only if it follows one's own.
    pub(crate) fast_forward_only: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Message {
    Ask { commit: usize },
    Report { commit: usize, head: usize },
    Propose { commit: usize },
    Accept { commit: usize },
    Refuse { commit: usize },
    NewHead { commit: usize },
}

/// Who proposes what under the lock, and until when by the wall clock.
#[derive(Clone, Copy)]
struct Lock {
    by: usize,
    until: Option<u64>,
}

/// A save that is being decided.
#[derive(Clone)]
pub(crate) struct Round {
    pub(crate) commit: usize,
    pub(crate) reports: BTreeMap<usize, usize>,
    accepts: BTreeSet<usize>,
    proposed: bool,
}

/// What a node does besides sending.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Done {
    Nothing,
    /// Its save is decided, and its page is told so.
    Decided(usize),
    /// Its page is told that another save was before it.
    Conflict(usize),
    /// It begins its round again in a moment.
    Again,
}

#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) me: usize,
    pub(crate) head: usize,
    pub(crate) objects: BTreeSet<usize>,
    lock: Option<Lock>,
    pub(crate) round: Option<Round>,
}

impl Node {
    pub(crate) fn new(me: usize) -> Self {
        Self { me, head: FIRST, objects: BTreeSet::from([FIRST]), lock: None, round: None }
    }

    /// What is left after a crash.
    pub(crate) fn crash(&mut self, rules: Rules) {
        self.round = None;
        if !rules.syncs {
            self.lock = None;
        }
    }

    /// Begins or begins again: asks everybody for the head.
    pub(crate) fn ask(&mut self, commit: usize) -> Message {
        let reports = BTreeMap::from([(self.me, self.head)]);
        self.objects.insert(commit);
        self.round = Some(Round { commit, reports, accepts: BTreeSet::new(), proposed: false });
        Message::Ask { commit }
    }

    /// Takes the lock for a proposer, if nobody else has it.
    fn locks(&mut self, by: usize, clock: u64, rules: Rules) -> bool {
        let held = self.lock.filter(|lock| lock.until.is_none_or(|until| clock < until));
        if held.is_some_and(|lock| lock.by != by) {
            return false;
        }
        self.lock = Some(Lock { by, until: rules.lock_ms.map(|ms| clock + ms) });
        true
    }

    /// The reports are in, as many as came: proposes, if the last common commit allows it.
    pub(crate) fn propose(
        &mut self,
        nodes: usize,
        clock: u64,
        rules: Rules,
        path: impl Fn(usize) -> Vec<usize>,
    ) -> (Done, Option<Message>) {
        let me = self.me;
        let Some(round) = self.round.clone().filter(|round| !round.proposed) else {
            return (Done::Nothing, None);
        };
        let reports = round.reports.len();
        let (least, of) = match rules.majority {
            Majority::OfReachable => (1, reports),
            Majority::OfAll => (nodes / 2 + 1, reports),
            Majority::AllReport => (nodes, nodes),
        };
        if reports < least {
            return (Done::Again, None);
        }
        let known = |commit: &usize| {
            round.reports.values().filter(|head| path(**head).contains(commit)).count() > of / 2
        };
        // Commits are numbered as they are made, so the last one has the greatest number.
        let common = round.reports.values().flat_map(|head| path(*head)).filter(known).max();
        let commit = round.commit;
        if path(commit).get(1).copied() != common {
            return (Done::Conflict(commit), None);
        }
        if !self.locks(me, clock, rules) {
            return (Done::Again, None);
        }
        if let Some(round) = &mut self.round {
            round.proposed = true;
            round.accepts.insert(me);
        }
        (self.counted(nodes, rules), Some(Message::Propose { commit }))
    }

    /// Decides when enough have accepted.
    fn counted(&mut self, nodes: usize, rules: Rules) -> Done {
        let Some(round) = &self.round else { return Done::Nothing };
        let of = if rules.majority == Majority::OfReachable { round.reports.len() } else { nodes };
        if round.accepts.len() <= of / 2 {
            return Done::Nothing;
        }
        let commit = round.commit;
        self.round = None;
        self.lock = None;
        self.head = commit;
        Done::Decided(commit)
    }

    fn round_of(&mut self, commit: usize) -> Option<&mut Round> {
        self.round.as_mut().filter(|round| round.commit == commit)
    }

    /// A message; what is done, and what is answered.
    pub(crate) fn hears(
        &mut self,
        from: usize,
        message: Message,
        (nodes, clock, rules): (usize, u64, Rules),
        follows: impl Fn(usize, usize) -> bool,
    ) -> (Done, Option<Message>) {
        match message {
            Message::Ask { commit } => {
                (Done::Nothing, Some(Message::Report { commit, head: self.head }))
            }
            Message::Report { commit, head } => {
                if let Some(round) = self.round_of(commit) {
                    round.reports.insert(from, head);
                }
                (Done::Nothing, None)
            }
            Message::Propose { commit } if self.locks(from, clock, rules) => {
                if rules.carries {
                    self.objects.insert(commit);
                }
                (Done::Nothing, Some(Message::Accept { commit }))
            }
            Message::Propose { commit } => (Done::Nothing, Some(Message::Refuse { commit })),
            Message::Accept { commit } => match self.round_of(commit) {
                Some(round) => {
                    round.accepts.insert(from);
                    (self.counted(nodes, rules), None)
                }
                None => (Done::Nothing, None),
            },
            Message::Refuse { commit } => {
                let again = self.round_of(commit).is_some_and(|round| round.proposed);
                (if again { Done::Again } else { Done::Nothing }, None)
            }
            Message::NewHead { commit } => {
                self.lock = None;
                self.objects.insert(commit);
                if !rules.fast_forward_only || follows(commit, self.head) {
                    self.head = commit;
                }
                (Done::Nothing, None)
            }
        }
    }
}
