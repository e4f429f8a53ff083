//! Commits against what SWISH wrote and answered.

use serde_json::Value;

use super::*;
use crate::{fixtures, json};

#[test]
fn each_commit_has_the_metadata_that_swish_says_it_has() {
    let manifest = fixtures::json("manifest.json");
    let mut checked = 0;
    for entry in manifest["objects"].as_array().unwrap() {
        let Some(swish) = entry["swish_json"].as_str() else {
            continue;
        };
        let commit = Commit::parse(entry["text"].as_str().unwrap().as_bytes()).unwrap();
        let expected: Value = serde_json::from_str(swish).unwrap();
        assert_eq!(json::term(&Term::Dict(commit.dict().clone())), expected);
        assert_eq!(commit.object().id().unwrap().to_string(), entry["hash"].as_str().unwrap());
        checked += 1;
    }
    assert!(checked > 100);
}

#[test]
fn the_stress_commit_that_swish_cannot_show_is_shown() {
    let id = "73610188495ec29cd0b485fee585b2fa070e8683";
    let shown = to_json(&fixtures::commit(id), id.parse().unwrap(), Symbolic::Head);
    assert_eq!(shown["commit"], id);
    assert_eq!(shown["symbolic"], "HEAD");
    assert_eq!(shown["10"], "ten");
    assert_eq!(shown["negint"], -42);
    assert_eq!(shown["float3"], "1.0Inf");
    assert_eq!(shown["op2"], "a:-b,c");
    assert_eq!(shown["tagged"], serde_json::json!({"x": 1, "y": 2}));
}

/// Follows the recorded saves: the same request at the same time must give the same commit.
fn replay(transcript: &str) -> usize {
    let mut known: Vec<(ObjectId, Commit)> = Vec::new();
    for event in fixtures::transcript(transcript) {
        let answer = &event["resp_json"]["meta"];
        let (Some(name), Some(id)) = (answer["name"].as_str(), answer["commit"].as_str()) else {
            continue;
        };
        if !matches!(event["method"].as_str(), Some("POST" | "PUT")) {
            continue;
        }
        let mut meta = Meta::from_json(&event["req_body"]["meta"], answer["identity"].is_string());
        if let Some(peer) = answer["peer"].as_str() {
            meta = meta.peer(peer);
        }
        if let Some(identity) = answer["identity"].as_str() {
            meta = meta.identity(identity);
        }
        let blob = answer["data"].as_str().unwrap().parse().unwrap();
        let time = answer["time"].as_f64().unwrap();
        let previous: Option<ObjectId> =
            event["req_body"]["previous"].as_str().map(|text| text.parse().unwrap());
        let commit = match known.iter().find(|(id, _)| Some(*id) == previous) {
            Some((head, commit)) if event["method"] == "PUT" => {
                update(commit, *head, blob, meta, time)
            }
            _ => create(&name.into(), blob, meta, previous, time),
        };
        assert_eq!(commit.object().id().unwrap().to_string(), id);
        known.push((id.parse().unwrap(), commit));
    }
    known.len()
}

#[test]
fn recorded_saves_give_the_commits_that_swish_made() {
    assert!(replay("head-plain-fixed") >= 6);
    assert!(replay("head-redis-cluster") >= 6);
    assert_eq!(replay("auth-digest-prefix"), 2);
}

#[test]
fn the_same_save_at_another_time_has_the_same_op() {
    let blob = Object::blob("p.\n").id().unwrap();
    let first = create(&"a.pl".into(), blob, Meta::default(), None, 1.0);
    let head = first.object().id().unwrap();
    let save = |time| update(&first, head, blob, Meta::default().peer("192.0.2.1"), time);
    assert_ne!(save(2.0).content(), save(3.0).content());
    assert_eq!(save(2.0).op(), save(3.0).op());
    assert_ne!(save(2.0).op(), first.op());
}

#[test]
fn a_commit_gives_its_link() {
    let id = "00d3be0b2082183c8228a72828c47ce78d9d2f19";
    let commit = fixtures::commit(id);
    assert_eq!(
        commit.link(),
        Link {
            name: "a,b.pl".into(),
            previous: Some("345690b5a87b5a73de34788ee2797a0bc92d9a12".parse().unwrap()),
            blob: "5e5ca88cc4cc34622ff974e51dd92c6533bdb85c".parse().unwrap(),
            op: commit.op(),
            time_ms: 1_795_398_204_932,
            settles: Vec::new(),
        }
    );
}

#[test]
fn a_commit_names_the_tips_it_settles_and_the_next_one_inherits_them() {
    let head = fixtures::commit("00d3be0b2082183c8228a72828c47ce78d9d2f19");
    let tips: [ObjectId; 2] = [[1; 20], [2; 20]].map(ObjectId::from_bytes);
    let id = head.object().id().unwrap();
    let meta = Meta::default().settles(&tips);
    let settling = update(&head, id, head.data(), meta, 1_795_398_300.0);
    assert_eq!(settling.link().settles, tips);
    let again = Commit::parse(&settling.content()).unwrap();
    assert_eq!(again.link(), settling.link());
    let text = String::from_utf8(settling.content()).unwrap();
    assert!(text.contains(&format!("settles:['{}','{}']", tips[0], tips[1])), "{text}");
    let id = settling.object().id().unwrap();
    let next = update(&settling, id, head.data(), Meta::default(), 1_795_398_301.0);
    assert_eq!(next.link().settles, tips);
    assert_ne!(settling.op(), update(&head, id, head.data(), Meta::default(), 1.0).op());
}

#[test]
fn a_settles_that_is_no_list_of_hashes_settles_nothing() {
    let blob = "data:e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
    for value in ["x", "[a,\"b\",1]", "[]"] {
        let text = format!("gitty{{{blob},name:a,settles:{value},time:1.0}}.");
        assert_eq!(Commit::parse(text.as_bytes()).unwrap().link().settles, []);
    }
}

#[test]
fn text_that_is_no_commit_is_refused() {
    let blob = "data:e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
    let table = [
        ("foo.".to_owned(), CommitError::NotADict),
        ("gitty{name:a,time:1.0}.".into(), CommitError::Missing("data")),
        (format!("gitty{{{blob},time:1.0}}."), CommitError::Missing("name")),
        (format!("gitty{{{blob},name:\"a\",time:1.0}}."), CommitError::Value("name")),
        (format!("gitty{{{blob},name:a,time:1.5NaN}}."), CommitError::Value("time")),
        (format!("gitty{{{blob},name:a,previous:b,time:1}}."), CommitError::Value("previous")),
    ];
    for (text, error) in table {
        assert_eq!(Commit::parse(text.as_bytes()), Err(error));
    }
    let text = format!("gitty{{{blob},name:a,time:1}}. anything (");
    assert_eq!(Commit::parse(text.as_bytes()).unwrap().content(), text.as_bytes());
}
