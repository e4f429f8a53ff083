//! The storage surface over a node that decides alone, against what SWISH answered.

mod limits;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{Request, StatusCode, header::ACCEPT},
};
use cluster::{Copies, DraftKind, HoldReason, Save, SaveOutcome};
use domain::{FileName, NodeId, ObjectId};
use serde_json::{Value, json};
use tokio::sync::{broadcast, mpsc};
use tower::ServiceExt;

use super::{Beginning, Chat, Gateway, routes};
use crate::{
    hub::Hub,
    node::{Command, Handle, Shared},
    search::Search,
    shutdown::Stop,
};

/// A node whose saves end as a single member would end them, or all alike.
struct Site {
    routes: Router,
    node: Handle,
    _dir: tempfile::TempDir,
}

/// How the node ends saves.
#[derive(Clone, Copy)]
enum Node {
    /// The first of two on one head is decided.
    Alone,
    /// All wait.
    WithoutMajority,
}

struct Answer {
    status: StatusCode,
    kind: String,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

fn end(shared: &Shared, node: Node, save: Save) -> SaveOutcome {
    let keep = |id: ObjectId, object| {
        shared.change_unfiled(|objects| objects.insert(id, object));
    };
    let Save { key, base, commit, id, blob, .. } = save;
    let head = shared.file(key.file()).and_then(|entry| entry.served());
    if let (true, Some(head)) = (head != base, head) {
        return SaveOutcome::Conflict { head };
    }
    keep(id, commit);
    blob.into_iter().for_each(|(id, object)| keep(id, object));
    match node {
        Node::Alone => {
            shared.change_file(key.file(), |entry| entry.decided = Some(id));
            SaveOutcome::Decided { commit: id }
        }
        Node::WithoutMajority => {
            let kind = DraftKind::Held;
            let draft = Some(cluster::Draft { tip: id, base, kind });
            shared.change_file(key.file(), |entry| entry.draft = draft);
            let (reason, copies) = (HoldReason::NoMajority, Copies::OnlyHere);
            SaveOutcome::Held { commit: id, reason, copies }
        }
    }
}

impl Site {
    async fn new(kind: Node) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(store::Store::open(dir.path()).unwrap().store);
        let shared = Arc::new(Shared::default());
        let (commands, mut asked) = mpsc::channel(8);
        let node = Handle::new(commands, broadcast::Sender::new(8), Arc::clone(&shared), store);
        tokio::spawn(async move {
            while let Some(command) = asked.recv().await {
                match command {
                    Command::Save { save, reply } => {
                        reply.send(end(&shared, kind, *save)).unwrap();
                    }
                    Command::Want { reply, .. } => reply.send(false).unwrap(),
                    Command::Settle { .. }
                    | Command::Sync { .. }
                    | Command::Found { .. }
                    | Command::Change { .. }
                    | Command::Leave { .. }
                    | Command::Drain(_)
                    | Command::AskStore(_)
                    | Command::Keep { .. }
                    | Command::Audit { .. } => {}
                }
            }
        });
        let search = Search::start(dir.path(), node.clone(), Stop::new()).await.unwrap();
        let chat = Chat::start(Beginning {
            hub: Hub::ended(),
            node: node.clone(),
            me: NodeId::from_bytes([1; 8]),
            address: String::new(),
            prefix: String::new(),
            secret: [1; 32],
            stop: Stop::new(),
        });
        Self {
            routes: routes(Gateway { node: node.clone(), search, chat, swish: None }),
            node,
            _dir: dir,
        }
    }

    async fn ask(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(ACCEPT, "*/*")
            .extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4000))))
            .body(body.into())
            .unwrap();
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap());
        Answer {
            status: response.status(),
            kind: kind.unwrap_or("").to_owned(),
            text: String::from_utf8(
                to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec(),
            )
            .unwrap(),
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, Body::empty()).await
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask("PUT", path, body.to_string()).await
    }

    async fn post(&self, body: Value) -> Answer {
        self.ask("POST", "/p/", body.to_string()).await
    }

    fn head(&self, name: &str) -> String {
        self.node.head(&FileName::from(name)).unwrap().to_string()
    }
}

