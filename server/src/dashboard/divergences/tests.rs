//! Listing, showing, merging and settling over a node whose core is played by the test.

use std::sync::{Arc, Mutex};

use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    http::{Request, header::CONTENT_TYPE},
};
use cluster::{Member, MemberId, Phase, Roster, Save, SettleOutcome};
use domain::{ClusterId, FileName, Incarnation, NodeId, ObjectId};
use gitty::{Commit, Meta, Object};
use serde_json::{Value, json};
use tokio::sync::{broadcast, mpsc};
use tower::ServiceExt;

use crate::{
    dashboard::{api, entry, site::Site},
    node::{Branch, Command, Divergence, Handle, PeerView, Shared, link::now_ms},
};

/// A node with two peers that answer, the API over it, and the settlings it was asked for.
struct Alpha {
    routes: Router,
    shared: Arc<Shared>,
    asked: Arc<Mutex<Vec<Save>>>,
    answers: Arc<Mutex<Vec<SettleOutcome>>>,
    _dir: tempfile::TempDir,
}

fn member(byte: u8) -> MemberId {
    MemberId {
        node: NodeId::from_bytes([byte; 8]),
        incarnation: Incarnation::from_bytes([byte; 8]),
    }
}

impl Alpha {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(store::Store::open(dir.path()).unwrap().store);
        let shared = Arc::new(Shared::default());
        let asked = Arc::<Mutex<Vec<Save>>>::default();
        let answers = Arc::<Mutex<Vec<SettleOutcome>>>::default();
        let (commands, mut inbox) = mpsc::channel(8);
        let node = Handle::new(commands, broadcast::Sender::new(8), Arc::clone(&shared), store);
        let (saves, script) = (Arc::clone(&asked), Arc::clone(&answers));
        tokio::spawn(async move {
            while let Some(command) = inbox.recv().await {
                match command {
                    Command::Want { reply, .. } => {
                        let _ = reply.send(false);
                    }
                    Command::Settle { save, reply } => {
                        let scripted = script.lock().unwrap().pop();
                        let decided = SettleOutcome::Decided { commit: save.id };
                        saves.lock().unwrap().push(*save);
                        let _ = reply.send(scripted.unwrap_or(decided));
                    }
                    _ => {}
                }
            }
        });
        let routes = api::divergences::router()
            .merge(api::settle::router())
            .merge(api::file::router())
            .layer(Extension(entry::command_line()))
            .layer(Extension(Site::over(node)));
        let alpha = Self { routes, shared, asked, answers, _dir: dir };
        alpha.found();
        alpha
    }

    fn found(&self) {
        let names = ["alpha", "bravo", "charlie"];
        let members = (1..).zip(names).map(|(byte, name)| Member {
            id: member(byte),
            name: name.into(),
            address: String::new(),
        });
        let members: Vec<Member> = members.collect();
        self.shared.change_node(|node| {
            node.name = "alpha".into();
            node.me = Some(member(1));
            node.peers = members[1..].iter().map(peer).collect();
            node.roster = Some(Roster {
                cluster: ClusterId::from_bytes([1; 8]),
                epoch: 1,
                phase: Phase::Steady,
                members,
                learners: Vec::new(),
                removed: Vec::new(),
            });
        });
    }

    fn keep(&self, object: Object) -> ObjectId {
        let id = object.id().unwrap();
        self.shared.change_unfiled(|objects| objects.insert(id, object));
        id
    }

    fn save(&self, author: &str, text: &str, previous: Option<ObjectId>) -> ObjectId {
        let blob = self.keep(Object::blob(text));
        let sent = json!({ "author": author, "title": format!("{author}'s") });
        let meta = Meta::from_json(&sent, false);
        let time = 1_795_442_531.0;
        let commit = gitty::commit::create(&"a.pl".into(), blob, meta, previous, time);
        self.keep(commit.object())
    }

    /// `a.pl` with a base, the decided head of Ann and a side of Ben on charlie.
    fn forked(&self) -> [ObjectId; 3] {
        let base = self.save("Ann", "1\n2\n3\n4\n5\n", None);
        let ann = self.save("Ann", "1\n2\n3\n4\nfive\n", Some(base));
        let ben = self.save("Ben", "one\n2\n3\n4\n5\n", Some(base));
        self.diverge("a.pl", base, ann, ben);
        [base, ann, ben]
    }

    fn diverge(&self, name: &str, base: ObjectId, head: ObjectId, side: ObjectId) {
        let branch = |id: ObjectId, reporters: &[u8]| {
            let commit = self.commit(id);
            Branch {
                head: id,
                data: commit.data(),
                author: commit.get("author").and_then(gitty::Term::as_text).map(str::to_owned),
                message: None,
                at_ms: commit.time_ms(),
                reporters: reporters.iter().map(|byte| member(*byte)).collect(),
                ancestor: Some(base),
                commits: 1,
            }
        };
        let divergence = Divergence {
            decided: branch(head, &[]),
            others: vec![branch(side, &[3])],
            waiting: vec!["Ben".into()],
        };
        self.shared.change_file(&FileName::from(name), |entry| {
            entry.decided = Some(head);
            entry.latest_ms = 1_795_442_999_000;
            entry.reported = [2, 3].map(|byte| (member(byte), Some(head))).into();
            entry.divergence = Some(Arc::new(divergence));
        });
    }

    fn commit(&self, id: ObjectId) -> Commit {
        Commit::parse(&self.shared.in_memory(&id).unwrap().content).unwrap()
    }

    async fn get(&self, address: &str) -> Value {
        self.ask(Request::get(address).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, address: &str, body: Value) -> Value {
        let request = Request::post(address).header(CONTENT_TYPE, "application/json");
        self.ask(request.body(Body::from(body.to_string())).unwrap()).await
    }

    async fn ask(&self, request: Request<Body>) -> Value {
        let answer = self.routes.clone().oneshot(request).await.unwrap();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// The outcome of one settlement.
    async fn settle(&self, head: ObjectId, choice: Value) -> Value {
        let item = json!({ "file": "a.pl", "expected_head": head, "choice": choice });
        self.post("/api/v1/settle", json!({ "plan": false, "items": [item] })).await[0].clone()
    }

    async fn plan(&self, head: ObjectId, choice: Value) -> Value {
        let item = json!({ "file": "a.pl", "expected_head": head, "choice": choice });
        self.post("/api/v1/settle", json!({ "plan": true, "items": [item] })).await[0].clone()
    }

    /// The only commit that was proposed since the last call.
    fn proposed(&self) -> (Save, Commit) {
        let mut asked = std::mem::take(&mut *self.asked.lock().unwrap());
        assert_eq!(asked.len(), 1);
        let save = asked.remove(0);
        let commit = Commit::parse(&save.commit.content).unwrap();
        (save, commit)
    }
}

fn peer(member: &Member) -> PeerView {
    PeerView {
        rolled_back: false,
        id: member.id,
        name: member.name.clone(),
        address: String::new(),
        linked: true,
        last_frame_ms: Some(now_ms()),
        round_trip_ms: None,
        clock_offset_ms: None,
        version: None,
        root: None,
        equal_ms: None,
        serial: domain::Serial(0),
        seen: domain::Serial(0),
        files: 1,
        waiting: 0,
        role: domain::words::NodeRole::Member,
        draining: false,
        has_ours: true,
    }
}

#[tokio::test]
async fn a_divergence_is_listed_with_who_saved_what_where() {
    let alpha = Alpha::new();
    let [base, ann, ben] = alpha.forked();
    let page = alpha.get("/api/v1/divergences").await;
    let row = &page["rows"][0];
    assert_eq!((&page["total"], &row["name"]), (&json!(1), &json!("a.pl")));
    assert_eq!(row["decided"]["head"], json!(ann));
    let on = |side: &Value| -> Vec<String> {
        let names = side["on"].as_array().unwrap().iter();
        names.map(|node| node["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(on(&row["decided"]), ["alpha", "bravo", "charlie"]);
    let other = &row["others"][0];
    assert_eq!((&other["head"], &other["author"]), (&json!(ben), &json!("Ben")));
    assert_eq!((on(other), &other["ancestor"]), (vec!["charlie".to_owned()], &json!(base)));
    let none = alpha.get("/api/v1/divergences?q=node:bravo").await;
    assert_eq!((&none["total"], &none["shown"]), (&json!(1), &json!(0)));

    let page = alpha.get("/api/v1/divergences/a.pl").await;
    let graph: Vec<_> = page["graph"].as_array().unwrap().iter().map(|v| &v["id"]).collect();
    assert_eq!(graph, [&json!(ann), &json!(base), &json!(ben)]);
    assert_eq!((&page["place"], &page["of"]), (&json!(1), &json!(1)));
    let problem = alpha.get("/api/v1/divergences/b.pl").await;
    assert_eq!(problem["code"], "not_found");
}

#[tokio::test]
async fn a_merge_draft_has_both_sides_changes() {
    let alpha = Alpha::new();
    let [base, _, ben] = alpha.forked();
    let draft = alpha.get(&format!("/api/v1/divergences/a.pl/merge?side={ben}")).await;
    assert_eq!(draft["text"], "one\n2\n3\n4\nfive\n");
    assert_eq!((&draft["conflicts"], &draft["ancestor"]), (&json!(0), &json!(base)));
    let problem = alpha.get(&format!("/api/v1/divergences/a.pl/merge?side={base}")).await;
    assert_eq!(problem["code"], "not_found");
}

#[tokio::test]
async fn a_pick_proposes_the_picked_commit_on_the_head_that_was_shown() {
    let alpha = Alpha::new();
    let [_, ann, ben] = alpha.forked();
    let choice = json!({ "verb": "pick", "commit": ben });
    let plan = alpha.plan(ann, choice.clone()).await;
    assert_eq!(plan["expect"]["outcome"], "done");
    assert_eq!((&plan["winner"]["head"], &plan["losers"][0]["head"]), (&json!(ben), &json!(ann)));
    assert_eq!(plan["nodes"].as_array().unwrap().len(), 3);
    assert!(alpha.asked.lock().unwrap().is_empty(), "a plan proposes nothing");

    let result = alpha.settle(ann, choice).await;
    let (save, commit) = alpha.proposed();
    assert_eq!((&result["outcome"], &result["head"]), (&json!("done"), &json!(save.id)));
    assert_eq!((save.base, commit.previous()), (Some(ann), Some(ann)));
    assert_eq!((commit.settles(), commit.data()), (vec![ben], alpha.commit(ben).data()));
    assert_eq!(commit.get("title"), alpha.commit(ben).get("title"));
    assert!(commit.time_ms() > 1_795_442_999_000, "later than what is known of the file");
}

#[tokio::test]
async fn a_head_that_moved_is_not_settled() {
    let alpha = Alpha::new();
    let [base, ann, ben] = alpha.forked();
    let choice = json!({ "verb": "pick", "commit": ben });
    let stale = alpha.settle(base, choice.clone()).await;
    assert_eq!((&stale["outcome"], &stale["head"]), (&json!("head_moved"), &json!(ann)));
    assert!(alpha.asked.lock().unwrap().is_empty());
    // What moves between the look and the vote is judged by the core.
    alpha.answers.lock().unwrap().push(SettleOutcome::HeadMoved { head: Some(base) });
    assert_eq!(alpha.settle(ann, choice).await["outcome"], "head_moved");
}

#[tokio::test]
async fn the_same_choice_again_changes_nothing_and_can_be_undone() {
    let alpha = Alpha::new();
    let [_, ann, ben] = alpha.forked();
    let choice = json!({ "verb": "pick", "commit": ben });
    alpha.settle(ann, choice.clone()).await;
    let (save, _) = alpha.proposed();
    let head = alpha.keep(save.commit.clone());
    alpha.shared.change_file(&"a.pl".into(), |entry| {
        entry.decided = Some(head);
        entry.divergence = None;
        entry.reported = [2, 3].map(|byte| (member(byte), Some(head))).into();
    });
    assert_eq!(alpha.settle(ann, choice).await["outcome"], "unchanged");
    let page = alpha.get("/api/v1/files/a.pl/history").await;
    assert_eq!(page["versions"][0]["settles"], json!([ben]));
    assert_eq!(page["versions"][1]["settles"], json!([]));

    assert_eq!(alpha.settle(head, json!({ "verb": "undo" })).await["outcome"], "done");
    let (_, undone) = alpha.proposed();
    let before = alpha.commit(ann);
    assert_eq!((undone.data(), undone.get("title")), (before.data(), before.get("title")));
    assert_eq!((undone.previous(), undone.settles()), (Some(head), vec![head]));
}

#[tokio::test]
async fn what_settled_nothing_is_not_undone() {
    let alpha = Alpha::new();
    let [_, ann, _] = alpha.forked();
    let result = alpha.settle(ann, json!({ "verb": "undo" })).await;
    assert_eq!((&result["outcome"], alpha.asked.lock().unwrap().len()), (&json!("failed"), 0));
}

#[tokio::test]
async fn a_merge_has_the_heads_metadata_and_settles_the_merged_side() {
    let alpha = Alpha::new();
    let [_, ann, ben] = alpha.forked();
    let choice = json!({ "verb": "merge", "text": "both\n", "commit": ben });
    assert_eq!(alpha.settle(ann, choice).await["outcome"], "done");
    let (save, commit) = alpha.proposed();
    let (id, blob) = save.blob.unwrap();
    assert_eq!((commit.data(), &*blob.content), (id, b"both\n".as_slice()));
    assert_eq!(commit.get("author"), alpha.commit(ann).get("author"));
    assert_eq!(commit.settles(), [ben]);
    let gone = json!({ "verb": "merge", "text": "both\n", "commit": ann });
    assert_eq!(alpha.settle(ann, gone).await["outcome"], "failed");
}

#[tokio::test]
async fn to_keep_both_the_other_file_is_decided_first() {
    let alpha = Alpha::new();
    let [_, ann, ben] = alpha.forked();
    let choice = json!({ "verb": "keep_both", "other_name": "ben.pl", "commit": ben });
    assert_eq!(alpha.settle(ann, choice.clone()).await["outcome"], "done");
    let saves = std::mem::take(&mut *alpha.asked.lock().unwrap());
    let commits: Vec<_> =
        saves.iter().map(|save| Commit::parse(&save.commit.content).unwrap()).collect();
    let [other, settling] = commits.as_slice() else { panic!("{commits:?}") };
    assert_eq!((other.name(), other.previous()), ("ben.pl".into(), Some(ben)));
    assert_eq!((saves[0].base, other.data()), (None, alpha.commit(ben).data()));
    assert_eq!((settling.data(), settling.settles()), (alpha.commit(ann).data(), vec![ben]));

    // It exists with another text: nothing is settled.
    let head = alpha.save("Cleo", "x\n", None);
    alpha.answers.lock().unwrap().push(SettleOutcome::HeadMoved { head: Some(head) });
    let result = alpha.settle(ann, choice).await;
    assert_eq!((&result["outcome"], alpha.asked.lock().unwrap().len()), (&json!("failed"), 1));
    assert_eq!(result["detail"], "ben.pl exists already");
}

#[tokio::test]
async fn without_a_majority_the_reason_has_the_numbers() {
    let alpha = Alpha::new();
    let [_, ann, ben] = alpha.forked();
    alpha.shared.change_node(|node| {
        node.peers.iter_mut().for_each(|peer| peer.linked = false);
    });
    let choice = json!({ "verb": "pick", "commit": ben });
    let plan = alpha.plan(ann, choice.clone()).await;
    assert_eq!(plan["expect"]["outcome"], "no_majority");
    alpha.answers.lock().unwrap().push(SettleOutcome::NoMajority);
    let result = alpha.settle(ann, choice).await;
    assert_eq!(result["outcome"], plan["expect"]["outcome"]);
    assert_eq!(result["detail"], "1 of 3 nodes answer");
}
