//! T. Hostile and slow clients: a table of attacks on the gateway, with what the client gets and what
//! SWISH hears.

mod rows;

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, Result, ensure};
use http::Method;
use serde_json::json;
use tests::{
    beside::{Heard, RawSwish, node_beside},
    client::Client,
    cluster::Cluster,
    gateway::saved,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};

use rows::{Row, Then};

/// Longest that an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Silence that counts as "nothing more".
const SILENCE: Duration = Duration::from_millis(30);
const MIB: usize = 1 << 20;

/// What a client got.
#[derive(Debug, PartialEq, Eq)]
struct Got {
    answers: Vec<u16>,
    then: Then,
    text: String,
}

/// What SWISH answers to some paths.
fn answers(elsewhere: &str) -> HashMap<&'static str, Vec<u8>> {
    let ok = |lines: &str, body: &str| {
        format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: {}\r\n\r\n{body}", body.len())
            .into_bytes()
    };
    let huge = format!("{{\"swish\":\"{}\"}}", "x".repeat(5 * MIB));
    let location =
        format!("HTTP/1.1 302 Found\r\nLocation: http://{elsewhere}/\r\nContent-Length: 0\r\n\r\n");
    let config = json!({ "swish": { "redis": "secret:6379", "chat": true } }).to_string();
    HashMap::from([
        ("/elsewhere", location.into_bytes()),
        ("/folded", ok("Set-Cookie: a=1;\r\n path=/\r\n", "")),
        ("/nul", ok("Location: /a\0b\r\n", "")),
        ("/return", ok("Set-Cookie: a=1\rX-A: b\r\n", "")),
        ("/lengths", ok("Content-Length: 7\r\n", "")),
        ("/endless/swish_config.json", ok("Content-Type: application/json\r\n", &huge)),
        ("/twice", [ok("", "one"), ok("", "two")].concat()),
        ("/swish%5Fconfig.json", ok("Content-Type: application/json\r\n", &config)),
        ("/packed", ok("Content-Type: text/html\r\nContent-Encoding: gzip\r\n", "\u{1f}packed")),
    ])
}

async fn attack(address: &str, sent: &[u8], wanted: usize, then: Then) -> Result<Got> {
    let mut stream = TcpStream::connect(address).await?;
    // The node may have answered and closed before all is written.
    let _ = stream.write_all(sent).await;
    listen(&mut stream, wanted, then).await
}

/// Reads answers until as many came as are wanted, and then whether the connection ends.
async fn listen(stream: &mut TcpStream, wanted: usize, then: Then) -> Result<Got> {
    let end = Instant::now() + PATIENCE;
    let (mut bytes, mut answers) = (Vec::new(), Vec::new());
    let mut text = String::new();
    let then = loop {
        while let Some((status, length)) = answer(&bytes) {
            answers.push(status);
            text = String::from_utf8_lossy(&bytes[..length]).into_owned();
            bytes.drain(..length);
        }
        let is_enough = answers.len() >= wanted && then == Then::Open;
        let wait = if is_enough { SILENCE } else { end - Instant::now() };
        match timeout(wait, stream.read_buf(&mut bytes)).await {
            Ok(Ok(read)) if read > 0 => {}
            Ok(_) => break Then::Closed,
            Err(_) => break Then::Open,
        }
    };
    ensure!(bytes.is_empty(), "no answer: {:?}", String::from_utf8_lossy(&bytes));
    Ok(Got { answers, then, text })
}

/// Status and length of the first whole answer.
fn answer(bytes: &[u8]) -> Option<(u16, usize)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).ok()?.to_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let length = end + length.unwrap_or(0_usize);
    (bytes.len() >= length).then_some((status, length))
}

