//! Counting and slowing down the syncs of other processes, by a library that is loaded into them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, ensure};

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/bench/sync_shim.c");

/// The built library.
#[derive(Clone, Debug)]
pub struct Shim(PathBuf);

impl Shim {
    /// Builds the library with the C compiler.
    ///
    /// # Errors
    /// There is none.
    pub fn build(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join("libsync_shim.so");
        let output = Command::new("cc")
            .args(["-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o"])
            .arg(&path)
            .arg(SOURCE)
            .output()
            .context("cc is missing (Debian: apt install gcc)")?;
        ensure!(output.status.success(), "cc: {}", String::from_utf8_lossy(&output.stderr));
        Ok(Self(path))
    }

    /// Environment of a process that believes to have synced and has not.
    #[must_use]
    pub fn lying(&self) -> Vec<(String, String)> {
        let library = self.0.display().to_string();
        vec![("LD_PRELOAD".into(), library), ("SYNC_SHIM_LIES".into(), "1".into())]
    }

    /// Environment of a process whose syncs are counted into a file, and slowed down.
    pub(super) fn environment(&self, counts: &Path, delay: Duration) -> Vec<(String, String)> {
        let text = |path: &Path| path.display().to_string();
        vec![
            ("LD_PRELOAD".into(), text(&self.0)),
            ("SYNC_SHIM_COUNTS".into(), text(counts)),
            ("SYNC_SHIM_DELAY_US".into(), delay.as_micros().to_string()),
        ]
    }
}

/// All syncs of a process so far.
pub(super) fn syncs(counts: &Path) -> Result<u64> {
    let bytes = fs::read(counts).with_context(|| format!("nothing at {}", counts.display()))?;
    let count = |piece: &[u8]| piece.try_into().map_or(0, u64::from_ne_bytes);
    Ok(bytes.chunks(8).map(count).sum())
}
