//! A network of nodes in namespaces of their own, whose every packet passes through the test.
//!
//! ```text
//!  namespace of node 1 ── tun ──▶ ┐                ┌ ──▶ tun ── namespace of node 2
//!  namespace of node 2 ── tun ──▶ ├─ line (1, 2): ─┤ ...
//!  this process        ── tun ──▶ ┘  cut? lost?    └ ──▶ tun ── this process
//!                                    delayed?
//! ```
//!
//! Packets to and from this process (pages, operators) always pass at once. The nodes see what they
//! see when a cable is pulled: silence, and never a closed connection.

use std::{
    collections::BTreeSet,
    fs::File,
    net::Ipv4Addr,
    process::Command,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use nix::sched::{CloneFlags, setns};
use tokio::{sync::mpsc, task::JoinSet};
use tun_rs::{AsyncDevice, DeviceBuilder, SyncDevice};

/// Bytes of a packet; small enough for every header around it.
const MTU: u16 = 1_400;
/// Last byte of the address of this process; nodes have their number.
const OURS: u8 = 254;
/// Where the addresses of a packet's sender and receiver end (IPv4).
const FROM: usize = 15;
const TO: usize = 19;

/// Namespaces, removed when dropped.
#[derive(Debug)]
pub struct Network {
    spaces: Vec<Space>,
    weather: Arc<Mutex<Weather>>,
    subnet: [u8; 3],
    _tasks: JoinSet<()>,
}

/// What happens to a packet on its way from one node to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// It is lost.
    pub cut: bool,
    /// It is lost so many times in a hundred.
    pub loss: u8,
    /// It arrives that much later.
    pub delay: Duration,
}

#[derive(Debug, Default)]
struct Weather {
    /// By sender and receiver, numbered from 0.
    lines: Vec<Vec<Line>>,
    /// Lines that were cut when they were mended, until a packet has passed one.
    mended: BTreeSet<(usize, usize)>,
    first: Option<Instant>,
}

#[derive(Debug)]
struct Space(String);

type Packet = (Instant, Vec<u8>);

impl Network {
    /// Makes a namespace for each of so many nodes.
    ///
    /// # Errors
    /// This machine lets us make none; the text says why.
    pub fn open(nodes: usize) -> Result<Self> {
        let random: [u8; 2] = rand::random();
        let subnet = [10, random[0], random[1]];
        let mut spaces = Vec::new();
        let mut devices = Vec::new();
        for number in 1..=nodes {
            let space = Space::make(format!("swish-{}-{number}", std::process::id()))?;
            let address = address(subnet, u8::try_from(number)?);
            devices.push(device_in(Some(&space.0), address)?);
            spaces.push(space);
        }
        devices.push(device_in(None, address(subnet, OURS))?);
        let lines = vec![vec![Line::default(); nodes]; nodes];
        let weather = Arc::new(Mutex::new(Weather { lines, ..Weather::default() }));
        let tasks = carry(devices, &weather)?;
        Ok(Self { spaces, weather, subnet, _tasks: tasks })
    }

    /// Name of the namespace of a node, by number from 1.
    #[must_use]
    pub fn space(&self, number: usize) -> &str {
        &self.spaces[number - 1].0
    }

    /// Its address there.
    ///
    /// # Panics
    /// There are not so many nodes.
    #[must_use]
    pub fn address(&self, number: usize) -> Ipv4Addr {
        address(self.subnet, u8::try_from(number).expect("few nodes"))
    }

    /// Changes lines, by sender and receiver, numbered from 1.
    pub fn set(&self, change: impl Fn(usize, usize, &mut Line)) {
        let mut weather = lock(&self.weather);
        for (from, lines) in weather.lines.iter_mut().enumerate() {
            for (to, line) in lines.iter_mut().enumerate() {
                change(from + 1, to + 1, line);
            }
        }
    }

    /// All lines are as new; tells later when the first packet passed one that had been cut.
    pub fn mend(&self) {
        let mut weather = lock(&self.weather);
        let weather = &mut *weather;
        weather.mended.clear();
        weather.first = None;
        for (from, lines) in weather.lines.iter_mut().enumerate() {
            for (to, line) in lines.iter_mut().enumerate() {
                if line.cut {
                    weather.mended.insert((from, to));
                }
                *line = Line::default();
            }
        }
    }

    /// When the first packet passed a line that was cut before the last mending.
    #[must_use]
    pub fn first_passed(&self) -> Option<Instant> {
        lock(&self.weather).first
    }
}

