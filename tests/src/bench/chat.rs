//! What chat costs: delivering to many pages, one hasty sender, ten thousand sockets, long histories.
//!
//! The pages are this process and the nodes processes of their own. The program is built with feature
//! `unlimited`, because no person may post as fast as this does.

use std::{
    fmt::Write as _,
    fs,
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use tokio::{sync::mpsc, task::JoinSet};

use super::{float, length, meter, run::say};
use crate::{
    cluster::{Cluster, Plan},
    page::Page,
    program::Build,
    wait::until,
};

/// Pages that have one file open.
const READERS: usize = 50;
const WARM: usize = 50;
const POSTS: usize = 1_000;
const HASTY: usize = 20_000;
const SOCKETS: usize = 10_000;
const HISTORY: usize = 100_000;
/// Posts that a page has under way at once while it fills a history.
const UNDER_WAY: usize = 128;
const FILE: &str = "bench.pl";

/// What the issue asks for.
const FAN_OUT_MS: f64 = 2.0;
const PER_SECOND: f64 = 5_000.0;
const CPU_US: f64 = 10.0;
const MEGABYTES: f64 = 400.0;
const OPEN_MS: f64 = 5.0;

/// Lines of the table and of the aims.
#[derive(Default)]
struct Report {
    aims: String,
}

/// Measures, and prints the figures with their aims.
///
/// # Errors
/// The node is not built, or does not work.
pub async fn run() -> Result<()> {
    let mut report = Report::default();
    for nodes in [1, 3] {
        fan_out(nodes, &mut report).await?;
    }
    one_sender(&mut report).await?;
    joins(&mut report).await?;
    sockets(&mut report).await?;
    history(&mut report).await?;
    say(&format!("\nchat\n{}", report.aims))
}

impl Report {
    fn line(&mut self, what: &str) -> Result<()> {
        self.say(&format!("          {what}"))
    }

    fn aim(&mut self, is_met: bool, what: &str) -> Result<()> {
        let word = if is_met { "met" } else { "NOT MET" };
        self.say(&format!("  {word:<8}{what}"))
    }

    /// At once, since all of it takes minutes, and again at the end.
    fn say(&mut self, line: &str) -> Result<()> {
        say(line)?;
        Ok(writeln!(self.aims, "{line}")?)
    }
}

async fn start(nodes: usize) -> Result<Cluster> {
    let plan = Plan { nodes, build: Build::Unlimited, ..Plan::default() };
    if nodes > 1 {
        return plan.start().await;
    }
    let mut cluster = plan.prepare().await?;
    cluster.node_mut(1).start().await?;
    let gateway = cluster.node(1).setup.gateway.clone();
    until("the gateway", Duration::from_secs(30), async || Page::open(&gateway).await).await?;
    Ok(cluster)
}

/// Pages that have [`FILE`] open, the first of them to post.
async fn readers(address: &str, count: usize) -> Result<Vec<Page>> {
    let mut pages = Vec::new();
    for _ in 0..count {
        let mut page = Page::open(address).await?;
        page.has_open(&[FILE]).await?;
        page.expect("gazers").await?;
        pages.push(page);
    }
    Ok(pages)
}

/// Milliseconds, of sorted times.
fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let at = sorted.len().saturating_sub(1) * percent / 100;
    sorted.get(at).map_or(f64::NAN, |took| took.as_secs_f64() * 1_000.0)
}

/// From a post to the last of fifty pages that hears it; one post after the other.
async fn fan_out(nodes: usize, report: &mut Report) -> Result<()> {
    let cluster = start(nodes).await?;
    let address = &cluster.node(1).setup.gateway;
    let mut pages = readers(address, READERS).await?;
    let mut took = Vec::new();
    for number in 0..WARM + POSTS {
        let began = Instant::now();
        pages[0].says(FILE, &format!("message {number}")).await?;
        let heard = pages.iter_mut().map(|page| page.expect("chat-message"));
        let frames = try_join_all(heard).await?;
        if number >= WARM {
            took.push(began.elapsed());
        }
        let text = format!("message {number}");
        ensure!(frames.iter().all(|frame| frame["text"] == text), "another message");
    }
    took.sort_unstable();
    let [half, most] = [50, 99].map(|percent| percentile(&took, percent));
    let what = format!(
        "fan-out to {READERS} pages, {nodes} node(s): p50 {half:.2} ms, p99 {most:.2} ms (aim p50 ≤ {FAN_OUT_MS})"
    );
    report.aim(half <= FAN_OUT_MS, &what)?;
    cluster.end().await
}

