//! 4.5: a divergence is settled once, however many operators try, and only on the head they saw.

use cluster::SettleOutcome;

use super::Check;
use crate::{
    Violation,
    oracle::{Oracle, Settling},
    trace::{name, short},
};

const NAME: &str = "settled once (4.5)";

/// When a node says that a settling is decided, it is, and no other was on the same head.
pub(crate) fn check_answer(oracle: &Oracle, settling: &Settling) -> Check {
    let Some(SettleOutcome::Decided { commit }) = settling.answer else {
        return Ok(());
    };
    let (key, node) = (&settling.save.key, name(settling.node));
    if oracle.position(key, &commit).is_none() {
        let commit = short(&commit);
        return broken(format!("{node} said that {commit} settles {key}, which is not decided"));
    }
    let decided = |other: &&Settling| {
        other.save.key == *key
            && other.save.base == settling.save.base
            && matches!(other.answer, Some(SettleOutcome::Decided { commit: c }) if c != commit)
    };
    match oracle.settlings.iter().find(decided) {
        None => Ok(()),
        Some(other) => {
            let (first, second) = (short(&other.save.id), short(&commit));
            broken(format!("{key} was settled by {first} and again by {second}"))
        }
    }
}

/// At the end: what was refused was not carried out, and what was decided still is.
pub(crate) fn check(oracle: &Oracle) -> Check {
    for settling in &oracle.settlings {
        let (key, id) = (&settling.save.key, settling.save.id);
        let on_path = |id| oracle.position(key, id).is_some();
        match settling.answer {
            Some(SettleOutcome::Decided { commit }) if !on_path(&commit) => {
                return broken(format!("{} settled {key} and was lost", short(&commit)));
            }
            Some(
                SettleOutcome::HeadMoved { .. }
                | SettleOutcome::NoMajority
                | SettleOutcome::Busy
                | SettleOutcome::TextMissing,
            ) if on_path(&id) && !asked_elsewhere(oracle, settling) => {
                return broken(format!("{} was refused for {key} and is decided", short(&id)));
            }
            _ => {}
        }
    }
    Ok(())
}

/// True if the very same commit was not refused in another attempt.
fn asked_elsewhere(oracle: &Oracle, refused: &Settling) -> bool {
    oracle.settlings.iter().any(|other| {
        other.save.id == refused.save.id
            && other.arrived
            && matches!(
                other.answer,
                None | Some(SettleOutcome::Decided { .. } | SettleOutcome::NotKnownYet { .. })
            )
    })
}

fn broken(sentence: String) -> Check {
    Err(Violation::new(NAME, sentence))
}
