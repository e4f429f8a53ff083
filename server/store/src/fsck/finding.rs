//! What a check can find, each with the thing it is about.

use std::path::PathBuf;

use domain::{FileName, ObjectId, PackId};
use gitty::CommitError;
use thiserror::Error;

/// Something that is wrong or worth a look.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Finding {
    /// A loose file that is short, empty, or holds something else.
    #[error("loose object {id} is damaged: {reason}")]
    Loose {
        /// The object that its path names.
        id: ObjectId,
        /// What is wrong with the file.
        reason: String,
    },
    /// A member of a pack that is not what the header says.
    #[error("object {id} in {pack} is damaged: {reason}")]
    Packed {
        /// File of the pack.
        pack: String,
        /// The object that the header names.
        id: ObjectId,
        /// What is wrong with the member.
        reason: String,
    },
    /// A whole object of type commit that is none.
    #[error("commit {id} cannot be read: {error}")]
    Commit {
        /// Which one.
        id: ObjectId,
        /// Why.
        error: CommitError,
    },
    /// A pack without a whole header: SWISH does not open the store.
    #[error("{pack} cannot be attached: {reason}")]
    Pack {
        /// File of the pack.
        pack: String,
        /// Why.
        reason: String,
    },
    /// A pack whose bytes give it another name.
    #[error("{pack} is damaged: its content is {found}")]
    PackName {
        /// File of the pack.
        pack: String,
        /// What its bytes say.
        found: PackId,
    },
    /// A pack that is longer or shorter than its header says.
    #[error("{pack} has {found} bytes, its header says {announced}")]
    PackLength {
        /// File of the pack.
        pack: String,
        /// What the header says.
        announced: u64,
        /// What the file has.
        found: u64,
    },
    /// A file whose name of two characters SWISH takes for a folder; its walk stops there.
    #[error("{path} stands where folders of objects are")]
    Misplaced {
        /// Which one.
        path: PathBuf,
    },
    /// A temporary file of a write that did not end, or goes on now.
    #[error("{path} is a file that was never finished")]
    Leftover {
        /// Which one.
        path: PathBuf,
    },
    /// A commit whose text is not in the store.
    #[error("commit {commit} names the text {blob}, which is missing")]
    NoBlob {
        /// The commit.
        commit: ObjectId,
        /// What it names.
        blob: ObjectId,
    },
    /// A commit whose predecessor is not in the store: the history ends there.
    #[error("commit {commit} follows {previous}, which is missing")]
    NoPrevious {
        /// The commit.
        commit: ObjectId,
        /// What it follows.
        previous: ObjectId,
    },
    /// There is no journal: SWISH takes the commit with the greatest time of each file.
    #[error("ref/head is missing or empty")]
    NoJournal,
    /// The first line is no epoch: SWISH rebuilds the journal.
    #[error("ref/head does not begin with an epoch")]
    NoEpoch,
    /// A line that is no head move: SWISH rebuilds the journal, or does not open the store.
    #[error("line {line} of ref/head is damaged: {text}")]
    Line {
        /// From 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// A line that reads as a head move and was not written as one.
    #[error("line {line} of ref/head is laid out as no SWISH does: {text}")]
    Layout {
        /// From 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// The last line has no end; a save may be under way.
    #[error("ref/head ends in {bytes} bytes of an unfinished line")]
    Tail {
        /// How many.
        bytes: usize,
    },
    /// A line that moves a head to a commit that is not in the store.
    #[error("line {line} of ref/head moves {name} to {id}, which is missing")]
    NoCommit {
        /// From 1.
        line: usize,
        /// File.
        name: FileName,
        /// What it names.
        id: ObjectId,
    },
    /// A line that moves a head from a commit that is not in the store.
    #[error("line {line} of ref/head moves {name} from {id}, which is missing")]
    NoOld {
        /// From 1.
        line: usize,
        /// File.
        name: FileName,
        /// What it names.
        id: ObjectId,
    },
    /// A line that moves a head to a commit of another file.
    #[error("line {line} of ref/head moves {name} to {id}, a commit of {found}")]
    OtherFile {
        /// From 1.
        line: usize,
        /// File of the line.
        name: FileName,
        /// The commit.
        id: ObjectId,
        /// File of the commit.
        found: FileName,
    },
    /// A file that has commits and no line in the journal.
    #[error("{name} has commits, such as {commit}, and no head in ref/head")]
    NoHead {
        /// File.
        name: FileName,
        /// One of its commits.
        commit: ObjectId,
    },
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Something was lost, or SWISH will not do what it should.
    Damage,
    /// Normal after a crash, or in a store that was pruned.
    Notice,
}

impl Finding {
    /// How bad it is.
    #[must_use]
    pub const fn weight(&self) -> Weight {
        match self {
            Self::Leftover { .. }
            | Self::NoPrevious { .. }
            | Self::NoOld { .. }
            | Self::NoHead { .. } => Weight::Notice,
            Self::Loose { .. }
            | Self::Packed { .. }
            | Self::Commit { .. }
            | Self::Pack { .. }
            | Self::PackName { .. }
            | Self::PackLength { .. }
            | Self::Misplaced { .. }
            | Self::NoBlob { .. }
            | Self::NoJournal
            | Self::NoEpoch
            | Self::Line { .. }
            | Self::Layout { .. }
            | Self::Tail { .. }
            | Self::NoCommit { .. }
            | Self::OtherFile { .. } => Weight::Damage,
        }
    }

    /// A stable word for scripts.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Loose { .. } => "loose_object",
            Self::Packed { .. } => "packed_object",
            Self::Commit { .. } => "commit",
            Self::Pack { .. } => "pack_header",
            Self::PackName { .. } => "pack_name",
            Self::PackLength { .. } => "pack_length",
            Self::Misplaced { .. } => "misplaced_file",
            Self::Leftover { .. } => "leftover",
            Self::NoBlob { .. } => "missing_blob",
            Self::NoPrevious { .. } => "missing_previous",
            Self::NoJournal => "no_journal",
            Self::NoEpoch => "journal_epoch",
            Self::Line { .. } => "journal_line",
            Self::Layout { .. } => "journal_layout",
            Self::Tail { .. } => "journal_tail",
            Self::NoCommit { .. } => "missing_head",
            Self::NoOld { .. } => "missing_old_head",
            Self::OtherFile { .. } => "head_of_other_file",
            Self::NoHead { .. } => "file_without_head",
        }
    }

    /// The object it is about.
    #[must_use]
    pub const fn object(&self) -> Option<ObjectId> {
        match self {
            Self::Loose { id, .. }
            | Self::Packed { id, .. }
            | Self::Commit { id, .. }
            | Self::NoCommit { id, .. }
            | Self::NoOld { id, .. }
            | Self::OtherFile { id, .. } => Some(*id),
            Self::NoBlob { blob, .. } => Some(*blob),
            Self::NoPrevious { previous, .. } => Some(*previous),
            Self::NoHead { commit, .. } => Some(*commit),
            Self::Pack { .. }
            | Self::PackName { .. }
            | Self::PackLength { .. }
            | Self::Misplaced { .. }
            | Self::Leftover { .. }
            | Self::NoJournal
            | Self::NoEpoch
            | Self::Line { .. }
            | Self::Layout { .. }
            | Self::Tail { .. } => None,
        }
    }
}
