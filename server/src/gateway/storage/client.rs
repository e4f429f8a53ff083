//! Who sends a request; no more than the address of the socket as long as nobody has an account.

use std::{convert::Infallible, net::IpAddr, net::SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::request::Parts,
};
use gitty::Meta;
use serde_json::Value;

/// A visitor. Headers that claim another address do not count: anybody can send them.
pub(in crate::gateway) struct Client {
    address: Option<IpAddr>,
}

impl Client {
    /// Metadata of a save by this visitor.
    pub(super) fn meta(&self, sent: &Value) -> Meta {
        let meta = Meta::from_json(sent, false);
        match self.peer() {
            Some(peer) => meta.peer(&peer),
            None => meta,
        }
    }

    /// Their address, as SWISH writes it.
    pub(in crate::gateway) fn peer(&self) -> Option<String> {
        self.address.map(|address| address.to_canonical().to_string())
    }
}

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self { address: info.map(|ConnectInfo(address)| address.ip()) })
    }
}

#[cfg(test)]
mod tests {
    use gitty::Term;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_is_written_as_swish_writes_it() {
        let client = Client { address: Some("::ffff:192.0.2.7".parse().unwrap()) };
        let meta = client.meta(&json!({ "title": "T", "peer": "10.0.0.1" }));
        assert_eq!(meta.get("peer"), Some(&Term::atom("192.0.2.7")));
        assert_eq!(meta.get("title"), Some(&Term::string("T")));
    }
}
