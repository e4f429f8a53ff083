//! What the gateway adds to a request that passes to SWISH, and how many bytes pass in a second.
//!
//! The upstream is a process of its own, and so is the node; requests with and without the gateway take
//! turns over connections that are kept.

use std::{
    fmt::Write as _,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};

use super::{float, length, run::say};
use crate::{
    cluster::{Cluster, Plan},
    program::Build,
    wait::until,
};

const REQUESTS: usize = 10_000;
const WARM: usize = 500;
const ROUNDS: usize = 5;
const DOWNLOAD: usize = 1 << 30;
/// The longest body that the gateway takes is a little longer.
const UPLOAD: usize = 60 << 20;
const UPLOADS: usize = 16;
const CHUNK: usize = 256 << 10;
/// What the issue asks for.
const ADDED_MS: f64 = 0.3;
const MB_PER_S: f64 = 500.0;

/// A connection that is kept.
struct Wire {
    stream: BufReader<TcpStream>,
    host: String,
}

/// Measures, and prints a table with the aims.
///
/// # Errors
/// The node is not built, or does not work.
pub async fn run() -> Result<()> {
    let (mut upstream, address) = start_upstream().await?;
    let cluster = node_before(&address).await?;
    let gateway = cluster.node(1).setup.gateway.clone();
    let (mut direct, mut passed) = (Wire::open(&address).await?, Wire::open(&gateway).await?);
    let [direct_us, passed_us] = latencies(&mut direct, &mut passed).await?;
    let mut text = format!("\n{:<44}{:>10}{:>10}\n", "a passed request", "direct", "gateway");
    let mut added = f64::NAN;
    for percent in [50, 99] {
        let (direct, passed) = (percentile(&direct_us, percent), percentile(&passed_us, percent));
        writeln!(text, "{:<44}{direct:>10.3}{passed:>10.3}", format!("p{percent} ms"))?;
        if percent == 50 {
            added = passed - direct;
        }
    }
    let mut rates = Vec::new();
    for (name, is_upload) in [("download MB/s", false), ("upload MB/s", true)] {
        let (mut best, mut all) = ([0.0_f64; 2], [Vec::new(), Vec::new()]);
        for _ in 0..ROUNDS {
            for (at, address) in [&address, &gateway].into_iter().enumerate() {
                let rate =
                    if is_upload { upload(address).await? } else { download(address).await? };
                best[at] = best[at].max(rate);
                all[at].push(rate);
            }
        }
        let [direct, passed] = all.map(|mut rates| {
            rates.sort_by(f64::total_cmp);
            rates[rates.len() / 2]
        });
        writeln!(
            text,
            "{name:<44}{direct:>10.0}{passed:>10.0}   (best {:.0} {:.0})",
            best[0], best[1]
        )?;
        rates.push((name, passed));
    }
    let word = |is_met| if is_met { "met" } else { "NOT MET" };
    writeln!(
        text,
        "  {:<8}added p50: {added:.3} ms, aim ≤ {ADDED_MS} ms",
        word(added <= ADDED_MS)
    )?;
    for (name, rate) in rates {
        writeln!(text, "  {:<8}{name}: {rate:.0}, aim ≥ {MB_PER_S:.0}", word(rate >= MB_PER_S))?;
    }
    say(&text)?;
    upstream.kill().await?;
    cluster.end().await
}

async fn start_upstream() -> Result<(Child, String)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("upstream").stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn()?;
    let output = child.stdout.take().context("no output")?;
    let line = BufReader::new(output).lines().next_line().await?;
    Ok((child, line.context("no address")?))
}

async fn node_before(address: &str) -> Result<Cluster> {
    let url = ("SWISH_CLUSTER_SWISH".to_owned(), format!("http://{address}"));
    let plan = Plan { nodes: 1, build: Build::Release, environment: vec![url], ..Plan::default() };
    let mut cluster = plan.prepare().await?;
    cluster.node_mut(1).start().await?;
    let gateway = cluster.node(1).setup.gateway.clone();
    until("the gateway", Duration::from_secs(30), async || {
        Wire::open(&gateway).await?.get("/small").await
    })
    .await?;
    Ok(cluster)
}