/// Requests of the recording that this surface answers, with SWISH's answers.
fn recorded() -> Vec<Value> {
    include_str!("../../../tests/fixtures/swish/transcripts/head-plain-fixed.jsonl")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|event| event["path"].as_str().is_some_and(|path| path.starts_with("/p/")))
        // Those are compared over real nodes.
        .filter(|event| !event["query"].as_str().unwrap_or("").contains("history"))
        .filter(|event| !event["query"].as_str().unwrap_or("").contains("diff"))
        .collect()
}

/// Replaces what differs between two stores that were given the same saves.
fn comparable(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(key, _)| !matches!(key.as_str(), "commit" | "previous" | "time" | "chats"))
            .map(|(key, value)| (key.clone(), comparable(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// The same value with hashes of our store for those of the recording.
fn translated(value: &Value, ours: &[(String, String)]) -> String {
    ours.iter().fold(value.to_string(), |text, (theirs, ours)| text.replace(theirs, ours))
}

#[tokio::test]
async fn the_recorded_session_is_answered_as_swish_answered_it() {
    let site = Site::new(Node::Alone).await;
    let mut hashes: Vec<(String, String)> = Vec::new();
    let mut compared = 0;
    for event in recorded() {
        let (method, path) = (event["method"].as_str().unwrap(), event["path"].as_str().unwrap());
        let (status, answer) = (event["status"].as_u64().unwrap(), &event["resp_json"]);
        let is_page = method == "GET" && event["query"] == "" && status == 200;
        let is_swishs_own = path.contains("Hangout") || path.contains("FPP") || status == 500;
        if is_page || is_swishs_own || event["req_body"]["meta"]["bogus"] == 1 {
            continue;
        }
        let query = event["query"].as_str().unwrap();
        let path = translated(&json!(format!("{path}{query}")), &hashes);
        let body = translated(&event["req_body"], &hashes);
        let ours = site.ask(method, path.trim_matches('"'), body).await;
        assert_eq!(u64::from(ours.status.as_u16()), status, "{event}");
        if answer.is_null() {
            continue;
        }
        assert_eq!(ours.kind, event["resp_headers"]["content-type"], "{event}");
        if let Some(theirs) = answer["meta"]["commit"].as_str() {
            let made = ours.json()["meta"]["commit"].as_str().unwrap().to_owned();
            hashes.push((theirs.to_owned(), made));
        }
        if status != 409 {
            assert_eq!(comparable(&ours.json()), comparable(answer), "{event}");
        }
        compared += 1;
    }
    assert!(compared >= 14, "{compared}");
}

#[tokio::test]
async fn a_file_is_made_changed_read_and_emptied() {
    let site = Site::new(Node::Alone).await;
    let made = site.post(json!({ "data": "a.\n", "meta": { "name": "x" } })).await.json();
    assert_eq!(made["url"], "/p/x.pl");
    assert_eq!(made["meta"]["symbolic"], "HEAD");
    assert_eq!(made["meta"]["peer"], "127.0.0.1");
    let first = site.head("x.pl");
    let change = json!({ "update": "meta-data", "meta": { "title": "T" }, "previous": first });
    let saved = site.put("/p/x.pl", change).await.json();
    assert_eq!(saved["meta"]["data"], made["meta"]["data"]);
    assert_eq!(saved["messages"], json!([]));
    assert_eq!(site.get("/p/x.pl?format=raw").await.text, "a.\n");
    let old = site.get(&format!("/p/{first}?format=json")).await.json();
    assert_eq!(old["meta"].get("symbolic"), None);
    assert_eq!(site.ask("DELETE", "/p/x.pl", "").await.json(), json!(true));
    assert_eq!(site.get("/p/x.pl?format=raw").await.text, "");
    let again = site.post(json!({ "meta": { "name": "x" } })).await.json();
    assert_eq!(again, json!({ "error": "file_exists", "file": "x.pl" }));
}

#[tokio::test]
async fn mistakes_have_a_status_and_a_reason() {
    let site = Site::new(Node::Alone).await;
    site.post(json!({ "meta": { "name": "open" } })).await;
    site.post(json!({ "meta": { "name": "closed", "modify": ["login"] } })).await;
    site.post(json!({ "type": "lnk", "meta": { "name": "link" } })).await;
    let unknown = "0123456789012345678901234567890123456789";
    let empty = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
    let (closed, link) = (site.head("closed.pl"), site.head("link.lnk"));
    let asked = [
        (site.ask("POST", "/p/", "{").await, 400),
        (site.post(json!({ "meta": { "name": "../q" } })).await, 403),
        (site.post(json!({ "data": "x".repeat((4 << 20) + 1) })).await, 413),
        (site.ask("POST", "/p/", " ".repeat((8 << 20) + 1)).await, 413),
        (site.put("/p/open.pl", json!({ "data": "" })).await, 400),
        (site.put("/p/none.pl", json!({ "data": "" })).await, 404),
        (site.put("/p/closed.pl", json!({ "previous": closed })).await, 403),
        (site.ask("DELETE", "/p/closed.pl", "").await, 403),
        (site.put("/p/link.lnk", json!({ "previous": link })).await, 403),
        (site.put("/p/open.pl", json!({ "previous": empty })).await, 400),
        (site.get(&format!("/p/{unknown}?format=json")).await, 404),
        (site.get(&format!("/p/{empty}?format=json")).await, 400),
        (site.get("/p/open.pl?format=download").await, 400),
        (site.get("/p/open.pl?format=history&depth=x").await, 400),
        (site.get("/p/open.pl?format=diff&to=none.pl").await, 404),
        (site.get("/p/").await, 404),
        (site.ask("PATCH", "/p/open.pl", "").await, 405),
        (site.get("/nowhere").await, 404),
    ];
    for (answer, status) in asked {
        assert_eq!(answer.json()["code"], status, "{}", answer.text);
        assert_eq!(answer.status.as_u16(), status);
        assert!(answer.json()["message"].as_str().is_some_and(|text| !text.is_empty()));
    }
}

#[tokio::test]
async fn a_save_on_an_unknown_version_is_a_conflict_without_a_merge() {
    let site = Site::new(Node::Alone).await;
    site.post(json!({ "data": "a.\n", "meta": { "name": "x" } })).await;
    let unknown = "0123456789012345678901234567890123456789";
    let lost = site.put("/p/x.pl", json!({ "data": "b.\n", "previous": unknown })).await;
    assert_eq!(lost.status, StatusCode::CONFLICT);
    assert_eq!(lost.json()["edit"]["server"]["to"]["commit"], site.head("x.pl"));
    assert_eq!(lost.json().get("merged"), None);
}

#[tokio::test]
async fn a_save_without_a_majority_is_saved_served_and_said_to_be_here_only() {
    let site = Site::new(Node::WithoutMajority).await;
    let first = site.post(json!({ "data": "a.\n", "meta": { "name": "x" } })).await;
    assert_eq!(first.status, StatusCode::OK);
    let commit = first.json()["meta"]["commit"].clone();
    assert_eq!(site.get("/p/x.pl?format=raw").await.text, "a.\n");
    let second = site.put("/p/x.pl", json!({ "data": "b.\n", "previous": commit })).await;
    assert_eq!(second.status, StatusCode::OK);
    let told = second.json()["messages"][0]["data"][0].as_str().unwrap().to_owned();
    assert!(told.contains("this disk has the only copy"), "{told}");
    assert_eq!(site.get("/p/x.pl?format=raw").await.text, "b.\n");
}

#[tokio::test]
async fn a_page_shows_a_program_as_text() {
    let site = Site::new(Node::Alone).await;
    let data = "<script>alert(1)</script>";
    site.post(json!({ "data": data, "meta": { "name": "a b" } })).await;
    let page = site.get("/p/a%20b.pl").await.text;
    assert!(page.contains("<pre>&lt;script&gt;alert(1)&lt;/script&gt;</pre>"), "{page}");
    assert!(page.contains("href=\"/p/a%20b.pl?format=raw\""));
    assert!(site.get("/").await.text.contains("<a href=\"/p/a%20b.pl\">a b.pl</a>"));
    assert_eq!(site.get("/cluster/health").await.json(), json!({ "state": "serving" }));
}
