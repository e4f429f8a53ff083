//! X. Pages of SWISH on several nodes: they talk, see each other, hear of saves, and come back.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::{
    cluster::{Cluster, Plan},
    gateway::saved,
    page::{Page, refused},
    wait::until,
};
use tokio_tungstenite::tungstenite::Message;

/// A message, or a visitor, is known on the other node within this.
const SOON: Duration = Duration::from_secs(5);

fn address(cluster: &Cluster, number: usize) -> String {
    cluster.node(number).setup.gateway.clone()
}

fn is_said(text: &'static str) -> impl Fn(&Value) -> bool {
    move |frame| frame["type"] == "chat-message" && frame["text"] == text
}

async fn two_nodes() -> Result<Cluster> {
    Plan { nodes: 2, ..Plan::default() }.start().await
}

#[tokio::test]
async fn pages_on_two_nodes_talk_see_each_other_and_hear_of_saves() -> Result<()> {
    let cluster = two_nodes().await?;
    let first = saved(&cluster.gateway(1).create("a.pl", "a.\n").await?)?;
    let mut ann = Page::open(&address(&cluster, 1)).await?;
    ensure!(ann.welcome["check_login"] == true && ann.welcome["visitors"] == 1, "{}", ann.welcome);
    ensure!(ann.expect("joined").await?["wsid"] == ann.wsid());
    ann.has_open(&["a.pl"]).await?;
    ensure!(ann.expect("gazers").await?["gazers"] == json!([]));
    // The other node knows of it.
    until("one visitor", SOON, async || {
        let backends = cluster.gateway(2).get("/backends").await?.expect(200)?;
        let mut nodes = backends.as_object().into_iter().flatten();
        ensure!(nodes.any(|(_, node)| node["local_visitors"] == 1), "{backends}");
        Ok(())
    })
    .await?;
    let mut bob = Page::open(&address(&cluster, 2)).await?;
    bob.has_open(&["a.pl"]).await?;
    let gazers = bob.expect("gazers").await?;
    ensure!(gazers["gazers"][0]["wsid"] == ann.wsid() && gazers["gazers"][0]["file"] == "a.pl");
    let bob_is = bob.wsid().to_owned();
    let came = ann.find(|frame| frame["event"] == "opened" && frame["wsid"] == *bob_is).await?;
    ensure!(came["html"] == "Opened <a href=\"/p/a.pl\">a.pl</a>", "{came}");
    // Chat both ways; each message is said once on each page.
    ann.says("a.pl", "hello bob").await?;
    let heard = bob.find(is_said("hello bob")).await?;
    ensure!(heard["user"]["wsid"] == ann.wsid() && heard["time"].is_f64(), "{heard}");
    ann.find(is_said("hello bob")).await?;
    bob.says("a.pl", "hello ann").await?;
    ann.find(is_said("hello ann")).await?;
    bob.find(is_said("hello ann")).await?;
    for number in [1, 2] {
        let gateway = cluster.gateway(number);
        let list = gateway.get("/chat/messages?docid=gitty:a.pl&max=100").await?.expect(200)?;
        ensure!(list[0]["text"] == "hello bob" && list[1]["text"] == "hello ann", "{list}");
        ensure!(list[0]["user"].get("wsid").is_none(), "{list}");
        let status = gateway.get("/chat/status?docid=gitty:a.pl").await?.expect(200)?;
        ensure!(status == json!({ "docid": "gitty:a.pl", "total": 2, "count": 2 }), "{status}");
    }
    // A name, and a save, are told on both.
    ann.send(&json!({ "type": "set-nick-name", "name": "Ann" })).await?;
    ensure!(bob.expect("profile").await?["name"] == "Ann");
    let body = json!({ "data": "b.\n", "previous": first, "meta": { "commit_message": "<b>" } });
    saved(&cluster.gateway(1).put("a.pl", &body).await?)?;
    let told = bob.find(|frame| frame["event"] == "updated").await?;
    ensure!(told["event_argv"][0] == "a.pl" && told["event_argv"][1].get("email").is_none());
    let said = bob.find(|frame| frame["class"] == "update").await?;
    let html = said["html"].as_str().unwrap_or_default();
    ensure!(html.ends_with("<span class=\"commit-message\">&lt;b&gt;</span>"), "{html}");
    // Long ones are refused, and nobody hears them.
    ann.says("a.pl", &"x".repeat(501)).await?;
    let forbidden = ann.expect("forbidden").await?;
    ensure!(forbidden["message"] == "Chat messages are limited to 500 characters", "{forbidden}");
    let backends = cluster.gateway(1).get("/backends").await?.expect(200)?;
    let visitors: u64 = backends
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(_, node)| node["local_visitors"].as_u64())
        .sum();
    ensure!(visitors == 2, "{backends}");
    bob.send(&json!({ "type": "unload" })).await?;
    let gone = ann.expect("removeUser").await?;
    ensure!(gone["wsid"] == *bob_is && gone["reason"] == "unload", "{gone}");
    cluster.end().await
}

