//! What must never happen, one promise a file (docs/protocol.md, 10).
//!
//! | Property | Source | File |
//! |---|---|---|
//! | decided heads of a file lie on one path | P1 | `one_path` |
//! | no node drops a decided commit, nor moves back or sideways | P2 | `forward_only` |
//! | a save answered as decided is on the path, for ever; one that was refused never happens | P3 | `answered_saves` |
//! | a save answered as held is an ancestor of the head or of a tip, on every node | P3 | `held_saves` |
//! | the objects of a decided head are durable on a majority when it is first decided | P4 | `objects_on_majority` |
//! | after the faults end everything converges and every save is answered | P5 | `convergence` |
//! | an operation takes effect once | P6 | `once` |
//! | decided order follows real time | P7 | `real_time` |
//! | a conflict names a decided or locally held head, and a save that lost to a decided one is never decided | P8 | `conflicts` |
//! | what is listed as a divergence is never decided; at the end all nodes list what the rule says | P8, P5 | `divergences` |
//! | a SWISH that stopped saving, or starts, stands at the served head; nothing it saved is lost | P9, P3 | `swish_follows` |
//! | one roster after another, and one path of heads over all epochs | P10 | `one_value` |
//! | a divergence is settled once, on the head that was shown | 4.5 | `settled_once` |
//! | no node reports as a tip what it knows to be decided | 9 | `tips_are_news` |
//! | what people did is on every node, once, in one chain for each node | 5.1 | `one_chain` |
//! | no ballot is used for two heads | 4.1 | `one_head_per_ballot` |
//! | no node sees the impossible | 4.2 | `no_alarm` |

pub(crate) mod answered_saves;
pub(crate) mod conflicts;
pub(crate) mod convergence;
pub(crate) mod divergences;
pub(crate) mod forward_only;
pub(crate) mod held_saves;
pub(crate) mod no_alarm;
pub(crate) mod objects_on_majority;
pub(crate) mod once;
pub(crate) mod one_chain;
pub(crate) mod one_head_per_ballot;
pub(crate) mod one_path;
pub(crate) mod one_value;
pub(crate) mod real_time;
pub(crate) mod settled_once;
pub(crate) mod swish_follows;
pub(crate) mod tips_are_news;

use crate::Violation;

/// Holds, or how it does not.
pub(crate) type Check = Result<(), Violation>;
