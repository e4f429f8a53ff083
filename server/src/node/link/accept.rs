//! The link listener: connections that come in.

use std::sync::Arc;

use axum::{
    Router,
    extract::{State, WebSocketUpgrade, ws::WebSocket},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::any,
    serve::ListenerExt,
};
use domain::NodeId;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::OwnedSemaphorePermit,
};

use super::{
    asking, connection,
    handshake::{HandshakeError, Refusal},
    hello::{Hello, Purpose},
    links::{LinkEvent, Shared, Stranger},
    socket::{self, Socket},
};

/// Accepts until the stop signal.
pub(super) async fn serve(shared: Arc<Shared>, listener: TcpListener) {
    let router = Router::new().route(socket::PATH, any(upgrade)).with_state(Arc::clone(&shared));
    let listener = listener.tap_io(no_delay);
    tokio::select! {
        ended = axum::serve(listener, router).into_future() => {
            tracing::error!(?ended, "the link listener ended");
        }
        () = shared.stop.stopped() => {}
    }
}

fn no_delay(stream: &mut TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::warn!(%error, "a link connection keeps its delay: {error}");
    }
}

async fn upgrade(State(shared): State<Arc<Shared>>, upgrade: WebSocketUpgrade) -> Response {
    let Ok(permit) = Arc::clone(&shared.handshakes).try_acquire_owned() else {
        shared.table.refused();
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    socket::bounded(upgrade).on_upgrade(move |socket| accept(shared, socket, permit))
}

/// From a stranger to a link; the permit is for its time as a stranger, and a founder stays one.
async fn accept(shared: Arc<Shared>, socket: WebSocket, permit: OwnedSemaphorePermit) {
    let welcome = shared.local.welcome(Socket::accepted(socket), |hello| wanted(&shared, hello));
    let session = tokio::select! {
        session = welcome => session,
        () = shared.stop.stopped() => return,
    };
    match session {
        Ok(session) if session.hello.purpose == Purpose::Member => {
            drop(permit);
            let dialer: NodeId = session.hello.node;
            connection::run(shared, session, dialer).await;
        }
        Ok(session) if session.hello.purpose == Purpose::Joining => {
            let event = LinkEvent::Knock { hello: Box::new(session.hello) };
            tokio::select! {
                _ = shared.events.send(event) => {}
                () = shared.stop.stopped() => {}
            }
        }
        Ok(session) => tokio::select! {
            () = asking::answer(&shared, session) => {}
            () = shared.stop.stopped() => {}
        },
        Err(error) => {
            shared.table.refused();
            tracing::debug!(%error, "a connection did not become a link: {error}");
            if let Some(stranger) = stranger(&error) {
                tokio::select! {
                    _ = shared.events.send(LinkEvent::Elsewhere(stranger)) => {}
                    () = shared.stop.stopped() => {}
                }
            }
        }
    }
}

/// Who was refused because of its cluster.
fn stranger(error: &HandshakeError) -> Option<Stranger> {
    let HandshakeError::Elsewhere { hello, .. } = error else { return None };
    Some(Stranger {
        node: hello.node,
        name: Some(hello.name.clone()),
        address: hello.address.clone(),
        cluster: hello.cluster?,
        has_left: false,
    })
}

/// A node in a cluster links with the nodes of its roster only; one without lets them come.
fn wanted(shared: &Shared, hello: &Hello) -> Result<(), Refusal> {
    if hello.purpose == Purpose::Founding {
        return Ok(());
    }
    let founded = shared.local.state.borrow().cluster.is_some();
    if hello.purpose == Purpose::Joining {
        return if founded { Ok(()) } else { Err(Refusal::NoCluster) };
    }
    if founded && !shared.table.is_listed(hello.node) {
        return Err(Refusal::NotAMember);
    }
    shared.table.admits(hello, hello.node)
}
