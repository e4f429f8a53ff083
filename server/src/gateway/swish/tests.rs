//! What reaches SWISH, and what comes back.

mod logins;

use std::path::PathBuf;

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::{Swish, forward};
use crate::{
    config::{Node, SwishUrl},
    front::{Scheme, Visitor},
    shutdown::Stop,
};

const HASH: &str = "875148cca9990c65bd313d52b6420da5f838fabf";

/// Says what it was asked.
async fn echo(request: Request) -> Json<Value> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let headers: Vec<_> = parts
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    Json(json!({
        "line": format!("{} {}", parts.method, parts.uri),
        "headers": headers,
        "length": body.len(),
    }))
}

async fn page() -> Response {
    let script = format!("<script>\nwindow.swish.config_hash = \"{HASH}\";\n</script>");
    let body = format!("<html>{script}{}</html>", "x".repeat(1 << 20));
    ([(header::CONTENT_TYPE, "text/html; charset=UTF-8")], body).into_response()
}

async fn config() -> Response {
    let swish = json!({ "chat": true, "redis": "h:6379", "redis_prefix": "swish" });
    Json(json!({ "http": { "locations": {} }, "swish": swish })).into_response()
}

/// A SWISH that is a few lines, and the way to it.
async fn beside() -> Swish {
    let router = Router::new()
        .route("/page", any(page))
        .route("/p/swish_config.json", any(config))
        .fallback(echo);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async { axum::serve(listener, router).await });
    start(url, Stop::new())
}

fn start(url: SwishUrl, stop: Stop) -> Swish {
    let none = PathBuf::from("/nowhere");
    let node =
        Node { name: "node-1".into(), data: none.clone(), store: none.clone(), secret_file: none };
    Swish::start(url, [7; 32], &node, stop)
}

async fn ask(swish: &Swish, mut request: Request) -> Response {
    let host = request.headers().get(header::HOST).cloned();
    let address = [192, 0, 2, 7].into();
    request.extensions_mut().insert(Visitor { address, scheme: Scheme::Unknown, host });
    forward(swish, request).await
}

async fn text(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn a_request_arrives_as_it_was_sent_but_for_who_asks() {
    let swish = beside().await;
    let request = Request::post("/pengine/create?format=json&x=%2e%2E")
        .header("host", "swish.example.org")
        .header("cookie", "a=b")
        .header("x-forwarded-for", "10.1.1.1")
        .header("connection", "x-smuggled")
        .header("x-smuggled", "1")
        .body(Body::from("text"))
        .unwrap();
    let answer: Value = serde_json::from_str(&text(ask(&swish, request).await).await).unwrap();
    assert_eq!(answer["line"], "POST /pengine/create?format=json&x=%2e%2E");
    assert_eq!(answer["length"], 4);
    let headers: Vec<&str> =
        answer["headers"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    for line in ["host: swish.example.org", "cookie: a=b", "x-forwarded-for: 192.0.2.7"] {
        assert!(headers.contains(&line), "no {line} in {headers:?}");
    }
    assert!(!headers.iter().any(|line| line.contains("smuggled") || line.contains("10.1.1.1")));
}

#[tokio::test]
async fn pages_and_configuration_change_together_and_nothing_else_does() {
    let swish = beside().await;
    let get = |path: &str| Request::get(path).header("accept", "text/html").body(Body::empty());
    let page = ask(&swish, get("/page").unwrap()).await;
    assert_eq!(page.headers()[header::CONTENT_LENGTH], page_length().to_string().as_str());
    let page = text(page).await;
    assert_eq!(page.len(), page_length());
    let hash = page.split('"').nth(1).unwrap();
    assert_eq!((hash.len(), hash == HASH), (40, false));
    let config = ask(&swish, get("/p/swish_config.json").unwrap()).await;
    let config: Value = serde_json::from_str(&text(config).await).unwrap();
    assert_eq!(config, json!({ "http": { "locations": {} }, "swish": { "chat": true } }));
    // A page asked for as something else is left alone: nobody reads its hash.
    let raw = Request::get("/page").header("accept", "image/png").body(Body::empty()).unwrap();
    assert!(text(ask(&swish, raw).await).await.contains(HASH));
}

fn page_length() -> usize {
    let around = "<html><script>\nwindow.swish.config_hash = \"\";\n</script></html>".len();
    around + HASH.len() + (1 << 20)
}

#[tokio::test]
async fn an_endless_body_ends() {
    let swish = beside().await;
    let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(vec![0_u8; 1 << 20]));
    let request = Request::put("/upload").body(Body::from_stream(endless)).unwrap();
    assert_eq!(ask(&swish, request).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn without_swish_a_page_says_so() {
    let swish = start("http://127.0.0.1:1".parse().unwrap(), Stop::new());
    let request = Request::get("/help/x").header("accept", "text/html").body(Body::empty());
    let answer = ask(&swish, request.unwrap()).await;
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
    assert!(text(answer).await.contains("Open pages go on saving"));
}

#[tokio::test]
async fn a_socket_of_this_site_is_joined_and_one_of_another_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            bytes.push(socket.read_u8().await.unwrap());
        }
        let asked = String::from_utf8(bytes).unwrap().to_lowercase();
        assert!(asked.contains("upgrade: websocket") && asked.contains("sec-websocket-key: k"));
        let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                      Upgrade: websocket\r\nSec-WebSocket-Accept: a\r\n\
                      Set-Cookie: swipl_session=1.h; path=/\r\n\r\n";
        socket.write_all(answer.as_bytes()).await.unwrap();
        let mut heard = [0; 4];
        socket.read_exact(&mut heard).await.unwrap();
        socket.write_all(&heard.map(|byte| byte.to_ascii_uppercase())).await.unwrap();
    });
    // No probe: it would take the one connection.
    let swish = start(url, stopped());
    let front = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = front.local_addr().unwrap();
    let router = Router::new().fallback(move |request: Request| {
        let swish = swish.clone();
        async move { forward(&swish, request).await }
    });
    tokio::spawn(async { axum::serve(front, router).await });
    let open = async |origin: &str| {
        let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET /socket?x=1 HTTP/1.1\r\nHost: {address}\r\nOrigin: {origin}\r\n\
             Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n"
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.unwrap());
        }
        (socket, String::from_utf8(head).unwrap())
    };
    let (_, refused) = open("http://evil.example.org").await;
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    let (mut socket, head) = open(&format!("http://{address}")).await;
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    assert!(head.contains("set-cookie: swipl_session=") && !head.contains("=1.h"), "{head}");
    socket.write_all(b"ping").await.unwrap();
    let mut heard = [0; 4];
    socket.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"PING");
}

fn stopped() -> Stop {
    let stop = Stop::new();
    stop.stop();
    stop
}
