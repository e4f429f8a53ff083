//! The words for every state: pages, API, command line and metrics take them from here.
//!
//! Each word has a stable code (what the API carries) and a tone (which colour and icon it gets).
//! Enums are ordered worst first. A sentence has a subject, a number and, where there is one,
//! the next step.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How good a state is. Unknown is its own tone: it never counts as good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// Somebody must act.
    Bad,
    /// Somebody should look.
    Warn,
    /// On its way; nobody has to act.
    Info,
    /// Not known.
    Unknown,
    /// As it should be.
    Good,
}

/// A code that is none of the wanted list's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such state: {0}")]
pub struct UnknownCode(pub String);

/// Defines a list of states: name, code, word and tone in one row each.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $code:literal, $word:literal, $tone:ident;)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $code)] $variant,)+
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// What the API, metrics and addresses carry.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// What people read.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// Which colour and icon it gets.
            #[must_use]
            pub const fn tone(self) -> Tone {
                match self {
                    $(Self::$variant => Tone::$tone,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $name {
            type Err = UnknownCode;

            fn from_str(code: &str) -> Result<Self, UnknownCode> {
                let found = Self::ALL.iter().find(|state| state.code() == code);
                found.copied().ok_or_else(|| UnknownCode(code.to_owned()))
            }
        }
    };
}

mod action;
mod chat;
mod people;

pub use action::{ChatAction, JoinReport, NodeAction, Outcome, SettleVerb};
pub use chat::ChatState;
pub use people::{Action, Role};

words! {
    /// The whole cluster, as one node sees it.
    ClusterState {
        /// Too few nodes answer to decide anything.
        NoMajority = "no_majority", "No majority", Bad;
        /// Saving works, and at least one node is suspect or away.
        Degraded = "degraded", "Degraded", Warn;
        /// Saving works, and files have two sides that need a choice.
        Diverged = "diverged", "Diverged", Warn;
        /// All nodes answer and one is still fetching.
        CatchingUp = "catching_up", "Catching up", Info;
        /// All files are equal on all nodes, compared by content.
        Healthy = "healthy", "Healthy", Good;
    }
}

words! {
    /// One file over all nodes.
    FileState {
        /// The hash of its text or commit does not match.
        Damaged = "damaged", "Damaged", Bad;
        /// A node lacks an object of it and cannot get it yet.
        ObjectMissing = "object_missing", "Object missing", Bad;
        /// It has two or more sides, and a person must choose.
        Diverged = "diverged", "Diverged", Warn;
        /// A save of it waits for a majority.
        Held = "held", "Held", Warn;
        /// A node serves an older version.
        Behind = "behind", "Behind", Info;
        /// Found in a store, not decided yet.
        Imported = "imported", "Imported", Info;
        /// Decided, and not yet on all nodes.
        Spreading = "spreading", "Spreading", Info;
        /// A node that should have it is away.
        Unknown = "unknown", "Unknown", Unknown;
        /// Every node serves the same head.
        Same = "same", "Same everywhere", Good;
    }
}

words! {
    /// The SWISH beside a node, by how it answers a real request.
    SwishState {
        /// Nothing listens there.
        Down = "down", "Does not run", Bad;
        /// It took the request and said nothing.
        Stuck = "stuck", "Does not answer", Bad;
        /// It answers with an error.
        Failing = "failing", "Answers with errors", Bad;
        /// It was not asked yet.
        Unknown = "unknown", "Not asked yet", Unknown;
        /// It answers.
        Up = "up", "Answers", Good;
    }
}

words! {
    /// How a node answers, in the eyes of the node that says so.
    NodeHealth {
        /// Nothing was heard for 10 s.
        Away = "away", "Away", Bad;
        /// Nothing was heard for 3 s, or its link closed.
        Suspect = "suspect", "Suspect", Warn;
        /// Its durable state is older than what it promised.
        RolledBack = "rolled_back", "Rolled back", Bad;
        /// Its clock differs from the others' by too much.
        ClockOff = "clock_off", "Clock off", Warn;
        /// It runs a version that does not speak ours.
        OtherVersion = "other_version", "Other version", Warn;
        /// A round trip takes more than 500 ms.
        Slow = "slow", "Slow", Warn;
        /// It takes no new pages and goes on voting.
        Draining = "draining", "Draining", Info;
        /// It answers.
        Up = "up", "Up", Good;
    }
}

words! {
    /// What a node may do in the cluster.
    NodeRole {
        /// Asked to join; nobody has said yes.
        New = "new", "New, not approved", Warn;
        /// Holds everything and has no vote.
        Learner = "learner", "Learner", Info;
        /// Votes.
        Member = "member", "Member", Good;
        /// Was a member.
        Removed = "removed", "Removed", Unknown;
    }
}

impl FileState {
    /// "2 sides": what follows [`FileState::Diverged`].
    #[must_use]
    pub fn diverged_detail(sides: usize) -> String {
        count(u64::try_from(sides).unwrap_or(u64::MAX), "side", "sides")
    }

    /// Where it is behind: "on charlie by 3 commits".
    #[must_use]
    pub fn behind_detail(node: &str, commits: u64) -> String {
        format!("on {node} by {}", count(commits, "commit", "commits"))
    }

    /// What it waits for: "waits for a majority, on alpha, since 14:02:11 UTC".
    #[must_use]
    pub fn held_detail(node: &str, since_ms: u64) -> String {
        format!("waits for a majority, on {node}, since {} UTC", &utc(since_ms)[11..19])
    }

    /// How far it has come: "on 2 of 3 nodes".
    #[must_use]
    pub fn spreading_detail(on: usize, of: usize) -> String {
        format!("on {on} of {of} nodes")
    }

    /// Who lacks what: "on charlie, asked alpha, next try in 8 s".
    #[must_use]
    pub fn missing_detail(node: &str, asked: &str, next_try_ms: u64) -> String {
        format!("on {node}, asked {asked}, next try in {}", span(next_try_ms))
    }

    /// Why nobody can say: "charlie is away, last word 40 s ago".
    #[must_use]
    pub fn unknown_detail(node: &str, ago_ms: u64) -> String {
        format!("{node} is away, last word {}", ago(ago_ms))
    }
}

/// What a cluster sentence is made of; [`fmt::Display`] is the sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Situation {
    /// Deciding has stopped.
    NoMajority {
        /// Nodes that answer, with this one.
        reachable: usize,
        /// Members.
        of: usize,
        /// Saves kept here.
        waiting: u64,
    },
    /// Deciding works with nodes silent.
    Degraded {
        /// Names of the silent nodes, never empty.
        silent: Vec<String>,
        /// How long the first of them has been silent.
        for_ms: u64,
        /// Nodes that can still be lost.
        spare: usize,
    },
    /// Deciding works, and members have lost their votes with their disks.
    Voteless {
        /// Their names.
        nodes: Vec<String>,
        /// Nodes that can still be lost.
        spare: usize,
    },
    /// Files have two sides.
    Diverged {
        /// How many.
        files: u64,
    },
    /// A node fetches what it lacks.
    CatchingUp {
        /// Its name.
        node: String,
        /// Files it lacks or has older.
        files: u64,
    },
    /// Everything was compared and is equal.
    Healthy {
        /// How many files.
        files: u64,
        /// Members, all of them equal.
        nodes: usize,
    },
}

