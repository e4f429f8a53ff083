//! S. A node beside a SWISH: what is not the node's passes unchanged, and open pages outlive it.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use futures_util::StreamExt;
use http::{Method, Request};
use serde_json::{Value, json};
use tests::{
    beside::{RawSwish, RealSwish, node_beside, without_hash},
    client::Client,
    cluster::Plan,
    gateway::saved,
    wait::until,
};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// A program that runs in one SWISH only.
const PENGINE: &str = "5b1cf2a8-0000-4000-8000-000000000001";
/// A running SWISH looks at its journal every second.
const FOLLOWS: Duration = Duration::from_secs(3);
const NOTICED: Duration = Duration::from_secs(10);

fn json_answer(body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let kind = "Content-Type: application/json; charset=UTF-8";
    format!("HTTP/1.1 200 OK\r\n{kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into()
}

#[tokio::test]
async fn a_program_that_runs_beside_another_node_goes_on() -> Result<()> {
    // As SWISH says it.
    let unknown = json!({
        "event": "error", "code": "existence_error", "arg1": "pengine", "arg2": PENGINE,
        "data": format!("pengine `'{PENGINE}'' does not exist"), "id": PENGINE,
    });
    let died = json!({ "event": "died", "id": PENGINE });
    let answer = json!({ "event": "success", "id": PENGINE, "data": [{ "X": 2 }] });
    let answers = |send: &Value| {
        HashMap::from([("/pengine/send", json_answer(send)), ("/pengine/ping", json_answer(&died))])
    };
    let swishes =
        [RawSwish::start(answers(&unknown)).await?, RawSwish::start(answers(&answer)).await?];
    let mut cluster = Plan { nodes: 2, ..Plan::default() }.prepare().await?;
    for (node, swish) in cluster.nodes.iter_mut().zip(&swishes) {
        let url = format!("http://{}", swish.address());
        node.setup.environment.push(("SWISH_CLUSTER_SWISH".to_owned(), url));
        node.start().await?;
    }
    cluster.found().await?;

    let client = Client::new(&cluster.node(1).setup.gateway);
    let ask = |path: &str| format!("/pengine/{path}?format=json&id={PENGINE}");
    until("the links", NOTICED, async || {
        let said =
            client.send_json(Method::POST, &ask("send"), &json!("next.")).await?.expect(200)?;
        ensure!(said == answer, "{said}");
        Ok(())
    })
    .await?;
    let asked = |swish: &RawSwish| {
        let heard = swish.take().into_iter().filter(|heard| heard.line.contains("/pengine/"));
        heard.map(|heard| heard.body.unwrap_or_default()).collect::<Vec<_>>()
    };
    ensure!(asked(&swishes[1]).contains(&b"\"next.\"".to_vec()), "the question is not the page's");

    // Nobody has it: each is asked once, and nobody asks on.
    asked(&swishes[0]);
    let said = client.get(&ask("ping")).await?.expect(200)?;
    ensure!(said == died, "{said}");
    let counts = swishes.each_ref().map(|swish| asked(swish).len());
    ensure!(counts == [1, 1], "{counts:?}");
    cluster.end().await
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
    let shown = async |wanted: &str| {
        let shown = until("its state on the dashboard", NOTICED, async || {
            let overview =
                cluster.node(1).dashboard()?.get("/api/v1/overview").await?.expect(200)?;
            ensure!(overview["nodes"][0]["swish"] == wanted, "{}", overview["nodes"][0]["swish"]);
            Ok(overview["needs"].to_string())
        });
        shown.await.map(|(needs, _)| needs)
    };
    ensure!(!shown("up").await?.contains("The SWISH of"));

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
    ensure!(shown("down").await?.contains("Open pages go on saving"));
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

#[tokio::test]
async fn a_real_swish_below_a_prefix_is_beside_a_node() -> Result<()> {
    let Some(mut swish) = RealSwish::prepare_below("/swish")? else {
        eprintln!("not run: SWISH_HOME names no checkout of SWISH");
        return Ok(());
    };
    let cluster = node_beside(&format!("{}/swish", swish.address()), &[]).await?;
    swish.use_store(&cluster.node(1).setup.store)?;
    swish.start().await?;
    let client = Client::new(&cluster.node(1).setup.gateway);
    let up =
        until("its health", NOTICED, async || client.get("/cluster/health").await?.expect(200));
    up.await?;
    let body = json!({ "data": "p(1).\n", "type": "pl", "meta": { "name": "a" } });
    let saved = client.send_json(Method::POST, "/swish/p/", &body).await?.expect(200)?;
    ensure!(saved["url"] == "/swish/p/a.pl", "{saved}");
    let page = until("SWISH's page of the file", FOLLOWS, async || {
        let page = page_of(&client, "/swish/p/a.pl").await?;
        ensure!(page.contains("data-st_type=\"gitty\"") && page.contains("p(1)."), "{page}");
        Ok(page)
    });
    let (page, _) = page.await?;
    ensure!(page.contains("data-file=\"a.pl\"") && page.contains("href=\"/swish/"), "{page}");
    let config = client.get("/swish/p/swish_config.json").await?.expect(200)?;
    ensure!(config["http"]["locations"]["web_storage"] == "/swish/p/", "{config}");
    let host = format!("{}/swish", cluster.node(1).setup.gateway);
    let (welcome, cookie) = open_socket(&host, None).await?;
    ensure!(welcome["type"] == "welcome" && cookie.is_some(), "{welcome}");
    no_leftovers(&client, &cluster.node(1).setup.gateway).await?;
    cluster.end().await
}

/// SWISH reads what it leaves of a body as another request; nobody gets the answer to that.
async fn no_leftovers(client: &Client, host: &str) -> Result<()> {
    let left = "GET /swish/pengine/ping?id=smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    for _ in 0..20 {
        let request = Request::get(format!("http://{host}/swish/help_index"));
        let with_body = client.exchange(request.body(left.to_owned())?);
        let (first, second) = tokio::join!(with_body, client.get("/swish/help_index"));
        for answer in [first?, second?] {
            ensure!(answer.expect(200)?[0]["file"] == "about.html", "{}", answer.text());
        }
    }
    Ok(())
}

/// Opens a chat socket as a page does: the first message, and a session if one was opened.
async fn open_socket(host: &str, cookie: Option<&str>) -> Result<(Value, Option<String>)> {
    let mut request = format!("ws://{host}/chat?avatar=/icons/a.svg").into_client_request()?;
    let headers = request.headers_mut();
    let site = host.split('/').next().unwrap_or_default();
    headers.insert("origin", format!("http://{site}").parse()?);
    headers.insert("sec-websocket-protocol", "v1.chat.swish.swi-prolog.org".parse()?);
    if let Some(cookie) = cookie {
        headers.insert("cookie", cookie.parse()?);
    }
    let (mut socket, answer) = tokio_tungstenite::connect_async(request).await?;
    let lines = answer.headers().get_all("set-cookie").iter();
    let lines = lines.filter_map(|line| line.to_str().ok()?.split(';').next());
    // SWISH's session, and the cluster's.
    let opened: Vec<_> = lines.collect();
    let opened = (!opened.is_empty()).then(|| opened.join("; "));
    let message = tokio::time::timeout(NOTICED, socket.next()).await?.context("it closed")??;
    Ok((serde_json::from_str(message.to_text()?)?, opened))
}

async fn page_of(client: &Client, path: &str) -> Result<String> {
    let answer = client.get_as(path, "text/html").await?;
    ensure!(answer.status == 200, "{}: {}", answer.status, answer.text());
    Ok(answer.text())
}

/// A proxy that is trusted says who asks, how, and of which host: sockets and cookies go by that.
#[tokio::test]
async fn behind_a_trusted_proxy_the_browsers_side_counts() -> Result<()> {
    let welcome = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\
        Set-Cookie: swipl_session=1a2b-3c4d-5e6f-7081.vm; path=/\r\n\r\n";
    let swish = RawSwish::start([("/socket", welcome.to_vec())].into()).await?;
    for trusted in [true, false] {
        let networks = if trusted { "10.0.0.0/8,127.0.0.0/8" } else { "10.0.0.0/8" };
        let setting = ("SWISH_CLUSTER_TRUSTED_PROXY", networks);
        let cluster = node_beside(swish.address(), &[setting]).await?;
        let host = &cluster.node(1).setup.gateway;
        let client = Client::new(host);
        let forwarded = |path: &str| {
            Request::get(format!("http://{host}{path}"))
                .header("x-forwarded-for", "198.51.100.9, 192.0.2.7, 10.1.2.3")
                .header("x-forwarded-proto", "https")
                .header("x-forwarded-host", "swish.example.org")
        };
        let socket =
            forwarded("/socket").header("upgrade", "websocket").header("connection", "upgrade");
        let socket = socket.header("origin", "https://swish.example.org").body(String::new())?;
        let answer = client.exchange(socket).await?;
        ensure!((answer.status == 200) == trusted, "a page of the proxy's host: {}", answer.status);
        let is_secure = answer.header("set-cookie").contains("; Secure");
        ensure!(is_secure == trusted, "{}", answer.header("set-cookie"));
        let _ = swish.take();
        client.exchange(forwarded("/a").body(String::new())?).await?;
        let [heard] = &swish.take()[..] else { bail!("not one request") };
        let said = ["x-forwarded-for", "x-real-ip", "x-forwarded-proto", "x-forwarded-host"];
        let said = said.map(|name| heard.all(name).collect::<Vec<_>>().join(" "));
        let own = if trusted {
            ["192.0.2.7", "192.0.2.7", "https", "swish.example.org"]
        } else {
            ["127.0.0.1", "127.0.0.1", "http", host.as_str()]
        };
        ensure!(said == own, "{said:?}");
        // Saves name the visitor as well.
        let body = json!({ "data": "a.\n", "type": "pl", "meta": { "name": "a" } }).to_string();
        let post = forwarded("/p/").method(Method::POST).body(body)?;
        let saved = client.exchange(post).await?.expect(200)?;
        ensure!(saved["meta"]["peer"] == own[0], "{saved}");
        cluster.end().await?;
    }
    Ok(())
}

/// A SWISH below a path: the gateway answers below it too, and says so to whoever asks elsewhere.
#[tokio::test]
async fn a_swish_below_a_prefix_has_its_gateway_below_it() -> Result<()> {
    let page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\npage";
    let swish = RawSwish::start([("/swish/p/a%20b.pl", page.to_vec())].into()).await?;
    let cluster = node_beside(&format!("{}/swish/", swish.address()), &[]).await?;
    let client = Client::new(&cluster.node(1).setup.gateway);
    let body = json!({ "data": "a.\n", "type": "pl", "meta": { "name": "a b" } });
    let saved = client.send_json(Method::POST, "/swish/p/", &body).await?.expect(200)?;
    ensure!(saved["url"] == "/swish/p/a%20b.pl", "{saved}");
    let again = json!({ "data": "b.\n", "previous": "0123456789012345678901234567890123456789" });
    let lost = client.send_json(Method::PUT, "/swish/p/a%20b.pl", &again).await?.expect(409)?;
    ensure!(lost["url"] == "/swish/p/a%20b.pl", "{lost}");
    let gone = client.send_json(Method::PUT, "/swish/p/none.pl", &json!({})).await?.expect(404)?;
    ensure!(gone["location"] == "/swish/p/none.pl", "{gone}");
    until("SWISH's page", NOTICED, async || {
        let page = page_of(&client, "/swish/p/a%20b.pl").await?;
        ensure!(page == "page", "{page}");
        Ok(())
    })
    .await?;
    for path in ["/cluster/health", "/swish/cluster/health"] {
        client.get(path).await?.expect(200)?;
    }
    let _ = swish.take();
    for path in ["/", "/p/a%20b.pl", "/swishes/x", "/login"] {
        let outside = client.get(path).await?.expect(404)?;
        let said = outside["message"].as_str().unwrap_or_default();
        ensure!(said.ends_with("Everything here is below /swish/"), "{path}: {outside}");
    }
    ensure!(swish.take().is_empty(), "SWISH heard of it");
    for path in ["/swish", "/swish/", "/swish/%70engine/ping?id=1"] {
        client.get(path).await?.expect(200)?;
        let [heard] = &swish.take()[..] else { bail!("{path} is not one request") };
        ensure!(heard.line == format!("GET {path} HTTP/1.1"), "{heard:?}");
    }
    cluster.end().await
}
