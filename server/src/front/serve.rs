//! Accepts connections and serves each of them, until the stop signal.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use ipnet::IpNet;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{sleep, timeout},
};
use tower::ServiceExt;

use super::{
    Visitor, head,
    limits::Limits,
    paced::paced,
    places::{Place, Places, network},
    steady::Steady,
};
use crate::shutdown::Stop;

/// Bytes of a connection that are kept before somebody takes them.
/// Time for connections that became sockets, after the stop signal.
const GOODBYE: Duration = Duration::from_millis(1_500);
const BUFFER_BYTES: usize = 256 << 10;
/// After an error of accepting that does not concern one connection.
const BREATH: Duration = Duration::from_secs(1);
/// Told at most this often that there are too many.
const TOLD_EVERY: Duration = Duration::from_secs(10);
/// Time to take the answer that there is no place.
const FULL_WAIT: Duration = Duration::from_secs(1);
/// Those that are told at once; more are closed without a word.
const TOLD_AT_ONCE: usize = 64;
/// What somebody gets for whom there is no place.
const FULL: &str = "Too many connections at once; try again in a few seconds.\n";

/// What a listener is served with; clones share its places.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    limits: Limits,
    places: Places,
    trusted: Arc<[IpNet]>,
}

impl Front {
    /// With these limits; proxies in `trusted` say who asks.
    pub(crate) fn new(limits: Limits, trusted: &[IpNet]) -> Self {
        Self { places: Places::new(&limits), limits, trusted: trusted.into() }
    }

    /// A proxy brings everybody: its connections are only counted together.
    fn place(&self, peer: SocketAddr) -> Option<Place> {
        let address = peer.ip().to_canonical();
        let is_proxy = self.trusted.iter().any(|trusted| trusted.contains(&address));
        let is_counted = !is_proxy && !address.is_loopback();
        self.places.take(is_counted.then(|| network(address)))
    }

    async fn answer(
        &self,
        peer: SocketAddr,
        router: Router,
        request: Request<Incoming>,
    ) -> Response {
        if let Err(refused) = head::check(&request) {
            return head::refuse(refused);
        }
        let visitor = Visitor::of(peer, request.headers(), &self.trusted);
        let mut request = request.map(|body| paced(body, &self.limits));
        let client = SocketAddr::new(visitor.address, peer.port());
        request.extensions_mut().insert(ConnectInfo(client));
        request.extensions_mut().insert(visitor);
        match router.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// Serves `router` until `stop`, and then until what is under way has ended.
///
/// Requests have [`ConnectInfo`] with the visitor's address, and [`Visitor`].
pub(crate) async fn serve(listener: TcpListener, router: Router, front: Front, stop: Stop) {
    let mut connections = JoinSet::new();
    let telling = Arc::new(Semaphore::new(TOLD_AT_ONCE));
    let mut told: Option<Instant> = None;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.stopped() => break,
        };
        while connections.try_join_next().is_some() {}
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_of_one(&error) => continue,
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted: {error}");
                sleep(BREATH).await;
                continue;
            }
        };
        let Some(place) = front.place(peer) else {
            if told.is_none_or(|told| told.elapsed() > TOLD_EVERY) {
                told = Some(Instant::now());
                tracing::warn!("too many connections at once: some get 503");
            }
            if let Ok(telling) = Arc::clone(&telling).try_acquire_owned() {
                connections.spawn(refuse(stream, telling));
            }
            continue;
        };
        let (router, front, stop) = (router.clone(), front.clone(), stop.clone());
        connections.spawn(connection(stream, peer, router, front, stop, place));
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
    // Sockets say goodbye.
    let _ = timeout(GOODBYE, front.places.emptied()).await;
}

/// One client was gone before we took it.
fn is_of_one(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// A connection's requests, one after the other; WebSockets leave it with its stream.
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    front: Front,
    stop: Stop,
    place: Place,
) {
    let _ = stream.set_nodelay(true);
    let place = Arc::new(place);
    let limits = front.limits.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let (front, router, place) = (front.clone(), router.clone(), Arc::clone(&place));
        async move {
            let mut request = request;
            // A stream that was upgraded keeps its place.
            request.extensions_mut().insert(place);
            Ok::<Response<Body>, Infallible>(front.answer(peer, router, request).await)
        }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_header_size(limits.head_bytes)
        .max_buf_size(BUFFER_BYTES);
    let io = TokioIo::new(Steady::new(stream, &limits));
    let mut serving = pin!(builder.serve_connection(io, service).with_upgrades());
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = stop.stopped() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended: {error}");
    }
}

/// Says that there is no place.
async fn refuse(mut stream: TcpStream, _telling: OwnedSemaphorePermit) {
    let length = FULL.len();
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=UTF-8\r\n\
         Content-Length: {length}\r\nRetry-After: 5\r\nConnection: close\r\n\r\n{FULL}"
    );
    let told = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        // What is not read would take the answer away with it.
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    };
    // It goes or not: nobody waits for it.
    let _ = timeout(FULL_WAIT, told).await;
}