impl Situation {
    /// The state the sentence belongs to.
    #[must_use]
    pub const fn state(&self) -> ClusterState {
        match self {
            Self::NoMajority { .. } => ClusterState::NoMajority,
            Self::Degraded { .. } | Self::Voteless { .. } => ClusterState::Degraded,
            Self::Diverged { .. } => ClusterState::Diverged,
            Self::CatchingUp { .. } => ClusterState::CatchingUp,
            Self::Healthy { .. } => ClusterState::Healthy,
        }
    }
}

/// What to do about a cluster without a majority, and when not to do it (protocol 11).
pub const WITHOUT_A_MAJORITY: &str = "Nothing is decided before a majority answers again; then it \
    goes on by itself. While the others are only switched off, or cut off by the network, wait or \
    bring them back: they may be working on the other side. Only when so many disks are lost for good \
    that there will never be a majority again, found the cluster anew on the best node that is left: \
    swish-cluster init --anew --plan says there what that would do.";

impl fmt::Display for Situation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMajority { reachable, of, waiting } => write!(
                f,
                "{reachable} of {of} nodes reachable. Saves are kept on this server and wait: {} so far.",
                if *waiting == 0 { "none".to_owned() } else { thousands(*waiting) },
            ),
            Self::Degraded { silent, for_ms, spare } => {
                let verb = if silent.len() == 1 { "does" } else { "do" };
                write!(
                    f,
                    "Saving works. {} {verb} not answer, for {}",
                    list(silent),
                    span(*for_ms)
                )?;
                f.write_str(if *spare == 0 { ": one more loss stops deciding." } else { "." })
            }
            Self::Voteless { nodes, spare } => {
                let (verb, disk, it) = match nodes.len() {
                    1 => ("has", "its disk is", "it"),
                    _ => ("have", "their disks are", "them"),
                };
                let nodes = list(nodes);
                write!(
                    f,
                    "Saving works. {nodes} {verb} no vote, because {disk} new; replace {it}"
                )?;
                f.write_str(if *spare == 0 { ": one more loss stops deciding." } else { "." })
            }
            Self::Diverged { files } => {
                let (noun, verb) = if *files == 1 { ("file", "has") } else { ("files", "have") };
                let number = thousands(*files);
                let need = if *files == 1 { "needs" } else { "need" };
                write!(f, "Saving works. {number} {noun} {verb} two sides and {need} a choice.")
            }
            Self::CatchingUp { node, files } => {
                write!(f, "Saving works. {node} is behind by {}.", count(*files, "file", "files"))
            }
            Self::Healthy { files: 0, nodes } => {
                write!(f, "No files yet; {nodes} of {nodes} nodes agree.")
            }
            Self::Healthy { files, nodes } => {
                let files = count(*files, "file", "files");
                write!(f, "All {files} equal on {nodes} of {nodes} nodes.")
            }
        }
    }
}

