//! Which `swish-cluster` the tests start.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// A build of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// As it is installed; debug.
    Plain,
    /// With kill points.
    KillPoints,
    /// What the benchmark measures.
    Release,
    /// The same, and a page may say as much as it likes.
    Unlimited,
}

impl Build {
    /// Path of the program.
    ///
    /// # Errors
    /// It is not built; the text says how to build it.
    pub fn path(self) -> Result<PathBuf> {
        let (variable, below, command) = self.names();
        let path = std::env::var_os(variable).map_or_else(|| target().join(below), PathBuf::from);
        if !path.is_file() {
            bail!("{} is not built: {command}, or set {variable}", path.display());
        }
        Ok(path)
    }

    const fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Plain => ("SWISH_CLUSTER_BIN", "debug/swish-cluster", "cargo build -p server"),
            Self::KillPoints => (
                "SWISH_CLUSTER_KILL_BIN",
                "debug/swish-cluster-kill-points",
                "cargo build -p server --features kill-points, copy target/debug/swish-cluster \
                 there, build without it again",
            ),
            Self::Release => (
                "SWISH_CLUSTER_RELEASE_BIN",
                "release/swish-cluster",
                "cargo build --release -p server",
            ),
            Self::Unlimited => (
                "SWISH_CLUSTER_UNLIMITED_BIN",
                "release/swish-cluster-unlimited",
                "cargo build --release -p server --features unlimited, copy \
                 target/release/swish-cluster there, build without it again",
            ),
        }
    }
}

/// Where cargo builds this workspace.
#[must_use]
pub fn target() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = std::env::var_os("CARGO_TARGET_DIR");
    // A relative one counts from the folder in which cargo was called: the workspace's.
    workspace.join(folder.unwrap_or_else(|| "target".into()))
}
