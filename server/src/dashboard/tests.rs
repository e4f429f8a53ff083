//! The API of one file over a node of its own: what is answered, and what is refused.

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use domain::{FileName, ObjectId};
use gitty::{Commit, Meta, Object};
use serde_json::{Value, json};
use tokio::sync::{broadcast, mpsc};
use tower::ServiceExt;

use super::{api, site::Site};
use crate::node::{Command, Handle, Shared};

const HOSTILE: &str = "\"><img src=x onerror=alert(1)><script>.pl";

/// A node without peers, and the API over it.
struct Alone {
    routes: Router,
    shared: Arc<Shared>,
    _dir: tempfile::TempDir,
}

impl Alone {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(store::Store::open(dir.path()).unwrap().store);
        let shared = Arc::new(Shared::default());
        shared.change_node(|node| node.name = "alpha".into());
        let (commands, mut asked) = mpsc::channel(8);
        let node = Handle::new(commands, broadcast::Sender::new(8), Arc::clone(&shared), store);
        tokio::spawn(async move {
            while let Some(command) = asked.recv().await {
                if let Command::Want { reply, .. } = command {
                    reply.send(false).unwrap();
                }
            }
        });
        let routes = api::file::router().layer(Extension(Site::over(node)));
        Self { routes, shared, _dir: dir }
    }

    fn keep(&self, object: Object) -> ObjectId {
        let id = object.id().unwrap();
        self.shared.change_unfiled(|objects| objects.insert(id, object));
        id
    }

    /// Saves a version after `previous` and makes it the head.
    fn save(&self, name: &str, text: &str, previous: Option<ObjectId>) -> ObjectId {
        let name = FileName::from(name);
        let meta = Meta::from_json(&json!({ "author": "Ann", "commit_message": text }), false);
        let time = 1_795_442_531.0;
        let blob = self.keep(Object::blob(text));
        let commit = gitty::commit::create(&name, blob, meta, previous, time);
        let id = self.keep(Commit::object(&commit));
        self.shared.change_file(&name, |entry| entry.decided = Some(id));
        id
    }

    async fn get(&self, address: &str) -> (StatusCode, String, String) {
        let request = Request::get(address).body(Body::empty()).unwrap();
        let answer = self.routes.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, kind, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn json(&self, address: &str) -> (u16, Value) {
        let (status, kind, text) = self.get(address).await;
        assert_eq!(kind, "application/json", "{address}: {text}");
        (status.as_u16(), serde_json::from_str(&text).unwrap())
    }
}

/// `count` versions of `a.pl`, the newest first.
fn versions(alone: &Alone, count: usize) -> Vec<ObjectId> {
    let mut ids = Vec::new();
    for number in 0..count {
        ids.insert(0, alone.save("a.pl", &format!("v{number}\n"), ids.first().copied()));
    }
    ids
}

#[tokio::test]
async fn an_unknown_file_is_404_and_says_whose_word_that_is() {
    let alone = Alone::new();
    for end in ["", "/history", "/diff"] {
        let (status, problem) = alone.json(&format!("/api/v1/files/no%2Fsuch.pl{end}")).await;
        assert_eq!((status, &problem["code"]), (404, &json!("not_found")), "{end}");
        let message = problem["message"].as_str().unwrap();
        assert!(message.contains("“no/such.pl”") && message.contains("alpha"), "{message}");
    }
}

#[tokio::test]
async fn a_bad_hash_is_400_and_a_missing_object_404() {
    let alone = Alone::new();
    alone.save("a.pl", "a", None);
    for address in [
        "/api/v1/objects/xyz",
        "/api/v1/objects/E69DE29BB2D1D6434B8B29AE775AD8C2E48C5391",
        "/api/v1/files/a.pl/history?from=12",
        "/api/v1/files/a.pl/history?limit=-1",
        "/api/v1/files/a.pl/diff?to=zz",
        "/api/v1/files/a.pl/diff?format=html",
    ] {
        let (status, problem) = alone.json(address).await;
        assert_eq!((status, &problem["code"]), (400, &json!("malformed")), "{address}");
    }
    let absent = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
    let (status, problem) = alone.json(&format!("/api/v1/objects/{absent}")).await;
    assert_eq!((status, &problem["code"]), (404, &json!("missing")));
    assert_eq!(problem["message"], "e69de29 is not on alpha.");
}

