//! What chat and visitors promise, one promise a file (docs/protocol.md, 6 and 7).
//!
//! | Property | Source | File |
//! |---|---|---|
//! | after the faults end all nodes have the same messages in the same order: none with a hole before an equal last message | 6, C1 | `union_complete` |
//! | a message that was answered is on disks, as safe on two, and is never lost while one of them can be read | 6 | `kept` |
//! | a page sees each message once and in its place, also when it was away or moves | 6, C2 | `seen_once` |
//! | a clock that is ahead spoils its own messages only | 6 | `clocks_not_pulled` |
//! | what a node says of its peers' documents is so | 6 | `in_step` |
//! | 15 s after any fault each node knows the visitors of all nodes that it reaches, and no others | 7 | `presence_true` |
//! | a page is told once of each who opens or closes its file, wherever that page is or moves | 7 | `gazers_true` |
//! | no number is used twice, and nobody sends what it must not | 6, 7 | `no_alarm` |

pub(crate) mod clocks_not_pulled;
pub(crate) mod gazers_true;
pub(crate) mod in_step;
pub(crate) mod kept;
pub(crate) mod no_alarm;
pub(crate) mod presence_true;
pub(crate) mod seen_once;
pub(crate) mod union_complete;

pub(crate) use crate::invariants::Check;