/// Microseconds of each request, without the gateway and with it.
async fn latencies(direct: &mut Wire, passed: &mut Wire) -> Result<[Vec<u64>; 2]> {
    let mut all = [Vec::new(), Vec::new()];
    for number in 0..WARM + REQUESTS {
        for (wire, took) in [&mut *direct, &mut *passed].into_iter().zip(&mut all) {
            let began = Instant::now();
            wire.get("/small").await?;
            if number >= WARM {
                took.push(u64::try_from(began.elapsed().as_nanos())?);
            }
        }
    }
    all.iter_mut().for_each(|took| took.sort_unstable());
    Ok(all)
}

/// Milliseconds, of sorted nanoseconds.
fn percentile(sorted: &[u64], percent: usize) -> f64 {
    let at = sorted.len().saturating_sub(1) * percent / 100;
    sorted.get(at).map_or(f64::NAN, |nanos| float(*nanos) / 1_000_000.0)
}

/// Megabytes in a second.
fn rate(bytes: usize, began: Instant) -> f64 {
    float(length(bytes)) / 1_000_000.0 / began.elapsed().as_secs_f64()
}

async fn download(address: &str) -> Result<f64> {
    let mut wire = Wire::open(address).await?;
    let began = Instant::now();
    let read = wire.get("/large").await?;
    ensure!(read == DOWNLOAD, "{read} bytes");
    Ok(rate(read, began))
}

async fn upload(address: &str) -> Result<f64> {
    let mut wire = Wire::open(address).await?;
    let chunk = vec![b'x'; CHUNK];
    let began = Instant::now();
    for _ in 0..UPLOADS {
        let host = &wire.host;
        let head =
            format!("POST /upload HTTP/1.1\r\nHost: {host}\r\nContent-Length: {UPLOAD}\r\n\r\n");
        let stream = wire.stream.get_mut();
        stream.write_all(head.as_bytes()).await?;
        for _ in 0..UPLOAD / CHUNK {
            stream.write_all(&chunk).await?;
        }
        wire.answer().await?;
    }
    Ok(rate(UPLOAD * UPLOADS, began))
}

impl Wire {
    async fn open(host: &str) -> Result<Self> {
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::with_capacity(CHUNK, stream), host: host.to_owned() })
    }

    /// Asks, and tells how long the body was.
    async fn get(&mut self, path: &str) -> Result<usize> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host);
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        self.answer().await
    }

    async fn answer(&mut self) -> Result<usize> {
        let (mut line, mut body) = (String::new(), 0);
        let mut is_ok = false;
        loop {
            line.clear();
            ensure!(self.stream.read_line(&mut line).await? > 0, "it ended");
            is_ok |= line.starts_with("HTTP/1.1 200 ");
            if let Some(said) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                body = said.trim().parse()?;
            }
            if line == "\r\n" {
                break;
            }
        }
        ensure!(is_ok, "no 200");
        let mut left = body;
        while left > 0 {
            let taken = self.stream.fill_buf().await?.len().min(left);
            ensure!(taken > 0, "it ended within a body");
            self.stream.consume(taken);
            left -= taken;
        }
        Ok(body)
    }
}

/// The small SWISH of [`run`]: prints its address and serves until it is killed.
///
/// # Errors
/// There is no free port.
pub async fn upstream() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    say(&format!("{}\n", listener.local_addr()?))?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(serve(stream));
    }
}

async fn serve(stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::with_capacity(CHUNK, stream);
    let chunk = vec![b'x'; CHUNK];
    loop {
        let (mut line, mut first, mut left) = (String::new(), String::new(), 0_usize);
        let mut is_last = false;
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            if first.is_empty() {
                first.clone_from(&line);
            }
            let small = line.to_ascii_lowercase();
            is_last |= small.trim() == "connection: close";
            if let Some(said) = small.strip_prefix("content-length:") {
                left = said.trim().parse()?;
            }
            if line == "\r\n" {
                break;
            }
        }
        while left > 0 {
            let taken = stream.fill_buf().await?.len().min(left);
            ensure!(taken > 0, "it ended within a body");
            stream.consume(taken);
            left -= taken;
        }
        let size = if first.starts_with("GET /large ") { DOWNLOAD } else { 200 };
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
        );
        let out = stream.get_mut();
        out.write_all(&[head.as_bytes(), &chunk[..size.min(200)]].concat()).await?;
        let mut left = size - size.min(200);
        while left > 0 {
            let now = left.min(CHUNK);
            out.write_all(&chunk[..now]).await?;
            left -= now;
        }
        if is_last {
            return Ok(out.shutdown().await?);
        }
    }
}
