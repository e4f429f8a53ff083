//! I. An answer that got lost: whoever sends the same save again gets the answer of the first.

use std::time::Duration;

use anyhow::{Result, ensure};
use domain::ObjectId;
use http::Method;
use serde_json::{Value, json};
use tests::{
    client::Client,
    cluster::Cluster,
    gateway::{Gateway, saved},
    wait::until,
};
use tokio::{io::AsyncWriteExt, net::TcpStream};

const PATIENCE: Duration = Duration::from_secs(5);

/// When a client is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gone {
    /// Before anything can be answered.
    AtOnce,
    /// When the save is decided.
    Later,
}

/// Sends a save whose client never reads the answer.
async fn send_and_leave(address: &str, head: &str, body: &Value) -> Result<TcpStream> {
    let body = body.to_string();
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "{head} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    Ok(stream)
}

/// The commits of a file on a node, oldest first, once SWISH can see the last one.
async fn chain(
    cluster: &Cluster,
    number: usize,
    name: &str,
    head: ObjectId,
) -> Result<Vec<ObjectId>> {
    cluster.journals_end(name, head, PATIENCE).await?;
    let chain = cluster.directory(number).chain(head)?;
    Ok(chain.into_iter().map(|version| version.commit).collect())
}

async fn is_there(gateway: &Gateway, name: &str, text: &str) -> Result<()> {
    let wanted = format!("{name} with the new text");
    let looked = until(&wanted, PATIENCE, async || {
        ensure!(gateway.raw(name).await? == text.as_bytes(), "another text");
        Ok(())
    });
    looked.await?;
    Ok(())
}

async fn story(gone: Gone) -> Result<()> {
    let cluster = Cluster::start().await?;
    let address = &cluster.node(1).setup.gateway;
    let (one, two) = (cluster.gateway(1), cluster.gateway(2));

    let body =
        json!({ "data": "v(1).\n", "type": "pl", "meta": { "name": "lost", "public": true } });
    let stream = send_and_leave(address, "POST /p/", &body).await?;
    if gone == Gone::Later {
        is_there(&two, "lost.pl", "v(1).\n").await?;
    }
    drop(stream);
    let first = saved(&one.create("lost.pl", "v(1).\n").await?)?;
    let on_other = two.create("lost.pl", "v(1).\n").await?;
    assert_eq!(saved(&on_other)?, first, "the other node answers the same");
    assert_eq!(on_other.json()["file"], "lost.pl");

    let body = json!({ "data": "v(2).\n", "previous": first });
    let stream = send_and_leave(address, "PUT /p/lost.pl", &body).await?;
    if gone == Gone::Later {
        is_there(&two, "lost.pl", "v(2).\n").await?;
    }
    drop(stream);
    let second = saved(&one.put("lost.pl", &body).await?)?;
    assert_eq!(saved(&two.put("lost.pl", &body).await?)?, second);
    // Also a change of the metadata only.
    let meta = json!({ "update": "meta-data", "previous": second, "meta": { "title": "T" } });
    drop(send_and_leave(address, "PUT /p/lost.pl", &meta).await?);
    let third = saved(&two.put("lost.pl", &meta).await?)?;
    assert_eq!(saved(&one.put("lost.pl", &meta).await?)?, third);
    for number in 1..=3 {
        let commits = chain(&cluster, number, "lost.pl", third).await?;
        assert_eq!(commits, [first, second, third], "{gone:?}, node {number}");
    }
    // What came in between is a conflict, and not taken for the lost save.
    let other = json!({ "data": "v(other).\n", "previous": first });
    assert_eq!(one.put("lost.pl", &other).await?.status, 409);
    cluster.end().await
}

#[tokio::test]
async fn a_save_whose_answer_got_lost_takes_effect_once() -> Result<()> {
    story(Gone::Later).await
}

#[tokio::test]
async fn a_save_whose_client_is_gone_at_once_takes_effect_once_when_it_is_repeated() -> Result<()> {
    story(Gone::AtOnce).await
}

#[tokio::test]
async fn lists_can_be_asked_for_with_a_form() -> Result<()> {
    let cluster = Cluster::start().await?;
    for name in ["list1.pl", "list2.pl", "other.pl"] {
        saved(&cluster.gateway(1).create(name, &format!("% {name}\n")).await?)?;
    }
    let client = Client::new(&cluster.node(2).setup.gateway);
    let listed = async |form: &str| -> Result<Value> {
        client.send(Method::POST, "/source_list", form.to_owned()).await?.expect(200)
    };
    let found = until("both files", PATIENCE, async || {
        let found = listed("q=name%3Alist&o=name&d=desc&limit=1").await?;
        ensure!(found["total"] == 2, "{found}");
        Ok(found)
    });
    let (found, _) = found.await?;
    assert_eq!(found["matches"][0]["name"], "list2.pl");
    let got = cluster.gateway(2).get("/source_list?q=name%3Alist&o=name&d=desc&limit=1").await?;
    assert_eq!(got.json()["matches"], found["matches"], "GET and POST are answered alike");
    let options = client.send(Method::OPTIONS, "/source_list", String::new()).await?;
    assert_eq!((options.status, options.body.len()), (200, 0));
    assert_eq!(options.headers["access-control-allow-origin"], "*");
    cluster.end().await
}
