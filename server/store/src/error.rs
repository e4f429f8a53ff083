//! Why an operation on the directory failed, and what it left behind.

use std::{io, path::PathBuf};

use domain::ObjectId;
use gitty::PackError;
use thiserror::Error;

use crate::claim::ClaimError;

/// The store could not be opened; nothing was changed but directories that were missing.
#[derive(Debug, Error)]
pub enum OpenError {
    /// A file or directory of the store.
    #[error("cannot use {path}")]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another node or tool has it.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// `ref/head` is there and does not begin with `epoch(N).`; SWISH would rewrite it.
    #[error("{0} does not begin with an epoch: move it away, and heads are found by time")]
    NoEpoch(PathBuf),
}

/// An object could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// It has no file.
    #[error("object {0} is missing")]
    Missing(ObjectId),
    /// Its file is short, or holds something else; SWISH may still be writing it.
    #[error("object {id} is damaged: {reason}")]
    Damaged {
        /// Which one.
        id: ObjectId,
        /// What is wrong with the file.
        reason: String,
    },
    /// The file is there and cannot be read.
    #[error("cannot read object {id}")]
    Io {
        /// Which one.
        id: ObjectId,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A pack file could not be attached; nothing was changed.
#[derive(Debug, Error)]
pub enum PackFault {
    /// It cannot be read.
    #[error("cannot read it")]
    Io(#[source] io::Error),
    /// It does not begin with a whole header; SWISH does not open the store.
    #[error("bad header")]
    Header(#[from] PackError),
    /// The header is longer than any we read.
    #[error("its header is too long")]
    HeaderTooLong,
}

/// An object could not be written; the file under its name, if any, is as before.
#[derive(Debug, Error)]
#[error("cannot write object {id}")]
pub struct WriteError {
    /// Which one.
    pub id: ObjectId,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// The journal could not be followed or led.
#[derive(Debug, Error)]
pub enum JournalError {
    /// It cannot be opened, read or locked; nothing was appended.
    #[error("cannot use ref/head")]
    Io(#[from] io::Error),
    /// Another process held the lock all the time; nothing was appended.
    #[error("ref/head is locked by another process")]
    Locked,
    /// The last line has no end yet; nothing was appended.
    #[error("ref/head ends in {bytes} bytes of an unfinished line")]
    PartialLine {
        /// Length of what is there.
        bytes: usize,
    },
    /// It is empty or begins with something else: it is being rebuilt. Nothing was appended.
    #[error("ref/head does not begin with an epoch")]
    NoEpoch,
    /// Only a part was appended; the next call completes it.
    #[error("only {written} of {bytes} bytes were appended to ref/head")]
    Append {
        /// Bytes that are in the file.
        written: usize,
        /// Bytes there should be.
        bytes: usize,
        /// Why.
        #[source]
        source: io::Error,
    },
}
