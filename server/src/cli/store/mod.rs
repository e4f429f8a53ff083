//! `store`: commands on a store directory, without a node.
//!
//! Those that read change nothing in it, so a SWISH or a node may run beside them.

mod cat;
mod diff;
mod fsck;
mod history;
mod ls;
mod prepare;
mod progress;
mod repack;
mod show;
mod verify;
mod version;

use std::{io, path::PathBuf};

use clap::{Args, Subcommand};
use store::{ClaimError, OpenError, ReadOnly};

use super::{Exit, out};

/// Arguments of `store`.
#[derive(Args, Debug)]
pub(super) struct Store {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the files and their heads.
    Ls(ls::Ls),
    /// Print the metadata of a version.
    Show(show::Show),
    /// Print the text of a version.
    Cat(cat::Cat),
    /// List the versions of a file, newest first.
    History(history::History),
    /// Print the difference of two versions as `diff -u` does.
    Diff(diff::Diff),
    /// Check every object, pack and line of the journal.
    Fsck(fsck::Fsck),
    /// Put loose objects into a pack.
    Repack(repack::Repack),
    /// Print what is in the store, so that two readers can be compared.
    Verify(verify::Verify),
    /// Complete the journal before SWISH opens the store.
    Prepare(prepare::Prepare),
}

impl Store {
    pub(super) fn run(self) -> Exit {
        match self.command {
            Command::Ls(command) => command.run(),
            Command::Show(command) => command.run(),
            Command::Cat(command) => command.run(),
            Command::History(command) => command.run(),
            Command::Diff(command) => command.run(),
            Command::Fsck(command) => command.run(),
            Command::Repack(command) => command.run(),
            Command::Verify(command) => command.run(),
            Command::Prepare(command) => command.run(),
        }
    }
}

/// Which store, and how to print.
#[derive(Args, Debug)]
struct Place {
    /// The store directory, such as SWISH's data/storage.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Place {
    fn open(&self) -> Result<ReadOnly, Exit> {
        ReadOnly::open(&self.dir).map_err(|error| not_open(&error))
    }
}

/// Says why a store cannot be opened.
fn not_open(error: &OpenError) -> Exit {
    let exit = match error {
        OpenError::Io { source, .. }
            if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Exit::Usage
        }
        OpenError::Claim(ClaimError::Held { .. }) => Exit::Refused,
        OpenError::Io { .. } | OpenError::Claim(_) | OpenError::NoEpoch(_) => Exit::Wrong,
    };
    out::complain(&out::chain(error), exit)
}

/// Ends a command whose steps say how they failed.
fn end(result: Result<Exit, Exit>) -> Exit {
    result.unwrap_or_else(|exit| exit)
}