impl Space {
    fn make(name: String) -> Result<Self> {
        ip(&["netns", "add", &name])?;
        let space = Self(name);
        ip(&["-n", &space.0, "link", "set", "lo", "up"])?;
        Ok(space)
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        if let Err(error) = ip(&["netns", "delete", &self.0]) {
            eprintln!("{error:#}");
        }
    }
}

/// Starts a program in a namespace, if one is named.
#[must_use]
pub fn program_in(space: Option<&str>, program: &std::path::Path) -> tokio::process::Command {
    match space {
        None => tokio::process::Command::new(program),
        Some(space) => {
            let mut command = tokio::process::Command::new("ip");
            command.args(["netns", "exec", space]).arg(program);
            command
        }
    }
}

fn ip(words: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(words).output().context("the program `ip`")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ip {}: {}", words.join(" "), said.trim());
    Ok(())
}

fn address([a, b, c]: [u8; 3], last: u8) -> Ipv4Addr {
    Ipv4Addr::new(a, b, c, last)
}

/// A device stays in the namespace of the thread that makes it.
fn device_in(space: Option<&str>, address: Ipv4Addr) -> Result<SyncDevice> {
    let space = space.map(|name| File::open(format!("/run/netns/{name}"))).transpose()?;
    let made = thread::spawn(move || -> Result<SyncDevice> {
        if let Some(space) = space {
            setns(space, CloneFlags::CLONE_NEWNET).context("setns")?;
        }
        let builder = DeviceBuilder::new().ipv4(address, 24, None).mtu(MTU);
        builder.build_sync().context("a tun device")
    });
    made.join().map_err(|_| anyhow!("making a device panicked"))?
}

/// Carries packets until the set is dropped.
fn carry(devices: Vec<SyncDevice>, weather: &Arc<Mutex<Weather>>) -> Result<JoinSet<()>> {
    let mut tasks = JoinSet::new();
    let devices = devices.into_iter().map(|device| Ok(Arc::new(AsyncDevice::new(device)?)));
    let devices: Vec<Arc<AsyncDevice>> = devices.collect::<Result<_>>()?;
    for (from, device) in devices.iter().enumerate() {
        let mut lines = Vec::new();
        for (to, receiver) in devices.iter().enumerate() {
            let (sender, line) = mpsc::unbounded_channel();
            tasks.spawn(deliver(line, Arc::clone(receiver), Arc::clone(weather), (from, to)));
            lines.push(sender);
        }
        tasks.spawn(collect(Arc::clone(device), from, lines, Arc::clone(weather)));
    }
    Ok(tasks)
}

/// Takes what one device sends, and puts it on the line to its receiver, or loses it.
async fn collect(
    device: Arc<AsyncDevice>,
    from: usize,
    lines: Vec<mpsc::UnboundedSender<Packet>>,
    weather: Arc<Mutex<Weather>>,
) {
    let mut buffer = vec![0; usize::from(MTU) + 100];
    while let Ok(length) = device.recv(&mut buffer).await {
        let packet = &buffer[..length];
        let (Some(4), Some(&sender), Some(&last)) =
            (packet.first().map(|first| first >> 4), packet.get(FROM), packet.get(TO))
        else {
            continue;
        };
        let ours = lines.len() - 1;
        let to = if last == OURS { ours } else { usize::from(last).wrapping_sub(1) };
        let Some(line) = lines.get(to).filter(|_| sender != last) else { continue };
        let faults = lock(&weather).lines.get(from).and_then(|lines| lines.get(to)).copied();
        let Line { cut, loss, delay } = faults.unwrap_or_default();
        let lost = cut || rand::random_range(0..100) < loss;
        if !lost {
            let _ = line.send((Instant::now() + delay, packet.to_vec()));
        }
    }
}

/// Hands packets over when they are due, in their order.
async fn deliver(
    mut line: mpsc::UnboundedReceiver<Packet>,
    receiver: Arc<AsyncDevice>,
    weather: Arc<Mutex<Weather>>,
    pair: (usize, usize),
) {
    while let Some((due, packet)) = line.recv().await {
        tokio::time::sleep_until(due.into()).await;
        // A receiver whose queue is full loses it, as a network would.
        let _ = receiver.send(&packet).await;
        let mut weather = lock(&weather);
        if weather.first.is_none() && weather.mended.contains(&pair) {
            weather.first = Some(Instant::now());
        }
    }
}

fn lock(weather: &Mutex<Weather>) -> MutexGuard<'_, Weather> {
    weather.lock().unwrap_or_else(PoisonError::into_inner)
}
