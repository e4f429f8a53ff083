//! The log of a walk: what was done and expected, and what the browsers showed.

use std::{env, fmt::Write as _, fs, path::PathBuf};

use anyhow::Result;

use super::page::Page;

/// Names the folder in which log and pictures are left.
const FOLDER: &str = "SWISH_CLUSTER_WALK";

/// A walk in progress.
pub(super) struct Walk {
    folder: Option<PathBuf>,
    log: String,
    steps: usize,
}

impl Walk {
    pub(super) fn begin() -> Result<Self> {
        let folder = env::var_os(FOLDER).map(PathBuf::from);
        if let Some(folder) = &folder {
            fs::create_dir_all(folder)?;
        }
        let log = "# Two people, two SWISH servers, one cluster\n\n\
            Written by `make walk`: two unmodified SWISH servers with accounts (`auth_http`), each behind a\n\
            node, a third node without one, nginx in front as in [install.md](../install.md), two Chromium\n\
            browsers. Every step was checked before its picture was taken; the expectations are in\n\
            `end2end/tests/beside_swish/main.rs`.\n";
        Ok(Self { folder, log: log.to_owned(), steps: 0 })
    }

    /// Something was done, and what was expected was seen.
    pub(super) async fn step<const N: usize>(
        &mut self,
        what: &str,
        seen: [&Page; N],
    ) -> Result<()> {
        self.steps += 1;
        eprintln!("{:2}. {what}", self.steps);
        writeln!(self.log, "\n## {}. {what}\n", self.steps)?;
        for page in seen {
            let node = page.node().await?;
            let file = format!("{:02}-{}.png", self.steps, page.who.to_lowercase());
            writeln!(self.log, "{} (session of {node}):\n\n![]({file})", page.who)?;
            if let Some(folder) = &self.folder {
                fs::write(folder.join(file), page.picture().await?)?;
            }
        }
        Ok(())
    }

    /// Something that no picture shows.
    pub(super) fn note(&mut self, text: &str) {
        eprintln!("    {text}");
        self.log.push_str(&format!("\n{text}\n"));
    }

    pub(super) fn end(self) -> Result<()> {
        match self.folder {
            Some(folder) => Ok(fs::write(folder.join("README.md"), self.log)?),
            None => Ok(()),
        }
    }
}
