//! What kind of weather a schedule has: every knob, drawn from its seed.

use std::sync::Arc;

use cluster::{Config, Mutant};
use domain::Millis;

use crate::{Kind, Scene, dice::Dice};

/// How the cluster begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// Every disk has the roster.
    Roster,
    /// The first node has a store and is told to found.
    Store,
}

/// A story with scenes at given times; what they lead to is left to chance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Story {
    /// A proposer loses its disk and is replaced.
    ReplaceTheProposer,
    /// It is removed, and another node is added.
    RemoveTheProposer,
    /// A member does not hear of changes and goes on in its old epoch.
    LeftBehind,
    /// A proposer dies, and hears again what it was told before.
    Relapse,
    /// These scenes, each with its time in milliseconds.
    Script(Arc<[(u64, Scene)]>),
}

/// Every knob of a schedule. Times are ranges in microseconds, odds are per thousand.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Where everything random comes from.
    pub seed: u64,
    /// Members.
    pub nodes: usize,
    /// Its weather.
    pub kind: Kind,
    pub(crate) beginning: Beginning,
    pub(crate) clients: usize,
    pub(crate) files: usize,
    /// Length of the part with faults.
    pub(crate) faults_us: u64,
    pub(crate) loss: u64,
    pub(crate) duplicates: u64,
    /// Messages of a connection that is gone which still arrive; register messages only.
    pub(crate) late: u64,
    pub(crate) delay_us: (u64, u64),
    /// Messages that take much longer than others.
    pub(crate) stragglers: u64,
    pub(crate) straggle_us: (u64, u64),
    pub(crate) sync_us: (u64, u64),
    /// Syncs that take up to 400 ms.
    pub(crate) slow_syncs: u64,
    /// Time between two faults.
    pub(crate) fault_gap_us: Option<(u64, u64)>,
    /// What is told, beside the weather.
    pub(crate) story: Option<Story>,
    /// Whether the spare nodes are learners from the beginning.
    pub(crate) approved: bool,
    /// Nodes that are no members at first.
    pub(crate) spare: usize,
    /// Time between two deeds of the operator.
    pub(crate) operator_gap_us: Option<(u64, u64)>,
    /// When one node loses its disk.
    pub(crate) wipe_us: Option<(u64, u64)>,
    /// When a majority is lost, if it is.
    pub(crate) anew_us: Option<(u64, u64)>,
    /// Time between two copies of disks, if there are any.
    pub(crate) copy_us: Option<(u64, u64)>,
    /// Age of a copy that is put back.
    pub(crate) copy_age_us: (u64, u64),
    /// Odds of each kind of fault, added up: crash, crash of several, cut, pause, a step of a
    /// clock, a disk that is slow for a while.
    pub(crate) fault_odds: [u64; 6],
    pub(crate) pause_us: (u64, u64),
    /// Proposals whose proposer dies within 20 ms.
    pub(crate) deadly: u64,
    pub(crate) down_us: (u64, u64),
    pub(crate) cut_us: (u64, u64),
    pub(crate) think_us: (u64, u64),
    /// Time until a client gives up waiting.
    pub(crate) client_patience_us: (u64, u64),
    /// Time between two saves of a SWISH beside its node, if there is one.
    pub(crate) swish_us: Option<(u64, u64)>,
    /// Time between two looks of the operators, if there are any.
    pub(crate) operator_us: Option<(u64, u64)>,
    /// Texts over 60 KiB.
    pub(crate) large: u64,
    /// Time between two things that people do, other than saving.
    pub(crate) deed_gap_us: Option<(u64, u64)>,
    pub(crate) config: Config,
    /// A rule of the relay core that is broken on purpose.
    pub(crate) relay: Option<relay::Mutant>,
}

impl Profile {
    /// The profile of a seed.
    #[must_use]
    pub fn of(seed: u64, nodes: usize, mutant: Option<Mutant>) -> Self {
        Self::in_weather(Kind::of(seed), seed, nodes, mutant)
    }

    /// The profile of a seed in a weather that was chosen.
    #[must_use]
    pub fn in_weather(kind: Kind, seed: u64, nodes: usize, mutant: Option<Mutant>) -> Self {
        let mut dice = Dice::new(seed ^ 0x5717_c0de);
        let profile = Self::mixed(seed, nodes, mutant, &mut dice);
        match kind {
            Kind::Mixed => profile.rarely_rolled(),
            Kind::Duel => profile.duel(&mut dice),
            Kind::Crashes => profile.crashes(&mut dice),
            Kind::Cuts => profile.cuts(&mut dice),
            Kind::Calm => profile.calm(),
            Kind::Echoes => profile.echoes(&mut dice),
            Kind::Rejoin => profile.rejoin(&mut dice),
            Kind::Wiped => profile.wiped(&mut dice),
            Kind::Members => profile.members(&mut dice),
            Kind::Turnover => profile.turnover(&mut dice),
            Kind::Held => profile.held(&mut dice),
            Kind::Beside => profile.beside(&mut dice),
            Kind::Rolled => profile.rolled(&mut dice),
            Kind::Deeds => profile.deeds(&mut dice),
            Kind::Relapse => profile.relapse(),
            Kind::Rough => profile.rough(&mut dice),
            Kind::Anew => profile.anew(&mut dice),
            Kind::Chat => Self { kind: Kind::Chat, ..profile },
        }
    }

