//! Who sends a request: a visitor with the address of the socket, or somebody whom SWISH knows.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::request::Parts,
    response::Response,
};
use gitty::Meta;
use serde_json::Value;

use super::save::Ended;
use crate::gateway::{
    Gateway,
    chat::{Answered, Chat, Session},
    swish::Login,
};

/// A visitor. Headers that claim another address do not count: anybody can send them.
pub(in crate::gateway) struct Client {
    address: Option<IpAddr>,
    login: Option<Login>,
    /// Their browser, and whom it tells of what they save.
    page: Option<(Chat, Option<Session>)>,
}

impl Client {
    /// They have saved something: pages are told.
    pub(super) fn saved(&self, ended: &Ended) {
        let (commit, answered) = match ended {
            Ended::Decided(commit) => (*commit, Answered::Decided),
            Ended::Held(held) => (held.commit, Answered::Held),
            Ended::Conflict(_) | Ended::Unsettled(_) => return,
        };
        if let Some((chat, session)) = &self.page {
            chat.saved(commit, answered, session.clone());
        }
    }

    /// Metadata of a save by this visitor: the address of somebody with an account is not kept.
    pub(super) fn meta(&self, sent: &Value) -> Meta {
        let meta = Meta::from_json(sent, self.login.is_some());
        match (&self.login, self.peer()) {
            (Some(login), _) => {
                let meta = meta.identity(&login.identity);
                match &login.profile_id {
                    Some(id) => meta.profile_id(id),
                    None => meta,
                }
            }
            (None, Some(peer)) => meta.peer(&peer),
            (None, None) => meta,
        }
    }

    /// Their address, as SWISH writes it.
    pub(in crate::gateway) fn peer(&self) -> Option<String> {
        self.address.map(|address| address.to_canonical().to_string())
    }

    /// Their account, as commits have it: `local:ann`.
    pub(in crate::gateway) fn identity(&self) -> Option<&str> {
        self.login.as_ref().map(|login| login.identity.as_str())
    }
}

impl FromRequestParts<Gateway> for Client {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Response> {
        let login = match &gateway.swish {
            Some(swish) => swish.who(parts).await?,
            None => None,
        };
        let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let address = info.map(|ConnectInfo(address)| address.ip());
        let session = gateway.chat.session(&parts.headers);
        Ok(Self { address, login, page: Some((gateway.chat.clone(), session)) })
    }
}

#[cfg(test)]
mod tests {
    use gitty::Term;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_is_written_as_swish_writes_it() {
        let client =
            Client { address: Some("::ffff:192.0.2.7".parse().unwrap()), login: None, page: None };
        let meta = client.meta(&json!({ "title": "T", "peer": "10.0.0.1" }));
        assert_eq!(meta.get("peer"), Some(&Term::atom("192.0.2.7")));
        assert_eq!(meta.get("title"), Some(&Term::string("T")));
    }
}