/// One page that posts without waiting, and fifty that hear it.
async fn one_sender(report: &mut Report) -> Result<()> {
    let cluster = start(1).await?;
    let node = cluster.node(1);
    let mut pages = readers(&node.setup.gateway, READERS).await?;
    let pid = node.pid().context("it is down")?;
    let (done, mut all_done) = mpsc::channel(READERS);
    let mut tasks = JoinSet::new();
    let mut sender = pages.swap_remove(0);
    for mut page in pages {
        let done = done.clone();
        tasks.spawn(async move {
            for _ in 0..HASTY {
                page.expect("chat-message").await?;
            }
            done.send(Instant::now()).await?;
            anyhow::Ok(page)
        });
    }
    // A page that is dropped for being slow ends its task, and the wait for it.
    drop(done);
    let before = meter::cpu_of(pid)?;
    let began = Instant::now();
    // It reads while it posts: a page that does not is dropped.
    let mut heard = 0;
    for number in 0..HASTY {
        sender.says(FILE, &format!("hasty {number}")).await?;
        while number >= heard + UNDER_WAY {
            sender.expect("chat-message").await?;
            heard += 1;
        }
    }
    while heard < HASTY {
        sender.expect("chat-message").await?;
        heard += 1;
    }
    let echoed = began.elapsed();
    let mut last = began;
    for _ in 1..READERS {
        last = last.max(all_done.recv().await.context("a page was dropped")?);
    }
    let cpu = meter::cpu_of(pid)? - before;
    while let Some(page) = tasks.join_next().await {
        page??;
    }
    let rate = float(length(HASTY)) / echoed.as_secs_f64();
    let deliveries = float(length(HASTY * READERS));
    let each = float(cpu) / deliveries;
    report.aim(
        rate >= PER_SECOND,
        &format!("one sender: {rate:.0} messages/s to {READERS} pages (aim ≥ {PER_SECOND})"),
    )?;
    let all = (last - began).as_secs_f64();
    report.line(&format!("the last page had all after {all:.2} s"))?;
    report
        .aim(each <= CPU_US, &format!("processor per delivery: {each:.1} µs (aim ≤ {CPU_US})"))?;
    cluster.end().await
}

/// Frames that all pages get while others come, one after the other.
async fn joins(report: &mut Report) -> Result<()> {
    let cluster = start(1).await?;
    let address = &cluster.node(1).setup.gateway;
    let mut each = Vec::new();
    for count in [100, 200, 400] {
        let mut pages = Vec::new();
        for _ in 0..count {
            pages.push(Page::open(address).await?);
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        let mut frames = 0_u64;
        for page in &mut pages {
            while page.next_within(Duration::from_millis(1)).await.is_ok() {
                frames += 1;
            }
        }
        each.push(float(frames) / float(length(count)));
    }
    let what =
        format!("frames per join with 100, 200, 400 pages: {each:.1?} (SWISH: one per page)");
    // Twice as many pages do not make it twice as many frames.
    report.aim(each[2] < 2.0 * each[0] + 1.0, &what)?;
    cluster.end().await
}

/// Memory of a node with ten thousand pages, each with a file open.
async fn sockets(report: &mut Report) -> Result<()> {
    let cluster = start(1).await?;
    let node = cluster.node(1);
    let (address, pid) = (&node.setup.gateway, node.pid().context("it is down")?);
    let before = resident_megabytes(pid)?;
    let mut pages = Vec::with_capacity(SOCKETS);
    let began = Instant::now();
    for number in 0..SOCKETS {
        // A node lets no address have all of its places.
        let host = u8::try_from(2 + number % 8)?;
        let from = IpAddr::V4(Ipv4Addr::new(127, 0, 0, host));
        let mut page = Page::open_from(from, address, "", "").await?;
        page.has_open(&[&format!("file-{}.pl", number % 1_000)]).await?;
        pages.push(page);
    }
    let took = began.elapsed();
    let first = pages.first_mut().context("no page")?;
    until("all visitors are counted", Duration::from_secs(30), async || {
        let frame = first.next().await?;
        ensure!(frame["visitors"] == length(SOCKETS), "{frame}");
        Ok(())
    })
    .await?;
    let megabytes = resident_megabytes(pid)?;
    report.aim(
        megabytes < MEGABYTES,
        &format!(
            "{SOCKETS} sockets: {megabytes:.0} MB, before them {before:.0} MB (aim < {MEGABYTES}); opened in {:.1} s",
            took.as_secs_f64()
        ),
    )?;
    cluster.end().await
}

/// Opens the last 25 of 100,000 messages.
async fn history(report: &mut Report) -> Result<()> {
    let cluster = start(1).await?;
    let address = cluster.node(1).setup.gateway.clone();
    let mut page = readers(&address, 1).await?.remove(0);
    let began = Instant::now();
    let mut heard = 0;
    for number in 0..HISTORY {
        page.says(FILE, &format!("history {number}")).await?;
        while number >= heard + UNDER_WAY {
            page.expect("chat-message").await?;
            heard += 1;
        }
    }
    while heard < HISTORY {
        page.expect("chat-message").await?;
        heard += 1;
    }
    report.line(&format!("{HISTORY} messages posted in {:.1} s", began.elapsed().as_secs_f64()))?;
    let gateway = cluster.gateway(1);
    let mut took = Vec::new();
    for _ in 0..200 {
        let began = Instant::now();
        let answer = gateway.get(&format!("/chat/messages?docid=gitty:{FILE}&max=25")).await?;
        took.push(began.elapsed());
        let messages = answer.expect(200)?;
        let count = messages.as_array().map_or(0, Vec::len);
        ensure!(count == 25, "{count} messages");
    }
    took.sort_unstable();
    let half = percentile(&took, 50);
    report.aim(
        half <= OPEN_MS,
        &format!("last 25 of {HISTORY} messages: p50 {half:.2} ms (aim ≤ {OPEN_MS})"),
    )?;
    cluster.end().await
}

fn resident_megabytes(pid: u32) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(float(kilobytes) / 1024.0)
}