    /// A schedule of chat and visitors.
    #[must_use]
    pub fn chat(seed: u64, nodes: usize, mutant: Option<relay::Mutant>) -> Self {
        Self { relay: mutant, ..Self::in_weather(Kind::Chat, seed, nodes, None) }
    }

    /// A schedule in which these scenes happen, each at its time in milliseconds, and nothing else
    /// but what follows from them. Delays and syncs come from the seed.
    #[must_use]
    pub fn script(
        nodes: usize,
        scenes: &[(u64, Scene)],
        seed: u64,
        mutant: Option<Mutant>,
    ) -> Self {
        let mut dice = Dice::new(seed ^ 0x5717_c0de);
        let quiet = Self::mixed(seed, nodes, mutant, &mut dice).relapse();
        let last = scenes.iter().map(|(at, _)| *at).max().unwrap_or(0);
        Self {
            story: Some(Story::Script(scenes.into())),
            faults_us: (last + 3_000) * 1_000,
            duplicates: 0,
            stragglers: 0,
            delay_us: (100, 3_000),
            down_us: (10_000, 30_000),
            client_patience_us: (60_000_000, 60_000_000),
            ..quiet
        }
    }

    fn mixed(seed: u64, nodes: usize, mutant: Option<Mutant>, dice: &mut Dice) -> Self {
        let beginning = if dice.chance(300) { Beginning::Store } else { Beginning::Roster };
        Self {
            seed,
            nodes,
            kind: Kind::Mixed,
            beginning,
            clients: 2 + dice.index(3),
            files: 1 + dice.index(3),
            faults_us: 12_000_000,
            loss: dice.between((0, 60)),
            duplicates: dice.between((0, 60)),
            late: 300,
            delay_us: (100, dice.between((500, 20_000))),
            stragglers: dice.between((0, 30)),
            straggle_us: (20_000, 500_000),
            sync_us: (100, 8_000),
            slow_syncs: dice.between((0, 40)),
            fault_gap_us: Some((200_000, 2_500_000)),
            story: None,
            approved: false,
            spare: 0,
            operator_gap_us: None,
            wipe_us: None,
            anew_us: None,
            copy_us: None,
            copy_age_us: (500_000, 6_000_000),
            fault_odds: [350, 100, 400, 150, 0, 0],
            pause_us: (50_000, 3_000_000),
            deadly: dice.between((0, 10)),
            down_us: (5_000, 2_500_000),
            cut_us: (50_000, 4_000_000),
            think_us: (5_000, 900_000),
            client_patience_us: (300_000, 12_000_000),
            swish_us: None,
            operator_us: None,
            large: 15,
            deed_gap_us: None,
            config: config(mutant, dice),
            relay: None,
        }
    }

    fn duel(self, dice: &mut Dice) -> Self {
        Self {
            kind: Kind::Duel,
            beginning: Beginning::Roster,
            clients: 3 + dice.index(2),
            files: 1,
            faults_us: 8_000_000,
            loss: dice.between((0, 150)),
            stragglers: dice.between((0, 120)),
            deadly: 0,
            fault_gap_us: None,
            think_us: (1_000, 400_000),
            ..self
        }
    }

    fn crashes(self, dice: &mut Dice) -> Self {
        Self {
            kind: Kind::Crashes,
            clients: 3 + dice.index(2),
            files: 1,
            faults_us: 10_000_000,
            stragglers: dice.between((0, 120)),
            late: 700,
            sync_us: (500, dice.between((8_000, 60_000))),
            slow_syncs: dice.between((0, 150)),
            fault_gap_us: Some((20_000, dice.between((150_000, 1_200_000)))),
            fault_odds: [650, 150, 150, 50, 0, 0],
            down_us: (1_000, 300_000),
            cut_us: (20_000, 1_000_000),
            think_us: (1_000, 150_000),
            client_patience_us: (50_000, 3_000_000),
            ..self
        }
    }

