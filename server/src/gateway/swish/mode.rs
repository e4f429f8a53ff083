//! How the SWISH beside this node treats strangers, as its answers show.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use crate::node::link::now_ms;

/// Its file in the data directory is there while SWISH demands a login for everything.
const FILE: &str = "swish-demands-login";
/// A SWISH without login is asked about it again after this time: it may have been started anew.
const AGAIN_MS: u64 = 60_000;

/// Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Mode(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    file: PathBuf,
    demands: AtomicBool,
    lacked_at: AtomicU64,
    protects_chat: AtomicBool,
}

impl Mode {
    /// As it was when the node stopped: a node whose SWISH does not answer yet must not show what
    /// SWISH would not.
    pub(super) fn read(data_dir: &Path) -> Self {
        let file = data_dir.join(FILE);
        let demands = AtomicBool::new(file.exists());
        Self(Arc::new(Shared {
            file,
            demands,
            lacked_at: AtomicU64::new(0),
            protects_chat: AtomicBool::new(false),
        }))
    }

    /// True if it shows nothing without a login (spec E.2, `auth_http_always`).
    pub(super) fn demands_login(&self) -> bool {
        self.0.demands.load(Relaxed)
    }

    /// It was asked without credentials.
    pub(super) fn learn(&self, demands: bool) {
        if self.0.demands.swap(demands, Relaxed) == demands {
            return;
        }
        let kept = match demands {
            true => std::fs::write(&self.0.file, ""),
            false => std::fs::remove_file(&self.0.file),
        };
        if let Err(error) = kept {
            tracing::warn!(%error, file = %self.0.file.display(), "how SWISH treats strangers is not kept");
        }
    }

    /// True if its configuration says that only people with an account post in chats.
    pub(super) fn protects_chat(&self) -> bool {
        self.0.protects_chat.load(Relaxed)
    }

    /// What its configuration says of that.
    pub(super) fn learn_chat(&self, protects: bool) {
        self.0.protects_chat.store(protects, Relaxed);
    }

    /// False if it said a short while ago that it has no login at all.
    pub(super) fn has_login(&self) -> bool {
        now_ms().saturating_sub(self.0.lacked_at.load(Relaxed)) > AGAIN_MS
    }

    /// It has no login.
    pub(super) fn lacks_login(&self) {
        self.0.lacked_at.store(now_ms(), Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_remembers_that_swish_demands_a_login() {
        let dir = tempfile::tempdir().unwrap();
        let mode = Mode::read(dir.path());
        assert!(!mode.demands_login());
        mode.learn(true);
        assert!(Mode::read(dir.path()).demands_login());
        mode.learn(false);
        assert!(!Mode::read(dir.path()).demands_login());
    }
}
