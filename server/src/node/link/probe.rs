//! A question to whoever listens at an address: what are you?

use thiserror::Error;

use super::{
    asking::Asking,
    handshake::{HandshakeError, Local},
    hello::{Kind, Purpose},
    socket::{self, ConnectError},
};

/// An address did not turn out to be a node; nothing was changed there or here.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// Nobody answers.
    #[error("{address}: {source}")]
    Connect {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: ConnectError,
    },
    /// Whoever answers has another secret, or is no node.
    #[error("{address}: {source}")]
    Handshake {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: HandshakeError,
    },
    /// It answered before, and not the last question.
    #[error("{address} has answered no further question (is it in a cluster by now?)")]
    Unanswered {
        /// Where.
        address: String,
    },
}

/// Connects and exchanges Hellos.
pub(super) async fn ask(
    local: &Local,
    address: &str,
    purpose: Purpose,
) -> Result<Asking, ProbeError> {
    let at = || address.to_owned();
    let socket = socket::connect(address)
        .await
        .map_err(|source| ProbeError::Connect { address: at(), source })?;
    let session = local
        .greet(socket, (Kind::Control, purpose), |_| Ok(()))
        .await
        .map_err(|source| ProbeError::Handshake { address: at(), source })?;
    Ok(Asking::new(at(), session))
}
