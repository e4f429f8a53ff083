//! All documents, in 256 buckets with a digest each.

use std::collections::BTreeMap;

use domain::{Incarnation, MessageId, Millis};

use super::{
    history::{History, Verdict},
    order::Put,
};
use crate::{
    DocumentId, Origin, Place, Row, Stamp,
    digest::{Digest, Salt},
};

/// How many buckets there are.
pub(crate) const BUCKETS: usize = 256;

/// Every document that has a message, by bucket and id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Documents {
    histories: BTreeMap<(u8, DocumentId), History>,
    /// Digest over all messages of each bucket that has one.
    buckets: BTreeMap<u8, Digest>,
    /// Digest over all messages.
    root: Digest,
    messages: u64,
}

impl Documents {
    /// Takes in an entry; twice is the same as once.
    pub(crate) fn take(&mut self, document: &DocumentId, row: Row) {
        let salt = Salt::of(document);
        let key = (salt.bucket(), document.clone());
        let history = self.histories.entry(key).or_insert_with(|| History::new(salt));
        let (put, change) = history.take(row);
        let bucket = self.buckets.entry(salt.bucket()).or_default();
        *bucket = bucket.plus(change);
        self.root = self.root.plus(change);
        self.messages += u64::from(put == Put::New);
    }

    /// What an entry would change.
    pub(crate) fn judge(&self, document: &DocumentId, row: &Row) -> Verdict {
        self.get(document).map_or(Verdict::News, |history| history.judge(row))
    }

    /// The entry of a new message that is posted here; none when no number is left.
    pub(crate) fn next(
        &self,
        document: &DocumentId,
        incarnation: Incarnation,
        wall: Stamp,
        leeway: Option<Millis>,
        id: MessageId,
    ) -> Option<Row> {
        let (stamp, origin) = match self.get(document) {
            Some(history) => (history.next_stamp(wall, leeway), history.next_origin(incarnation)?),
            None => (wall, Origin { incarnation, number: crate::Number::new(1)? }),
        };
        Some(Row { place: Place { stamp, id }, origin: Some(origin) })
    }

    pub(crate) fn get(&self, document: &DocumentId) -> Option<&History> {
        self.histories.get(&(Salt::of(document).bucket(), document.clone()))
    }

    pub(crate) const fn root(&self) -> Digest {
        self.root
    }

    /// How many messages there are in all documents.
    pub(crate) const fn messages(&self) -> u64 {
        self.messages
    }

    pub(crate) fn count(&self) -> usize {
        self.histories.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&DocumentId, &History)> {
        self.histories.iter().map(|((_, document), history)| (document, history))
    }

    pub(crate) fn bucket(&self, bucket: u8) -> Digest {
        self.buckets.get(&bucket).copied().unwrap_or_default()
    }

    /// Documents of a bucket after one of them, in order.
    pub(crate) fn in_bucket(
        &self,
        bucket: u8,
        after: Option<&DocumentId>,
    ) -> impl Iterator<Item = (&DocumentId, &History)> {
        let is_after = move |document: &DocumentId| after.is_none_or(|after| after < document);
        let from = after.cloned().or_else(|| DocumentId::new("\u{20}").ok());
        let range = from.map(|from| self.histories.range((bucket, from)..));
        range
            .into_iter()
            .flatten()
            .take_while(move |((at, _), _)| *at == bucket)
            .filter(move |((_, document), _)| is_after(document))
            .map(|((_, document), history)| (document, history))
    }
}
