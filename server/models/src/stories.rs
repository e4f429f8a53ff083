//! The stories, and which broken rule each of them has to see.

use cluster::Mutant;

use crate::{
    Base, Deed, Network, Scenario, Tick, What, Witness,
    scenario::{register, still},
};

/// A story that has to find the fault of a mutant.
#[derive(Clone, Debug)]
pub struct Hunt {
    /// The rule that is broken.
    pub mutant: Mutant,
    /// Name of the story.
    pub story: &'static str,
}

/// All stories.
#[must_use]
pub fn stories() -> Vec<Scenario> {
    { let mut v = vec![race()]; 
  let mut a = race(); a.name="r0"; a.ticks=vec![]; v.push(a.clone());
  a.name="r0o"; a.network=Network::Once; v.push(a.clone());
  a.network=Network::Again; a.name="r0c"; a.crashes=vec![vec![1,0,0]]; v.push(a.clone());
  let mut a = race(); a.name="r1"; a.deeds.truncate(1); v.push(a.clone());
  let mut a = race(); a.name="r1n"; a.hears = |m| register(m) && !matches!(m, cluster::PeerMessage::NewHead{..}); v.push(a.clone());
 v }
}

/// A story by its name.
#[must_use]
pub fn story(name: &str) -> Option<Scenario> {
    stories().into_iter().find(|story| story.name == name)
}

/// Which story finds which mutant.
#[must_use]
pub fn hunts() -> Vec<Hunt> {
    [Mutant::OwnValue, Mutant::MinorityQuorum].map(|mutant| Hunt { mutant, story: "race" }).into()
}

/// Three members, nothing fails.
fn plain(name: &'static str, about: &'static str) -> Scenario {
    Scenario {
        name,
        about,
        members: 3,
        learners: 0,
        stocked: false,
        deeds: Vec::new(),
        ticks: Vec::new(),
        crashes: vec![vec![0, 0, 0]],
        network: Network::Again,
        hears: register,
        config: still(),
        wants: &[],
    }
}

const fn save(node: usize, base: Base, text: &'static str) -> Deed {
    Deed { node, what: What::Save(base, text), after: None }
}

fn race() -> Scenario {
    Scenario {
        deeds: vec![save(0, Base::First, "a"), save(1, Base::First, "b")],
        ticks: vec![(Tick::Round, 1)],
        wants: &[Witness::Decided, Witness::Conflict],
        ..plain("race", "two nodes save one file at once")
    }
}
