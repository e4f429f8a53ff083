//! The kinds of weather that schedules have.

/// Weather of a schedule; the seeds go round through all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A bit of everything.
    Mixed,
    /// Everybody saves one file at once over a lossy network; nothing crashes.
    Duel,
    /// Crashes at any moment, slow disks, everybody saves one file.
    Crashes,
    /// Links are cut, one way and both ways, and come back.
    Cuts,
    /// Proposers die as they propose, their disks are slow, and what they said before arrives again
    /// after their next start.
    Echoes,
    /// Nothing fails: saves race on several files, texts are large, a store is founded.
    Calm,
    /// Nodes are away for seconds while others save many files, and come back over a lossy network.
    Rejoin,
    /// One node loses its disk while links are cut and everybody saves one file.
    Wiped,
    /// Nodes are added, removed, wiped and replaced while links are cut and everybody saves.
    Members,
    /// A save is decided that one member does not hear of, and then members change so fast that
    /// only the rules of protocol 11 keep it.
    Turnover,
    /// One node against two, for seconds, again and again: both sides save, and operators settle
    /// what came of it, two at once.
    Held,
    /// A SWISH beside each node saves by itself, and often a moment behind.
    Beside,
    /// Disks are copied, and old copies put back, while links are cut and everybody saves.
    Rolled,
    /// A bit of everything, while people do things that the audit keeps.
    Deeds,
    /// A proposer dies before anything it did is durable, and hears in its second life what was
    /// answered to its first.
    Relapse,
    /// A majority is lost for good while everybody saves; another member founds anew, and the lost
    /// ones come back and join with their disks.
    Anew,
    /// Chat and visitors instead of saves: the relay core, in storms and calms ([`crate::chat`]).
    Chat,
    /// Forty seconds in which clocks step by an hour, disks are slow for seconds, nodes stand still
    /// for longer than any wait, and links are cut one way, on top of a bit of everything.
    Rough,
}

impl Kind {
    /// Each once.
    pub const ALL: [Self; 18] = [
        Self::Mixed,
        Self::Duel,
        Self::Crashes,
        Self::Cuts,
        Self::Echoes,
        Self::Calm,
        Self::Rejoin,
        Self::Wiped,
        Self::Members,
        Self::Turnover,
        Self::Held,
        Self::Beside,
        Self::Rolled,
        Self::Deeds,
        Self::Relapse,
        Self::Rough,
        Self::Anew,
        Self::Chat,
    ];

    /// Those of the cluster core, which the seeds go round through.
    const ROUND: usize = Self::ALL.len() - 1;

    /// The weather of a seed: all of them in turn but chat, and the first five twice.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let round = Self::ROUND + 5;
        let at = seed % u64::try_from(round).unwrap_or(1);
        Self::ALL[usize::try_from(at).unwrap_or(0) % Self::ROUND]
    }
}
