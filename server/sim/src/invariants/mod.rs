//! What must never happen, one promise a file (docs/protocol.md, 10).
//!
//! | Property | Source | File |
//! |---|---|---|
//! | decided heads of a file lie on one path | P1 | `p1_one_path` |
//! | no node drops a decided commit, nor moves back or sideways | P2 | `p2_forward_only` |
//! | a save answered as decided is on the path, for ever; one that was refused never happens; one that was held is an ancestor of the head or of a tip, on every node | P3 | `p3_saves` |
//! | the objects of a decided head are durable on a majority when it is first decided | P4 | `p4_objects_on_majority` |
//! | after the faults end everything converges and every save is answered | P5 | `p5_convergence` |
//! | an operation takes effect once | P6 | `p6_once` |
//! | decided order follows real time | P7 | `p7_real_time` |
//! | what is listed as a divergence is never decided; a conflict names a decided or locally held head; at the end all nodes list what the rule says | P8 | `p8_divergences` |
//! | a SWISH that stopped saving, or starts, stands at the served head; nothing it saved is lost | P9, P3 | `p9_swish_follows` |
//! | one roster after another, and one path of heads over all epochs | P10 | `p10_one_value` |
//!
//! These stay beside them, because they break earlier, nearer to the fault, or are promises of
//! other sections:
//!
//! | Property | Source | File |
//! |---|---|---|
//! | no ballot is used for two heads | 4.1 | `one_head_per_ballot` |
//! | no node sees the impossible | 4.2 | `no_alarm` |
//! | a divergence is settled once, on the head that was shown | 4.5 | `settled_once` |
//! | times grow along a decided path | 4.5 | `times_grow` |
//! | what people did is on every node, once, in one chain for each node | 5.1 | `one_chain` |
//! | no node reports as a tip what it knows to be decided | 9 | `tips_are_news` |

pub(crate) mod no_alarm;
pub(crate) mod one_chain;
pub(crate) mod one_head_per_ballot;
pub(crate) mod p10_one_value;
pub(crate) mod p1_one_path;
pub(crate) mod p2_forward_only;
pub(crate) mod p3_saves;
pub(crate) mod p4_objects_on_majority;
pub(crate) mod p5_convergence;
pub(crate) mod p6_once;
pub(crate) mod p7_real_time;
pub(crate) mod p8_divergences;
pub(crate) mod p9_swish_follows;
pub(crate) mod settled_once;
pub(crate) mod times_grow;
pub(crate) mod tips_are_news;

use crate::Violation;

/// Holds, or how it does not.
pub(crate) type Check = Result<(), Violation>;