/// Whatever was sent: SWISH hears requests that can be read in one way only, and who asks from us.
fn check(heard: &Heard) -> Result<()> {
    let count = |name| heard.all(name).count();
    ensure!(count("content-length") + count("transfer-encoding") <= 1, "two lengths: {heard:?}");
    ensure!(count("host") == 1 && count("x-forwarded-for") == 1, "{heard:?}");
    for name in ["x-forwarded-for", "x-real-ip"] {
        ensure!(heard.all(name).eq(["127.0.0.1"]), "{heard:?}");
    }
    ensure!(heard.all("x-forwarded-proto").eq(["http"]), "{heard:?}");
    ensure!(heard.all("x-forwarded-host").eq(heard.all("host")), "{heard:?}");
    let foreign = ["forwarded", "fastly-client-ip", "upgrade", "te", "trailer", "expect"];
    // SWISH reads what it leaves of a body as the next request: there must be none.
    let has_body = heard.body.as_ref().is_none_or(|body| !body.is_empty());
    let is_last = heard.all("connection").eq(["close"]);
    ensure!(is_last || (!has_body && count("connection") == 0), "{heard:?}");
    let names = heard.headers.iter().map(|(name, _)| name.as_str());
    let odd = names.into_iter().find(|name| foreign.contains(name) || name.contains('_'));
    ensure!(odd.is_none(), "{odd:?}");
    Ok(())
}

/// The stage: one node beside a SWISH that keeps every byte, and a file that visitors may not change.
struct Stage {
    cluster: Cluster,
    swish: RawSwish,
    address: String,
    put: String,
}

impl Stage {
    async fn open(elsewhere: &str) -> Result<Self> {
        let swish = RawSwish::start(answers(elsewhere)).await?;
        let cluster = node_beside(swish.address(), &[]).await?;
        let address = cluster.node(1).setup.gateway.clone();
        let meta = json!({ "name": "own", "modify": ["login"] });
        let body = json!({ "data": "a.\n", "type": "pl", "meta": meta });
        let own = Client::new(&address).send_json(Method::POST, "/p/", &body).await?;
        let put = json!({ "data": "b.\n", "previous": saved(&own)? }).to_string();
        let _ = swish.take();
        Ok(Self { cluster, swish, address, put })
    }

    async fn play(&self, row: &Row) -> Result<()> {
        let host = format!("Host: {}\r\n", self.address);
        let length = self.put.len().to_string();
        let texts =
            [("{H}", &host), ("{host}", &self.address), ("{N}", &length), ("{PUT}", &self.put)];
        let sent = row.bytes(&texts.map(|(name, text)| (name, text.as_str())))?;
        let got = attack(&self.address, &sent, row.answers.len(), row.then()).await?;
        let heard = self.swish.take();
        ensure!(got.answers == row.answers && got.then == row.then(), "the client got {got:?}");
        // What was cut off is no request to SWISH, whether it came that far or not.
        let own = heard.iter().filter(|heard| heard.body.is_some());
        let own: Vec<_> = own.map(|heard| heard.line.as_str()).collect();
        ensure!(own == row.swish, "SWISH heard {own:?}");
        heard.iter().try_for_each(check)
    }
}

#[tokio::test]
async fn attacks_end_as_the_table_says() -> Result<()> {
    let elsewhere = TcpListener::bind("127.0.0.1:0").await?;
    let stage = Stage::open(&elsewhere.local_addr()?.to_string()).await?;
    let slow = slow_heads(&stage).await?;
    let rows = rows::all()?;
    let count = rows.len();
    let mut wrong = Vec::new();
    for row in &rows {
        if let Err(error) = stage.play(row).await {
            wrong.push(format!("{}: {error:#}", row.name));
        }
    }
    ensure!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    eprintln!("{count} attacks of the table");
    ensure!(
        timeout(SILENCE, elsewhere.accept()).await.is_err(),
        "the way to elsewhere was followed"
    );
    too_long(&stage).await?;
    endless(&stage).await?;
    patched(&stage).await?;
    slow.await??;
    // Nothing of all this was saved.
    let own = stage.cluster.gateway(1).file("own.pl").await?;
    ensure!(own.text == "a.\n", "{}", own.text);
    stage.cluster.end().await
}

