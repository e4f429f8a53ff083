//! Slow clients and full places, with short limits.

use std::time::{Duration, Instant};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, Request},
    http::StatusCode,
    routing::any,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::*;
use crate::shutdown::Stop;

const SOON: Duration = Duration::from_secs(10);
const WINDOW: Duration = Duration::from_millis(300);

/// Says how long a body was, or why it has no end.
async fn length(request: Request) -> (StatusCode, String) {
    match to_bytes(request.into_body(), usize::MAX).await {
        Ok(body) => (StatusCode::OK, body.len().to_string()),
        Err(error) => (
            StatusCode::REQUEST_TIMEOUT,
            std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), ToString::to_string),
        ),
    }
}

async fn who(ConnectInfo(peer): ConnectInfo<std::net::SocketAddr>, request: Request) -> String {
    let visitor = request.extensions().get::<Visitor>().unwrap();
    format!("{} {:?}", peer.ip(), visitor.scheme)
}

struct Site {
    address: std::net::SocketAddr,
    stop: Stop,
    server: JoinHandle<()>,
}

impl Site {
    async fn new(connections: usize) -> Self {
        let limits = Limits {
            head: WINDOW,
            window: WINDOW,
            least_bytes: 100,
            connections,
            ..Limits::here()
        };
        let endless = || async {
            let bytes = Bytes::from(vec![b'x'; 1 << 20]);
            Body::from_stream(futures_util::stream::repeat_with(move || {
                Ok::<_, std::io::Error>(bytes.clone())
            }))
        };
        let late = || async {
            sleep(WINDOW * 3).await;
            "late"
        };
        let router = Router::new()
            .route("/length", any(length))
            .route("/endless", any(endless))
            .route("/late", any(late))
            .route("/who", any(who));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Stop::new();
        let front = Front::new(limits, &["127.0.0.0/8".parse().unwrap()]);
        let server = tokio::spawn(serve(listener, router, front, stop.clone()));
        Self { address, stop, server }
    }

    async fn send(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }
}

/// Everything until the connection ends.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let read = timeout(SOON, stream.read_to_end(&mut text)).await.expect("it does not end");
    read.map(|_| String::from_utf8(text).unwrap()).unwrap_or_default()
}

#[tokio::test]
async fn a_head_that_does_not_end_ends_the_connection() {
    let site = Site::new(64).await;
    for begun in ["", "GET /late HTTP/1.1\r\nHost: h\r\nX-A: "] {
        assert_eq!(rest(&mut site.send(begun).await).await, "");
    }
    // A whole one that is answered late is another thing.
    let mut stream = site.send("GET /late HTTP/1.1\r\nHost: h\r\n\r\n").await;
    let answer = rest(&mut stream).await;
    assert!(answer.ends_with("\r\n\r\nlate"), "{answer}");
}

#[tokio::test]
async fn a_body_has_to_keep_coming_and_may_take_its_time() {
    let site = Site::new(64).await;
    let head =
        "POST /length HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 600\r\n\r\n";
    let drip = async |bytes: usize, every: Duration| {
        let mut stream = site.send(head).await;
        let (mut read, mut write) = stream.split();
        let sending = async {
            for _ in 0..600 / bytes {
                sleep(every).await;
                if write.write_all(&vec![b'x'; bytes]).await.is_err() {
                    return;
                }
            }
        };
        let mut answer = Vec::new();
        let reading = timeout(SOON, read.read_to_end(&mut answer));
        let (_, read) = tokio::join!(sending, reading);
        read.expect("it does not end").unwrap();
        String::from_utf8(answer).unwrap()
    };
    let began = Instant::now();
    let slow = drip(60, WINDOW / 5).await;
    assert!(slow.ends_with("\r\n\r\n600") && began.elapsed() > WINDOW, "{slow}");
    let late = drip(1, WINDOW / 10).await;
    assert!(late.ends_with(&TooSlow.to_string()), "{late}");
}

#[tokio::test]
async fn an_answer_has_to_be_taken() {
    let site = Site::new(64).await;
    let mut stream = site.send("GET /endless HTTP/1.1\r\nHost: h\r\n\r\n").await;
    // Nothing is read until the node has given up.
    sleep(WINDOW * 4).await;
    let mut bytes = vec![0; 1 << 20];
    let mut taken = 0_usize;
    let ended = timeout(SOON, async {
        while let Ok(read) = stream.read(&mut bytes).await {
            taken += read;
            if read == 0 {
                return;
            }
        }
    });
    ended.await.expect("it is still sent");
    assert!(taken < 64 << 20, "{taken}");
    // Whoever takes it gets more than that.
    let mut stream = site.send("GET /endless HTTP/1.1\r\nHost: h\r\n\r\n").await;
    let mut taken = 0_usize;
    while taken < 100 << 20 {
        taken += stream.read(&mut bytes).await.unwrap();
    }
}

#[tokio::test]
async fn whoever_finds_no_place_is_told() {
    let site = Site::new(2).await;
    let held = [site.send("").await, site.send("").await];
    // Both are accepted before the third.
    let answer = rest(&mut site.send("GET /length HTTP/1.1\r\nHost: h\r\n\r\n").await).await;
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("Too many connections"),
        "{answer}"
    );
    drop(held);
    let asked = async {
        loop {
            let request = "GET /length HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
            if rest(&mut site.send(request).await).await.starts_with("HTTP/1.1 200 ") {
                return;
            }
        }
    };
    timeout(SOON, asked).await.expect("no place was given back");
}

#[tokio::test]
async fn a_trusted_proxy_says_who_asks() {
    let site = Site::new(64).await;
    let request = "GET /who HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\
                   X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n\r\n";
    let answer = rest(&mut site.send(request).await).await;
    assert!(answer.ends_with("\r\n\r\n192.0.2.7 Https"), "{answer}");
}

#[tokio::test]
async fn what_is_under_way_is_answered_after_the_stop_signal() {
    let site = Site::new(64).await;
    let mut idle = site.send("").await;
    let mut busy = site.send("GET /late HTTP/1.1\r\nHost: h\r\n\r\n").await;
    sleep(WINDOW / 3).await;
    site.stop.stop();
    assert_eq!(rest(&mut idle).await, "");
    assert!(rest(&mut busy).await.ends_with("late"));
    timeout(SOON, site.server).await.expect("it does not end").unwrap();
}
