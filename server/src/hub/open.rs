//! Reading back what the hub needs at a start: the entries of all messages, without their texts.

use std::path::Path;

use domain::{MemberId, Run};
use relay::{Config, Core};

use crate::db::{DbError, Messages};

/// A hub that is ready to start.
pub struct Opened {
    pub(super) core: Core,
    pub(super) messages: Messages,
}

/// Rebuilds the core from `core.db` in the data directory, which the node has opened before.
///
/// # Errors
/// When the messages cannot be read.
pub async fn open(data: &Path, me: MemberId, run: Run) -> Result<Opened, DbError> {
    let messages = Messages::open(&data.join("core.db")).await?;
    let rows = messages.rows().await?;
    let core = Core::recover(Config::default(), me, run, rows);
    let (documents, count) = core.totals();
    tracing::info!(documents, messages = count, "chats are open");
    Ok(Opened { core, messages })
}
