//! Waiting for something to become true: polls with a deadline, never a plain sleep.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Asks until there is an answer, and tells how long that took.
///
/// # Errors
/// `patience` is over; the text names `what` and the last reason why not.
pub async fn until<T>(
    what: &str,
    patience: Duration,
    mut ask: impl AsyncFnMut() -> Result<T>,
) -> Result<(T, Duration)> {
    let began = Instant::now();
    loop {
        match ask().await {
            Ok(answer) => return Ok((answer, began.elapsed())),
            Err(reason) if began.elapsed() >= patience => {
                bail!("{what}: not within {patience:?}: {reason:#}")
            }
            Err(_) => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}
