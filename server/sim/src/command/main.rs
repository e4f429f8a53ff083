//! `sim`: runs schedules of the cluster core and says which promise broke, and how to see it again.
#![expect(clippy::print_stdout, reason = "a command prints its result")]

mod report;

use std::{
    ops::Range,
    process::ExitCode,
    sync::LazyLock,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use cluster::Mutant;
use sim::{
    Kind, Profile, Trace, chat,
    mutants::{Killed, TABLE},
    shrink,
};

use report::{Figures, Share};

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
    /// Breaks each rule on purpose, and prints which promise broke with it.
    Mutants,
    /// Prints every event of one schedule.
    Replay {
        /// Which.
        seed: u64,
        /// Positions of the planned steps to carry out, as `shrink` prints them; all without it.
        #[arg(long, value_delimiter = ',')]
        only: Option<Vec<usize>>,
        #[command(flatten)]
        options: Options,
    },
    /// Leaves out of a failing schedule what is not needed to fail, and prints what is left.
    Shrink {
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
    mutant: Option<Broken>,
}

/// A rule that is broken on purpose, in one of the cores.
#[derive(Clone, Copy, Debug)]
enum Broken {
    Cluster(Mutant),
    Relay(relay::Mutant),
}

impl Broken {
    fn name(self) -> String {
        match self {
            Self::Cluster(mutant) => format!("{mutant:?}"),
            Self::Relay(mutant) => format!("{mutant:?}"),
        }
    }
}

impl Options {
    fn profile(self, seed: u64) -> Profile {
        let mutant = match self.mutant {
            Some(Broken::Relay(mutant)) => return Profile::chat(seed, self.nodes, Some(mutant)),
            Some(Broken::Cluster(mutant)) => Some(mutant),
            None => None,
        };
        match self.kind {
            None => Profile::of(seed, self.nodes, mutant),
            Some(kind) => Profile::in_weather(kind, seed, self.nodes, mutant),
        }
    }
}

fn main() -> Result<ExitCode> {
    match Arguments::parse().command {
        Command::Run { seeds, from, options, show, threads } => {
            run(from..from + seeds, options, show, threads)
        }
        Command::Replay { seed, only, options } => Ok(replay(seed, only, options)),
        Command::Shrink { seed, options } => Ok(shrink(seed, options)),
        Command::Mutants => Ok(mutants()),
    }
}

fn run(seeds: Range<u64>, options: Options, show: usize, threads: Option<u64>) -> Result<ExitCode> {
    let many = seeds.end - seeds.start >= 100;
    let threads = threads.unwrap_or(if many { 2 } else { 1 }).max(1);
    let mut whole = Share::default();
    std::thread::scope(|scope| -> Result<()> {
        let shares: Vec<_> = (0..threads)
            .map(|share| {
                scope.spawn(move || run_share(seeds.start + share, seeds.end, threads, options))
            })
            .collect();
        for share in shares {
            let share = share.join().ok().context("a schedule panicked")?;
            whole.add(share);
        }
        Ok(())
    })?;
    whole.failed.sort_by_key(|(seed, _)| *seed);
    whole.print();
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
        let (kind, began) = (profile.kind, core_time());
        let outcome = sim::run(profile, Trace::off());
        let figures = Figures { counts: outcome.counts, took: core_time().saturating_sub(began) };
        *share.by_kind.entry(kind).or_default() += figures;
        share.failed.extend(outcome.violation.map(|violation| (seed, violation)));
        seed += step;
    }
    share
}

/// Time that this thread has been on a core; time as such where the system does not say.
fn core_time() -> Duration {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = text.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| BEGAN.elapsed(), Duration::from_nanos)
}

fn replay(seed: u64, only: Option<Vec<usize>>, options: Options) -> ExitCode {
    let profile = options.profile(seed);
    let outcome = match only {
        None => sim::run(profile, Trace::on()),
        Some(kept) => shrink::replay(&profile, &kept, Trace::on()),
    };
    for line in outcome.lines {
        println!("{line}");
    }
    match outcome.violation {
        None => ExitCode::SUCCESS,
        Some(_) => ExitCode::FAILURE,
    }
}

/// Prints the shortest schedule that breaks what the seed breaks; success if it breaks nothing.
fn shrink(seed: u64, options: Options) -> ExitCode {
    let profile = options.profile(seed);
    let Some(shrunk) = shrink::shrink(&profile) else {
        println!("seed {seed} breaks nothing");
        return ExitCode::SUCCESS;
    };
    for line in shrink::replay(&profile, &shrunk.kept, Trace::on()).lines {
        println!("{line}");
    }
    let kept: Vec<String> = shrunk.kept.iter().map(ToString::to_string).collect();
    println!("{}", shrunk.violation);
    println!("{} of {} planned steps are needed ({} runs)", kept.len(), shrunk.steps, shrunk.runs);
    println!("  {} --only {}", command(seed, options), kept.join(","));
    ExitCode::FAILURE
}

/// The table of all mutants; one that survives is a failure.
fn mutants() -> ExitCode {
    let began = Instant::now();
    let mut survivors = 0;
    println!(
        "{:<20} {:<48} {:<10} {:>5} {:>8}  broken promise",
        "mutant", "what it does", "weather", "seed", "seconds"
    );
    for row in TABLE {
        let kind = row.kind.map_or_else(|| "round".into(), |kind| format!("{kind:?}"));
        survivors += print_row([&format!("{:?}", row.mutant), row.does, &kind], || row.kill());
    }
    for row in chat::mutants::TABLE {
        survivors += print_row([&format!("{:?}", row.mutant), row.does, "Chat"], || row.kill());
    }
    let mutants = TABLE.len() + chat::mutants::TABLE.len();
    let killed = mutants - survivors;
    println!("{killed} of {mutants} mutants killed, {:.1} s", began.elapsed().as_secs_f64());
    if survivors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints how a mutant is found; how many survive, 1 or 0.
fn print_row([name, does, kind]: [&str; 3], kill: impl FnOnce() -> Option<Killed>) -> usize {
    let began = Instant::now();
    let killed = kill();
    let seconds = began.elapsed().as_secs_f64();
    let (seed, promise) = match &killed {
        Some(Killed { seed, violation }) => (seed.to_string(), violation.invariant),
        None => ("-".into(), "SURVIVES"),
    };
    println!("{name:<20} {does:<48} {kind:<10} {seed:>5} {seconds:>8.2}  {promise}");
    usize::from(killed.is_none())
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
        command += &format!(" --mutant {}", mutant.name());
    }
    command
}

fn mutant(text: &str) -> Result<Broken, String> {
    let of_relay = |_| one_of(&relay::Mutant::ALL, text).map(Broken::Relay);
    let of_cluster = one_of(&Mutant::ALL, text).map(Broken::Cluster);
    of_cluster.or_else(|unknown| of_relay(()).map_err(|other| format!("{unknown}; {other}")))
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
