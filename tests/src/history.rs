//! What clients saw, compared with the chains: nothing acknowledged is lost, doubled or reordered.
//!
//! Each save posts a text that no other save posts, so a text on a chain names its save. A client
//! that hears nothing may send the same save again: that is one save here, from its first sending
//! to its last answer.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use domain::ObjectId;

/// One version of a file, as it is on a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its commit.
    pub commit: ObjectId,
    /// Its text.
    pub text: String,
}

/// How a save ended for its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Answered as saved, with this commit, by a majority.
    Saved(ObjectId),
    /// Answered as saved on one server, as this commit: it is decided later, or stays beside the
    /// chain as a tip.
    Held(ObjectId),
    /// Answered as not saved and not kept.
    Refused,
    /// No answer: it may be decided at any time, or never.
    Unknown,
}

/// One save of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Save {
    /// The file.
    pub name: String,
    /// The text, unlike any other.
    pub text: String,
    /// When it was first sent, on the clock of all clients.
    pub sent: Duration,
    /// When it was last answered.
    pub answered: Duration,
    /// How.
    pub outcome: Outcome,
    /// Which node said what, for people.
    pub heard: Vec<String>,
}

/// Something that must never happen (protocol 10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Acknowledged, and not on its file's chain; or held, and neither there nor beside it (P3).
    Lost(Save),
    /// On the chain more than once (P6).
    Doubled(Save, usize),
    /// On the chain under another commit than the one that was answered (P3).
    Renamed(Save, ObjectId),
    /// The second was sent after the first was answered, and stands before it (P7).
    Reordered(Save, Save),
    /// Answered as not saved, and on the chain all the same (P8).
    Resurrected(Save),
    /// On a chain, and nobody posted it.
    Invented(String, Version),
}

/// All chains, oldest version first.
pub type Chains = BTreeMap<String, Vec<Version>>;

/// Finds everything that is wrong. `beside`: held saves that every node has as tips.
#[must_use]
pub fn check(saves: &[Save], chains: &Chains, beside: &BTreeSet<ObjectId>) -> Vec<Fault> {
    let mut by_file: BTreeMap<&str, Vec<&Save>> = BTreeMap::new();
    for save in saves {
        by_file.entry(&save.name).or_default().push(save);
    }
    let names: BTreeSet<&str> =
        by_file.keys().copied().chain(chains.keys().map(String::as_str)).collect();
    let mut faults = Vec::new();
    for name in names {
        let saves = by_file.get(name).map_or(&[][..], Vec::as_slice);
        let chain = chains.get(name).map_or(&[][..], Vec::as_slice);
        check_presence(saves, chain, beside, &mut faults);
        check_strangers(name, saves, chain, &mut faults);
        check_order(saves, chain, &mut faults);
    }
    faults
}

fn check_presence(
    saves: &[&Save],
    chain: &[Version],
    beside: &BTreeSet<ObjectId>,
    faults: &mut Vec<Fault>,
) {
    let mut places: BTreeMap<&str, Vec<ObjectId>> = BTreeMap::new();
    for version in chain {
        places.entry(&version.text).or_default().push(version.commit);
    }
    for save in saves.iter().copied() {
        let found = places.get(save.text.as_str()).map_or(&[][..], Vec::as_slice);
        match (save.outcome, found) {
            (Outcome::Saved(_), []) => faults.push(Fault::Lost(save.clone())),
            (Outcome::Held(commit), []) if !beside.contains(&commit) => {
                faults.push(Fault::Lost(save.clone()));
            }
            (Outcome::Refused, [_, ..]) => faults.push(Fault::Resurrected(save.clone())),
            (Outcome::Saved(said), [found]) if *found != said => {
                faults.push(Fault::Renamed(save.clone(), *found));
            }
            (_, [_, _, ..]) => faults.push(Fault::Doubled(save.clone(), found.len())),
            (Outcome::Saved(_) | Outcome::Held(_) | Outcome::Unknown, [_]) | (_, []) => {}
        }
    }
}

fn check_strangers(name: &str, saves: &[&Save], chain: &[Version], faults: &mut Vec<Fault>) {
    let posted: BTreeSet<&str> = saves.iter().map(|save| save.text.as_str()).collect();
    let strangers = chain.iter().filter(|version| !posted.contains(version.text.as_str()));
    faults.extend(strangers.map(|version| Fault::Invented(name.to_owned(), version.clone())));
}

/// Walks the chain from its beginning; nothing may have been answered before a save that stands
/// earlier was sent.
fn check_order(saves: &[&Save], chain: &[Version], faults: &mut Vec<Fault>) {
    let by_text: BTreeMap<&str, &Save> =
        saves.iter().map(|save| (save.text.as_str(), *save)).collect();
    let mut latest_sent: Option<&Save> = None;
    for save in chain.iter().filter_map(|version| by_text.get(version.text.as_str()).copied()) {
        let acknowledged = matches!(save.outcome, Outcome::Saved(_));
        if let Some(earlier) = latest_sent.filter(|earlier| save.answered < earlier.sent)
            && acknowledged
        {
            faults.push(Fault::Reordered(save.clone(), earlier.clone()));
        }
        if latest_sent.is_none_or(|latest| latest.sent < save.sent) {
            latest_sent = Some(save);
        }
    }
}

