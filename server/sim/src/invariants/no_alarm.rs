//! No node sees what the protocol makes impossible.

use cluster::Alarm;

use super::Check;
use crate::{Violation, trace::name};

/// Checks an alarm. A head of the founder's store may lose to a save on another node.
pub(crate) fn check(node: usize, alarm: &Alarm) -> Check {
    match alarm {
        Alarm::ImportLost { .. } => Ok(()),
        Alarm::TwoDecidedHeads { .. }
        | Alarm::ForeignLine { .. }
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
