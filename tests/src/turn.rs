//! Stories that start nodes take turns, over all test processes of this machine.

use std::{
    fs::{File, OpenOptions},
    io,
};

/// The turn; given up when dropped.
#[derive(Debug)]
pub struct Turn(#[expect(dead_code, reason = "the lock ends with the file")] File);

/// Waits for the turn: three nodes fill two cores, and six would make every time meaningless.
///
/// # Errors
/// The lock file cannot be used.
pub async fn take() -> io::Result<Turn> {
    let path = std::env::temp_dir().join("swish-cluster-tests.lock");
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    tokio::task::spawn_blocking(move || file.lock().map(|()| Turn(file)))
        .await
        .map_err(io::Error::other)?
}
