//! Where a node listens, and binding it.

use std::{io, net::SocketAddr};

use clap::Args;
use serde::Deserialize;
use thiserror::Error;
use tokio::net::TcpListener;

use super::{Network, PublicUrl, port_holder};

/// As said on one source.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidListen {
    /// Where SWISH pages are answered; port 0 is any free one [default: 127.0.0.1:3060].
    #[arg(long, env = "SWISH_CLUSTER_GATEWAY", value_name = "ADDR")]
    pub gateway: Option<String>,
    /// Where operators look [default: 127.0.0.1:7050].
    #[arg(long, env = "SWISH_CLUSTER_DASHBOARD", value_name = "ADDR")]
    pub dashboard: Option<String>,
    /// Where operators really open it, behind a proxy, such as <https://cluster.example.org>; with
    /// https the cookie is for https only [default: what --dashboard is bound to].
    #[arg(long, env = "SWISH_CLUSTER_DASHBOARD_URL", value_name = "URL")]
    pub dashboard_url: Option<PublicUrl>,
    /// Further host names under which the dashboard may be asked for.
    #[arg(long, env = "SWISH_CLUSTER_DASHBOARD_HOST", value_name = "NAME", value_delimiter = ',')]
    pub dashboard_host: Option<Vec<String>>,
    /// Where the other nodes connect [default: 127.0.0.1:7060].
    #[arg(long, env = "SWISH_CLUSTER_LINK", value_name = "ADDR")]
    pub link: Option<String>,
    /// Where the other nodes reach this one, host:port [default: what --link is bound to].
    #[arg(long, env = "SWISH_CLUSTER_ADVERTISE", value_name = "ADDR")]
    pub advertise: Option<String>,
    /// Networks of proxies before gateway and dashboard whose X-Forwarded-For, -Proto and -Host (or
    /// Forwarded) say who asks, such as 10.0.0.0/8; may be said several times [default: none].
    #[arg(long, env = "SWISH_CLUSTER_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',')]
    pub trusted_proxy: Option<Vec<Network>>,
}

/// As it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Where SWISH pages are answered.
    pub gateway: String,
    /// Where operators look.
    pub dashboard: String,
    /// Where operators really open it, behind a proxy.
    pub dashboard_url: Option<PublicUrl>,
    /// Further host names under which the dashboard may be asked for.
    pub dashboard_host: Vec<String>,
    /// Where the other nodes connect.
    pub link: String,
    /// Where the other nodes reach this one, unless it is what `link` is bound to.
    pub advertise: Option<String>,
    /// Proxies that say who asks.
    pub trusted_proxy: Vec<Network>,
}

/// An address cannot be listened on.
#[derive(Debug, Error)]
pub enum BindError {
    /// Another process has it.
    #[error("{address} ({what}) is in use by {holder}")]
    Busy {
        /// What it is for.
        what: &'static str,
        /// Which.
        address: String,
        /// The process, as far as it can be found.
        holder: String,
    },
    /// It is wrong, or not ours to use.
    #[error("{address} ({what}): {source}")]
    Other {
        /// What it is for.
        what: &'static str,
        /// Which.
        address: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl SaidListen {
    /// What is said here, and the rest from `below`.
    #[must_use]
    pub fn or(self, below: Self) -> Self {
        Self {
            gateway: self.gateway.or(below.gateway),
            dashboard: self.dashboard.or(below.dashboard),
            dashboard_url: self.dashboard_url.or(below.dashboard_url),
            dashboard_host: self.dashboard_host.or(below.dashboard_host),
            link: self.link.or(below.link),
            advertise: self.advertise.or(below.advertise),
            trusted_proxy: self.trusted_proxy.or(below.trusted_proxy),
        }
    }
}

impl Listen {
    pub(super) fn decide(said: SaidListen) -> Self {
        let or = |said: Option<String>, default: &str| said.unwrap_or_else(|| default.to_owned());
        Self {
            gateway: or(said.gateway, "127.0.0.1:3060"),
            dashboard: or(said.dashboard, "127.0.0.1:7050"),
            dashboard_url: said.dashboard_url,
            dashboard_host: said.dashboard_host.unwrap_or_default(),
            link: or(said.link, "127.0.0.1:7060"),
            advertise: said.advertise,
            trusted_proxy: said.trusted_proxy.unwrap_or_default(),
        }
    }
}

/// Listens on `address`.
///
/// # Errors
/// When it is busy (the error names who has it), wrong, or not ours to use.
pub async fn bind(what: &'static str, address: &str) -> Result<TcpListener, BindError> {
    let error = match TcpListener::bind(address).await {
        Ok(listener) => return Ok(listener),
        Err(error) => error,
    };
    let address = address.to_owned();
    if error.kind() != io::ErrorKind::AddrInUse {
        return Err(BindError::Other { what, address, source: error });
    }
    let port = address.rsplit(':').next().and_then(|port| port.parse().ok());
    let holder = port.and_then(port_holder::find).unwrap_or_else(|| "another process".to_owned());
    Err(BindError::Busy { what, address, holder })
}

/// The address of a listener; the listener is bound, so it has one.
#[must_use]
pub fn local(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().expect("a bound listener has an address")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_busy_port_is_named_with_the_process_that_holds_it() {
        let held = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let error = bind("links", &local(&held).to_string()).await.unwrap_err();
        let me = format!("process {}", std::process::id());
        assert!(error.to_string().contains(&me), "{error}");
    }
}
