//! The disk's own figure: append 300 bytes and fdatasync, by processes of their own.

use std::{
    fs::OpenOptions,
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

/// As long as the text of a save.
const BYTES: usize = 300;

/// A process that appends when it is told to.
#[derive(Debug)]
struct Appender {
    child: Child,
    orders: ChildStdin,
    figures: BufReader<ChildStdout>,
}

/// Processes that append, all at once.
#[derive(Debug)]
pub(super) struct Appenders(Vec<Appender>);

impl Appenders {
    /// Starts `count` processes of this program.
    pub(super) fn start(
        folder: &Path,
        count: usize,
        environment: &[(String, String)],
    ) -> Result<Self> {
        let start = |number| {
            let mut child = Command::new(std::env::current_exe()?)
                .arg("append")
                .arg(folder.join(format!("append-{count}-{number}")))
                .envs(environment.iter().map(|(name, value)| (name, value)))
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()?;
            let orders = child.stdin.take().context("no input")?;
            let figures = BufReader::new(child.stdout.take().context("no output")?);
            Ok(Appender { child, orders, figures })
        };
        Ok(Self((0..count).map(start).collect::<Result<_>>()?))
    }

    /// Lets them append for a while; how long each append took, in microseconds.
    pub(super) fn measure(&mut self, time: Duration) -> Result<Vec<u64>> {
        for appender in &mut self.0 {
            writeln!(appender.orders, "{}", time.as_millis())?;
        }
        let mut all = Vec::new();
        for appender in &mut self.0 {
            let mut line = String::new();
            appender.figures.read_line(&mut line)?;
            for figure in line.split_whitespace() {
                all.push(figure.parse()?);
            }
        }
        Ok(all)
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        let _ = (self.child.kill(), self.child.wait());
    }
}

/// What such a process does: appends for as many milliseconds as each line of its input says, and
/// answers with the microseconds of each append.
///
/// # Errors
/// The file cannot be written.
pub fn append(path: &Path) -> Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let line = vec![b'x'; BYTES];
    for order in io::stdin().lock().lines() {
        let time = Duration::from_millis(order?.trim().parse()?);
        let began = Instant::now();
        let mut figures = String::new();
        while began.elapsed() < time {
            let start = Instant::now();
            file.write_all(&line)?;
            file.sync_data()?;
            figures.push_str(&format!("{} ", start.elapsed().as_micros()));
        }
        writeln!(io::stdout(), "{figures}")?;
    }
    Ok(())
}
