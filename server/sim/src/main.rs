//! `sim`: runs schedules of the cluster core and says which promise broke, and how to see it again.
#![expect(clippy::print_stdout, reason = "a command prints its result")]

use std::{ops::Range, process::ExitCode, time::Instant};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use cluster::Mutant;
use sim::{Counts, Kind, Profile, Trace, Violation};

/// Invariants that a lost save breaks.
const LOST: [&str; 3] = ["answered saves (P3)", "held saves (P3)", "SWISH follows (P9)"];

/// Deterministic simulation of swish-cluster.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs many schedules, one per seed.
    Run {
        /// How many.
        #[arg(long, default_value_t = 1_000)]
        seeds: u64,
        /// The first.
        #[arg(long, default_value_t = 1)]
        from: u64,
        #[command(flatten)]
        options: Options,
        /// Failures to print.
        #[arg(long, default_value_t = 5)]
        show: usize,
        /// Threads; 2 for many seeds.
        #[arg(long)]
        threads: Option<u64>,
    },
    /// Prints every event of one schedule.
    Replay {
        /// Which.
        seed: u64,
        #[command(flatten)]
        options: Options,
    },
}

#[derive(clap::Args, Clone, Copy)]
struct Options {
    /// Members of the cluster.
    #[arg(long, default_value_t = 3)]
    nodes: usize,
    /// Weather of every schedule, instead of one by its seed.
    #[arg(long, value_parser = kind)]
    kind: Option<Kind>,
    /// A rule to break on purpose.
    #[arg(long, value_parser = mutant)]
    mutant: Option<Mutant>,
}

impl Options {
    fn profile(self, seed: u64) -> Profile {
        match self.kind {
            None => Profile::of(seed, self.nodes, self.mutant),
            Some(kind) => Profile::in_weather(kind, seed, self.nodes, self.mutant),
        }
    }
}

/// What a share of the seeds gave.
#[derive(Default)]
struct Share {
    counts: Counts,
    failed: Vec<(u64, Violation)>,
}

fn main() -> Result<ExitCode> {
    match Arguments::parse().command {
        Command::Run { seeds, from, options, show, threads } => {
            run(from..from + seeds, options, show, threads)
        }
        Command::Replay { seed, options } => Ok(replay(seed, options)),
    }
}

fn run(seeds: Range<u64>, options: Options, show: usize, threads: Option<u64>) -> Result<ExitCode> {
    let many = seeds.end - seeds.start >= 100;
    let threads = threads.unwrap_or(if many { 2 } else { 1 }).max(1);
    let began = Instant::now();
    let mut whole = Share::default();
    std::thread::scope(|scope| -> Result<()> {
        let shares: Vec<_> = (0..threads)
            .map(|share| {
                scope.spawn(move || run_share(seeds.start + share, seeds.end, threads, options))
            })
            .collect();
        for share in shares {
            let share = share.join().ok().context("a schedule panicked")?;
            whole.counts += share.counts;
            whole.failed.extend(share.failed);
        }
        Ok(())
    })?;
    whole.failed.sort_by_key(|(seed, _)| *seed);
    report(&whole, began.elapsed().as_secs_f64() * f64::from(u32::try_from(threads)?));
    for (seed, violation) in whole.failed.iter().take(show) {
        println!("seed {seed}: {violation}");
        println!("  {}", command(*seed, options));
    }
    Ok(if whole.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_share(first: u64, end: u64, step: u64, options: Options) -> Share {
    let mut share = Share::default();
    let mut seed = first;
    while seed < end {
        let profile = options.profile(seed);
        let outcome = sim::run(profile, Trace::off());
        share.counts += outcome.counts;
        share.failed.extend(outcome.violation.map(|violation| (seed, violation)));
        seed += step;
    }
    share
}

fn report(share: &Share, core_seconds: f64) {
    let counts = share.counts;
    let seconds = |us: u64| std::time::Duration::from_micros(us).as_secs_f64();
    let hours = seconds(counts.virtual_us) / 3_600.0;
    println!(
        "{} schedules, {hours:.1} simulated hours, {:.2} hours per second and core",
        counts.schedules,
        hours / core_seconds
    );
    println!(
        "{} crashes, {} wipes, {} old disks, {} changes of the roster, {} cuts, {} pauses, {} messages; slowest healing {:.1} s",
        counts.crashes,
        counts.wipes,
        counts.rolled,
        counts.changes,
        counts.cuts,
        counts.pauses,
        counts.messages,
        seconds(counts.healing_us)
    );
    println!(
        "{} saves tried: {} decided, {} held, {} conflicts, {} refused; {} commits decided; \
         {} divergences listed, {} settled",
        counts.attempts,
        counts.decided,
        counts.held,
        counts.conflicts,
        counts.refused,
        counts.commits,
        counts.diverged,
        counts.settled
    );
    let lost =
        share.failed.iter().filter(|(_, violation)| LOST.contains(&violation.invariant)).count();
    println!("{} broken promises, {lost} lost saves", share.failed.len());
}

fn replay(seed: u64, options: Options) -> ExitCode {
    let profile = options.profile(seed);
    let outcome = sim::run(profile, Trace::on());
    for line in outcome.lines {
        println!("{line}");
    }
    match outcome.violation {
        None => ExitCode::SUCCESS,
        Some(_) => ExitCode::FAILURE,
    }
}

/// What repeats a schedule.
fn command(seed: u64, options: Options) -> String {
    let mut command = format!("cargo run --release -p sim -- replay {seed}");
    if options.nodes != 3 {
        command += &format!(" --nodes {}", options.nodes);
    }
    if let Some(kind) = options.kind {
        command += &format!(" --kind {kind:?}");
    }
    if let Some(mutant) = options.mutant {
        command += &format!(" --mutant {mutant:?}");
    }
    command
}

fn mutant(text: &str) -> Result<Mutant, String> {
    one_of(&Mutant::ALL, text)
}

fn kind(text: &str) -> Result<Kind, String> {
    one_of(&Kind::ALL, text)
}

/// The element whose name is `text`, in any case.
fn one_of<T: Copy + std::fmt::Debug>(all: &[T], text: &str) -> Result<T, String> {
    let names: Vec<String> = all.iter().map(|element| format!("{element:?}")).collect();
    let at = names.iter().position(|name| name.eq_ignore_ascii_case(text));
    at.map(|at| all[at]).ok_or_else(|| format!("one of {}", names.join(", ")))
}
