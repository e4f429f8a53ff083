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

const HEAD: &str = "58827f35de5906395dcbd5528dd478a57908c7a5";

/// A side of the fixture [`HEAD`] that a user of SWISH saved, with every kind of metadata.
fn side() -> (ObjectId, Commit) {
    let head = fixtures::commit(HEAD);
    let sent = serde_json::json!({
        "author": "Ben O'Neil", "title": "\"λ\"\n", "tags": ["a", "b"], "public": false,
        "modify": ["owner", "login"], "commit_message": "mine", "email": "ben@x.example",
    });
    let meta = Meta::from_json(&sent, true)
        .identity("local:ben")
        .profile_id("0e6b9d42-aaaa-4bbb-8ccc-123456789012")
        .peer("2001:db8::1");
    let blob = Object::blob("mine(1).\n").id().unwrap();
    let side = update(&head, HEAD.parse().unwrap(), blob, meta, 1_795_398_250.25);
    (side.object().id().unwrap(), side)
}

#[test]
fn a_settling_has_all_metadata_of_what_was_picked_and_only_that() {
    let head = fixtures::commit(HEAD);
    let head_id: ObjectId = HEAD.parse().unwrap();
    // The head has what the side has not, and was saved by somebody else.
    let meta = Meta::from_json(&serde_json::json!({ "description": "d", "author": "Ann" }), false);
    let now = update(&head, head_id, head.data(), meta, 1_795_398_260.0);
    let now_id = now.object().id().unwrap();
    let (tip, side) = side();
    let settling = settle((&now, now_id), &side, side.data(), &[tip], 1_795_398_300.5);
    assert_eq!(settling.previous(), Some(now_id));
    assert_eq!((settling.data(), settling.settles()), (side.data(), vec![tip]));
    let mut expected = side.dict().clone();
    expected.set("previous", Term::atom(now_id.to_string()));
    expected.set("commit", Term::atom(now_id.to_string()));
    expected.set("settles", Term::list([Term::atom(tip.to_string())]));
    expected.set("time", Term::Float(1_795_398_300.5));
    assert_eq!(settling.dict(), &expected);
    assert_eq!(settling.get("description"), None);
    let again = settle((&now, now_id), &side, side.data(), &[tip], 1_795_398_301.0);
    assert_eq!(again.op(), settling.op(), "the same choice made twice is one");
}

#[test]
fn a_merge_keeps_who_saved_the_head_and_forgets_what_it_had_settled() {
    let head = fixtures::commit(HEAD);
    let (tip, side) = side();
    let settled = settle((&head, HEAD.parse().unwrap()), &side, side.data(), &[tip], 1.0);
    let id = settled.object().id().unwrap();
    let (blob, other) = (Object::blob("both.\n").id().unwrap(), ObjectId::from_bytes([7; 20]));
    let merged = settle((&settled, id), &settled, blob, &[other], 2.0);
    assert_eq!((merged.data(), merged.settles()), (blob, vec![other]));
    for key in ["author", "identity", "profile_id", "peer", "modify", "title"] {
        assert_eq!(merged.get(key), side.get(key), "{key}");
        assert!(merged.get(key).is_some(), "{key}");
    }
    let restored = settle((&merged, id), &settled, settled.data(), &[], 3.0);
    assert_eq!(restored.get("settles"), None);
}

#[test]
fn the_other_side_becomes_a_fork_with_its_metadata() {
    let (tip, side) = side();
    let kept = keep(&"other.pl".into(), (&side, tip), 9.0);
    assert_eq!((kept.name(), kept.previous()), ("other.pl".into(), Some(tip)));
    let mut expected = side.dict().clone();
    expected.remove("commit");
    expected.set("name", Term::atom("other.pl"));
    expected.set("previous", Term::atom(tip.to_string()));
    expected.set("time", Term::Float(9.0));
    assert_eq!(kept.dict(), &expected);
}

#[test]
fn swi_prolog_reads_a_settling_with_the_types_that_swish_relies_on() {
    let head = fixtures::commit(HEAD);
    let (tip, side) = side();
    let settling = settle((&head, HEAD.parse().unwrap()), &side, side.data(), &[tip], 5.5);
    let goal = "prompt(_, ''), read_term(T, []), is_dict(T, gitty), \
        forall(member(K, [name, data, previous, identity, profile_id, peer, commit]), \
               (get_dict(K, T, A), atom(A))), \
        forall(member(K, [author, title, email, commit_message]), \
               (get_dict(K, T, S), string(S))), \
        get_dict(time, T, Time), float(Time), \
        get_dict(tags, T, Tags), maplist(string, Tags), \
        get_dict(modify, T, Who), maplist(atom, Who), \
        get_dict(settles, T, [Tip]), atom(Tip), format('~q.~n', [T])";
    let mut swipl = std::process::Command::new("swipl")
        .args(["-g", goal, "-t", "halt(1)", "-g", "halt"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .env("LANG", "C.UTF-8")
        .spawn()
        .expect("swipl is needed: scripts/setup.sh test installs it");
    std::io::Write::write_all(&mut swipl.stdin.take().unwrap(), &settling.content()).unwrap();
    let output = swipl.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), text(settling.dict().clone()));
}
