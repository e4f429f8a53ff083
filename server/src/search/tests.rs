//! Lists over a database with rows that were put there by hand.

use std::sync::Arc;

use domain::ObjectId;
use serde_json::json;
use tokio::sync::{broadcast, mpsc};

use super::*;
use crate::{
    db::{Guest, HeadRow, Order as Sort, Page, SortBy},
    node::{FileEntry, Shared},
};

/// A search whose indexer has a node without files, and so nothing to do; the rows stay because
/// the indexer has looked before they come.
async fn search(rows: &[HeadRow]) -> (Search, tempfile::TempDir) {
    let site = SiteDb::in_memory().await.unwrap();
    let found = indexed(site.clone(), Arc::default()).await;
    site.write(rows, &[]).await.unwrap();
    found
}

/// A search whose indexer has compared `site` with a node that has these files.
async fn indexed(site: SiteDb, shared: Arc<Shared>) -> (Search, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(store::Store::open(dir.path()).unwrap().store);
    let (commands, _) = mpsc::channel(1);
    let node = Handle::new(commands, broadcast::Sender::new(8), shared, store);
    let search = Search::over(site, node, Stop::new());
    while !search.is_whole() {
        tokio::task::yield_now().await;
    }
    (search, dir)
}

fn row(number: u32, name: &str, text: &str) -> HeadRow {
    HeadRow {
        name: name.into(),
        head: ObjectId::from_bytes([1; 20]),
        time: f64::from(number),
        is_public: true,
        author: None,
        avatar: None,
        peer: Some("192.0.2.1".into()),
        identity: None,
        tags: Vec::new(),
        title: None,
        meta: json!({ "name": name }),
        text: text.into(),
    }
}

fn some_rows() -> Vec<HeadRow> {
    vec![
        HeadRow { tags: vec!["Big Data".into()], ..row(1, "a.pl", "hello(World).\n") },
        HeadRow { author: Some("Ann O".into()), ..row(2, "b.swinb", "ab\nHELLO there\n") },
        HeadRow { is_public: false, ..row(3, "secret.pl", "hello hidden\n") },
        HeadRow {
            identity: Some("local:ann".into()),
            avatar: Some("/a".into()),
            title: Some("The Hello program".into()),
            ..row(4, "Größe.pl", "p(4).\n% größe\n")
        },
        HeadRow { avatar: Some("/a".into()), ..row(5, "mine.pl", "x.\n") },
    ]
}

async fn names(search: &Search, query: &str) -> Vec<String> {
    let list = List {
        query: Query::parse(query).unwrap(),
        guest: Guest { avatar: Some("/a".into()), ..Guest::default() },
        order: Sort { by: SortBy::Name, is_descending: false },
        page: Page { offset: 0, limit: 10 },
    };
    let listing = search.list(&list).await.unwrap();
    assert_eq!(usize::try_from(listing.total).unwrap(), listing.matches.len());
    assert!(listing.is_complete);
    listing.matches.into_iter().map(|file| file.name).collect()
}

#[tokio::test]
async fn every_kind_of_word_finds_what_it_should() {
    let (search, _dir) = search(&some_rows()).await;
    let table: &[(&str, &[&str])] = &[
        ("", &["Größe.pl", "a.pl", "b.swinb", "mine.pl"]),
        ("hello", &["a.pl", "b.swinb"]),
        ("\"hello(\"", &["a.pl"]),
        ("hello.w", &["a.pl"]),
        ("p(4", &["Größe.pl"]),
        ("/^HELLO/m", &["b.swinb"]),
        ("/^hello/i", &["a.pl"]),
        ("\"ab\"", &["b.swinb"]),
        ("GRÖSSE", &[]),
        ("GRÖßE", &["Größe.pl"]),
        ("name:GRÖ", &["Größe.pl"]),
        ("name:/^[ab]\\./", &["a.pl", "b.swinb"]),
        ("tag:data", &["a.pl"]),
        ("tag:", &["a.pl"]),
        ("tag:/^Big/", &["a.pl"]),
        ("user:ann", &["b.swinb"]),
        ("type:swinb", &["b.swinb"]),
        ("type:sw", &[]),
        ("type:swinb type:pl hello", &["a.pl", "b.swinb"]),
        ("hello there", &["b.swinb"]),
        ("user:me", &["mine.pl"]),
        ("hidden", &[]),
    ];
    for (query, expected) in table {
        assert_eq!(names(&search, query).await, *expected, "{query}");
    }
}

#[tokio::test]
async fn whoever_says_nothing_owns_nothing() {
    let (search, _dir) = search(&some_rows()).await;
    let list = List {
        query: Query::parse("user:me").unwrap(),
        guest: Guest { peer: Some("192.0.2.1".into()), ..Guest::default() },
        order: Sort::NEWEST,
        page: Page { offset: 0, limit: 10 },
    };
    assert_eq!(search.list(&list).await.unwrap().total, 0);
}

#[tokio::test]
async fn a_page_is_a_part_of_the_order() {
    let (search, _dir) = search(&some_rows()).await;
    for query in ["", "name:/./"] {
        let list = List {
            query: Query::parse(query).unwrap(),
            guest: Guest::default(),
            order: Sort::NEWEST,
            page: Page { offset: 1, limit: 2 },
        };
        let listing = search.list(&list).await.unwrap();
        let shown: Vec<_> = listing.matches.iter().map(|file| file.name.as_str()).collect();
        assert_eq!((shown, listing.total), (vec!["Größe.pl", "b.swinb"], 4), "{query}");
    }
}

