//! The hub over real nodes in one program: real links, real databases, crashes.

mod node;

use std::{collections::BTreeSet, path::Path, time::Duration};

use cluster::{ChangeOutcome, RosterChange};
use domain::MessageId;
use relay::{DocumentId, Number, Origin, PostOutcome, Wsid};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use self::node::{Disk, TestNode, copy_database, document, found, texts, wsid};

async fn three() -> ([Disk; 3], [TestNode; 3]) {
    let disks = [Disk::new().await, Disk::new().await, Disk::new().await];
    let nodes = [disks[0].start().await, disks[1].start().await, disks[2].start().await];
    found(&[&nodes[0], &nodes[1], &nodes[2]]).await;
    (disks, nodes)
}

async fn two() -> ([Disk; 2], [TestNode; 2]) {
    let disks = [Disk::new().await, Disk::new().await];
    let nodes = [disks[0].start().await, disks[1].start().await];
    found(&[&nodes[0], &nodes[1]]).await;
    (disks, nodes)
}

fn names(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| format!("m{number}")).collect()
}

fn refs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

#[tokio::test]
async fn a_message_reaches_the_pages_of_all_nodes_once_and_in_order() {
    let (_disks, nodes) = three().await;
    let chat = document("a.pl");
    let mut readers = Vec::new();
    for (node, name) in nodes.iter().zip(["w-1", "w-2", "w-3"]) {
        let reader = node.join(name).await;
        assert_eq!(texts(&reader.open(&chat).await), Vec::<String>::new());
        readers.push(reader);
    }
    let posted = names(0..30);
    for (number, text) in posted.iter().enumerate() {
        // One after the other, on one node after the other.
        let outcome = nodes[number % 3].post(&chat, text).await;
        assert!(matches!(outcome, PostOutcome::Safe(_)), "{outcome:?}");
        for reader in &mut readers {
            assert_eq!(reader.reads().await.as_ref(), Some(text));
        }
    }
    for (node, reader) in nodes.iter().zip(&mut readers) {
        assert!(reader.reads_nothing().await);
        node.has(&chat, &refs(&posted)).await;
        let status = node.hub.document(chat.clone()).await.unwrap().unwrap();
        assert_eq!((status.summary.measure.count, status.gaps), (30, Vec::new()));
    }
    // Who looks at the file, on all nodes; and who hears of it that one has gone.
    let mut seen: Vec<Wsid> = Vec::new();
    for _ in 0..200 {
        let gazers = nodes[0].hub.gazers(chat.clone()).await.unwrap();
        seen = gazers.into_iter().map(|gazer| gazer.wsid).collect();
        if seen.len() == 3 {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(seen, ["w-1", "w-2", "w-3"].map(wsid));
    assert_eq!(nodes[0].hub.census().visitors, 3);
    // An orderly stop is told at once, not after ten seconds.
    let begin = Instant::now();
    let [first, _second, third] = nodes;
    third.stop().await;
    while first.hub.census().visitors != 2 {
        assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", first.hub.census());
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_node_that_was_down_gets_what_it_missed_and_so_does_a_page_that_comes_back() {
    let (disks, [first, second]) = two().await;
    let chat = document("b.pl");
    first.post(&chat, "m0").await;
    let reader = second.join("w-1").await;
    reader.open(&chat).await;
    let seen = reader.goes().await;
    second.stop().await;
    let outcome = first.post(&chat, "m1").await;
    assert!(matches!(outcome, PostOutcome::Alone(_)), "{outcome:?}");
    for text in names(2..8) {
        first.post(&chat, &text).await;
    }
    let second = disks[1].start().await;
    second.has(&chat, &refs(&names(0..8))).await;
    // The page knows what it has seen, wherever it comes.
    for node in [&second, &first] {
        let mut back = node.join_with("w-1", Some(seen.clone())).await;
        assert!(back.page.is_back);
        assert_eq!(texts(&back.open(&chat).await), names(1..8));
        assert!(back.reads_nothing().await);
        back.goes().await;
    }
    // And once it has seen them it has not missed them.
    let mut back = first.join("w-1").await;
    assert_eq!(texts(&back.open(&chat).await), Vec::<String>::new());
    first.post(&chat, "m8").await;
    assert_eq!(back.reads().await, Some("m8".to_owned()));
}

#[tokio::test]
async fn a_page_that_does_not_read_is_dropped_and_misses_nothing_when_it_comes_back() {
    let disk = Disk::new().await;
    let node = disk.start().await;
    let chat = document("c.pl");
    let mut slow = node.join("w-slow").await;
    slow.open(&chat).await;
    let posted = names(0..300);
    for text in &posted[..10] {
        node.post(&chat, text).await;
    }
    let mut got = slow.read(5).await;
    for text in &posted[10..] {
        node.post(&chat, text).await;
    }
    let dropped = || node.hub.counts().dropped_pages.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(dropped(), 1);
    // What is in a queue that was closed goes nowhere. The fifth was taken, and nobody asked for
    // the next: whether it was sent is not known, so it comes again.
    assert_eq!(slow.reads().await, None);
    drop(slow);
    let mut back = node.join("w-slow").await;
    let missed = texts(&back.open(&chat).await);
    got.pop();
    got.extend(missed);
    assert_eq!(got, posted);
    assert!(back.reads_nothing().await);
}

#[tokio::test]
async fn what_was_answered_survives_a_crash_and_no_number_is_given_twice() {
    let (disks, [first, second]) = two().await;
    let chat = document("d.pl");
    let (mut first, mut answered) = (first, Vec::<(String, Origin)>::new());
    for round in 0..3 {
        let end = Instant::now() + Duration::from_millis(150 + 70 * round);
        let hub = first.hub.clone();
        // Posts of several pages, until it dies in the middle of them.
        let posting = (0..4).map(|page| {
            let (hub, chat) = (hub.clone(), chat.clone());
            tokio::spawn(async move {
                let mut safe = Vec::new();
                for number in 0.. {
                    let text = format!("r{round}-p{page}-{number}");
                    let Value::Object(json) = serde_json::json!({ "text": text }) else { break };
                    let body = super::body_of(json).unwrap();
                    let id = MessageId::from_bytes(rand::random());
                    match hub.post(chat.clone(), id, body).await {
                        Ok(PostOutcome::Safe(posted) | PostOutcome::Alone(posted)) => {
                            safe.push((text, posted.origin));
                        }
                        Ok(other) => panic!("{other:?}"),
                        Err(_) => break,
                    }
                }
                safe
            })
        });
        let posting: Vec<_> = posting.collect();
        tokio::time::sleep_until(end).await;
        first.crash().await;
        for safe in posting {
            answered.extend(safe.await.unwrap());
        }
        first = disks[0].start().await;
        first.hears(1).await;
    }
    assert!(answered.len() > 12, "{}", answered.len());
    let numbers: BTreeSet<Origin> = answered.iter().map(|(_, origin)| *origin).collect();
    assert_eq!(numbers.len(), answered.len(), "a number was given twice");
    assert!(numbers.contains(&Origin { number: Number::new(1).unwrap(), ..answered[0].1 }));
    first.post(&chat, "last").await;
    let all = first.texts(&chat).await;
    second.has(&chat, &refs(&all)).await;
    let unique: BTreeSet<&String> = all.iter().collect();
    assert_eq!(unique.len(), all.len());
    let lost = answered.iter().filter(|(text, _)| !unique.contains(text)).count();
    assert_eq!(lost, 0);
    for node in [&first, &second] {
        assert_eq!(node.hub.alarms(), []);
        let status = node.hub.document(chat.clone()).await.unwrap().unwrap();
        assert_eq!(status.gaps, []);
    }
}

#[tokio::test]
async fn a_node_that_is_not_approved_hears_and_says_nothing() {
    let (_disks, [first, second, third]) = three().await;
    let chat = document("e.pl");
    first.post(&chat, "before").await;
    third.has(&chat, &["before"]).await;
    let gone = third.member().id.node;
    let removed = first.node.change(RosterChange::Remove(gone)).await.unwrap();
    assert_eq!(removed, ChangeOutcome::Done);
    third.hears(0).await;
    first.hears(1).await;
    first.post(&chat, "after").await;
    second.has(&chat, &["before", "after"]).await;
    third.post(&chat, "from outside").await;
    // Beats come every second: a comparison would have begun by now.
    sleep(Duration::from_millis(2_500)).await;
    assert_eq!(third.texts(&chat).await, ["before", "from outside"]);
    assert_eq!(first.texts(&chat).await, ["before", "after"]);
    // It is linked all the same, to be told that it was removed.
    let is_linked = |view: &crate::node::link::LinkView| view.peer.node == gone && view.linked;
    assert!(first.links.views().iter().any(is_linked));
}

#[tokio::test]
async fn an_old_copy_of_a_disk_is_found_out_though_nothing_but_chats_was_written_since() {
    let (disks, [first, second]) = two().await;
    let chat = document("f.pl");
    first.post(&chat, "m0").await;
    second.has(&chat, &["m0"]).await;
    first.stop().await;
    let copy = tempfile::tempdir().unwrap();
    copy_database(&disks[0].path, copy.path());
    let first = disks[0].start().await;
    first.hears(1).await;
    let life = first.links.me().incarnation;
    for text in names(1..5) {
        first.post(&chat, &text).await;
    }
    // Heard by the other: every heartbeat has the count.
    sleep(Duration::from_millis(1_500)).await;
    first.stop().await;
    copy_database(copy.path(), &disks[0].path);
    let first = disks[0].start().await;
    let begin = Instant::now();
    while first.links.me().incarnation == life {
        assert!(begin.elapsed() < Duration::from_secs(30), "it was not found out");
        sleep(Duration::from_millis(20)).await;
    }
    first.hears(1).await;
    first.has(&chat, &refs(&names(0..5))).await;
    let PostOutcome::Safe(posted) = first.post(&chat, "m5").await else { panic!("not safe") };
    assert_eq!(posted.origin.incarnation, first.links.me().incarnation);
    second.has(&chat, &refs(&names(0..6))).await;
    for node in [&first, &second] {
        assert_eq!(node.hub.alarms(), []);
    }
}

/// Ids in a file of SWISH's, in order.
fn ids(directory: &Path, document: &DocumentId) -> Vec<String> {
    let path = directory.join(super::swish_files::path_of(document));
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let id = |line: &str| gitty::term::read(line).unwrap().as_dict().unwrap().get("id").cloned();
    text.lines().map(|line| id(line).unwrap().as_text().unwrap().to_owned()).collect()
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(60), "{what}");
        sleep(Duration::from_millis(50)).await;
    }
}

fn copy_chats(to: &Path) {
    let fixtures = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/swish/chat"));
    for entry in walk(fixtures) {
        let target = to.join(entry.strip_prefix(fixtures).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(entry, target).unwrap();
    }
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn the_chats_of_swish_reach_every_node_and_each_message_is_in_each_file_once() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    copy_chats(folders[0].path());
    // A bad line and one of another document are skipped.
    let hello = document("hello.pl");
    let file = folders[0].path().join(super::swish_files::path_of(&hello));
    let text = std::fs::read_to_string(&file).unwrap();
    let other = "chat{docid:\"gitty:z\",id:x,time:1.0}.\n";
    std::fs::write(&file, format!("{other}{text}not a term\n")).unwrap();
    let disks = [
        Disk::with_chats(Some(folders[0].path().to_owned())).await,
        Disk::with_chats(Some(folders[1].path().to_owned())).await,
    ];
    let [first, second] = [disks[0].start().await, disks[1].start().await];
    found(&[&first, &second]).await;
    let hangout = DocumentId::new(DocumentId::HANGOUT).unwrap();
    let theirs = ids(folders[0].path(), &hangout);
    assert_eq!(theirs.len(), 10);
    until("the hangout in the other's files", || ids(folders[1].path(), &hangout) == theirs).await;
    let (documents, count) = second.hub.documents(0, 10).await.unwrap();
    let messages: u64 = documents.iter().map(|line| line.summary.measure.count).sum();
    assert_eq!((count, messages), (4, 30));

    // What a page posts is in both files; what SWISH appends itself comes to the other.
    second.post(&hangout, "of a page").await;
    until("a post in both", || {
        folders.iter().all(|folder| ids(folder.path(), &hangout).len() == 11)
    })
    .await;
    let file = folders[0].path().join(super::swish_files::path_of(&hangout));
    let line =
        "chat{docid:\"gitty:Hangout.swinb\",id:'m-1',text:\"of SWISH\",time:1795400000.5}.\n";
    let text = std::fs::read_to_string(&file).unwrap() + line;
    std::fs::write(&file, &text).unwrap();
    until("SWISH's line in the other's", || ids(folders[1].path(), &hangout).len() == 12).await;

    // A crash before the files are known to be on the disk doubles nothing, and changes nothing.
    let (one, two) = (ids(folders[0].path(), &hangout), ids(folders[1].path(), &hangout));
    second.crash().await;
    let second = disks[1].start().await;
    second.hears(1).await;
    first.post(&hangout, "after the crash").await;
    until("the next post in both", || {
        folders.iter().all(|folder| ids(folder.path(), &hangout).len() == 13)
    })
    .await;
    assert_eq!(ids(folders[0].path(), &hangout)[..12], one);
    assert_eq!(ids(folders[1].path(), &hangout)[..12], two);
}
