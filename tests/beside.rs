//! S. A node beside a SWISH: what is not the node's passes unchanged, and open pages outlive it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::StreamExt;
use http::{Method, Request};
use serde_json::{Value, json};
use tests::{
    beside::{RealSwish, RecordedSwish, node_beside},
    client::{Answer, Client},
    gateway::saved,
    replay::recording::{self, Exchange, Who},
    wait::until,
};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// A running SWISH looks at its journal every second.
const FOLLOWS: Duration = Duration::from_secs(3);
const NOTICED: Duration = Duration::from_secs(10);
/// Stands before the hash of the configuration in a page.
const MARK: &str = "window.swish.config_hash = \"";

/// A page without its hash, and the hash.
fn without_hash(page: &str) -> (String, Option<String>) {
    match page.split_once(MARK).and_then(|(before, rest)| Some((before, rest.split_once('"')?))) {
        Some((before, (hash, after))) => (format!("{before}{after}"), Some(hash.to_owned())),
        None => (page.to_owned(), None),
    }
}

/// Asks as a browser's page would.
async fn browse(client: &Client, exchange: &Exchange, host: &str) -> Result<Answer> {
    let request = Request::builder()
        .method(exchange.method.clone())
        .uri(format!("http://{host}{}", exchange.path))
        .header("accept", "text/html,application/json;q=0.9,*/*;q=0.8")
        .header("content-type", "application/json")
        .body(exchange.body.clone())?;
    client.exchange(request).await
}

#[tokio::test]
async fn what_is_not_the_nodes_passes_as_it_was_recorded() -> Result<()> {
    let mut passed = 0;
    for transcript in ["head-plain-fixed", "head-plain-query"] {
        let exchanges = recording::transcript(transcript)?;
        let theirs: Vec<_> =
            exchanges.into_iter().filter(|exchange| exchange.who() != Who::Node).collect();
        let swish = RecordedSwish::start(&theirs).await?;
        let cluster = node_beside(swish.address(), &[]).await?;
        let host = &cluster.node(1).setup.gateway;
        let client = Client::new(host);
        let mut hashes = Vec::new();
        for exchange in &theirs {
            let answer = browse(&client, exchange, host).await?;
            let what = format!("{} {}", exchange.place, exchange.request());
            ensure!(
                u64::from(answer.status) == exchange.answer.status,
                "{what}: {}",
                answer.status
            );
            for (name, value) in &exchange.answer.headers {
                ensure!(answer.header(name) == value, "{what}: {name}: {}", answer.header(name));
            }
            let (ours, hash) = without_hash(&answer.text());
            let (recorded, their_hash) = without_hash(&exchange.answer.body());
            if !exchange.path.contains("swish_config.json") {
                ensure!(ours == recorded, "{what} was changed:\n{ours}");
            }
            ensure!(
                hash.is_some() == their_hash.is_some() && (hash.is_none() || hash != their_hash)
            );
            hashes.extend(hash);
            passed += 1;
        }
        hashes.dedup();
        ensure!(hashes.len() == 1, "pages name several configurations: {hashes:?}");
        cluster.end().await?;
    }
    eprintln!("{passed} recorded answers of SWISH passed the gateway");
    Ok(())
}

#[tokio::test]
async fn open_pages_go_on_saving_while_a_real_swish_is_away() -> Result<()> {
    let Some(mut swish) = RealSwish::prepare()? else {
        eprintln!("not run: SWISH_HOME names no checkout of SWISH");
        return Ok(());
    };
    let cluster = node_beside(swish.address(), &[]).await?;
    swish.use_store(&cluster.node(1).setup.store)?;
    swish.start().await?;
    let gateway = cluster.gateway(1);
    let client = Client::new(&cluster.node(1).setup.gateway);
    let health = async |wanted: u16| {
        let asked = until("its health", NOTICED, async || {
            client.get("/cluster/health").await?.expect(wanted)
        });
        asked.await.map(|(said, _)| said)
    };
    health(200).await?;

    // The page is SWISH's, with the text that was saved through the node.
    let first = saved(&gateway.create("a.pl", "p(through_the_node).\n").await?)?;
    let page = until("SWISH's page of the file", FOLLOWS, async || {
        let page = page_of(&client, "/p/a.pl").await?;
        // Until the save has its files, the node shows it itself.
        let swishs = page.contains("data-st_type=\"gitty\"") && page.contains("through_the_node");
        ensure!(swishs, "{page}");
        Ok(page)
    });
    let (page, took) = page.await?;
    eprintln!("SWISH shows a save after {took:.1?}");
    ensure!(page.contains(&first.to_string()), "{page}");
    let (_, hash) = without_hash(&page);
    let direct = page_of(&Client::new(swish.address()), "/p/a.pl").await?;
    ensure!(hash.is_some() && hash != without_hash(&direct).1, "the hash is SWISH's");

    // A query runs through the gateway, on the text in the store.
    let asked = json!({
        "src_text": ":- include('a.pl').", "ask": "p(X)", "format": "json",
        "application": "swish", "destroy": true,
    });
    let answer = client.send_json(Method::POST, "/pengine/create", &asked).await?.expect(200)?;
    ensure!(answer.to_string().contains("through_the_node"), "{answer}");

    // A page's socket opens a session, which the node made: SWISH knows it when it comes again.
    let host = &cluster.node(1).setup.gateway;
    let (welcome, cookie) = open_socket(host, None).await?;
    ensure!(welcome["type"] == "welcome" && welcome["check_login"] == true, "{welcome}");
    let cookie = cookie.context("no session")?;
    let (welcome, again) = open_socket(host, Some(&cookie)).await?;
    ensure!(welcome["check_login"] == false && again.is_none(), "{welcome}, {again:?}");

    // Without SWISH: files are saved and read, the rest says why not.
    swish.kill().await?;
    ensure!(health(503).await?["state"] == "no_swish");
    let second = saved(&gateway.save("a.pl", first, "p(without_swish).\n").await?)?;
    let refused = client.get("/help_index").await?;
    ensure!(refused.status == 502, "{}", refused.status);
    ensure!(page_of(&client, "/p/a.pl").await?.contains("p(without_swish)"), "its own page");
    swish.start().await?;
    health(200).await?;
    let page = page_of(&client, "/p/a.pl").await?;
    ensure!(page.contains(&second.to_string()) && page.contains("data-st_type=\"gitty\""));
    cluster.end().await
}

/// Opens a chat socket as a page does: the first message, and a session if one was opened.
async fn open_socket(host: &str, cookie: Option<&str>) -> Result<(Value, Option<String>)> {
    let mut request = format!("ws://{host}/chat?avatar=/icons/a.svg").into_client_request()?;
    let headers = request.headers_mut();
    headers.insert("origin", format!("http://{host}").parse()?);
    headers.insert("sec-websocket-protocol", "v1.chat.swish.swi-prolog.org".parse()?);
    if let Some(cookie) = cookie {
        headers.insert("cookie", cookie.parse()?);
    }
    let (mut socket, answer) = tokio_tungstenite::connect_async(request).await?;
    let opened = answer.headers().get("set-cookie").map(|line| line.to_str()).transpose()?;
    let opened = opened.and_then(|line| line.split(';').next()).map(str::to_owned);
    let message = tokio::time::timeout(NOTICED, socket.next()).await?.context("it closed")??;
    Ok((serde_json::from_str(message.to_text()?)?, opened))
}

async fn page_of(client: &Client, path: &str) -> Result<String> {
    let answer = client.get_as(path, "text/html").await?;
    ensure!(answer.status == 200, "{}: {}", answer.status, answer.text());
    Ok(answer.text())
}