#[tokio::test]
async fn suggestions_begin_words_and_come_in_order_of_time() {
    let (search, _dir) = search(&some_rows()).await;
    let files = async |start: &str| {
        let hits = search.suggest_files(start).await.unwrap();
        hits.into_iter().map(|hit| hit.name).collect::<Vec<_>>()
    };
    assert_eq!(files("a").await, ["a.pl"]);
    assert_eq!(files("Ann").await, ["b.swinb"]);
    assert_eq!(files("hel").await, ["Größe.pl"]);
    assert_eq!(files("ello").await, Vec::<String>::new());
    assert_eq!(files("Big").await, ["a.pl"]);
    let lines = async |typed: &str, place| {
        let hits = search.suggest_lines(typed, place).await.unwrap();
        hits.into_iter().map(|hit| (hit.file.name, hit.line)).collect::<Vec<_>>()
    };
    assert_eq!(lines("hel", Match::Word).await, [("a.pl".into(), 1), ("b.swinb".into(), 2)]);
    assert_eq!(lines("ello", Match::Word).await, []);
    assert_eq!(lines("wor", Match::Line).await, []);
    assert_eq!(lines("or", Match::Any).await, [("a.pl".into(), 1)]);
}

#[tokio::test]
async fn a_file_that_is_written_again_or_gone_is_found_no_more_by_its_old_text() {
    let (search, _dir) = search(&some_rows()).await;
    search.site.write(&[row(6, "a.pl", "bye\n")], &["b.swinb".into()]).await.unwrap();
    assert_eq!(names(&search, "hello").await, Vec::<String>::new());
    assert_eq!(names(&search, "bye").await, ["a.pl"]);
    assert_eq!(search.site.heads_between(None, None).await.unwrap().len(), 4);
}

/// More files than are compared at once.
#[tokio::test]
async fn a_start_takes_out_what_the_node_does_not_have_and_learns_who_saved_the_rest() {
    let site = SiteDb::in_memory().await.unwrap();
    let by_ann = |number| HeadRow {
        author: Some("Ann".into()),
        ..row(number, &format!("{number}.pl"), "hello\n")
    };
    let rows: Vec<_> = (0..2_200).map(by_ann).collect();
    site.write(&rows, &[]).await.unwrap();
    let is_here = |number: usize| !number.is_multiple_of(100);
    let files = rows.iter().enumerate().filter(|(number, _)| is_here(*number));
    let entry = |row: &HeadRow| FileEntry { decided: Some(row.head), ..FileEntry::default() };
    let shared = Arc::new(Shared::default());
    shared.replace_files(files.map(|(_, row)| (row.name.clone(), entry(row))).collect());

    let (search, _dir) = indexed(site, Arc::clone(&shared)).await;
    let left = search.site.heads_between(None, None).await.unwrap();
    let left: Vec<_> = left.into_iter().map(|row| row.name).collect();
    shared.with_files(|files| {
        assert_eq!(left, files.keys().cloned().collect::<Vec<_>>());
        assert!(files.values().all(|entry| entry.author.as_deref() == Some("Ann")));
    });
    assert_eq!(left.len(), 2_178);
}

#[tokio::test]
async fn a_damaged_database_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("site.db");
    std::fs::write(&path, "no database".repeat(500)).unwrap();
    let site = SiteDb::open(&path).await.unwrap();
    site.write(&some_rows(), &[]).await.unwrap();
    assert_eq!(
        SiteDb::open(&path).await.unwrap().heads_between(None, None).await.unwrap().len(),
        5
    );
}

#[tokio::test]
async fn what_becomes_private_is_neither_found_nor_counted() {
    let (search, _dir) = search(&some_rows()).await;
    for is_public in [false, true, false] {
        let row = HeadRow { is_public, ..row(7, "a.pl", "hello(World).\n") };
        search.site.write(&[row], &[]).await.unwrap();
        let found = names(&search, "hello").await;
        let expected: &[&str] = if is_public { &["a.pl", "b.swinb"] } else { &["b.swinb"] };
        assert_eq!(found, expected);
        assert_eq!(names(&search, "hello type:pl").await.is_empty(), !is_public);
    }
    assert_eq!(search.site.heads_between(None, None).await.unwrap().len(), 5);
}

/// Many files match: the newest are found one by one, and all are counted.
#[tokio::test]
async fn a_word_of_most_files_is_counted_and_its_newest_files_are_listed() {
    let rows: Vec<_> = (0..2_000_u32)
        .map(|number| {
            let text = if number.is_multiple_of(5) { "nothing\n" } else { "member(X)\n" };
            let is_public = !number.is_multiple_of(7);
            HeadRow { is_public, ..row(number, &format!("f{number}.pl"), text) }
        })
        .collect();
    let matches = |row: &&HeadRow| row.is_public && row.text.starts_with("member");
    let expected: Vec<_> = rows.iter().rev().filter(matches).map(|row| row.name.as_str()).collect();
    let (search, _dir) = search(&rows).await;
    for (offset, limit) in [(0, 10), (3, 2), (1_300, 100)] {
        let list = List {
            query: Query::parse("member").unwrap(),
            guest: Guest::default(),
            order: Sort::NEWEST,
            page: Page { offset, limit },
        };
        let listing = search.list(&list).await.unwrap();
        let shown: Vec<_> = listing.matches.iter().map(|file| file.name.as_str()).collect();
        let skip = usize::try_from(offset).unwrap();
        let page = expected.iter().skip(skip).take(usize::try_from(limit).unwrap());
        assert_eq!(shown, page.copied().collect::<Vec<_>>());
        assert_eq!(listing.total, u64::try_from(expected.len()).unwrap());
        // On a larger site, or for a more common word.
        let newest = search.newest(&list).await.unwrap();
        assert_eq!(newest, (offset < 1_000).then_some(listing.matches), "after {offset}");
    }
}
