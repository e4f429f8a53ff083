//! Each rule of the protocol, broken on purpose, breaks a promise within a bounded number of
//! seeds: one that is about this rule, not merely some other (docs/reliability.md, "Mutants").

use cluster::Mutant;
use sim::mutants::{Row, TABLE};

/// Tests that each mutant is killed, and that none is forgotten.
macro_rules! killed {
    ($($name:ident: $mutant:ident;)*) => {
        $(#[test]
        fn $name() {
            let row = Row::of(Mutant::$mutant).expect("the mutant has a row");
            let killed = row.kill();
            assert!(killed.is_some(), "{:?} survives {} seeds", row.mutant, row.within);
        })*

        #[test]
        fn no_mutant_is_forgotten() {
            assert_eq!([$(Mutant::$mutant),*], Mutant::ALL);
            assert_eq!(TABLE.map(|row| row.mutant), Mutant::ALL);
        }
    };
}

killed! {
    own_value_is_killed: OwnValue;
    minority_quorum_is_killed: MinorityQuorum;
    no_sync_before_promise_is_killed: NoSyncBeforePromise;
    objects_after_accept_is_killed: ObjectsAfterAccept;
    unreserved_ballot_is_killed: UnreservedBallot;
    no_idempotence_is_killed: NoIdempotence;
    overwrite_head_is_killed: OverwriteHead;
    stale_accept_is_killed: StaleAccept;
    own_accept_early_is_killed: OwnAcceptEarly;
    local_acknowledge_is_killed: LocalAcknowledge;
    answer_from_promises_is_killed: AnswerFromPromises;
    fast_without_promise_is_killed: FastWithoutPromise;
    stale_tree_is_killed: StaleTree;
    wrong_bucket_is_killed: WrongBucket;
    wiped_member_votes_is_killed: WipedMemberVotes;
    replace_in_one_is_killed: ReplaceInOne;
    no_repair_is_killed: NoRepair;
    lower_epoch_handled_is_killed: LowerEpochHandled;
    settle_beside_is_killed: SettleBeside;
    judge_by_old_is_killed: JudgeByOld;
    hold_without_tip_is_killed: HoldWithoutTip;
    rolled_back_votes_is_killed: RolledBackVotes;
}

/// The invariants of the table are not broken without a fault, in the same schedules.
#[test]
fn without_a_fault_the_same_schedules_break_nothing() {
    for row in TABLE {
        let Some(killed) = row.kill() else { continue };
        let healthy = match row.kind {
            None => sim::Profile::of(killed.seed, 3, None),
            Some(kind) => sim::Profile::in_weather(kind, killed.seed, 3, None),
        };
        assert_eq!(sim::run(healthy, sim::Trace::off()).violation, None, "{:?}", row.mutant);
    }
}
