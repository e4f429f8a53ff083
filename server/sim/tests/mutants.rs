//! Each rule of the protocol, broken on purpose, breaks a promise within the first 1,000 seeds:
//! one that is about this rule, not merely some other.

use cluster::Mutant;
use sim::{Kind, Profile, Trace};

/// The first of the seeds 1 to 1,000 that breaks one of these promises, in one weather or in all.
fn first_broken(mutant: Mutant, kind: Option<Kind>, by: &[&str]) -> Option<u64> {
    (1..=1_000).find(|seed| {
        let profile = match kind {
            None => Profile::of(*seed, 3, Some(mutant)),
            Some(kind) => Profile::in_weather(kind, *seed, 3, Some(mutant)),
        };
        let broken = sim::run(profile, Trace::off()).violation;
        broken.is_some_and(|violation| by.contains(&violation.invariant))
    })
}

/// Tests that a mutant is killed, and by a promise that it can break.
macro_rules! killed {
    ($($name:ident: $mutant:ident in $kind:expr, by $invariants:expr;)*) => {
        $(#[test]
        fn $name() {
            let seed = first_broken(Mutant::$mutant, $kind, &$invariants);
            assert!(seed.is_some(), "no seed sees it");
            println!("{:?}: seed {seed:?}", Mutant::$mutant);
        })*

        #[test]
        fn no_mutant_is_forgotten() {
            assert_eq!([$(Mutant::$mutant),*], Mutant::ALL);
        }
    };
}

const ONE_PATH: &str = "one path (P1)";
const FORWARD: &str = "forward only (P2)";
const ANSWERED: &str = "answered saves (P3)";
const OBJECTS: &str = "objects on a majority (P4)";
const ONCE: &str = "once (P6)";
const CONFLICTS: &str = "conflicts (P8)";
const BALLOT: &str = "one head per ballot (4.1)";
const CONVERGENCE: &str = "convergence (P5)";
const ONE_VALUE: &str = "one value (P10)";
const SETTLED: &str = "settled once (4.5)";
const NEWS: &str = "tips are news (V9)";
const HELD: &str = "held saves (P3)";
const ALARM: &str = "no alarm";

killed! {
    own_value_instead_of_the_highest: OwnValue in None, by [ONE_PATH, ONE_VALUE, ALARM];
    a_minority_for_a_majority: MinorityQuorum in None, by [ONE_PATH, OBJECTS, ALARM];
    no_sync_before_a_promise: NoSyncBeforePromise in None, by [ONE_PATH, OBJECTS, BALLOT, ALARM];
    objects_after_the_accept: ObjectsAfterAccept in None, by [OBJECTS];
    ballots_that_no_disk_knows: UnreservedBallot in Some(Kind::Echoes), by [BALLOT];
    no_idempotence: NoIdempotence in None, by [ONCE, CONFLICTS];
    heads_that_overwrite: OverwriteHead in None, by [FORWARD];
    accepts_below_the_promise: StaleAccept in None, by [ONE_PATH, ONE_VALUE, OBJECTS, ALARM];
    own_accept_before_it_is_durable: OwnAcceptEarly in None, by [ONE_PATH, OBJECTS];
    local_acknowledge: LocalAcknowledge in None, by [ANSWERED];
    answers_from_promises: AnswerFromPromises in None, by [ANSWERED];
    one_round_trip_without_promises: FastWithoutPromise in None, by [ONE_PATH, BALLOT, ALARM];
    a_tree_behind_its_heads: StaleTree in Some(Kind::Rejoin), by [CONVERGENCE];
    the_neighbour_of_the_bucket_that_differs: WrongBucket in Some(Kind::Rejoin), by [CONVERGENCE];
    a_wiped_member_votes: WipedMemberVotes in Some(Kind::Wiped),
        by [ONE_PATH, OBJECTS, ONE_VALUE, ALARM];
    a_member_replaced_in_one_change: ReplaceInOne in Some(Kind::Turnover), by [ONE_VALUE];
    a_change_without_repair: NoRepair in Some(Kind::Turnover), by [ONE_VALUE];
    a_lower_epoch_that_is_not_refused: LowerEpochHandled in Some(Kind::Turnover),
        by [ONE_PATH, ALARM];
    settlings_beside_the_head: SettleBeside in Some(Kind::Held), by [SETTLED];
    lines_judged_by_where_they_start: JudgeByOld in Some(Kind::Beside), by [NEWS];
    held_without_a_tip: HoldWithoutTip in Some(Kind::Held), by [HELD];
    votes_on_an_old_disk: RolledBackVotes in Some(Kind::Rolled),
        by [ONE_PATH, OBJECTS, ONE_VALUE, ANSWERED, BALLOT];
}
