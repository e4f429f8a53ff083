//! Reading back what the hub needs at a start: the entries of all messages, without their texts.

use std::path::{Path, PathBuf};

use domain::{MemberId, Run};
use relay::{Config, Core};

use crate::db::{DbError, Messages};

/// A hub that is ready to start.
pub struct Opened {
    pub(super) core: Core,
    pub(super) messages: Messages,
    /// SWISH's chat files, and up to which number they have the messages.
    pub(super) files: Option<(PathBuf, u64)>,
}

/// Rebuilds the core from `core.db` in the data directory, which the node has opened before; `files`
/// is the directory of SWISH's chat files, if they are to be read and written.
///
/// # Errors
/// When the messages cannot be read.
pub async fn open(
    data: &Path,
    (me, run): (MemberId, Run),
    files: Option<PathBuf>,
) -> Result<Opened, DbError> {
    let messages = Messages::open(&data.join("core.db")).await?;
    let rows = messages.rows().await?;
    let core = Core::recover(Config::default(), me, run, rows);
    let (documents, count) = core.totals();
    tracing::info!(documents, messages = count, "chats are open");
    let files = match files {
        None => None,
        Some(files) => {
            let filed = messages.filed().await?;
            // Of another directory nothing is known.
            let filed = filed.filter(|filed| files.to_str() == Some(&filed.directory));
            Some((files, filed.map_or(0, |filed| filed.upto)))
        }
    };
    Ok(Opened { core, messages, files })
}
