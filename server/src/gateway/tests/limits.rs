//! What is too long or badly named is refused in SWISH's shape, and what is just within is taken.

use super::*;

const TEXT: usize = 4 << 20;
const BODY: usize = 8 << 20;
const META: usize = 64 << 10;

/// A refusal has these two fields and no others (swish-formats, errors).
fn refused(answer: &Answer, code: u16, message: &str) {
    assert_eq!(answer.status.as_u16(), code, "{}", answer.text);
    assert_eq!(answer.kind, "application/json; charset=UTF-8");
    assert_eq!(answer.json(), json!({ "code": code, "message": message }));
}

#[tokio::test]
async fn a_text_of_four_megabytes_is_taken_and_a_byte_more_is_not() {
    let site = Site::new(Node::Alone).await;
    let post = |length: usize| {
        site.post(json!({ "data": "x".repeat(length), "meta": { "name": "long" } }))
    };
    refused(&post(TEXT + 1).await, 413, "The text is longer than 4 MiB");
    assert_eq!(site.get("/p/long.pl?format=raw").await.status, StatusCode::NOT_FOUND);
    assert_eq!(post(TEXT).await.status, StatusCode::OK);
    assert_eq!(site.get("/p/long.pl?format=raw").await.text.len(), TEXT);
    // Bytes count, not characters, and a save has the same limit as a new file.
    let data = "ä".repeat(TEXT / 2 + 1);
    let body = json!({ "data": data, "previous": site.head("long.pl") });
    refused(&site.put("/p/long.pl", body).await, 413, "The text is longer than 4 MiB");
}

#[tokio::test]
async fn a_body_of_eight_megabytes_is_read_and_a_byte_more_is_not() {
    let site = Site::new(Node::Alone).await;
    let body = |length: usize| {
        let posted = json!({ "data": "x.\n", "meta": { "name": "wide" } }).to_string();
        format!("{posted}{}", " ".repeat(length - posted.len()))
    };
    for method in [("POST", "/p/"), ("PUT", "/p/none.pl")] {
        let answer = site.ask(method.0, method.1, body(BODY + 1)).await;
        refused(&answer, 413, "The request is longer than 8 MiB");
    }
    assert_eq!(site.ask("POST", "/p/", body(BODY)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn metadata_of_64_kilobytes_is_taken_and_a_byte_more_is_not() {
    let site = Site::new(Node::Alone).await;
    let meta = |length: usize| {
        let empty = json!({ "name": "meta", "title": "" }).to_string().len();
        json!({ "name": "meta", "title": "t".repeat(length - empty) })
    };
    let longer = json!({ "data": "", "meta": meta(META + 1) });
    refused(&site.post(longer).await, 413, "The metadata is longer than 64 KiB");
    let made = site.post(json!({ "data": "", "meta": meta(META) })).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let change =
        json!({ "update": "meta-data", "meta": meta(META + 1), "previous": site.head("meta.pl") });
    refused(&site.put("/p/meta.pl", change).await, 413, "The metadata is longer than 64 KiB");
}

#[tokio::test]
async fn names_that_no_new_file_may_get_are_refused_and_nothing_is_made() {
    let site = Site::new(Node::Alone).await;
    let table = [
        ("x".repeat(198), "a name has 1 to 200 bytes, this one has 201"),
        ("a\nb".into(), "a name has no control characters"),
        (" a".into(), "a name has no space at its beginning or end"),
        ("a/../b".into(), "a name has no empty, \".\" or \"..\" part between slashes"),
        ("/a".into(), "a name has no empty, \".\" or \"..\" part between slashes"),
    ];
    for (name, why) in table {
        let answer = site.post(json!({ "meta": { "name": name } })).await;
        refused(&answer, 403, &format!("This name cannot be used: {why}"));
    }
    let hash = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
    let answer = site.post(json!({ "type": "", "meta": { "name": hash } })).await;
    let why = "40 hexadecimal digits would be taken for a version";
    refused(&answer, 403, &format!("This name cannot be used: {why}"));
    assert_eq!(site.node.shared().with_files(|files| files.len()), 0);
    let longest = "x".repeat(197);
    assert_eq!(site.post(json!({ "meta": { "name": longest } })).await.status, StatusCode::OK);
    assert_eq!(site.post(json!({ "meta": { "name": "a/b c" } })).await.json()["file"], "a/b c.pl");
}

#[tokio::test]
async fn a_list_takes_its_parameters_from_a_form_as_well() {
    let site = Site::new(Node::Alone).await;
    let options = site.ask("OPTIONS", "/source_list", "").await;
    assert_eq!((options.status, options.text.as_str()), (StatusCode::OK, ""));
    let listed = site.ask("POST", "/source_list", "q=&limit=3&offset=2").await;
    assert_eq!((listed.status, &listed.json()["offset"]), (StatusCode::OK, &json!(2)));
    let message = "Parameter \"limit\" must be a number";
    refused(&site.ask("POST", "/source_list", "limit=many").await, 400, message);
    let message = "Parameter \"o\" must be one of [time,name,author,type]";
    refused(&site.ask("POST", "/source_list?o=size", "o=time").await, 400, message);
    refused(&site.ask("PUT", "/source_list", "").await, 405, "This method cannot be used here");
}
