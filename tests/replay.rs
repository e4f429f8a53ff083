//! Everything that a real SWISH was recorded to answer, asked again of a node.
//!
//! Each difference is listed in fixtures-differences.toml with its reason. What SWISH itself
//! answers, and what belongs to chats, is counted and printed: tests/sockets.rs has those.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Result, ensure};
use http::{Method, Request};
use serde_json::{Value, json};
use tests::{
    beside::{RecordedSwish, node_beside, without_hash},
    client::Client,
    cluster::{Cluster, Plan, fixture_store},
    gateway::saved,
    replay::{
        compare,
        differences::Differences,
        names::Names,
        recording::{self, Exchange, Who},
    },
    wait::until,
};

/// The text of the files that were there before the transcript began.
const DEMO: &str = "% demo\np(1).\np(2).\n\n/** <examples>\n?- p(X).\n*/\np(3).\np(4).\n";

/// Files are written within a second, and a busy machine needs more.
const FILED: Duration = Duration::from_secs(10);

/// Asks what the node answers, in order, and compares.
struct Replay {
    client: Client,
    differences: Differences,
    names: Option<Names>,
    compared: usize,
    chats: usize,
    for_swish: BTreeSet<String>,
    unlisted: Vec<String>,
}

impl Replay {
    fn of(recording: &str, cluster: &Cluster, names: Option<Names>) -> Result<Self> {
        Ok(Self {
            client: Client::new(&cluster.node(1).setup.gateway),
            differences: Differences::of(recording)?,
            names,
            compared: 0,
            chats: 0,
            for_swish: BTreeSet::new(),
            unlisted: Vec::new(),
        })
    }

    async fn ask(&mut self, exchange: &Exchange) -> Result<()> {
        match exchange.who() {
            Who::Node => self.compare(exchange).await?,
            Who::Chat => self.chats += 1,
            Who::Swish => {
                self.for_swish.insert(exchange.request());
            }
        }
        Ok(())
    }

    /// With our names.
    fn translated(&self, text: &str) -> String {
        self.names.as_ref().map_or_else(|| text.to_owned(), |names| names.translate(text))
    }

    async fn compare(&mut self, exchange: &Exchange) -> Result<()> {
        let (path, body) = (self.translated(&exchange.path), self.translated(&exchange.body));
        let mut ours = self.client.send(exchange.method.clone(), &path, body).await?;
        let mut theirs = exchange.answer.clone();
        if let (Some(names), Some(answer)) = (&mut self.names, &mut theirs.json) {
            let mut made = ours.json();
            names.learn(answer, &made);
            *answer = serde_json::from_str(&names.translate(&answer.to_string()))?;
            names.forget(answer);
            names.forget(&mut made);
            ours.body = made.to_string().into();
        }
        self.chats +=
            usize::from(theirs.json.as_ref().is_some_and(|json| json.get("chats").is_some()));
        for at in compare::differences(&theirs, &ours) {
            let (place, request) = (&exchange.place, exchange.request());
            if !self.differences.is_meant(place, &request, &at) {
                let theirs = shown(theirs.json.as_ref(), &at, theirs.text.as_deref());
                let made = shown(Some(&ours.json()), &at, None);
                let status = ours.status;
                self.unlisted.push(format!("{place} {request} {at} ({status}): {theirs} / {made}"));
            }
        }
        self.compared += 1;
        Ok(())
    }

    fn end(self) -> Result<usize> {
        eprintln!(
            "{} answers compared; {} are about chats; answered by SWISH:",
            self.compared, self.chats
        );
        self.for_swish.iter().for_each(|request| eprintln!("  {request}"));
        ensure!(self.unlisted.is_empty(), "not listed:\n{}", self.unlisted.join("\n"));
        let unused = self.differences.unused();
        ensure!(unused.is_empty(), "listed and not there:\n{}", unused.join("\n"));
        Ok(self.compared)
    }
}

fn shown(json: Option<&Value>, at: &str, text: Option<&str>) -> String {
    let value = json.and_then(|json| json.pointer(at)).map(Value::to_string);
    let text = value.or_else(|| text.map(str::to_owned)).unwrap_or_default();
    text.chars().take(200).collect()
}

/// A conversation that is replayed through the gateway before a recorded SWISH.
struct Conversation {
    recording: &'static str,
    /// Where its SWISH was.
    prefix: &'static str,
    /// Files that were there before.
    files: &'static [&'static str],
}

const CONVERSATIONS: [Conversation; 4] = [
    Conversation { recording: "head-plain-fixed", prefix: "", files: &["demo", "demo3"] },
    Conversation { recording: "head-plain-query", prefix: "", files: &["demo", "demo3"] },
    Conversation { recording: "head-redis-cluster", prefix: "", files: &["demo"] },
    Conversation { recording: "auth-digest-prefix", prefix: "/swish", files: &[] },
];

/// True for what reaches SWISH: all that is not the node's, and files that the node lacks.
fn reaches_swish(exchange: &Exchange) -> bool {
    exchange.who() != Who::Node || (exchange.method == Method::GET && exchange.answer.status == 404)
}

