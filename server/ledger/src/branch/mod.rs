//! Branches: what two chains that began at one event become, and what stays open (protocol 8).
//!
//! A branch is what a node held while it saw no majority. Each operation of it that the decided
//! chain lacks gets one **verdict**. Those to rebase are proposed again, behind the decided head,
//! by the branch's node; those that conflict wait for somebody to settle. Nothing of this is stored:
//! every node computes it from the decided chain and the tips, and finds the same.

mod compare;
mod standing;

pub use compare::{BranchError, Closed, Comparison, Verdict, compare};
pub use standing::{Conflict, Side, Standing, standing};
