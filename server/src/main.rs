//! `swish-cluster`: arguments to commands.

use std::process::ExitCode;

use clap::Parser;
use server::cli::{self, Cli};
use tikv_jemallocator::Jemalloc;

/// Gives back what a start and a long list needed for a moment (docs/decisions/0031). SQLite's
/// memory comes from it as well.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    cli::run(Cli::parse())
}
