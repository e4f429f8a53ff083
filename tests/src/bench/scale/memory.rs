//! Memory of a process, as the kernel counts it.

use std::{fmt, fs};

use anyhow::{Context, Result};

use crate::bench::float;

/// A reading, in kilobytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Memory {
    /// All of it; what is shared with others counts in parts.
    pss: u64,
    /// Of that: the process's own, not a part of a file.
    anonymous: u64,
    /// With all that is shared.
    rss: u64,
}

impl Memory {
    /// Of a process that is up.
    pub(super) fn of(pid: Option<u32>) -> Result<Self> {
        let pid = pid.context("the node is down")?;
        Self::read(&fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?)
    }

    fn read(text: &str) -> Result<Self> {
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let figure = line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse().ok());
            figure.with_context(|| format!("no {name} in smaps_rollup"))
        };
        Ok(Self { pss: field("Pss")?, anonymous: field("Anonymous")?, rss: field("Rss")? })
    }

    pub(super) fn pss_mb(self) -> f64 {
        mb(self.pss)
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (pss, anonymous, rss) = (mb(self.pss), mb(self.anonymous), mb(self.rss));
        write!(f, "PSS {pss:.0} MB (own {anonymous:.0} MB), RSS {rss:.0} MB")
    }
}

fn mb(kilobytes: u64) -> f64 {
    float(kilobytes) / 1_024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_text_is_read() {
        let text = "5500-7fff ---p 0 00:00 0 [rollup]\nRss:  204800 kB\nPss:  102400 kB\n\
                    Pss_Dirty: 7 kB\nAnonymous:   51200 kB\n";
        let memory = Memory::read(text).unwrap();
        assert_eq!(memory.to_string(), "PSS 100 MB (own 50 MB), RSS 200 MB");
        assert!(Memory::read("Rss: 1 kB").is_err());
    }
}
