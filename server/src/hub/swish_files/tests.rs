//! SWISH's own chat files, and what is appended to them, read by SWI-Prolog.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use domain::{Incarnation, MessageId};
use relay::{DocumentId, Message, Number, Origin, Place, Row, Stamp};
use serde_json::{Value, json};

use super::{
    append::{Appended, FileState},
    file, folder,
    line::{self, LineError},
};
use crate::hub::{body_of, json_of};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/swish/chat");

fn document(name: &str) -> DocumentId {
    DocumentId::new(name).unwrap()
}

/// A message that was posted on a node.
fn message(number: u8, json: Value) -> Message {
    let id = MessageId::from_bytes([number; 16]);
    let place = Place { stamp: Stamp(1_795_390_000_000_000 + u64::from(number)), id };
    let incarnation = Incarnation::from_bytes([9; 8]);
    let origin = Number::new(u32::from(number)).map(|number| Origin { incarnation, number });
    let Value::Object(json) = json else { panic!("no object") };
    Message { row: Row { place, origin }, body: body_of(json).unwrap() }
}

fn said(number: u8) -> Message {
    message(number, json!({ "type": "chat-message", "text": format!("say {number}") }))
}

fn fixtures() -> Vec<(PathBuf, String)> {
    let found = folder::files(Path::new(FIXTURES)).unwrap();
    let read = |path: &PathBuf| fs::read_to_string(Path::new(FIXTURES).join(path)).unwrap();
    found.into_iter().map(|(path, _)| (path.clone(), read(&path))).collect()
}

#[test]
fn every_line_of_swish_is_read_and_says_the_same_when_it_is_written() {
    let mut count = 0;
    for (path, text) in fixtures() {
        for text in text.lines() {
            let read = line::read(text).unwrap();
            assert_eq!(folder::path_of(&read.document), path, "the file of {}", read.document);
            let row = Row { place: read.place, origin: None };
            let written = line::write(&read.document, &Message { row, body: read.body.clone() });
            assert!(written.ends_with("}.\n") && written.matches('\n').count() == 1, "{written}");
            assert_eq!(line::read(&written), Ok(read.clone()), "{text}");
            let term = |text: &str| gitty::json::term(&gitty::term::read(text).unwrap());
            assert_eq!(term(written.trim_end()), term(text));
            count += 1;
        }
    }
    assert_eq!(count, 30);
}

#[test]
fn what_is_no_message_is_an_error_and_no_panic() {
    let good = "chat{docid:\"gitty:a\",id:x,time:1.0}.";
    assert!(line::read(good).is_ok());
    for (text, error) in [
        ("head{docid:\"gitty:a\",id:x,time:1.0}.", LineError::Shape("tag chat")),
        ("chat(1).", LineError::Shape("tag chat")),
        ("chat{docid:7,id:x,time:1.0}.", LineError::Shape("docid")),
        ("chat{docid:\"gitty:a\",time:1.0}.", LineError::Shape("id")),
        ("chat{docid:\"gitty:a\",id:x,time:inf}.", LineError::Shape("time")),
        ("chat{docid:\"gitty:a\",id:x,time: -3}.", LineError::Shape("time")),
        ("chat{docid:\"gitty:a\",id:x,time:1.0e300}.", LineError::Shape("time")),
    ] {
        assert_eq!(line::read(text), Err(error), "{text}");
    }
    let long = format!("chat{{docid:\"gitty:a\",id:x,text:\"{}\",time:1}}.", "y".repeat(70_000));
    assert_eq!(line::read(&long), Err(LineError::TooLong));
    for cut in (0..good.len() - 1).filter(|at| good.is_char_boundary(*at)) {
        assert!(line::read(&good[..cut]).is_err(), "{}", &good[..cut]);
    }
}

#[test]
fn a_file_is_read_in_pieces_and_a_line_without_end_is_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    let mut text = "a\n".repeat(400_000);
    text += &"x".repeat(3 * file::PIECE);
    text += "\nlast\nnot yet";
    fs::write(&path, &text).unwrap();
    let (mut lines, mut upto) = (Vec::new(), 0);
    let tail = loop {
        let piece = file::read(&path, upto).unwrap();
        lines.extend(piece.lines);
        upto = piece.upto;
        if !piece.more {
            break piece.tail;
        }
    };
    assert_eq!(lines.len(), 400_002);
    assert_eq!(lines.iter().filter(|line| line.is_none()).count(), 1);
    assert_eq!(lines.last(), Some(&Some(b"last".to_vec())));
    assert_eq!(tail, b"not yet");
}

/// The whole lines of a file, by their ids.
fn ids(path: &Path) -> Vec<MessageId> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(|text| line::read(text).unwrap().place.id).collect()
}