    fn cuts(self, dice: &mut Dice) -> Self {
        Self {
            kind: Kind::Cuts,
            faults_us: 15_000_000,
            fault_gap_us: Some((50_000, dice.between((300_000, 1_500_000)))),
            fault_odds: [50, 0, 850, 100, 0, 0],
            think_us: (1_000, 500_000),
            ..self
        }
    }

    fn echoes(self, dice: &mut Dice) -> Self {
        Self {
            kind: Kind::Echoes,
            beginning: Beginning::Roster,
            clients: 3,
            files: 1,
            faults_us: 4_000_000,
            loss: 0,
            duplicates: 700,
            late: 1_000,
            delay_us: (100, 3_000),
            stragglers: dice.between((250, 500)),
            sync_us: (1_000, dice.between((20_000, 100_000))),
            slow_syncs: 0,
            fault_gap_us: None,
            deadly: 350,
            down_us: (500, 20_000),
            think_us: (1_000, 60_000),
            client_patience_us: (20_000, 400_000),
            ..self
        }
    }

    fn rejoin(self, dice: &mut Dice) -> Self {
        Self {
            kind: Kind::Rejoin,
            beginning: Beginning::Roster,
            clients: 4,
            files: 60,
            faults_us: 10_000_000,
            loss: dice.between((0, 150)),
            duplicates: dice.between((0, 150)),
            fault_gap_us: Some((300_000, 2_000_000)),
            fault_odds: [600, 50, 300, 50, 0, 0],
            deadly: 0,
            down_us: (500_000, 4_000_000),
            cut_us: (500_000, 4_000_000),
            think_us: (1_000, 80_000),
            ..self
        }
    }

    fn wiped(self, dice: &mut Dice) -> Self {
        Self {
            kind: Kind::Wiped,
            beginning: Beginning::Roster,
            clients: 3 + dice.index(2),
            files: 1 + dice.index(2),
            faults_us: 8_000_000,
            fault_gap_us: Some((50_000, dice.between((300_000, 1_200_000)))),
            fault_odds: [150, 0, 800, 50, 0, 0],
            wipe_us: Some((300_000, 6_000_000)),
            down_us: (1_000, 400_000),
            cut_us: (50_000, 3_000_000),
            think_us: (1_000, 300_000),
            ..self
        }
    }

    fn rolled(self, dice: &mut Dice) -> Self {
        Self {
            kind: Kind::Rolled,
            beginning: Beginning::Roster,
            clients: 3 + dice.index(2),
            files: 1 + dice.index(2),
            faults_us: 15_000_000,
            fault_gap_us: Some((150_000, dice.between((600_000, 3_000_000)))),
            fault_odds: [200, 0, 750, 50, 0, 0],
            copy_us: Some((100_000, dice.between((300_000, 2_000_000)))),
            copy_age_us: (50_000, dice.between((200_000, 3_000_000))),
            down_us: (1_000, 400_000),
            cut_us: (50_000, 2_000_000),
            think_us: (1_000, 300_000),
            ..self
        }
    }

    fn anew(self, dice: &mut Dice) -> Self {
        Self {
            kind: Kind::Anew,
            clients: 3 + dice.index(3),
            files: 1 + dice.index(3),
            faults_us: 18_000_000,
            fault_gap_us: Some((100_000, dice.between((500_000, 3_000_000)))),
            fault_odds: [250, 0, 700, 50, 0, 0],
            anew_us: Some((1_500_000, 8_000_000)),
            down_us: (1_000, 500_000),
            cut_us: (50_000, 3_000_000),
            think_us: (1_000, 400_000),
            client_patience_us: (300_000, 6_000_000),
            ..self
        }
    }

    /// In one of twenty schedules disks are copied. Drawn apart: the others stay what they were.
    fn rarely_rolled(self) -> Self {
        let rolls = Dice::new(self.seed ^ 0x01d_d15c).chance(50);
        Self { copy_us: rolls.then_some((1_000_000, 5_000_000)), ..self }
    }

    fn held(self, dice: &mut Dice) -> Self {
        Self {
            kind: Kind::Held,
            clients: 4 + dice.index(2),
            files: 1 + dice.index(2),
            faults_us: 14_000_000,
            fault_gap_us: Some((500_000, dice.between((1_000_000, 3_000_000)))),
            fault_odds: [100, 30, 800, 70, 0, 0],
            cut_us: (1_000_000, 5_000_000),
            think_us: (5_000, 700_000),
            client_patience_us: (1_000_000, 6_000_000),
            operator_us: Some((100_000, dice.between((300_000, 1_500_000)))),
            ..self
        }
    }

