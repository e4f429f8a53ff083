//! The stop signal: every loop, stream and listener watches it.

use std::sync::Arc;

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// A signal that is given once and stays given; clones share it.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}

impl Stop {
    /// A signal that nobody has given yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Gives the signal; a second time changes nothing.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// True once the signal was given.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for the signal; returns at once when it was given before.
    pub async fn stopped(&self) {
        // The sender lives in `self`, so the channel cannot close while we wait.
        let _ = self.0.subscribe().wait_for(|stopped| *stopped).await;
    }

    /// Waits for the signal without borrowing, for futures that outlive their maker.
    pub async fn into_stopped(self) {
        self.stopped().await;
    }
}

/// Waits for SIGINT or SIGTERM.
///
/// # Errors
/// When the handlers cannot be installed.
pub async fn interrupted() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_is_woken_and_whoever_comes_late_does_not_wait() {
        let stop = Stop::new();
        let waits = tokio::spawn(stop.clone().into_stopped());
        stop.stop();
        waits.await.unwrap();
        stop.stopped().await;
        assert!(stop.is_stopped());
    }
}
