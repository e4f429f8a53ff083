//! `models`: searches every order of events of small stories, and says which promise broke.
#![expect(clippy::print_stdout, reason = "a command prints its result")]

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use cluster::Mutant;
use models::{HUNTS, Order, Outcome, Scenario, Search};

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
        /// Which; see `list`.
        name: Option<String>,
        /// Steps after which a search ends: each leads to a state, new or known.
        #[arg(long, default_value_t = 50_000_000)]
        states: usize,
        /// A rule to break on purpose.
        #[arg(long, value_parser = mutant)]
        mutant: Option<Mutant>,
        /// Look at near states first: more memory, and the shortest way to a broken promise.
        #[arg(long)]
        wide: bool,
    },
    /// Breaks each rule on purpose, in the story that has to see it.
    Hunt {
        /// Steps after which a search ends.
        #[arg(long, default_value_t = 20_000_000)]
        states: usize,
    },
    /// Names the stories.
    List,
}

fn mutant(text: &str) -> Result<Mutant, String> {
    let found = Mutant::ALL.into_iter().find(|mutant| format!("{mutant:?}") == text);
    found.ok_or_else(|| format!("one of {:?}", Mutant::ALL))
}

fn main() -> Result<ExitCode> {
    let good = match Arguments::parse().command {
        Command::Run { name, states, mutant, wide } => {
            let order = if wide { Order::Wide } else { Order::Deep };
            run(name.as_deref(), mutant, Search { order, steps: states, threads: 1 })?
        }
        Command::Hunt { states } => hunt(states)?,
        Command::List => list(),
    };
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn list() -> bool {
    for story in models::stories() {
        println!("{:<12} {}", story.name, story.about);
    }
    true
}

/// True if nothing is broken and everything was seen that a story is about.
fn run(name: Option<&str>, mutant: Option<Mutant>, search: Search) -> Result<bool> {
    let stories = match name {
        Some(name) => vec![models::story(name).context("no such story: see `models list`")?],
        None => models::stories(),
    };
    let mut good = true;
    for story in stories {
        let story = match mutant {
            Some(mutant) => story.broken(mutant),
            None => story,
        };
        let order = if story.changes() { Order::Wide } else { search.order };
        let outcome = models::search(story.clone(), Search { order, ..search });
        println!("{}", line(&story, &outcome));
        if let Some((promise, steps)) = &outcome.broken {
            println!("  broken: {promise}, after {} steps", steps.len());
            steps.iter().for_each(|step| println!("    {step}"));
            good = false;
        }
        let lacks = story.wants.iter().filter(|want| !outcome.seen.contains(want));
        for want in lacks.filter(|_| outcome.exhausted) {
            println!("  never seen: {want:?}");
            good = false;
        }
    }
    Ok(good)
}

/// True if every mutant is found.
fn hunt(steps: usize) -> Result<bool> {
    let mut good = true;
    for hunt in HUNTS {
        let story = models::story(hunt.story).context("a hunt in no story")?.broken(hunt.mutant);
        let search = Search { order: Order::Wide, steps, threads: 1 };
        let outcome = models::search(story, search);
        let found = outcome.broken.as_ref().map_or_else(
            || "NOT FOUND".to_owned(),
            |(promise, steps)| format!("{promise} after {} steps", steps.len()),
        );
        println!(
            "{:<22} {:<12} {found}, {:.1} s",
            format!("{:?}", hunt.mutant),
            hunt.story,
            outcome.took.as_secs_f64()
        );
        good &= outcome.broken.is_some();
    }
    Ok(good)
}

fn line(story: &Scenario, outcome: &Outcome) -> String {
    let end = if outcome.broken.is_some() {
        "broken".to_owned()
    } else if outcome.exhausted {
        "exhausted".to_owned()
    } else {
        format!("capped at {} steps", outcome.steps)
    };
    format!(
        "{:<12} {:>10} states, depth {:>3}, {end}, {:.1} s",
        story.name,
        outcome.states,
        outcome.depth,
        outcome.took.as_secs_f64(),
    )
}
