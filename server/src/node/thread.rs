//! The thread that runs the node's task and its links, and nothing else.
//!
//! A save crosses driver and links several times; on one thread each crossing is a queue instead of
//! a wake-up, and no page that is rendered makes a vote wait.

use std::io;

use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

/// Keeps the thread; when it is dropped, whatever still runs there is dropped too.
#[derive(Debug)]
pub struct NodeThread {
    runtime: Handle,
    _end: oneshot::Sender<()>,
}

impl NodeThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel();
        std::thread::Builder::new().name("node".to_owned()).spawn(move || {
            // The other end says nothing; it is dropped.
            let _ = runtime.block_on(ended);
            runtime.shutdown_background();
        })?;
        Ok(Self { runtime: handle, _end: end })
    }

    /// Runs a function whose tasks and sockets are to live on this thread.
    pub fn enter<T>(&self, start: impl FnOnce() -> T) -> T {
        let _guard = self.runtime.enter();
        start()
    }
}
