//! Chats, visitors and moderation over a node and a hub that the test plays.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension, Router,
    body::{Body as HttpBody, to_bytes},
    http::{Request, header::CONTENT_TYPE},
};
use cluster::{AuditEntry, Bytes, Member, Phase, Roster};
use domain::{ClusterId, Deed, Incarnation, MemberId, MessageId, NodeId, Run, Thing, words};
use relay::{
    Body, Config, Core, DocumentId, Input, Now, Number, Origin, Place, PublicUser, Row, Stamp, Wsid,
};
use serde_json::{Value, json};
use tokio::sync::{broadcast, mpsc};
use tower::ServiceExt;

use crate::{
    dashboard::{api, entry, live, site::Site},
    hub::{HubEvent, Moderation, played, tell},
    node::{Command, Handle, Shared, link::now_ms},
    shutdown::Stop,
};

const HOSTILE: &str = "<script>alert(1)</script>\u{202E}";

/// A node alone with its hub, and the API over both.
struct Alpha {
    routes: Router,
    site: Site,
    shared: Arc<Shared>,
    moderation: Moderation,
    _dir: tempfile::TempDir,
}

fn member() -> MemberId {
    MemberId { node: NodeId::from_bytes([1; 8]), incarnation: Incarnation::from_bytes([1; 8]) }
}

fn document(name: &str) -> DocumentId {
    DocumentId::new(&format!("gitty:{name}")).unwrap()
}

/// The message `number` of this node, at that second.
fn row(number: u8) -> Row {
    let id = MessageId::from_bytes([number; 16]);
    let origin = Number::new(u32::from(number))
        .map(|number| Origin { incarnation: member().incarnation, number });
    Row { place: Place { stamp: Stamp(u64::from(number) * 1_000_000), id }, origin }
}

/// `a.pl` has messages 1 and 2, `b.pl` number 3 without those before it; Ben has `a.pl` open.
fn hub() -> crate::hub::Hub {
    let all = [("a.pl", 1), ("a.pl", 2), ("b.pl", 3)];
    let rows = all.map(|(name, number)| (document(name), row(number)));
    let body = |text: &str| {
        let user = json!({"name": "Ben", "wsid": "w-ben", "avatar": "x"});
        let message = json!({"type": "chat-message", "text": text, "user": user});
        Body(message.to_string().into_bytes().into())
    };
    let bodies: BTreeMap<_, _> =
        rows.iter().map(|(document, row)| ((document.clone(), row.place), body(HOSTILE))).collect();
    let mut core = Core::recover(Config::default(), member(), Run::from_bytes([1; 8]), rows);
    let wsid = Wsid::new("w-ben").unwrap();
    let fields = [("name", "Ben"), ("uid", "u-ben"), ("email", "ben@example.org")];
    let user = PublicUser::new(fields.map(|(name, value)| (name.into(), value.into())));
    let inputs = [
        Input::Started,
        Input::Join { wsid: wsid.clone(), user },
        Input::Open { wsid, document: document("a.pl") },
    ];
    for input in inputs {
        core.handle(Now::default(), input, &mut Vec::new());
    }
    played(core, bodies)
}

fn kept(shared: &Shared, content: &str) {
    shared.change_audit(|audit| {
        let number = audit.oldest().map(|kept| kept.entry.number).max().unwrap_or(0) + 1;
        let (origin, seal) = (member(), Bytes(Vec::new().into()));
        let content = content.to_owned();
        let _ = audit.add(AuditEntry { origin, number, previous: None, content, seal });
    });
}

