//! How many connections there are, and from where.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::limits::Limits;

/// Between two looks whether the last connection has gone.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Places of one listener; clones share them.
#[derive(Clone, Debug)]
pub(super) struct Places {
    all: usize,
    of_one_network: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    count: usize,
    networks: HashMap<IpAddr, usize>,
}

/// A connection's place; free again when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    taken: Arc<Mutex<Taken>>,
    network: Option<IpAddr>,
}

impl Places {
    pub(super) fn new(limits: &Limits) -> Self {
        let (all, of_one_network) = (limits.connections, limits.of_one_network);
        Self { all, of_one_network, taken: Arc::default() }
    }

    /// A place for a connection; none if there are too many.
    ///
    /// `network` counts the connections of one network; behind a proxy there is none to count.
    pub(super) fn take(&self, network: Option<IpAddr>) -> Option<Place> {
        let mut taken = lock(&self.taken);
        if taken.count >= self.all {
            return None;
        }
        if let Some(network) = network {
            let of_it = taken.networks.entry(network).or_default();
            if *of_it >= self.of_one_network {
                return None;
            }
            *of_it += 1;
        }
        taken.count += 1;
        drop(taken);
        Some(Place { taken: Arc::clone(&self.taken), network })
    }

    /// Returns when no connection is left.
    pub(super) async fn emptied(&self) {
        while lock(&self.taken).count > 0 {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.count = taken.count.saturating_sub(1);
        let Some(network) = self.network else { return };
        if let Some(of_it) = taken.networks.get_mut(&network) {
            *of_it = of_it.saturating_sub(1);
            if *of_it == 0 {
                taken.networks.remove(&network);
            }
        }
    }
}

/// Counts stay right when somebody panics.
fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What of an address is counted: all of IPv4, the network of IPv6, which has endless addresses.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_takes_no_more_than_its_share_and_all_no_more_than_there_is() {
        let limits = Limits { connections: 3, of_one_network: 2, ..Limits::here() };
        let places = Places::new(&limits);
        let one = Some(network("2001:db8:1:2::3".parse().unwrap()));
        let same = Some(network("2001:db8:1:2:ffff::1".parse().unwrap()));
        let two = Some(network("::ffff:192.0.2.7".parse().unwrap()));
        let first = places.take(one).unwrap();
        let _second = places.take(same).unwrap();
        assert!(places.take(one).is_none());
        let third = places.take(two).unwrap();
        assert!(places.take(None).is_none());
        drop(first);
        assert!(places.take(same).is_some());
        drop(third);
        assert!(places.take(None).is_some());
    }
}