/// Heads that are never finished: the connection ends, and whoever asks meanwhile is answered.
async fn slow_heads(stage: &Stage) -> Result<tokio::task::JoinHandle<Result<()>>> {
    let mut slow = Vec::new();
    for begun in ["", "GET /a HTTP/1.1\r\n", "GET /a HTTP/1.1\r\nHost: a\r\nX-A: b"] {
        let mut stream = TcpStream::connect(&stage.address).await?;
        stream.write_all(begun.as_bytes()).await?;
        slow.push(stream);
    }
    Ok(tokio::spawn(async move {
        for mut stream in slow {
            let mut drip = tokio::time::interval(Duration::from_secs(1));
            let got = async {
                loop {
                    drip.tick().await;
                    let mut bytes = [0; 512];
                    // A letter now and then does not help.
                    let _ = stream.write_all(b"x").await;
                    match stream.try_read(&mut bytes) {
                        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                        Ok(0) | Err(_) => return,
                        Ok(_) => {}
                    }
                }
            };
            timeout(PATIENCE, got).await.context("a head that never ends is waited for")?;
        }
        Ok(())
    }))
}

/// Addresses, headers and numbers of them that nobody needs.
async fn too_long(stage: &Stage) -> Result<()> {
    let host = format!("Host: {}\r\n", stage.address);
    let long = "x".repeat(60 << 10);
    let requests = [
        ("a long name", format!("GET /p/{long} HTTP/1.1\r\n{host}\r\n"), 200, Then::Open, 1),
        (
            "a long address",
            format!("GET /a?{long}{long} HTTP/1.1\r\n{host}\r\n"),
            431,
            Then::Closed,
            0,
        ),
        (
            "a long header",
            format!("GET /a HTTP/1.1\r\n{host}X-A: {long}{long}\r\n\r\n"),
            431,
            Then::Closed,
            0,
        ),
        (
            "many headers",
            format!("GET /a HTTP/1.1\r\n{host}{}\r\n", "X-A: b\r\n".repeat(200)),
            431,
            Then::Closed,
            0,
        ),
    ];
    for (name, request, status, then, lines) in requests {
        let got = attack(&stage.address, request.as_bytes(), 1, then).await?;
        ensure!(
            got.answers == [status] && got.then == then,
            "{name}: {:?} {:?}",
            got.answers,
            got.then
        );
        ensure!(stage.swish.take().len() == lines, "{name}");
    }
    Ok(())
}

/// Bodies in chunks that do not end: to a file, and to SWISH.
async fn endless(stage: &Stage) -> Result<()> {
    for path in ["/p/", "/cm/x"] {
        let mut stream = TcpStream::connect(&stage.address).await?;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nTransfer-Encoding: chunked\r\n\r\n",
            stage.address
        );
        stream.write_all(head.as_bytes()).await?;
        let chunk = [b"100000\r\n".as_slice(), &vec![b'x'; MIB], b"\r\n"].concat();
        let (mut read, mut write) = stream.into_split();
        let sending = tokio::spawn(async move {
            let mut sent = 0;
            while sent < 200 && write.write_all(&chunk).await.is_ok() {
                sent += 1;
            }
            (sent, write)
        });
        let mut bytes = vec![0; 1024];
        let got = timeout(PATIENCE, read.read(&mut bytes)).await??;
        let got = String::from_utf8_lossy(&bytes[..got]).into_owned();
        ensure!(got.starts_with("HTTP/1.1 413 "), "{path}: {got}");
        let (sent, _write) = sending.await?;
        ensure!(sent < 100, "{path}: {sent} MiB were taken");
    }
    let heard = stage.swish.take();
    ensure!(heard.iter().all(|heard| heard.body.is_none()), "a cut body was whole");
    Ok(())
}

/// What the node changes in answers: under every spelling, and never by unpacking.
async fn patched(stage: &Stage) -> Result<()> {
    let ask = async |line: &str| {
        let request =
            format!("{line} HTTP/1.1\r\nHost: {}\r\nAccept: text/html\r\n\r\n", stage.address);
        attack(&stage.address, request.as_bytes(), 1, Then::Open).await
    };
    let config = ask("GET /swish%5Fconfig.json").await?;
    ensure!(config.text.contains("\"chat\":true") && !config.text.contains("redis"), "{config:?}");
    let packed = ask("GET /packed").await?;
    ensure!(
        packed.text.contains("content-encoding: gzip") && packed.text.ends_with("\u{1f}packed")
    );
    let mut heard = stage.swish.take();
    heard.retain(|heard| heard.body.is_some());
    ensure!(heard.iter().all(|heard| heard.all("accept-encoding").eq(["identity"])), "{heard:?}");
    Ok(())
}
