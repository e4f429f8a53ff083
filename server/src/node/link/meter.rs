//! What is measured on links: for pages and metrics, never for decisions.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::Duration,
};

use cluster::MemberId;

use super::{
    clock::{now_ms, offset_ms},
    conduct::Offence,
    hello::{Hello, Kind},
};

/// "Not measured yet" in [`Meter`].
const NONE: u64 = u64::MAX;

/// What a page shows of the links to one peer.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkView {
    /// Who.
    pub peer: MemberId,
    /// Where it is dialed; none when it only dials us.
    pub address: Option<String>,
    /// Whether the control connection is up.
    pub linked: bool,
    /// Whether the bulk connection is up.
    pub bulk: bool,
    /// What it said last, if it was ever linked.
    pub hello: Option<Hello>,
    /// Last frame on a control connection, milliseconds since 1970.
    pub last_frame_ms: Option<u64>,
    /// Last round trip of a control connection.
    pub round_trip_ms: Option<f64>,
    /// Its clock less ours.
    pub clock_offset_ms: Option<i64>,
    /// Its software version.
    pub version: Option<String>,
    /// Where its gateway is reached, as it says.
    pub gateway: Option<String>,
    /// Bytes that came from it, sealed, since our start.
    pub bytes_in: u64,
    /// Bytes that went to it, before sealing.
    pub bytes_out: u64,
    /// Messages that found no room or no connection.
    pub dropped: u64,
}

/// What happened on all links since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Sealed messages received.
    pub frames_in: u64,
    /// Frames sent.
    pub frames_out: u64,
    /// Bytes received, sealed.
    pub bytes_in: u64,
    /// Bytes sent, before sealing.
    pub bytes_out: u64,
    /// Frames that found no room or no connection.
    pub dropped: u64,
    /// Frames of peers that could not be decoded.
    pub undecodable: u64,
    /// Connections that ended because of bytes that were not sealed, or of a frame without end.
    pub malformed: u64,
    /// Answers that nobody asked for.
    pub unasked: u64,
    /// Objects whose bytes were not those of their hash.
    pub wrong_bytes: u64,
    /// Times that a peer was cut off for such things.
    pub cut_off: u64,
    /// Connections that came in and ended before they were links.
    pub refused: u64,
}

/// Measurements of one peer, on both kinds together unless they say control.
#[derive(Debug)]
pub(super) struct Meter {
    frames_in: AtomicU64,
    frames_out: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    dropped: AtomicU64,
    undecodable: AtomicU64,
    malformed: AtomicU64,
    unasked: AtomicU64,
    wrong_bytes: AtomicU64,
    cut_off: AtomicU64,
    control_frame_ms: AtomicU64,
    round_trip_micros: AtomicU64,
    offset_ms: AtomicI64,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            frames_in: AtomicU64::default(),
            frames_out: AtomicU64::default(),
            bytes_in: AtomicU64::default(),
            bytes_out: AtomicU64::default(),
            dropped: AtomicU64::default(),
            undecodable: AtomicU64::default(),
            malformed: AtomicU64::default(),
            unasked: AtomicU64::default(),
            wrong_bytes: AtomicU64::default(),
            cut_off: AtomicU64::default(),
            control_frame_ms: AtomicU64::new(NONE),
            round_trip_micros: AtomicU64::new(NONE),
            offset_ms: AtomicI64::default(),
        }
    }
}

impl Meter {
    pub(super) fn received(&self, kind: Kind, bytes: usize) {
        self.frames_in.fetch_add(1, Ordering::Relaxed);
        self.bytes_in.fetch_add(count(bytes), Ordering::Relaxed);
        if kind == Kind::Control {
            self.control_frame_ms.store(now_ms(), Ordering::Relaxed);
        }
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.frames_out.fetch_add(1, Ordering::Relaxed);
        self.bytes_out.fetch_add(count(bytes), Ordering::Relaxed);
    }

    /// Notes what no peer of this version does.
    pub(super) fn offended(&self, offence: Offence) {
        let count = match offence {
            Offence::Undecodable => &self.undecodable,
            Offence::Malformed => &self.malformed,
            Offence::Unasked => &self.unasked,
            Offence::WrongBytes => &self.wrong_bytes,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that the peer was cut off.
    pub(super) fn cut_off(&self) {
        self.cut_off.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes a pong on a control connection: half of the round trip ago it was `wall_ms` there.
    pub(super) fn round_trip(&self, length: Duration, wall_ms: u64) {
        let micros = u64::try_from(length.as_micros()).unwrap_or(NONE - 1);
        self.round_trip_micros.store(micros, Ordering::Relaxed);
        self.clock(offset_ms(wall_ms, now_ms().saturating_sub(micros / 2_000)));
    }

    /// Notes their clock less ours.
    pub(super) fn clock(&self, offset: i64) {
        self.offset_ms.store(offset, Ordering::Relaxed);
    }

    /// Notes a frame that found no room or no connection.
    pub(super) fn lost(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn last_frame_ms(&self) -> Option<u64> {
        measured(&self.control_frame_ms)
    }

    pub(super) fn round_trip_ms(&self) -> Option<f64> {
        let micros = measured(&self.round_trip_micros)?;
        Some(Duration::from_micros(micros).as_secs_f64() * 1000.0)
    }

    pub(super) fn clock_offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    pub(super) fn bytes_in(&self) -> u64 {
        read(&self.bytes_in)
    }

    pub(super) fn bytes_out(&self) -> u64 {
        read(&self.bytes_out)
    }

    pub(super) fn dropped(&self) -> u64 {
        read(&self.dropped)
    }

    /// Adds these to the sum over all peers.
    pub(super) fn add_to(&self, sum: &mut Counters) {
        sum.frames_in += read(&self.frames_in);
        sum.frames_out += read(&self.frames_out);
        sum.bytes_in += read(&self.bytes_in);
        sum.bytes_out += read(&self.bytes_out);
        sum.dropped += read(&self.dropped);
        sum.undecodable += read(&self.undecodable);
        sum.malformed += read(&self.malformed);
        sum.unasked += read(&self.unasked);
        sum.wrong_bytes += read(&self.wrong_bytes);
        sum.cut_off += read(&self.cut_off);
    }
}

fn read(number: &AtomicU64) -> u64 {
    number.load(Ordering::Relaxed)
}

fn measured(number: &AtomicU64) -> Option<u64> {
    Some(read(number)).filter(|value| *value != NONE)
}

fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