#[tokio::test]
async fn a_history_is_paged_within_bounds() {
    let alone = Alone::new();
    let ids = versions(&alone, 205);
    for (asked, got) in [("", 20), ("?limit=0", 1), ("?limit=7", 7), ("?limit=99999", 200)] {
        let (_, page) = alone.json(&format!("/api/v1/files/a.pl/history{asked}")).await;
        assert_eq!(page["versions"].as_array().unwrap().len(), got, "{asked}");
        assert_eq!(page["older"], json!(ids[got]), "{asked}");
    }
    let rest = format!("/api/v1/files/a.pl/history?from={}", ids[200]);
    let (_, page) = alone.json(&rest).await;
    assert_eq!(page["versions"].as_array().unwrap().len(), 5);
    assert_eq!((&page["older"], &page["gap"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_history_crosses_a_fork_and_ends_at_a_version_nobody_has() {
    let alone = Alone::new();
    let absent = ObjectId::from_bytes([0xab; 20]);
    let source = alone.save("source.pl", "a\n", Some(absent));
    alone.save("fork.pl", "b\n", Some(source));
    let (status, page) = alone.json("/api/v1/files/fork.pl/history").await;
    assert_eq!(status, 200);
    let names: Vec<_> = page["versions"].as_array().unwrap().iter().map(|v| &v["name"]).collect();
    assert_eq!(names, ["fork.pl", "source.pl"]);
    assert_eq!(page["gap"]["id"], json!(absent));
    assert_eq!(page["gap"]["problem"]["message"], "abababa is not on alpha.");
}

#[tokio::test]
async fn a_difference_is_of_the_head_and_the_one_before_unless_asked() {
    let alone = Alone::new();
    let ids = versions(&alone, 3);
    let (_, found) = alone.json("/api/v1/files/a.pl/diff").await;
    assert_eq!((&found["from"]["id"], &found["to"]["id"]), (&json!(ids[1]), &json!(ids[0])));
    let body = "@@ -1 +1 @@\n-v1\n+v2\n";
    assert!(found["unified"].as_str().unwrap().ends_with(body), "{found}");
    let (_, first) = alone.json(&format!("/api/v1/files/a.pl/diff?to={}", ids[2])).await;
    assert_eq!(first["from"], Value::Null);
    assert!(first["unified"].as_str().unwrap().ends_with("@@ -0,0 +1 @@\n+v0\n"), "{first}");
}

#[tokio::test]
async fn large_texts_are_cut_for_pages_and_whole_when_raw() {
    let alone = Alone::new();
    let line = "a line of thirty-two bytes, text\n";
    let large = line.repeat(20_000);
    let head = alone.save("a.pl", &large, None);
    let (_, found) = alone.json("/api/v1/files/a.pl/diff").await;
    assert!(found["unified"].as_str().unwrap().len() <= 256 << 10);
    assert!(found["left_out"].as_u64().unwrap() > 300_000);
    let (_, page) = alone.json("/api/v1/files/a.pl/history").await;
    let data = page["versions"][0]["data"].as_str().unwrap().to_owned();
    let (_, object) = alone.json(&format!("/api/v1/objects/{data}")).await;
    let shown = object["text"].as_str().unwrap().len();
    assert!(shown <= 256 << 10 && object["text"].as_str().unwrap().ends_with('\n'));
    let left_out = usize::try_from(object["left_out"].as_u64().unwrap()).unwrap();
    assert_eq!(shown + left_out, large.len());
    let (status, kind, text) = alone.get(&format!("/api/v1/objects/{data}?format=raw")).await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "text/plain; charset=utf-8"));
    assert_eq!(text, large);

    alone.save("a.pl", &"x\n".repeat(2 << 20), Some(head));
    let (status, problem) = alone.json("/api/v1/files/a.pl/diff").await;
    assert_eq!((status, &problem["code"]), (422, &json!("too_large")));
}

#[tokio::test]
async fn hostile_names_and_texts_come_back_as_they_are_and_as_text() {
    let alone = Alone::new();
    let text = "<script>alert(1)</script>\n";
    alone.save(HOSTILE, text, None);
    let name = domain::view::escape(HOSTILE);
    let (status, file) = alone.json(&format!("/api/v1/files/{name}")).await;
    assert_eq!((status, &file["row"]["name"]), (200, &json!(HOSTILE)));
    let address = format!("/api/v1/files/{name}/diff?format=raw");
    let (status, kind, raw) = alone.get(&address).await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "text/plain; charset=utf-8"));
    assert!(raw.ends_with(&format!("+{text}")), "{raw}");
}
