//! What the index file says besides the objects: journal, packs, folders, files, heads.
//!
//! Lengths come before what they count, and none is believed beyond the bytes there are.

use std::collections::{BTreeMap, BTreeSet};

use domain::{FileName, ObjectId};

use super::{Id, Index, Named, Record};
use crate::{
    folders::Folders,
    follower::{Ends, Followers},
    journal::{BEGINNING_BYTES, Mark, TAIL_BYTES},
};

/// Everything that is known of a store without looking at its objects.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// What it holds.
    pub(crate) index: Index,
    /// Last line of the journal for each file.
    pub(crate) heads: BTreeMap<FileName, ObjectId>,
    /// Names and lengths of the packs whose objects are in the index.
    pub(crate) packs: BTreeMap<String, u64>,
    /// When folders were listed.
    pub(crate) folders: Folders,
    /// Objects that have a file and cannot be used; looked at again each time.
    pub(crate) damaged: BTreeSet<ObjectId>,
}

/// And where the journal stood.
#[derive(Debug)]
pub(crate) struct Saved {
    pub(crate) known: Known,
    /// How far the journal was read.
    pub(crate) mark: Mark,
    /// Where running processes may stand after that.
    pub(crate) followers: Followers,
}

/// Writes everything but the arenas.
pub(super) fn encode(known: &Known, mark: &Mark, followers: &Followers) -> Vec<u8> {
    let mut out = Out(Vec::new());
    out.number(mark.inode);
    out.number(mark.offset);
    out.bytes(&mark.beginning);
    out.bytes(&mark.tail);
    out.length(known.packs.len());
    for (name, length) in &known.packs {
        out.bytes(name.as_bytes());
        out.number(*length);
    }
    out.length(known.folders.noted().count());
    for (number, time) in known.folders.noted() {
        out.0.extend(number.to_le_bytes());
        out.0.extend(time.to_le_bytes());
    }
    out.length(known.damaged.len());
    known.damaged.iter().for_each(|id| out.0.extend(id.as_bytes()));
    out.length(known.index.files().len());
    for file in known.index.files() {
        out.bytes(file.name.as_str().as_bytes());
        out.number(file.latest_ms);
    }
    out.length(known.index.settles().len());
    for (id, settled) in known.index.settles() {
        out.0.extend(id.as_bytes());
        out.length(settled.len());
        settled.iter().for_each(|id| out.0.extend(id.as_bytes()));
    }
    out.length(known.heads.len());
    for (name, head) in &known.heads {
        out.bytes(name.as_str().as_bytes());
        out.0.extend(head.as_bytes());
    }
    out.length(followers.all().len());
    for (name, ends) in followers.all() {
        out.bytes(name.as_str().as_bytes());
        out.length(ends.len());
        for end in ends {
            out.0.push(u8::from(end.is_some()));
            out.0.extend(end.iter().flat_map(ObjectId::as_bytes));
        }
    }
    out.0
}

/// Reads it all; nothing, if the bytes are not what [`encode`] writes.
pub(super) fn decode(bytes: &[u8], commits: Vec<Record>, others: Vec<Id>) -> Option<Saved> {
    let mut from = In(bytes);
    let mark = Mark {
        inode: from.number()?,
        offset: from.number()?,
        beginning: from.bytes().filter(|bytes| bytes.len() <= BEGINNING_BYTES)?.to_vec(),
        tail: from.bytes().filter(|bytes| bytes.len() <= TAIL_BYTES)?.to_vec(),
    };
    let packs = from.each(|from| Some((from.text()?.to_owned(), from.number()?)))?;
    let mut folders = Folders::default();
    for (number, time) in from.each(|from| Some((from.array()?, from.array()?)))? {
        folders.set(u16::from_le_bytes(number), i64::from_le_bytes(time));
    }
    let damaged = from.each(In::id)?;
    let files = from.each(|from| {
        Some(Named { name: FileName::from(from.text()?), latest_ms: from.number()? })
    })?;
    let settles = from.each(|from| Some((from.id()?, from.each(In::id)?)))?;
    let index = Index::of(files, commits, others, settles.into_iter().collect()).ok()?;
    let heads = from.each(|from| Some((index.shared_name(from.text()?), from.id()?)))?;
    let followers = from.each(|from| Some((index.shared_name(from.text()?), from.ends()?)))?;
    let known = Known {
        index,
        heads: heads.into_iter().collect(),
        packs: packs.into_iter().collect(),
        folders,
        damaged: damaged.into_iter().collect(),
    };
    from.0.is_empty().then(|| Saved { known, mark, followers: followers.into_iter().collect() })
}

/// Bytes that are being written.
struct Out(Vec<u8>);

impl Out {
    fn number(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    fn length(&mut self, length: usize) {
        self.number(u64::try_from(length).expect("a length fits 64 bits"));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.extend(bytes);
    }
}

/// Bytes that are left to read.
struct In<'a>(&'a [u8]);

impl<'a> In<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(usize::try_from(length).ok()?)
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    fn id(&mut self) -> Option<ObjectId> {
        self.array().map(ObjectId::from_bytes)
    }

    fn ends(&mut self) -> Option<Ends> {
        self.each(|from| match from.array()? {
            [0] => Some(None),
            [1] => from.id().map(Some),
            _ => None,
        })
    }

    /// As many as a length says. The list grows with what is read: a length that lies ends at the
    /// end of the bytes, since each takes at least one.
    fn each<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()?;
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(read(self)?);
        }
        all.shrink_to_fit();
        Some(all)
    }
}
