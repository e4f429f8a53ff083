//! How much and how long a connection may take.

use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Files of the node itself: store, databases, links, SWISH's probe.
const OWN_FILES: u64 = 256;
/// A request that is passed on has a connection on either side while it lasts; a page's socket, of
/// which there are most, has one.
const FILES_FOR_TWO: u64 = 3;
const FEWEST: u64 = 64;
const MOST: u64 = 16_384;

/// Limits of one listener.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// From the connection, or the end of the answer before, to the end of a request's head.
    pub(super) head: Duration,
    /// Longest head, with its first line.
    pub(super) head_bytes: usize,
    /// A client is waited for this long until it has sent or taken [`Self::least_bytes`].
    pub(super) window: Duration,
    /// See [`Self::window`].
    pub(super) least_bytes: u64,
    /// Connections at once.
    pub(super) connections: usize,
    /// Connections at once from one network: an IPv4 address, or the first 64 bits of IPv6.
    pub(super) of_one_network: usize,
}

impl Limits {
    /// What holds on this machine: as many connections as files may be open.
    pub(crate) fn here() -> Self {
        let places = 2 * open_files().saturating_sub(OWN_FILES) / FILES_FOR_TWO;
        let places = places.clamp(FEWEST, MOST);
        let connections = usize::try_from(places).unwrap_or(64);
        Self {
            head: Duration::from_secs(10),
            head_bytes: 64 << 10,
            window: Duration::from_secs(30),
            least_bytes: 16 << 10,
            connections,
            of_one_network: connections / 2,
        }
    }
}

/// Files that this process may open, after asking for as many as it may ask for.
fn open_files() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 1_024 };
    let wanted = hard.min(OWN_FILES + FILES_FOR_TWO * MOST / 2);
    if soft < wanted && setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).is_ok() {
        return wanted;
    }
    soft
}
