//! What kind of weather a schedule of chat has, and the plan of what happens in it.

use relay::{Config, Mutant};

use crate::dice::Dice;

/// Every knob of a schedule. Times are in microseconds, odds are per thousand.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub(crate) seed: u64,
    pub(crate) nodes: usize,
    pub(crate) documents: usize,
    pub(crate) loss: u64,
    pub(crate) duplicates: u64,
    /// Messages that take up to half a second, so that later ones overtake them.
    pub(crate) stragglers: u64,
    pub(crate) delay_us: (u64, u64),
    pub(crate) sync_us: (u64, u64),
    /// Syncs that take up to 400 ms.
    pub(crate) slow_syncs: u64,
    /// Crashes in which the disk is lost.
    pub(crate) wipes: u64,
    /// Whether clocks are put forward and back by an hour.
    pub(crate) clocks: bool,
    pub(crate) config: Config,
}

/// Length of a part with faults.
pub(crate) const STORM_US: u64 = 8_000_000;
/// Length of a part without new ones: visitors must be right after 15 s of it.
pub(crate) const CALM_US: u64 = 16_000_000;
/// A storm and a calm, so many times.
pub(crate) const ROUNDS: u64 = 2;

/// Something that was planned; what exactly happens is drawn from its own seed, so that an act that
/// is left out changes nothing of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Act {
    pub(crate) at: u64,
    pub(crate) what: What,
    pub(crate) seed: u64,
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Somebody with a page.
    Person,
    /// Something breaks.
    Fault,
    /// What stays broken in a calm.
    Lasting,
}

impl Profile {
    pub(crate) fn of(seed: u64, nodes: usize, mutant: Option<Mutant>) -> Self {
        let mut dice = Dice::new(seed ^ 0xc4a7);
        Self {
            seed,
            nodes,
            documents: 1 + dice.index(3),
            loss: dice.between((0, 60)),
            duplicates: dice.between((0, 60)),
            stragglers: dice.between((0, 40)),
            delay_us: (100, dice.between((500, 20_000))),
            sync_us: (100, 8_000),
            slow_syncs: dice.between((0, 60)),
            wipes: if dice.chance(200) { 300 } else { 0 },
            clocks: dice.chance(400),
            config: Config { mutant, ..config(&mut dice) },
        }
    }

    /// What faults and people do, and when.
    pub(crate) fn plan(&self) -> Vec<Act> {
        let mut dice = Dice::new(self.seed ^ 0x91a7);
        let mut acts = Vec::new();
        for round in 0..ROUNDS {
            let begin = round * (STORM_US + CALM_US);
            let mut add = |what, gap: (u64, u64), dice: &mut Dice| {
                let mut at = begin;
                loop {
                    at += dice.between(gap);
                    if at >= begin + STORM_US {
                        break;
                    }
                    acts.push(Act { at, what, seed: dice.between((0, u64::MAX)) });
                }
            };
            add(What::Person, (1_000, 100_000), &mut dice);
            add(What::Fault, (100_000, 1_500_000), &mut dice);
            let (at, seed) = (begin + STORM_US, dice.between((0, u64::MAX)));
            acts.push(Act { at, what: What::Lasting, seed });
        }
        acts.sort_by_key(|act| act.at);
        acts
    }
}

/// Half of the schedules have pages so small that everything is compared in many steps.
fn config(dice: &mut Dice) -> Config {
    if dice.chance(500) {
        return Config::default();
    }
    Config { page_rows: 4, parts: 3, page_documents: 1, page_visitors: 1, ..Config::default() }
}