#[tokio::test]
async fn a_page_comes_back_on_any_node_and_gets_what_it_missed_once() -> Result<()> {
    let mut cluster = Cluster::start().await?;
    saved(&cluster.gateway(1).create("a.pl", "a.\n").await?)?;
    let mut ann = Page::open(&address(&cluster, 1)).await?;
    ann.has_open(&["a.pl"]).await?;
    ann.expect("gazers").await?;
    let mut bob = Page::open(&address(&cluster, 2)).await?;
    bob.has_open(&["a.pl"]).await?;
    ann.says("a.pl", "one").await?;
    ann.find(is_said("one")).await?;
    bob.find(is_said("one")).await?;
    // Lost, and back on the same node.
    let (wsid, back, cookie) = (ann.wsid().to_owned(), ann.reconnect(), ann.cookie.clone());
    drop(ann);
    let lost = bob.expect("removeUser").await?;
    ensure!(lost["wsid"] == *wsid && lost["reason"] == "close", "{lost}");
    bob.says("a.pl", "two").await?;
    bob.find(is_said("two")).await?;
    let mut ann = Page::open_as(&address(&cluster, 1), &back, &cookie).await?;
    ensure!(ann.wsid() == wsid && ann.welcome["check_login"] == false, "{}", ann.welcome);
    ensure!(ann.expect("rejoined").await?["wsid"] == *wsid);
    ann.has_open(&["a.pl"]).await?;
    ensure!(ann.hears().await? == ["two"]);
    // Lost, and back on another node, while the first one answers.
    let back = ann.reconnect();
    drop(ann);
    bob.says("a.pl", "three").await?;
    bob.find(is_said("three")).await?;
    let mut ann = Page::open_as(&address(&cluster, 3), &back, &cookie).await?;
    ensure!(ann.wsid() == wsid, "{}", ann.welcome);
    ann.has_open(&["a.pl"]).await?;
    ensure!(ann.hears().await? == ["three"]);
    // Its node is killed.
    let back = ann.reconnect();
    cluster.node_mut(3).kill().await?;
    let linked = async || {
        let status = cluster.gateway(1).get("/backends").await?.expect(200)?;
        let away = |node: &Value| node["state"] == "away";
        ensure!(status.as_object().into_iter().flatten().any(|(_, node)| away(node)), "{status}");
        Ok(())
    };
    until("node 3 is away", SOON, linked).await?;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    bob.says("a.pl", "four").await?;
    bob.find(is_said("four")).await?;
    let mut ann = Page::open_as(&address(&cluster, 1), &back, &cookie).await?;
    ensure!(ann.wsid() == wsid, "{}", ann.welcome);
    ann.has_open(&["a.pl"]).await?;
    ensure!(ann.hears().await? == ["four"]);
    // Another browser does not become this page.
    let thief = Page::open_as(&address(&cluster, 1), &ann.reconnect(), "").await?;
    ensure!(thief.wsid() != wsid);
    cluster.node_mut(3).start().await?;
    cluster.end().await
}

#[tokio::test]
async fn hostile_pages_get_nothing_and_disturb_nobody() -> Result<()> {
    let mut cluster = two_nodes().await?;
    let here = address(&cluster, 1);
    let mut ann = Page::open(&here).await?;
    ann.has_open(&["a.pl"]).await?;
    let status = refused(&here, Some("http://evil.example"), "").await?;
    ensure!(status == 403, "{status}");
    let plain = cluster.gateway(1).get("/chat").await?;
    ensure!(plain.status == 400, "{}", plain.status);
    let endings = [
        (Message::text("{"), 1007),
        (Message::binary(vec![1, 2, 3]), 1003),
        (Message::text("x".repeat(70 << 10)), 1009),
    ];
    for (sent, code) in endings {
        let mut page = Page::open(&here).await?;
        page.send_raw(sent).await?;
        let closed = page.closed().await?;
        // What the page was still sending may break the connection before it has read why.
        let is_cut = closed.is_none() && code == 1009;
        ensure!(closed == Some(code) || is_cut, "{closed:?} instead of {code}");
    }
    let mut flood = Page::open(&here).await?;
    for _ in 0..300 {
        if flood.send_raw(Message::Ping(vec![0; 100].into())).await.is_err() {
            break;
        }
    }
    ensure!(matches!(flood.closed().await?, Some(1008) | None));
    // Ten thousand files are too long; three hundred are cut to what a page may have.
    let names: Vec<String> = (0..300).map(|number| format!("f{number}.pl")).collect();
    let mut many = Page::open(&here).await?;
    many.has_open(&names.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    many.expect("gazers").await?;
    // HTML of a page acts on nobody's.
    let mut eve = Page::open(&here).await?;
    eve.has_open(&["a.pl"]).await?;
    eve.send(&json!({
        "type": "chat-message", "docid": "gitty:a.pl", "text": "t", "create": false,
        "html": "<img src=x onerror=alert(1)><b>x</b>", "user": { "name": "root" },
    }))
    .await?;
    let said = ann.find(is_said("t")).await?;
    ensure!(said["html"] == "<b>x</b>" && said["user"].get("name").is_none(), "{said}");
    // The sixth connect in quick succession is refused; a clean unload clears that.
    let cookie = eve.cookie.clone();
    for _ in 0..4 {
        Page::open_as(&here, "", &cookie).await?;
    }
    let status = refused(&here, None, &cookie).await?;
    ensure!(status == 503, "{status}");
    eve.send(&json!({ "type": "unload" })).await?;
    until("it may come again", SOON, async || Page::open_as(&here, "", &cookie).await.map(drop))
        .await?;
    // A stop says goodbye.
    cluster.node_mut(1).stop().await?;
    ensure!(ann.closed().await? == Some(1001));
    cluster.node_mut(1).start().await?;
    cluster.end().await
}
