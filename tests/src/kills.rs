//! Where and when nodes are killed: a plan drawn from a seed.
//!
//! An acceptor has three of the five points: it proposes nothing and answers no page. Its own
//! "before reply" is `after-persist`: its promise or accept is durable and has not left.

use std::{collections::VecDeque, fmt};

use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

/// Names the plan in the environment.
pub const SEED: &str = "SWISH_CLUSTER_KILL_SEED";
/// Arms a node; only a build with kill points looks at it.
pub const ARM: &str = "SWISH_CLUSTER_KILL";
/// The seed of `make test`.
const USUAL_SEED: u64 = 20_261_123;
/// Times a point is passed before it kills, at most; low enough for a kill each second.
const MAX_COUNT: u64 = 40;

/// What a node does in the life of a save.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Pages save there.
    Proposer,
    /// It only votes and learns.
    Acceptor,
}

/// Where in the life of a save.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// A batch is about to be written.
    BeforePersist,
    /// A batch is durable, and nothing that waited for it has left.
    AfterPersist,
    /// A proposal has left.
    AfterPropose,
    /// A head was decided or learned.
    AfterDecide,
    /// A save is about to be answered.
    BeforeReply,
}

/// One kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Draw {
    /// What the node does meanwhile.
    pub role: Role,
    /// Where it ends.
    pub point: Point,
    /// At which time of passing that point.
    pub count: u64,
}

/// All kills, in the order in which nodes get them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What it was drawn from.
    pub seed: u64,
    draws: VecDeque<Draw>,
}

impl Draw {
    const ALL: [(Role, Point); 8] = [
        (Role::Proposer, Point::BeforePersist),
        (Role::Proposer, Point::AfterPersist),
        (Role::Proposer, Point::AfterPropose),
        (Role::Proposer, Point::AfterDecide),
        (Role::Proposer, Point::BeforeReply),
        (Role::Acceptor, Point::BeforePersist),
        (Role::Acceptor, Point::AfterPersist),
        (Role::Acceptor, Point::AfterDecide),
    ];

    /// What arms a node with it.
    #[must_use]
    pub fn environment(&self) -> (String, String) {
        (ARM.to_owned(), format!("{}:{}", self.point, self.count))
    }
}

impl Plan {
    /// Draws a plan in which each point is met about equally often.
    #[must_use]
    pub fn draw(seed: u64, kills: usize) -> Self {
        let mut dice = StdRng::seed_from_u64(seed);
        let mut points: Vec<_> = Draw::ALL.into_iter().cycle().take(kills).collect();
        points.shuffle(&mut dice);
        let draw = |(role, point)| Draw { role, point, count: dice.random_range(1..=MAX_COUNT) };
        Self { seed, draws: points.into_iter().map(draw).collect() }
    }

    /// The seed of the environment, or the usual one.
    #[must_use]
    pub fn seed() -> u64 {
        let said = std::env::var(SEED).ok().and_then(|text| text.parse().ok());
        said.unwrap_or(USUAL_SEED)
    }

    /// The next kill; one of a proposer, if there is one left, when somebody has to propose.
    pub fn next(&mut self, needs_proposer: bool) -> Option<Draw> {
        let fits = |draw: &Draw| !needs_proposer || draw.role == Role::Proposer;
        let at = self.draws.iter().position(fits)?;
        self.draws.remove(at)
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BeforePersist => "before-persist",
            Self::AfterPersist => "after-persist",
            Self::AfterPropose => "after-propose",
            Self::AfterDecide => "after-decide",
            Self::BeforeReply => "before-reply",
        })
    }
}

impl fmt::Display for Draw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}:{}", self.role, self.point, self.count)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn all(mut plan: Plan) -> Vec<Draw> {
        std::iter::from_fn(|| plan.next(false)).collect()
    }

    #[test]
    fn the_same_seed_is_the_same_plan() {
        assert_eq!(Plan::draw(7, 100), Plan::draw(7, 100));
        assert_ne!(all(Plan::draw(7, 100)), all(Plan::draw(8, 100)));
    }

    #[test]
    fn a_hundred_kills_meet_every_role_at_every_point_it_has() {
        let draws = all(Plan::draw(7, 100));
        let met: BTreeSet<_> = draws.iter().map(|draw| (draw.role, draw.point)).collect();
        assert_eq!((draws.len(), met), (100, Draw::ALL.into()));
    }

    #[test]
    fn somebody_always_proposes_while_the_plan_has_proposers() {
        let mut plan = Plan::draw(7, 16);
        let first = std::iter::from_fn(|| plan.next(true)).count();
        assert_eq!((first, all(plan).len()), (10, 6));
    }

    #[test]
    fn a_node_is_armed_as_the_kill_points_read_it() {
        let draw = Draw { role: Role::Acceptor, point: Point::AfterPersist, count: 3 };
        let (name, value) = draw.environment();
        assert_eq!((name.as_str(), value.as_str()), ("SWISH_CLUSTER_KILL", "after-persist:3"));
    }
}
