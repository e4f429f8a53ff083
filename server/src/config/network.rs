//! A network of proxies that are trusted: `10.0.0.0/8`, or one address.

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::IpNet;
use serde::Deserialize;
use thiserror::Error;

/// Addresses that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network(IpNet);

/// It is no such network.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("wanted a network such as 10.0.0.0/8, or an address: {0}")]
pub struct NetworkError(String);

impl Network {
    /// The network.
    #[must_use]
    pub const fn net(self) -> IpNet {
        self.0
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let net = text.parse().ok();
        let net = net.or_else(|| Some(IpNet::from(text.parse::<IpAddr>().ok()?.to_canonical())));
        net.map(Self).ok_or_else(|| NetworkError(text.to_owned()))
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, NetworkError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_alone_is_a_network_of_one() {
        let read = |text: &str| text.parse::<Network>().map(|net| net.to_string());
        assert_eq!(read("10.0.0.0/8"), Ok("10.0.0.0/8".into()));
        assert_eq!(read("127.0.0.1"), Ok("127.0.0.1/32".into()));
        assert_eq!(read("fd00::/8"), Ok("fd00::/8".into()));
        for wrong in ["10.0.0.0/33", "proxy.example.org", "", "10.0.0.1:80"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
