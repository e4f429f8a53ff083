//! The stories: which small piece of the protocol each looks at, and what bounds it.

use cluster::RosterChange;

use crate::{
    Base, Deed, Network, Scenario, Tick, What, Witness,
    scenario::{branches, member_id, register, roster, still},
};

/// All stories, those of the tests first.
#[must_use]
pub fn stories() -> Vec<Scenario> {
    let mut all = quick();
    all.extend(register_stories());
    all.extend(branch_stories());
    all.extend(roster_stories());
    all
}

/// A story by its name.
#[must_use]
pub fn story(name: &str) -> Option<Scenario> {
    stories().into_iter().find(|story| story.name == name)
}

/// Those of the tests.
fn quick() -> Vec<Scenario> {
    vec![race(), retry(), repeat(), crash(), reserved(), wiped()]
}

fn register_stories() -> Vec<Scenario> {
    vec![
        acceptor(),
        fast(),
        fast_crash(),
        lazy(),
        objects(),
        learner(),
        refused(),
        duel(),
        three(),
        five(),
    ]
}

fn branch_stories() -> Vec<Scenario> {
    vec![held(), settle(), journal(), joining()]
}

fn roster_stories() -> Vec<Scenario> {
    vec![replace(), turnover(), epoch_fast()]
}

/// Three members; nothing fails but packets, which may be lost, late and doubled.
fn plain(name: &'static str, about: &'static str) -> Scenario {
    Scenario {
        name,
        about,
        members: 3,
        learners: 0,
        stocked: false,
        deeds: Vec::new(),
        ticks: Vec::new(),
        crashes: vec![vec![0; 3]],
        network: Network::Again,
        hears: register,
        refusals: false,
        carries: true,
        config: still(),
        wants: &[],
    }
}

const fn save(node: usize, base: Base, text: &'static str) -> Deed {
    Deed { node, what: What::Save(base, text), after: None }
}

const fn then(after: usize, node: usize, what: What) -> Deed {
    Deed { node, what, after: Some(after) }
}

fn two_saves() -> Vec<Deed> {
    vec![save(0, Base::First, "a"), save(1, Base::First, "b")]
}

fn race() -> Scenario {
    Scenario {
        deeds: two_saves(),
        wants: &[Witness::Decided, Witness::Conflict],
        ..plain("race", "2 proposers, a ballot each")
    }
}

fn retry() -> Scenario {
    Scenario {
        deeds: two_saves(),
        ticks: vec![(0, Tick::Round, 1)],
        wants: &[Witness::Decided, Witness::Conflict],
        ..plain("retry", "2 proposers, 2 ballots of one and 1 of the other")
    }
}

fn crash() -> Scenario {
    Scenario {
        deeds: two_saves(),
        crashes: vec![vec![1, 0, 0]],
        wants: &[Witness::Decided, Witness::Conflict, Witness::LostWrite],
        ..plain("crash", "2 proposers, one crashes once and goes on")
    }
}

fn acceptor() -> Scenario {
    Scenario {
        deeds: two_saves(),
        crashes: vec![vec![0, 0, 1]],
        wants: &[Witness::Decided, Witness::Conflict, Witness::LostWrite],
        ..plain("acceptor", "2 proposers, a ballot each; the third member crashes once")
    }
}

fn fast() -> Scenario {
    Scenario {
        deeds: vec![
            save(0, Base::First, "a"),
            then(0, 0, What::Save(Base::Served, "aa")),
            save(1, Base::Served, "b"),
        ],
        stocked: true,
        wants: &[Witness::Decided, Witness::Conflict, Witness::Fast],
        ..plain("fast", "2 saves of one node, the second in one round trip, 1 of another")
    }
}

fn repeat() -> Scenario {
    Scenario {
        name: "repeat",
        about: "a save, repeated at another node; a ballot each",
        deeds: vec![save(0, Base::First, "a"), save(1, Base::First, "a")],
        wants: &[Witness::Decided],
        ..race()
    }
}

fn duel() -> Scenario {
    Scenario {
        ticks: vec![(0, Tick::Round, 1), (1, Tick::Round, 1)],
        ..Scenario { name: "duel", about: "2 proposers, 2 ballots each", ..race() }
    }
}

fn reserved() -> Scenario {
    let mut story = Scenario {
        deeds: vec![save(0, Base::First, "a"), save(0, Base::First, "b")],
        ticks: vec![(0, Tick::Round, 1)],
        crashes: vec![vec![1, 0, 0]],
        wants: &[Witness::Decided, Witness::Conflict, Witness::LostWrite],
        ..plain("reserved", "2 saves of a node that crashes once; a reservation for each ballot")
    };
    story.config.ballots_reserved = 0;
    story
}

fn lazy() -> Scenario {
    Scenario {
        deeds: vec![save(0, Base::First, "a"), save(1, Base::Served, "b")],
        ticks: vec![(2, Tick::Heartbeat, 1)],
        crashes: vec![vec![1, 0, 0]],
        wants: &[Witness::Decided, Witness::LostWrite],
        ..plain(
            "lazy",
            "a proposer crashes; a member proposes again what it accepted and never heard of",
        )
    }
}

fn objects() -> Scenario {
    Scenario {
        carries: false,
        ticks: vec![(2, Tick::Fetch, 1)],
        wants: &[Witness::Decided, Witness::Conflict],
        ..Scenario {
            name: "objects",
            about: "2 proposers, a ballot each; objects are asked for",
            ..race()
        }
    }
}