impl Alpha {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(store::Store::open(dir.path()).unwrap().store);
        let shared = Arc::new(Shared::default());
        shared.change_node(|node| {
            (node.name, node.me) = ("alpha".into(), Some(member()));
            let alone = Member { id: member(), name: "alpha".into(), address: String::new() };
            node.roster = Some(Roster {
                cluster: ClusterId::from_bytes([1; 8]),
                epoch: 1,
                phase: Phase::Steady,
                members: vec![alone],
                learners: Vec::new(),
                removed: Vec::new(),
            });
        });
        let (commands, mut inbox) = mpsc::channel(8);
        let node = Handle::new(commands, broadcast::Sender::new(8), Arc::clone(&shared), store);
        let written = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Some(command) = inbox.recv().await {
                if let Command::Audit { content, reply } = command {
                    kept(&written, &content);
                    let _ = reply.send(true);
                }
            }
        });
        let moderation = Moderation::new(node.clone());
        let site = Site::over(node).with_hub(hub());
        let routes = api::chat::router()
            .layer(Extension(entry::command_line()))
            .layer(Extension(site.clone()));
        Self { routes, site, shared, moderation, _dir: dir }
    }

    async fn ask(&self, request: Request<HttpBody>) -> (u16, Value) {
        let answer = self.routes.clone().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn get(&self, address: &str) -> Value {
        let (status, json) = self.ask(Request::get(address).body(HttpBody::empty()).unwrap()).await;
        assert_eq!(status, 200, "{address}: {json}");
        json
    }

    /// How an action ends, with a status.
    async fn act(&self, plan: bool, item: Value) -> (u16, Value) {
        let body = json!({"plan": plan, "item": item, "reason": "they asked"}).to_string();
        let request = Request::post("/api/v1/moderate").header(CONTENT_TYPE, "application/json");
        self.ask(request.body(body.into()).unwrap()).await
    }

    async fn outcome(&self, plan: bool, item: Value) -> String {
        let (status, json) = self.act(plan, item).await;
        assert_eq!(status, 200, "{json}");
        json["outcome"].as_str().unwrap().to_owned()
    }

    fn deeds(&self) -> Vec<Deed> {
        self.shared.with_audit(|audit| audit.oldest().map(|kept| kept.deed.clone()).collect())
    }
}

#[tokio::test]
async fn chats_are_listed_worst_first_and_counted_and_filtered() {
    let alpha = Alpha::new();
    let page = alpha.get("/api/v1/chat").await;
    let rows: Vec<_> = page["rows"].as_array().unwrap().iter().collect();
    let short: Vec<_> =
        rows.iter().map(|row| json!([row["document"], row["state"], row["count"]])).collect();
    assert_eq!(json!(short), json!([["gitty:b.pl", "gap", 1], ["gitty:a.pl", "in_step", 2]]));
    assert_eq!(rows[0]["detail"], "2 messages on no node that answers");
    assert_eq!(
        [&page["counts"]["documents"], &page["counts"]["gap"], &page["counts"]["messages"]],
        [2, 1, 3]
    );
    let page = alpha.get("/api/v1/chat?state=in_step&q=A.PL").await;
    assert_eq!((&page["shown"], &page["rows"][0]["document"]), (&json!(1), &json!("gitty:a.pl")));
}

#[tokio::test]
async fn a_hidden_message_is_marked_and_can_be_shown_again() {
    let alpha = Alpha::new();
    let id = MessageId::from_bytes([1; 16]);
    let (hide, show) = (
        json!({"action": "hide", "document": "gitty:a.pl", "id": id.to_string()}),
        json!({"action": "show", "document": "gitty:a.pl", "id": id.to_string()}),
    );
    let page = alpha.get("/api/v1/chat/gitty%3Aa.pl").await;
    let message = &page["messages"][0];
    // The author is known by the page that is open still.
    assert_eq!((&message["author"], &message["who"]), (&json!("Ben"), &json!({"uid": "u-ben"})));
    assert_eq!((&message["text"], &message["hidden"]), (&json!(HOSTILE), &Value::Null));
    assert_eq!(alpha.outcome(true, hide.clone()).await, "done");
    assert_eq!(alpha.deeds(), [], "a plan changes nothing");
    assert_eq!(alpha.outcome(false, hide.clone()).await, "done");
    assert!(alpha.moderation.is_hidden(&document("a.pl"), &id));
    assert!(!alpha.moderation.is_hidden(&document("b.pl"), &id));
    let page = alpha.get("/api/v1/chat/gitty%3Aa.pl").await;
    let ruling = &page["messages"][0]["hidden"];
    assert_eq!((&ruling["by"], &ruling["reason"]), (&json!("command line"), &json!("they asked")));
    assert_eq!((&page["row"]["hidden"], &page["messages"][1]["hidden"]), (&json!(1), &Value::Null));
    assert_eq!(alpha.outcome(false, hide).await, "unchanged");
    assert_eq!(alpha.outcome(false, show.clone()).await, "done");
    assert!(!alpha.moderation.is_hidden(&document("a.pl"), &id));
    assert_eq!(alpha.outcome(false, show).await, "unchanged");
    let sentences: Vec<_> = alpha.deeds().iter().map(Deed::sentence).collect();
    assert_eq!(
        sentences,
        [
            "Hid a message: message 01010101 in a.pl (“they asked”)",
            "Showed a message: message 01010101 in a.pl (“they asked”)",
        ]
    );
}

