//! A disk of messages: batches become durable in order, each as a whole or not at all.

use std::collections::BTreeMap;

use relay::{DocumentId, Message, Place, Record, WriteNo};

/// Records written together.
type Batch = (WriteNo, Vec<Record>);

/// Disk of one node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    durable: BTreeMap<(DocumentId, Place), Message>,
    pending: Option<Batch>,
    syncing: Option<Batch>,
    /// What became durable and was not counted yet.
    fresh: Vec<(DocumentId, Place)>,
}

impl Disk {
    pub(crate) fn write(&mut self, no: WriteNo, records: Vec<Record>) {
        let batch = self.pending.get_or_insert_with(|| (no, Vec::new()));
        batch.0 = no;
        batch.1.extend(records);
    }

    /// Begins to sync what was written, if the disk is free.
    pub(crate) fn begin_sync(&mut self) -> bool {
        if self.syncing.is_some() {
            return false;
        }
        self.syncing = self.pending.take();
        self.syncing.is_some()
    }

    /// The sync is done.
    pub(crate) fn synced(&mut self) -> Option<WriteNo> {
        let (no, records) = self.syncing.take()?;
        for Record::Message { document, message } in records {
            self.fresh.push((document.clone(), message.row.place));
            self.durable.insert((document, message.row.place), message);
        }
        Some(no)
    }

    /// What became durable since the last time.
    pub(crate) fn take_fresh(&mut self) -> Vec<(DocumentId, Place)> {
        std::mem::take(&mut self.fresh)
    }

    /// Power is cut; what was being synced may have become durable. True if something was lost.
    pub(crate) fn crash(&mut self, is_lucky: bool) -> bool {
        if is_lucky {
            self.synced();
        }
        let is_torn = self.syncing.is_some() || self.pending.is_some();
        (self.syncing, self.pending) = (None, None);
        is_torn
    }

    /// A message, if it is durable.
    pub(crate) fn get(&self, document: &DocumentId, place: Place) -> Option<&Message> {
        self.durable.get(&(document.clone(), place))
    }

    /// Everything that is durable.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&DocumentId, &Message)> {
        self.durable.iter().map(|((document, _), message)| (document, message))
    }

    /// Puts a message on it before the story begins.
    pub(crate) fn preset(&mut self, document: DocumentId, message: Message) {
        self.durable.insert((document, message.row.place), message);
    }
}
