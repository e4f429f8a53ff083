//! What the event stream carries.

use serde::{Deserialize, Serialize};

use super::{DeedRow, FileRow, Overview};
use crate::{FileName, ObjectId};

/// One message of the event stream `/api/v1/events`, as the data of an unnamed event.
///
/// Its id is `<boot>-<n>`: `boot` differs for each start of the node, `n` counts heads and
/// overviews without a gap. A tick repeats the id of the message before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LiveEvent {
    /// A file changed on some node.
    Head {
        /// The file.
        name: FileName,
        /// What the answering node serves now.
        head: Option<ObjectId>,
        /// The file over all nodes.
        row: FileRow,
    },
    /// The overview changed.
    Overview(Box<Overview>),
    /// Something was done, here or on another node.
    Deed(Box<DeedRow>),
    /// A chat changed, or how it stands beside a node's.
    Chat {
        /// Its document; none: it may be any of them.
        document: Option<String>,
    },
    /// Visitors came, went, or opened a file; at most once a second.
    Visitors,
    /// Every 5 s, so that silence is news.
    Tick {
        /// The node's clock, ms since 1970.
        at_ms: u64,
    },
}