impl fmt::Display for Save {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text.lines().next().unwrap_or_default();
        let (sent, answered) = (self.sent, self.answered);
        write!(f, "“{text}” {sent:.3?}–{answered:.3?} {:?} {:?}", self.outcome, self.heard)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(save) => write!(f, "lost: {save}"),
            Self::Doubled(save, times) => write!(f, "{times} times on the chain: {save}"),
            Self::Renamed(save, found) => write!(f, "there as {found}: {save}"),
            Self::Reordered(first, second) => write!(f, "out of order: {first} after {second}"),
            Self::Resurrected(save) => write!(f, "refused and there: {save}"),
            Self::Invented(name, version) => {
                write!(f, "nobody saved {} of {name}: “{}”", version.commit, version.text)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> ObjectId {
        ObjectId::from_bytes([number; 20])
    }

    /// A save of `a.pl` in the given milliseconds; its text and commit are its number.
    fn save(number: u8, sent: u64, answered: u64, outcome: Outcome) -> Save {
        Save {
            name: "a.pl".into(),
            text: number.to_string(),
            sent: Duration::from_millis(sent),
            answered: Duration::from_millis(answered),
            outcome,
            heard: Vec::new(),
        }
    }

    fn check(saves: &[Save], chains: &Chains) -> Vec<Fault> {
        super::check(saves, chains, &BTreeSet::new())
    }

    fn saved(number: u8, sent: u64, answered: u64) -> Save {
        save(number, sent, answered, Outcome::Saved(id(number)))
    }

    fn chain(numbers: &[u8]) -> Chains {
        let version = |number: &u8| Version { commit: id(*number), text: number.to_string() };
        [("a.pl".to_owned(), numbers.iter().map(version).collect())].into()
    }

    #[test]
    fn saves_one_after_the_other_are_good() {
        let saves = [saved(1, 0, 10), saved(2, 20, 30), saved(3, 40, 50)];
        assert_eq!(check(&saves, &chain(&[1, 2, 3])), []);
    }

    #[test]
    fn saves_at_the_same_time_may_stand_either_way() {
        let saves = [saved(1, 0, 30), saved(2, 10, 20)];
        assert_eq!(check(&saves, &chain(&[1, 2])), []);
        assert_eq!(check(&saves, &chain(&[2, 1])), []);
    }

    #[test]
    fn an_acknowledged_save_that_is_not_there_is_lost() {
        let saves = [saved(1, 0, 10), saved(2, 20, 30)];
        assert_eq!(check(&saves, &chain(&[1])), [Fault::Lost(saves[1].clone())]);
        assert_eq!(check(&saves, &Chains::new()).len(), 2);
    }

    #[test]
    fn a_save_that_is_there_twice_is_doubled() {
        let saves = [saved(1, 0, 10), save(2, 20, 30, Outcome::Unknown)];
        let faults = check(&saves, &chain(&[1, 2, 2]));
        assert_eq!(faults, [Fault::Doubled(saves[1].clone(), 2)]);
    }

    #[test]
    fn a_save_before_one_that_was_answered_earlier_is_reordered() {
        let saves = [saved(1, 0, 10), saved(2, 20, 30), saved(3, 40, 50)];
        let faults = check(&saves, &chain(&[1, 3, 2]));
        assert_eq!(faults, [Fault::Reordered(saves[1].clone(), saves[2].clone())]);
    }

    #[test]
    fn a_save_of_unknown_end_cannot_take_effect_before_it_was_sent() {
        let saves = [saved(1, 0, 10), save(2, 20, 30, Outcome::Unknown)];
        let faults = check(&saves, &chain(&[2, 1]));
        assert_eq!(faults, [Fault::Reordered(saves[0].clone(), saves[1].clone())]);
    }

    #[test]
    fn a_save_of_unknown_end_may_come_late_or_never() {
        let saves = [save(1, 0, 10, Outcome::Unknown), saved(2, 20, 30), saved(3, 40, 50)];
        assert_eq!(check(&saves, &chain(&[2, 3])), []);
        assert_eq!(check(&saves, &chain(&[2, 1, 3])), []);
    }

    #[test]
    fn a_refused_save_stays_away() {
        let saves = [saved(1, 0, 10), save(2, 0, 10, Outcome::Refused)];
        assert_eq!(check(&saves, &chain(&[1])), []);
        assert_eq!(check(&saves, &chain(&[1, 2])), [Fault::Resurrected(saves[1].clone())]);
    }

    #[test]
    fn a_held_save_is_on_the_chain_or_beside_it() {
        let saves = [saved(1, 0, 10), save(2, 20, 30, Outcome::Held(id(2)))];
        assert_eq!(check(&saves, &chain(&[1, 2])), []);
        assert_eq!(check(&saves, &chain(&[1])), [Fault::Lost(saves[1].clone())]);
        assert_eq!(super::check(&saves, &chain(&[1]), &BTreeSet::from([id(2)])), []);
    }

    #[test]
    fn another_commit_or_another_text_is_noticed() {
        let wrong = save(1, 0, 10, Outcome::Saved(id(9)));
        assert_eq!(
            check(std::slice::from_ref(&wrong), &chain(&[1])),
            [Fault::Renamed(wrong, id(1))]
        );
        let faults = check(&[saved(1, 0, 10)], &chain(&[1, 7]));
        assert!(matches!(&faults[..], [Fault::Invented(_, version)] if version.text == "7"));
    }

    #[test]
    fn files_do_not_answer_for_each_other() {
        let mut other = saved(2, 0, 10);
        other.name = "b.pl".into();
        let saves = [saved(1, 20, 30), other];
        let mut chains = chain(&[1]);
        chains.insert("b.pl".into(), chain(&[2])["a.pl"].clone());
        assert_eq!(check(&saves, &chains), []);
    }
}