/// Asks as the browser did; the answer is the recorded one, but for the configuration and its
/// hash; theirs and ours are told.
async fn passes(
    client: &Client,
    host: &str,
    exchange: &Exchange,
    path: &str,
) -> Result<Option<(String, String)>> {
    let mut request =
        Request::builder().method(exchange.method.clone()).uri(format!("http://{host}{path}"));
    for (name, value) in &exchange.headers {
        request = request.header(name, value);
    }
    let answer = client.exchange(request.body(exchange.body.clone())?).await?;
    let theirs = &exchange.answer;
    ensure!(u64::from(answer.status) == theirs.status, "{}: {}", answer.status, answer.text());
    for (name, value) in &theirs.headers {
        ensure!(answer.header(name) == value, "{name}: {}", answer.header(name));
    }
    let (ours, hash) = without_hash(&answer.text());
    let (recorded, their_hash) = without_hash(&theirs.body());
    if !path.contains("swish_config.json") {
        ensure!(ours == recorded, "it was changed:\n{ours}\n{recorded}");
    }
    ensure!(hash.is_some() == their_hash.is_some() && (hash.is_none() || hash != their_hash));
    Ok(their_hash.zip(hash))
}

#[tokio::test]
async fn every_conversation_goes_through_the_gateway() -> Result<()> {
    let mut wrong = Vec::new();
    for conversation in CONVERSATIONS {
        let Conversation { recording, prefix, files } = conversation;
        let exchanges = recording::transcript(recording)?;
        let theirs: Vec<_> = exchanges.iter().filter(|it| reaches_swish(it)).cloned().collect();
        let swish = RecordedSwish::start(&theirs).await?;
        let cluster = node_beside(&format!("{}{prefix}", swish.address()), &[]).await?;
        for name in files {
            make(&cluster, name).await?;
        }
        let host = cluster.node(1).setup.gateway.clone();
        let mut replay = Replay::of(recording, &cluster, Some(Names::default()))?;
        let (mut hashes, mut passed) = (BTreeSet::new(), 0);
        for exchange in &exchanges {
            match exchange.who() {
                Who::Node => {
                    replay.compare(exchange).await?;
                    continue;
                }
                Who::Chat => continue,
                Who::Swish => {}
            }
            // A page of a file is SWISH's once the file is on the disk.
            let path = replay.translated(&exchange.path);
            let what = format!("{} {}", exchange.place, exchange.request());
            let page =
                until(&what, FILED, async || passes(&replay.client, &host, exchange, &path).await);
            hashes.extend(page.await?.0);
            passed += 1;
        }
        let theirs: BTreeSet<_> = hashes.iter().map(|(theirs, _)| theirs).collect();
        ensure!(theirs.len() == hashes.len(), "one configuration, several hashes: {hashes:?}");
        let compared = replay.compared;
        wrong.extend(replay.end().err().map(|error| error.to_string()));
        eprintln!("{recording}: {passed} answers of SWISH passed, {compared} of the node compared");
        cluster.end().await?;
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[tokio::test]
async fn a_store_that_swish_wrote_is_answered_as_swish_answers_it() -> Result<()> {
    let cluster = Plan { stores: vec![fixture_store()], ..Plan::default() }.start().await?;
    let mut replay = Replay::of("http-responses", &cluster, None)?;
    for exchange in recording::responses()? {
        replay.ask(&exchange).await?;
    }
    let compared = replay.end()?;
    ensure!(compared >= 62 * 4 + 9, "only {compared}");
    cluster.end().await
}

#[tokio::test]
async fn two_browsers_get_the_answers_that_swish_gave() -> Result<()> {
    let cluster = Cluster::start().await?;
    for name in ["demo", "demo3"] {
        make(&cluster, name).await?;
    }
    let mut replay = Replay::of("head-plain-fixed", &cluster, Some(Names::default()))?;
    for exchange in recording::transcript("head-plain-fixed")? {
        replay.ask(&exchange).await?;
    }
    let compared = replay.end()?;
    ensure!(compared >= 30, "only {compared}");
    cluster.end().await
}

/// The files of an earlier recording, which were there when this one began.
async fn make(cluster: &Cluster, name: &str) -> Result<()> {
    let client = Client::new(&cluster.node(1).setup.gateway);
    let modify = ["any", "login", "owner"];
    let meta = json!({ "name": name, "public": true, "modify": modify, "title": "Demo title" });
    let body = json!({ "data": DEMO, "type": "pl", "meta": meta });
    let first = saved(&client.send_json(Method::POST, "/p/", &body).await?)?;
    let meta = json!({ "title": "New title", "tags": ["t1", "t2"] });
    let body = json!({ "update": "meta-data", "meta": meta, "previous": first });
    saved(&client.send_json(Method::PUT, &format!("/p/{name}.pl"), &body).await?)?;
    let fork = format!("{name}_fork");
    let meta = json!({ "name": fork, "public": true });
    let body = json!({ "data": "fork.\n", "type": "pl", "meta": meta });
    saved(&client.send_json(Method::POST, "/p/", &body).await?)?;
    cluster.gateway(1).delete(&format!("{fork}.pl")).await?.expect(200)?;
    Ok(())
}

/// A colleague's save is found on every node within a second.
#[tokio::test]
async fn a_save_is_found_on_every_node() -> Result<()> {
    let cluster = Cluster::start().await?;
    saved(&cluster.gateway(1).create("found.pl", "haystack(needle_in_it).\n").await?)?;
    let mut slowest = std::time::Duration::ZERO;
    for number in 1..=3 {
        let gateway = cluster.gateway(number);
        let what = format!("found on node {number}");
        let (_, took) = tests::wait::until(&what, std::time::Duration::from_secs(1), async || {
            let list = gateway.get("/source_list?q=needle_in").await?.expect(200)?;
            ensure!(list["matches"][0]["name"] == "found.pl", "{list}");
            Ok(())
        })
        .await?;
        slowest = slowest.max(took);
    }
    eprintln!("found on every node after {slowest:.0?}");
    cluster.end().await
}
