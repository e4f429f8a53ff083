//! 6, 7: no number is used twice, and no node sends what it must not. Clocks that are ahead are
//! told, as they should be.

use relay::{Alarm, Event};

use super::Check;
use crate::{Violation, chat::World};

/// Checks an alarm of a node.
pub(crate) fn check(node: usize, alarm: &Alarm) -> Check {
    match alarm {
        Alarm::ClockAhead { .. } => Ok(()),
        Alarm::NumberForks { .. } => {
            let sentence = format!("{} raises {alarm:?}", World::called(node));
            Err(Violation::new("no alarm (6)", sentence))
        }
    }
}

/// Checks what a node tells screens.
pub(crate) fn check_event(node: usize, event: &Event) -> Check {
    match event {
        Event::Rejected { peer, rejection } => {
            let sentence = format!("{} rejects {rejection:?} of {peer:?}", World::called(node));
            Err(Violation::new("no alarm (6)", sentence))
        }
        _ => Ok(()),
    }
}