/// What the cluster can still lose: "Can lose 1 more node".
#[must_use]
pub fn margin(reachable_members: usize, members: usize) -> String {
    let majority = members / 2 + 1;
    if reachable_members < majority {
        let lacking = majority - reachable_members;
        let noun = if lacking == 1 { "node" } else { "nodes" };
        return format!("Needs {lacking} more {noun} to decide");
    }
    let spare = reachable_members - majority;
    format!("Can lose {spare} more {}", if spare == 1 { "node" } else { "nodes" })
}

/// A number and its noun: "1 file", "12,408 files".
#[must_use]
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

/// A number with commas: "12,408".
#[must_use]
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A length of time in its largest unit: "40 s", "18 min", "2 h", "3 d".
#[must_use]
pub fn span(ms: u64) -> String {
    match ms / 1000 {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds @ 3_600..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", thousands(seconds / 86_400)),
    }
}

/// How long ago something was: "40 s ago".
#[must_use]
pub fn ago(ms: u64) -> String {
    if ms < 1000 { "just now".to_owned() } else { format!("{} ago", span(ms)) }
}

/// A point in time, for machines and tooltips: "2026-11-23T14:02:11Z".
#[must_use]
pub fn utc(ms: u64) -> String {
    let (days, second) = (ms / 86_400_000, ms / 1000 % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z", second % 60)
}

/// Beginning of a day in UTC, ms since 1970: "2026-11-23". None: no such day, or before 1970.
#[must_use]
pub fn day_ms(text: &str) -> Option<u64> {
    let mut parts = text.splitn(3, '-').map(|part| part.parse::<u64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1970..10_000).contains(&year) || !(1..13).contains(&month) || !(1..32).contains(&day) {
        return None;
    }
    let guess = (year - 1970) * 365 + (month - 1) * 28 + day - 1;
    // Months are longer than 28 days, and some years than 365.
    (guess..guess + 2_500).find(|days| civil(*days) == (year, month, day)).map(|d| d * 86_400_000)
}

/// Names as a person lists them: "alpha, bravo and charlie".
#[must_use]
pub fn list(names: &[String]) -> String {
    match names {
        [] => "a node".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Year, month and day of a day since 1970 (Howard Hinnant's algorithm, eras of 400 years).
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_as_its_state() {
        for state in FileState::ALL {
            assert_eq!(state.code().parse(), Ok(*state));
        }
        assert_eq!("fine".parse::<NodeHealth>(), Err(UnknownCode("fine".into())));
    }

    #[test]
    fn only_known_and_equal_counts_as_good() {
        let good = |states: &[FileState]| {
            states.iter().copied().filter(|state| state.tone() == Tone::Good).collect::<Vec<_>>()
        };
        assert_eq!(good(FileState::ALL), [FileState::Same]);
    }

    #[test]
    fn sentences_have_subject_number_and_next_step() {
        let says = |situation: Situation| situation.to_string();
        let silent = vec!["bravo".to_owned(), "charlie".to_owned()];
        assert_eq!(
            [
                says(Situation::NoMajority { reachable: 1, of: 3, waiting: 4 }),
                says(Situation::Degraded { silent: silent[1..].to_vec(), for_ms: 4_200, spare: 0 }),
                says(Situation::Degraded { silent, for_ms: 61_000, spare: 1 }),
                says(Situation::Diverged { files: 2 }),
                says(Situation::CatchingUp { node: "charlie".into(), files: 14 }),
                says(Situation::Healthy { files: 12_408, nodes: 3 }),
                says(Situation::Healthy { files: 0, nodes: 3 }),
            ],
            [
                "1 of 3 nodes reachable. Saves are kept on this server and wait: 4 so far.",
                "Saving works. charlie does not answer, for 4 s: one more loss stops deciding.",
                "Saving works. bravo and charlie do not answer, for 1 min.",
                "Saving works. 2 files have two sides and need a choice.",
                "Saving works. charlie is behind by 14 files.",
                "All 12,408 files equal on 3 of 3 nodes.",
                "No files yet; 3 of 3 nodes agree.",
            ]
        );
    }

    #[test]
    fn the_margin_counts_to_the_majority() {
        assert_eq!(margin(3, 3), "Can lose 1 more node");
        assert_eq!(margin(2, 3), "Can lose 0 more nodes");
        assert_eq!(margin(1, 3), "Needs 1 more node to decide");
        assert_eq!(margin(5, 5), "Can lose 2 more nodes");
    }

    #[test]
    fn details_name_the_node() {
        assert_eq!(FileState::behind_detail("charlie", 1), "on charlie by 1 commit");
        assert_eq!(
            FileState::held_detail("alpha", 1_795_442_531_000),
            "waits for a majority, on alpha, since 14:02:11 UTC"
        );
        assert_eq!(
            FileState::unknown_detail("charlie", 40_000),
            "charlie is away, last word 40 s ago"
        );
    }

    #[test]
    fn numbers_and_times_read_well() {
        assert_eq!(
            [thousands(7), thousands(1_000), thousands(12_345_678)],
            ["7", "1,000", "12,345,678"]
        );
        assert_eq!(
            [span(999), span(60_000), span(7_200_000), span(432_000_000)],
            ["0 s", "1 min", "2 h", "5 d"]
        );
        assert_eq!([ago(10), ago(4_000)], ["just now", "4 s ago"]);
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(1_709_164_800_000), "2024-02-29T00:00:00Z");
        assert_eq!(utc(1_795_442_531_000), "2026-11-23T14:02:11Z");
        for day in ["1970-01-01", "2024-02-29", "2026-12-31", "9999-12-31"] {
            assert_eq!(day_ms(day).map(|ms| utc(ms)[..10].to_owned()).as_deref(), Some(day));
        }
        for no_day in ["2026-02-29", "2026-13-01", "1969-12-31", "2026-1", "", "x-y-z"] {
            assert_eq!(day_ms(no_day), None, "{no_day}");
        }
    }
}