#[test]
fn a_line_that_a_crash_cut_off_anywhere_is_completed_and_none_is_there_twice() {
    let folder = tempfile::tempdir().unwrap();
    let document = document("gitty:größer.pl");
    let messages: Vec<Message> = (1..=3).map(said).collect();
    let whole: String = messages.iter().map(|message| line::write(&document, message)).collect();
    for cut in 0..=whole.len() {
        let path = folder.path().join(format!("ab/{cut}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &whole.as_bytes()[..cut]).unwrap();
        // A new start: nothing is known of the file.
        let mut state = FileState::default();
        let now = Duration::ZERO;
        state.append(&path, (&document, &messages), now).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), whole, "cut at {cut}");
        let again = state.append(&path, (&document, &messages), now).unwrap();
        assert_eq!(again, Appended::Lines(0));
    }
}

#[test]
fn half_a_line_of_somebody_else_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let document = document("gitty:a.pl");
    let path = folder.path().join("f");
    let (theirs, ours) = (line::write(&document, &said(1)), said(2));
    fs::write(&path, &theirs[..20]).unwrap();
    let mut state = FileState::default();
    let append = |state: &mut FileState| {
        let ours = std::slice::from_ref(&ours);
        state.append(&path, (&document, ours), Duration::from_secs(60)).unwrap()
    };
    assert_eq!(append(&mut state), Appended::Later);
    fs::write(&path, &theirs).unwrap();
    assert_eq!(append(&mut state), Appended::Lines(1));
    assert_eq!(ids(&path), [said(1).row.place.id, ours.row.place.id]);
}

#[test]
fn many_bodies_of_many_shapes_are_read_by_swi_prolog() {
    if Command::new("swipl").arg("--version").output().is_err() {
        eprintln!("not run: swipl is missing (Debian: apt install swi-prolog-nox)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let document = document("gitty:漢字 'a'.pl");
    let path = folder.path().join("f");
    let odd = "new\nline \\ \"q\" 'a' \u{85} \u{2028} \u{0} é 漢 😀 ~w {}";
    let shapes = [
        json!({ "type": "chat-message", "text": odd, "create": true, "docid": "gitty:other",
            "user": { "wsid": "w-1", "name": odd, "avatar": "/icons/a.svg#1" } }),
        json!({ "id": "m-17", "payload": [{ "type": "selection", "selection": [{ "from":
            { "line": 1, "ch": 0 }, "string": odd, "x": null, "y": [true, false, -1.5e-9, 7] }] }] }),
        json!({ "Upper": 1, "": 2, "12": 3, "a b": [], "{}": {}, "user": "nobody" }),
        json!({ "n": 18_446_744_073_709_551_615_u64, "f": 1e22, "deep": [[[[[[]]]]]] }),
        json!({}),
    ];
    let messages: Vec<_> = (1..).zip(shapes).map(|(n, shape)| message(n, shape)).collect();
    FileState::default().append(&path, (&document, &messages), Duration::ZERO).unwrap();
    let goal = "use_module(library(http/json)), \
        current_prolog_flag(argv, Args), last(Args, File), \
        open(File, read, In, [encoding(utf8)]), \
        repeat, read_term(In, T, []), \
        ( T == end_of_file -> ! ; is_dict(T, chat), get_dict(id, T, Id), atom(Id), \
          get_dict(docid, T, Doc), string(Doc), get_dict(time, T, Time), float(Time), \
          \\+ get_dict(create, T, _), \
          ( get_dict(user, T, U), is_dict(U) -> is_dict(U, u), \\+ get_dict(wsid, U, _) ; true ), \
          json_write_dict(current_output, T, [width(0)]), nl, fail )";
    let mut swipl = Command::new("swipl");
    swipl.args(["-g", goal, "-t", "halt"]).arg("--").arg(&path);
    let output = swipl.output().unwrap();
    let written = fs::read_to_string(&path).unwrap();
    let (out, err) = (String::from_utf8(output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && err.is_empty(), "{err}");
    let read: Vec<Value> =
        out.unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read.len(), messages.len(), "{written}");
    for (read, message) in read.iter().zip(&messages) {
        let mut expected = json_of(message);
        expected.remove("create");
        expected.insert("docid".into(), document.as_str().into());
        expected.insert("id".into(), read["id"].clone());
        if let Some(user) = expected.get_mut("user").and_then(Value::as_object_mut) {
            user.remove("wsid");
        }
        assert_eq!(*read, Value::Object(expected));
    }
}

#[test]
fn lines_of_ours_are_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let document = document("gitty:long.pl");
    let path = folder.path().join("f");
    let mut state = FileState::default();
    let begin = Instant::now();
    for round in 0..500_u32 {
        let mut one = said(1);
        let mut id = [0; 16];
        id[..4].copy_from_slice(&round.to_be_bytes());
        one.row.place.id = MessageId::from_bytes(id);
        let appended = state.append(&path, (&document, &[one]), Duration::ZERO).unwrap();
        assert_eq!(appended, Appended::Lines(1));
        state.settle();
        assert!(state.present.is_empty());
    }
    assert_eq!(ids(&path).len(), 500);
    assert!(begin.elapsed() < Duration::from_secs(20));
}
