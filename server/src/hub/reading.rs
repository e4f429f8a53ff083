//! Texts of messages, read from the database beside the hub's task.

use std::sync::Arc;

use domain::MemberId;
use relay::{DocumentId, Message, Place, RelayMessage};
use tokio::sync::Semaphore;

use super::{History, HubError, Missed, MissedMessage, handle::Answer, wire};
use crate::{db::Messages, node::link::Links};

/// Requests of other nodes that are read for at once.
const SERVED_AT_ONCE: usize = 16;
/// Bytes of texts that a page gets which comes back; earlier messages are skipped.
const MISSED_BYTES: usize = 4 << 20;
/// Texts that are read at once for it.
const MISSED_AT_ONCE: usize = 100;

/// Reads texts; clones share the connections.
#[derive(Clone)]
pub(super) struct Reading {
    messages: Messages,
    serving: Arc<Semaphore>,
}

impl Reading {
    pub(super) fn new(messages: Messages) -> Self {
        Self { messages, serving: Arc::new(Semaphore::new(SERVED_AT_ONCE)) }
    }

    /// Sends messages to a node that asked for them.
    pub(super) fn serve(
        &self,
        links: Links,
        to: MemberId,
        (ask, document): (u64, DocumentId),
        places: Vec<Place>,
    ) {
        let Self { messages, serving } = self.clone();
        tokio::spawn(async move {
            let Ok(_permit) = serving.acquire_owned().await else { return };
            let found = match messages.at(&document, &places).await {
                Ok(found) => found,
                Err(error) => return complain(&error),
            };
            let rows = places.iter().filter_map(|place| found.get(place).cloned());
            let answer = RelayMessage::messages(ask, document, rows);
            for frame in wire::frames(&[answer]) {
                links.send_relay(to, frame);
            }
        });
    }

    /// Answers with the texts of a page of history.
    pub(super) fn history(&self, document: DocumentId, page: relay::Page, answer: Answer<History>) {
        let messages = self.messages.clone();
        tokio::spawn(async move {
            let places: Vec<Place> = page.rows.iter().map(|(_, row)| row.place).collect();
            let read = messages.at(&document, &places).await;
            let read = read.map(|mut found| {
                let row =
                    |(serial, row): (u64, relay::Row)| Some((serial, found.remove(&row.place)?));
                History { rows: page.rows.into_iter().filter_map(row).collect(), total: page.total }
            });
            let _ = answer.send(read.map_err(|error| {
                complain(&error);
                HubError::Unreadable
            }));
        });
    }

    /// The texts of what a page missed, the latest first if they are many.
    pub(super) async fn missed(&self, document: &DocumentId, missed: relay::Missed) -> Missed {
        let mut read = Missed { messages: Vec::new(), skipped: missed.skipped };
        let mut bytes = 0;
        for rows in missed.rows.rchunks(MISSED_AT_ONCE) {
            let places: Vec<Place> = rows.iter().map(|(.., row)| row.place).collect();
            let is_enough = bytes > MISSED_BYTES;
            let found =
                if is_enough { None } else { self.messages.at(document, &places).await.ok() };
            let Some(mut found) = found else {
                read.skipped += u64::try_from(rows.len()).unwrap_or(0);
                continue;
            };
            for (serial, after, row) in rows.iter().rev() {
                let Some(message) = found.remove(&row.place) else { continue };
                bytes += size(&message);
                read.messages.push(MissedMessage { serial: *serial, after: *after, message });
            }
        }
        read.messages.reverse();
        read
    }
}

fn size(message: &Message) -> usize {
    message.body.0.len()
}

fn complain(error: &crate::db::DbError) {
    tracing::error!(%error, "messages cannot be read from core.db: {error}");
}