fn learner() -> Scenario {
    Scenario {
        learners: 1,
        deeds: vec![save(0, Base::First, "a"), save(3, Base::First, "b")],
        crashes: vec![vec![0, 0, 0, 1]],
        wants: &[Witness::Decided, Witness::Conflict],
        ..plain("learner", "a member and a learner propose; the learner crashes once")
    }
}

fn refused() -> Scenario {
    Scenario {
        name: "refused",
        about: "2 proposers, a ballot each; refusals come too",
        refusals: true,
        ..race()
    }
}

fn three() -> Scenario {
    let mut story = Scenario { name: "three", about: "3 proposers, a ballot each", ..race() };
    story.deeds.push(save(2, Base::First, "c"));
    story
}

fn five() -> Scenario {
    Scenario {
        name: "five",
        about: "5 members, 2 proposers, a ballot each",
        members: 5,
        crashes: vec![vec![0; 5]],
        ..race()
    }
}

fn fast_crash() -> Scenario {
    Scenario {
        deeds: vec![save(0, Base::First, "a"), then(0, 0, What::Save(Base::Served, "aa"))],
        crashes: vec![vec![1, 0, 0]],
        wants: &[Witness::Decided, Witness::Fast, Witness::LostWrite],
        ..plain("fast-crash", "2 saves, the second in one round trip; their node crashes once")
    }
}

fn held() -> Scenario {
    Scenario {
        deeds: vec![save(0, Base::First, "a"), save(1, Base::First, "b")],
        ticks: vec![
            (0, Tick::Patience, 1),
            (0, Tick::Push, 1),
            (1, Tick::Patience, 1),
            (1, Tick::Push, 1),
        ],
        stocked: true,
        hears: branches,
        wants: &[Witness::Held, Witness::Decided, Witness::Diverged],
        ..plain("held", "2 nodes hold a save each, and propose it")
    }
}

fn settle() -> Scenario {
    Scenario {
        deeds: vec![
            save(0, Base::First, "a"),
            save(1, Base::First, "b"),
            Deed { node: 0, what: What::Settle("s"), after: None },
            Deed { node: 1, what: What::Settle("t"), after: None },
        ],
        ticks: vec![(1, Tick::Patience, 1), (1, Tick::Push, 1)],
        stocked: true,
        hears: branches,
        wants: &[Witness::Held, Witness::Diverged, Witness::Settled, Witness::SettleRefused],
        ..plain("settle", "a held save loses; two operators settle it at once")
    }
}

fn journal() -> Scenario {
    Scenario {
        deeds: vec![
            save(0, Base::First, "a"),
            then(0, 0, What::Line(0)),
            Deed { node: 1, what: What::Foreign(Base::First, "b"), after: None },
        ],
        ticks: vec![(1, Tick::Push, 1)],
        stocked: true,
        hears: branches,
        wants: &[Witness::Decided, Witness::Diverged],
        ..plain("journal", "a page saves here, a SWISH beside another node")
    }
}

fn joining() -> Scenario {
    Scenario {
        learners: 1,
        deeds: vec![
            save(0, Base::First, "a"),
            Deed { node: 3, what: What::Import("b"), after: None },
        ],
        ticks: vec![(3, Tick::Push, 1)],
        crashes: vec![vec![0; 4]],
        hears: branches,
        wants: &[Witness::Decided, Witness::Diverged],
        ..plain("joining", "a learner brings a file that a page saves at the same time")
    }
}

/// The third member loses its disk; the first hears of it and replaces its vote.
fn lost_disk() -> Vec<Deed> {
    vec![
        save(1, Base::First, "b"),
        Deed { node: 2, what: What::Wipe, after: None },
        Deed { node: 0, what: What::Meet(2), after: None },
    ]
}

fn wiped() -> Scenario {
    let mut deeds = lost_disk();
    deeds.push(save(0, Base::First, "a"));
    Scenario {
        deeds,
        wants: &[Witness::Decided],
        ..plain("wiped", "a member loses its disk between 2 saves")
    }
}

fn replace() -> Scenario {
    let mut deeds = lost_disk();
    let node = member_id(2, 0).node;
    deeds.push(then(2, 0, What::Change(RosterChange::Replace(node))));
    deeds.push(then(3, 0, What::Save(Base::First, "a")));
    Scenario {
        deeds,
        hears: roster,
        wants: &[Witness::Adopted, Witness::Changed],
        ..plain("replace", "a member loses its disk and is replaced, between 2 saves")
    }
}

fn turnover() -> Scenario {
    let node = member_id(2, 0).node;
    Scenario {
        deeds: vec![
            save(0, Base::First, "a"),
            save(1, Base::First, "b"),
            Deed { node: 0, what: What::Change(RosterChange::Remove(node)), after: None },
        ],
        hears: roster,
        wants: &[Witness::Decided, Witness::Adopted, Witness::Changed, Witness::TwoEpochs],
        ..plain("turnover", "a member is removed while 2 nodes save")
    }
}

fn epoch_fast() -> Scenario {
    let node = member_id(2, 0).node;
    Scenario {
        deeds: vec![
            save(0, Base::First, "a"),
            then(0, 0, What::Save(Base::Served, "aa")),
            Deed { node: 1, what: What::Change(RosterChange::Remove(node)), after: None },
        ],
        stocked: true,
        hears: roster,
        wants: &[Witness::Decided, Witness::Fast, Witness::Adopted],
        ..plain("fast-epoch", "a save in one round trip while a member is removed")
    }
}
