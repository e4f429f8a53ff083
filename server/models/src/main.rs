//! `models`: searches every order of events of small stories, and says which promise broke.
#![expect(clippy::print_stdout, reason = "a command prints its result")]

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use models::{Order, Outcome, Scenario, Search};

/// Exhaustive models of swish-cluster's core.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Searches all stories, or one.
    Run {
        /// Its name.
        name: Option<String>,
        /// Steps after which a search ends.
        #[arg(long, default_value_t = 100_000_000)]
        states: usize,
        #[arg(long)]
        mutant: Option<String>,
        #[arg(long)]
        wide: bool,
    },
}

fn main() -> Result<ExitCode> {
    let Command::Run { name, states, mutant, wide } = Arguments::parse().command;
    let stories = match name {
        Some(name) => vec![models::story(&name).context("no such story")?],
        None => models::stories(),
    };
    for story in stories {
        let story = match &mutant { 
            Some(m) => { let m = *cluster::Mutant::ALL.iter().find(|x| format!("{x:?}") == *m).context("mutant")?; story.broken(m) }
            None => story };
        let order = if wide {Order::Wide} else {Order::Deep};
        show(&story.clone(), &models::search(story, Search { order, steps: states, threads: 1 }));
    }
    Ok(ExitCode::SUCCESS)
}

fn show(story: &Scenario, outcome: &Outcome) {
    println!("{}: {} states, {} steps, depth {}, exhausted {}, {:?}, table {:?}, seen {:?}", story.name, outcome.states, outcome.steps, outcome.depth, outcome.exhausted, outcome.took, outcome.table, outcome.seen);
    if let Some((p, lines)) = &outcome.broken { println!("BROKEN {p}"); for l in lines { println!("   {l}"); } }
}