#[tokio::test]
async fn what_is_taken_back_here_counts_although_another_clock_is_ahead() {
    let alpha = Alpha::new();
    let (id, ahead) = (MessageId::from_bytes([1; 16]), now_ms() + 3_600_000);
    let thing = Some(Thing::Message { document: "gitty:a.pl".into(), id });
    let deed = Deed::new(ahead, "eve", words::Action::MessageHidden, words::Outcome::Done);
    kept(&alpha.shared, &serde_json::to_string(&Deed { thing, ..deed }).unwrap());
    assert!(alpha.moderation.is_hidden(&document("a.pl"), &id));
    let show = json!({"action": "show", "document": "gitty:a.pl", "id": id.to_string()});
    assert_eq!(alpha.outcome(false, show).await, "done");
    assert!(!alpha.moderation.is_hidden(&document("a.pl"), &id));
}

#[tokio::test]
async fn a_visitor_is_muted_for_a_time_and_let_speak_again() {
    let alpha = Alpha::new();
    let ben = PublicUser::new([("uid".to_owned(), "u-ben".to_owned())]);
    let mute =
        json!({"action": "mute", "who": {"uid": "u-ben"}, "name": " Ben ", "for_ms": 3_600_000});
    let page = alpha.get("/api/v1/visitors").await;
    assert_eq!((&page["total"], &page["rows"][0]["files"]), (&json!(1), &json!(["gitty:a.pl"])));
    assert!(!page.to_string().contains("example.org"), "an address: {page}");
    assert_eq!(alpha.outcome(false, mute).await, "done");
    let ruling = alpha.moderation.muted(&ben).unwrap();
    assert_eq!(ruling.until_ms, Some(ruling.at_ms + 3_600_000));
    let page = alpha.get("/api/v1/visitors?q=ben").await;
    assert_eq!(page["rows"][0]["muted"]["by"], "command line");
    assert_eq!(page["muted"][0]["name"], "Ben");
    let unmute = json!({"action": "unmute", "who": {"uid": "u-ben"}, "name": "Ben"});
    assert_eq!(alpha.outcome(false, unmute.clone()).await, "done");
    assert!(!alpha.moderation.is_muted(&ben));
    assert_eq!(alpha.outcome(false, unmute).await, "unchanged");
    assert_eq!(alpha.get("/api/v1/visitors").await["muted"], json!([]));
}

