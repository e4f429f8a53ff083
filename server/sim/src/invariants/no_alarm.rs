//! No node sees what the protocol makes impossible.

use cluster::Alarm;

use super::Check;
use crate::{Violation, trace::name};

/// Checks an alarm.
pub(crate) fn check(node: usize, alarm: &Alarm) -> Check {
    match alarm {
        Alarm::TwoDecidedHeads { .. }
        | Alarm::TwoHeadsOneBallot { .. }
        | Alarm::AuditForks { .. }
        | Alarm::AuditForged { .. }
        | Alarm::CutOff { .. }
        | Alarm::WrongObject { .. }
        | Alarm::TwoRosters { .. } => {
            Err(Violation::new("no alarm", format!("{} raised {alarm:?}", name(node))))
        }
    }
}
