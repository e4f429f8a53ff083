//! What must not happen, or only when a clock or a disk is wrong: raised and shown, never a panic.

use domain::{Incarnation, MemberId};
use serde::{Deserialize, Serialize};

use crate::{DocumentId, Origin, Stamp};

/// An operator must look. What was received is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "alarm", rename_all = "snake_case")]
pub enum Alarm {
    /// A message is stamped more than ten minutes ahead of this node's clock: one of the two
    /// clocks is wrong. Raised once for each origin and run.
    ClockAhead {
        /// Who sent it.
        from: MemberId,
        /// Whose stamp it is; none for an imported message.
        origin: Option<Incarnation>,
        /// In which document.
        document: DocumentId,
        /// The stamp.
        stamp: Stamp,
    },
    /// Two messages of one document have one number: the disk of that node was copied, or it is
    /// older than what it told. A reader who comes back may miss the second one.
    NumberForks {
        /// In which document.
        document: DocumentId,
        /// The number.
        origin: Origin,
    },
}
