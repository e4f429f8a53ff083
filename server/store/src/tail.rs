//! The journal's tail after a crash, when no SWISH runs.

use gitty::journal::Journal;

use crate::{disk::Disk, error::JournalError, journal::JournalFile};

/// What [`crate::Store::repair_tail`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TailReport {
    /// The last line is whole.
    Whole,
    /// The last line lacked only its newline.
    Completed,
    /// The last line was cut off: its save had not been acknowledged by a whole line.
    Cut {
        /// Bytes removed.
        bytes: usize,
    },
}

impl JournalFile {
    /// Completes or cuts the last line; its head, if whole, is read as somebody else's.
    pub(crate) fn repair_tail(&mut self, disk: &dyn Disk) -> Result<TailReport, JournalError> {
        self.exclusively(|journal| journal.repair(disk))
    }

    fn repair(&mut self, disk: &dyn Disk) -> Result<TailReport, JournalError> {
        self.read_on()?;
        let bytes = self.partial_bytes();
        if bytes == 0 {
            return Ok(TailReport::Whole);
        }
        let mut line = self.read_from(self.offset)?;
        line.push(b'\n');
        let whole = Journal::read(&line);
        if whole.foreign.is_empty() && whole.updates.len() == 1 {
            self.append(disk, b"\n")?;
            self.read_on()?;
            return Ok(TailReport::Completed);
        }
        self.file.set_len(self.offset)?;
        self.read_on()?;
        Ok(TailReport::Cut { bytes })
    }
}