    fn members(self, dice: &mut Dice) -> Self {
        Self {
            kind: Kind::Members,
            beginning: Beginning::Roster,
            spare: 2,
            operator_gap_us: Some((20_000, dice.between((200_000, 1_000_000)))),
            clients: 3 + dice.index(3),
            files: 1 + dice.index(3),
            faults_us: 10_000_000,
            fault_gap_us: Some((100_000, dice.between((400_000, 2_000_000)))),
            fault_odds: [250, 30, 650, 70, 0, 0],
            down_us: (1_000, 800_000),
            cut_us: (50_000, 2_500_000),
            think_us: (1_000, 300_000),
            ..self
        }
    }

    fn beside(self, dice: &mut Dice) -> Self {
        Self {
            kind: Kind::Beside,
            beginning: Beginning::Roster,
            clients: 3,
            files: 1 + dice.index(2),
            faults_us: 10_000_000,
            swish_us: Some((50_000, dice.between((400_000, 2_500_000)))),
            operator_us: dice.chance(500).then_some((200_000, 1_500_000)),
            ..self
        }
    }

    /// Everything else is quiet: what happens is in `world/turnover.rs`, at times that are drawn.
    fn turnover(self, dice: &mut Dice) -> Self {
        let quiet = self.calm();
        Self {
            kind: Kind::Turnover,
            beginning: Beginning::Roster,
            spare: 2,
            approved: true,
            story: Some(
                [Story::ReplaceTheProposer, Story::RemoveTheProposer, Story::LeftBehind]
                    [dice.index(3)]
                .clone(),
            ),
            clients: quiet.nodes,
            files: 1,
            faults_us: 12_000_000,
            delay_us: (100, 2_000),
            sync_us: (100, 2_000),
            down_us: (1_000, 100_000),
            think_us: (60_000_000, 60_000_000),
            large: 0,
            config: Config { undecided: Millis(30_000), ..quiet.config.clone() },
            ..quiet
        }
    }

    /// Number of the first node that is a learner from the beginning.
    pub(crate) const fn learners_from(&self) -> usize {
        if self.approved { self.nodes } else { self.nodes + self.spare }
    }

    fn deeds(self, dice: &mut Dice) -> Self {
        Self {
            kind: Kind::Deeds,
            clients: 1,
            faults_us: 10_000_000,
            slow_syncs: dice.between((0, 150)),
            fault_gap_us: Some((50_000, dice.between((300_000, 2_500_000)))),
            down_us: (1_000, 3_000_000),
            deed_gap_us: Some((500, dice.between((10_000, 500_000)))),
            ..self
        }
    }

    fn rough(self, dice: &mut Dice) -> Self {
        Self {
            kind: Kind::Rough,
            clients: 2 + dice.index(3),
            faults_us: 40_000_000,
            fault_gap_us: Some((200_000, dice.between((1_500_000, 5_000_000)))),
            fault_odds: [200, 50, 250, 150, 200, 150],
            pause_us: (50_000, 15_000_000),
            down_us: (5_000, 12_000_000),
            cut_us: (50_000, 15_000_000),
            think_us: (5_000, 2_000_000),
            operator_us: dice.chance(500).then_some((200_000, 4_000_000)),
            ..self
        }
    }

    /// Everything else is quiet: what happens is in `world/relapse.rs`.
    fn relapse(self) -> Self {
        let quiet = self.calm();
        Self {
            kind: Kind::Relapse,
            beginning: Beginning::Roster,
            story: Some(Story::Relapse),
            clients: quiet.nodes,
            files: 1,
            faults_us: 8_000_000,
            duplicates: 1_000,
            late: 1_000,
            delay_us: (100, 2_000),
            stragglers: 400,
            straggle_us: (1_000_000, 1_700_000),
            sync_us: (100, 1_000),
            down_us: (500, 5_000),
            think_us: (60_000_000, 60_000_000),
            large: 0,
            ..quiet
        }
    }

    fn calm(self) -> Self {
        Self {
            kind: Kind::Calm,
            beginning: Beginning::Store,
            faults_us: 8_000_000,
            loss: 0,
            duplicates: 0,
            stragglers: 0,
            slow_syncs: 0,
            deadly: 0,
            fault_gap_us: None,
            large: 80,
            ..self
        }
    }
}

/// Limits small enough to be met within a schedule.
fn config(mutant: Option<Mutant>, dice: &mut Dice) -> Config {
    let tight = dice.chance(400);
    let normal = Config { mutant, ..Config::default() };
    if !tight {
        return normal;
    }
    Config {
        contention: Millis(4_000),
        queue: 2,
        background_rounds: 1,
        changes_page: 1,
        tree_page: 1,
        fetch_batch: 2,
        chunk_window: 1,
        ballots_reserved: dice.between((0, 3)),
        ..normal
    }
}
