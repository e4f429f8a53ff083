//! How SWISH puts the metadata of a new commit together.

use domain::{FileName, ObjectId};

use super::{Commit, Meta, SETTLES};
use crate::term::{Dict, Term};

/// Keys about one saver, which the next save does not inherit.
///
/// `email` is not among them: SWISH keeps the address of a former author, and so do we.
const NOT_INHERITED: [&str; 9] = [
    "author",
    "user",
    "avatar",
    "identity",
    "peer",
    "external_identity",
    "identity_provider",
    "profile_id",
    "commit_message",
];

/// Makes the first commit of a file; with `previous`, a fork of another file's commit.
#[must_use]
pub fn create(
    name: &FileName,
    blob: ObjectId,
    meta: Meta,
    previous: Option<ObjectId>,
    now: f64,
) -> Commit {
    finish(Dict::tagged("gitty"), name, blob, meta, previous, now)
}

/// Makes the commit that follows `head`; deleting a file is an update to the empty blob.
#[must_use]
pub fn update(head: &Commit, head_id: ObjectId, blob: ObjectId, meta: Meta, now: f64) -> Commit {
    let mut dict = head.dict().clone();
    for key in NOT_INHERITED {
        dict.remove(key);
    }
    // SWISH stores this by accident; without it the same save would get another name.
    dict.set("commit", Term::atom(head_id.to_string()));
    finish(dict, &head.name, blob, meta, Some(head_id), now)
}

/// Makes the commit after `head` that settles `tips` (protocol 4.5): all metadata of `chosen`,
/// whoever saved it included, with `blob` as its text.
///
/// `chosen` is the commit that is picked, or `head` itself for a merge and to keep both. What it
/// settled, if it was a settling itself, it does not settle again.
#[must_use]
pub fn settle(
    head: (&Commit, ObjectId),
    chosen: &Commit,
    blob: ObjectId,
    tips: &[ObjectId],
    now: f64,
) -> Commit {
    let (head, head_id) = head;
    let mut dict = chosen.dict().clone();
    dict.remove(SETTLES);
    // As in every update.
    dict.set("commit", Term::atom(head_id.to_string()));
    let meta = if tips.is_empty() { Meta::default() } else { Meta::default().settles(tips) };
    finish(dict, &head.name, blob, meta, Some(head_id), now)
}

/// Makes the first commit of the file that keeps the text of `tip`, a side of another file's
/// divergence, with all of its metadata (protocol 4.5).
#[must_use]
pub fn keep(name: &FileName, tip: (&Commit, ObjectId), now: f64) -> Commit {
    let (tip, tip_id) = tip;
    let mut dict = tip.dict().clone();
    dict.remove(SETTLES);
    dict.remove("commit");
    finish(dict, name, tip.data, Meta::default(), Some(tip_id), now)
}

fn finish(
    mut dict: Dict,
    name: &FileName,
    blob: ObjectId,
    meta: Meta,
    previous: Option<ObjectId>,
    now: f64,
) -> Commit {
    dict.set("time", Term::Float(now));
    dict.pairs.extend(meta.into_dict().pairs);
    dict.set("name", Term::atom(name.as_str()));
    dict.set("data", Term::atom(blob.to_string()));
    if let Some(previous) = previous {
        dict.set("previous", Term::atom(previous.to_string()));
    }
    Commit::built(dict)
}
