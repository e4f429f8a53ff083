//! No node sees what the protocol makes impossible.

use cluster::Alarm;

use super::Check;
use crate::{Violation, trace::name, world::Node};

/// Checks an alarm.
pub(crate) fn check(nodes: &[Node], node: usize, alarm: &Alarm) -> Check {
    match alarm {
        // An old disk was put back there: it has to be found out.
        Alarm::RolledBack { node: found, .. }
            if nodes.iter().any(|node| node.id.node == found.node && node.was_old()) =>
        {
            Ok(())
        }
        Alarm::RolledBack { .. }
        | Alarm::Cloned { .. }
        | Alarm::OtherCluster { .. }
        | Alarm::TwoDecidedHeads { .. }
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