#[tokio::test]
async fn a_gap_is_accepted_once_and_only_where_there_is_one() {
    let alpha = Alpha::new();
    let gap = |first: u32, last: u32| {
        let incarnation = member().incarnation;
        json!({
            "action": "accept_gap", "document": "gitty:b.pl", "incarnation": incarnation,
            "first": first, "last": last,
        })
    };
    let page = alpha.get("/api/v1/chat/gitty%3Ab.pl").await;
    let found = &page["gaps"][0];
    assert_eq!(
        json!([found["first"], found["last"], found["node"]["name"]]),
        json!([1, 2, "alpha"])
    );
    for nowhere in [gap(1, 3), gap(4, 5), gap(2, 1)] {
        assert_eq!(alpha.outcome(false, nowhere).await, "unchanged");
    }
    assert_eq!(alpha.deeds(), []);
    assert_eq!(alpha.outcome(false, gap(1, 2)).await, "done");
    assert_eq!(alpha.outcome(false, gap(1, 2)).await, "unchanged");
    let page = alpha.get("/api/v1/chat/gitty%3Ab.pl").await;
    assert_eq!(
        (&page["row"]["state"], &page["gaps"][0]["accepted"]["by"]),
        (&json!("in_step"), &json!("command line"))
    );
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_a_fetch_without_nodes_fails() {
    let alpha = Alpha::new();
    let uid = "u".repeat(201);
    for wrong in [
        json!({"action": "fetch", "document": ""}),
        json!({"action": "fetch", "document": "gitty:\u{7}"}),
        json!({"action": "mute", "who": {"uid": uid}, "name": "x"}),
        json!({"action": "mute", "who": {"uid": "u"}, "name": "x", "for_ms": 0}),
        json!({"action": "mute", "who": {"email": "a@b"}, "name": "x"}),
        json!({"action": "explode"}),
    ] {
        for plan in [true, false] {
            let (status, json) = alpha.act(plan, wrong.clone()).await;
            assert_eq!((status, &json["code"]), (400, &json!("malformed")), "{wrong}");
        }
    }
    assert_eq!(alpha.deeds(), []);
    let fetch = json!({"action": "fetch", "document": "gitty:a.pl"});
    assert_eq!(alpha.outcome(false, fetch).await, "failed");
    assert_eq!(
        alpha.deeds()[0].sentence(),
        "Fetched a chat: chat of a.pl (“they asked”). failed: no other node is linked"
    );
}

#[tokio::test]
async fn an_empty_chat_and_a_wrong_place_are_answers() {
    let alpha = Alpha::new();
    let page = alpha.get("/api/v1/chat/gitty%3Anobody%2Fspoke.pl").await;
    assert_eq!((&page["row"]["count"], &page["messages"]), (&json!(0), &json!([])));
    let older =
        alpha.get(&format!("/api/v1/chat/gitty%3Aa.pl?before=2000000-{}", "02".repeat(16))).await;
    assert_eq!(older["messages"].as_array().unwrap().len(), 1);
    let wrong = Request::get("/api/v1/chat/gitty%3Aa.pl?before=x").body(HttpBody::empty()).unwrap();
    assert_eq!(alpha.ask(wrong).await.0, 400);
}

#[tokio::test]
async fn the_event_stream_tells_of_chats_and_visitors_a_few_times_for_many_events() {
    let alpha = Alpha::new();
    let hub = alpha.site.hubs().unwrap().hub.clone();
    let feed = live::start(alpha.site.clone(), Stop::default());
    let mut reader = live::Feed::read(&feed, None).unwrap();
    // The overview comes first: by then the task listens.
    while !reader.next().await.unwrap().data.contains("\"documents\":2") {}
    for _ in 0..50 {
        tell(&hub, HubEvent::DocumentChanged(document("a.pl")));
        tell(&hub, HubEvent::Visitors);
    }
    tell(&hub, HubEvent::InStep(member()));
    let mut told = Vec::new();
    while !told.iter().any(|event| event == &json!({"kind": "visitors"})) {
        let event: Value = serde_json::from_str(&reader.next().await.unwrap().data).unwrap();
        if ["chat", "visitors"].iter().any(|kind| event["kind"] == *kind) {
            told.push(event);
        }
    }
    let changed = json!({"kind": "chat", "document": "gitty:a.pl"});
    let any = json!({"kind": "chat", "document": null});
    for event in [changed, any] {
        let times = told.iter().filter(|one| **one == event).count();
        assert!((1..5).contains(&times), "{event}: {told:?}");
    }
}
