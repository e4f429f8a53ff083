//! Three real nodes: what one of them does is seen on another one's pages.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use domain::ObjectId;
use end2end::{
    browser::Browser,
    demo::{Demo, Node, Signal},
};
use fantoccini::Locator;
use serde_json::{Value, json};

use crate::{MARK, OUTCOME, press, row, text};

/// Dashboards tell the truth within this (UX1, UX3).
const TRUTH: Duration = Duration::from_secs(5);
/// What the top bar says of the cluster.
const SAYS: &str = "document.querySelector('.says').textContent";

/// A name and a text that would run anywhere a page forgets that they are text.
#[tokio::test]
async fn demo_shows_hostile_files_as_text_and_new_versions_as_they_come() -> Result<()> {
    let demo = Demo::start().await?;
    let [first, _, third] = &demo.nodes[..] else { panic!("three nodes: {:?}", demo.nodes) };
    let name = r#"</title>"><img src=x onerror="window.ran=1"><script>window.ran=1<"#;
    let text = "<script>window.ran=1</script>\n\"><img src=x onerror=window.ran=1>\n";
    let meta = json!({ "name": name, "author": name, "commit_message": text });
    let file = json!({ "data": text, "type": "pl", "meta": meta });
    let saved = demo.post(first, "/p/", &file).await?;
    let name = saved["file"].as_str().context("its name")?.to_owned();

    let browser = Browser::start().await?;
    let address = domain::view::escape(&name);
    demo.log_in(&browser, third).await?;
    browser.open(&format!("{}/files/{address}", third.dashboard)).await?;
    let shows = |what: &str| {
        format!("document.querySelector('main').textContent.includes({})", json!(what))
    };
    browser.until("the text", &shows("<script>window.ran=1</script>")).await?;
    assert_eq!(browser.value("document.querySelector('h1').textContent").await?, json!(name));

    let versions = "document.querySelectorAll('.chain .version').length";
    let next = json!({
        "data": format!("{text}more.\n"),
        "type": "pl",
        "meta": { "name": name, "author": "Ben" },
        "previous": saved["meta"]["commit"],
    });
    demo.put(first, &format!("/p/{address}"), &next).await?;
    browser.within(Duration::from_secs(5), "the second", &format!("{versions} === 2")).await?;
    browser.until("its text", &shows("more.")).await?;
    assert_eq!(browser.value("window.ran === undefined").await?, Value::Bool(true));
    assert_eq!(browser.complaints().await?, Vec::<String>::new());
    browser.close().await
}

/// Acceptance A: a save on node 1 appears on node 3's page.
#[tokio::test]
async fn demo_shows_a_save_on_another_node_within_a_second() -> Result<()> {
    let demo = Demo::start().await?;
    let [first, _, third] = &demo.nodes[..] else { panic!("three nodes: {:?}", demo.nodes) };
    let browser = Browser::start().await?;
    demo.log_in(&browser, third).await?;
    browser.open(&format!("{}/files", third.dashboard)).await?;
    browser.value(MARK).await?;

    let file =
        json!({ "data": "live.\n", "type": "pl", "meta": { "name": "live", "author": "Ann" } });
    let saved = demo.post(first, "/p/", &file).await?;
    let head = saved["meta"]["commit"].as_str().context("the saved version")?.to_owned();

    let shown = format!("{}?.dataset.head === {}", row("live.pl"), json!(head));
    browser.within(Duration::from_secs(1), "the new head", &shown).await?;
    let on_all =
        format!("{}.querySelector('[data-label=On]').textContent === '3 of 3'", row("live.pl"));
    browser.within(Duration::from_secs(5), "on 3 of 3 nodes", &on_all).await?;
    assert_eq!(browser.value("window.sameWindow").await?, Value::Bool(true));
    assert_eq!(browser.complaints().await?, Vec::<String>::new());
    browser.close().await
}

/// UX12: an action on one node is on another node's page within two seconds, without a reload, and
/// nobody sees that page who is not logged in.
#[tokio::test]
async fn demo_shows_who_did_what_on_another_node() -> Result<()> {
    let demo = Demo::start().await?;
    let [first, _, third] = &demo.nodes[..] else { panic!("three nodes: {:?}", demo.nodes) };
    let browser = Browser::start().await?;
    browser.client.goto(&format!("{}/activity", third.dashboard)).await?;
    browser.until("the login", "location.pathname === '/login'").await?;
    demo.log_in(&browser, third).await?;
    browser.open(&format!("{}/activity", third.dashboard)).await?;
    browser.value(MARK).await?;
    let row = |action: &str, person: &str| {
        format!("document.querySelector('tr[data-action={action}][data-person={person}]')")
    };
    browser.until("the own login", &row("login", "demo")).await?;

    // In another window somebody guesses, at another node.
    let other = Browser::start().await?;
    other.client.goto(&format!("{}/login", first.dashboard)).await?;
    for (field, text) in [("name", "mallory"), ("password", "guessguessguess")] {
        other.client.find(Locator::Id(field)).await?.send_keys(text).await?;
    }
    other.client.find(Locator::Css("form button")).await?.click().await?;
    other.until("the refusal", "document.querySelector('.failure[role=alert]')").await?;
    let refused = row("login_refused", "mallory");
    browser.within(Duration::from_secs(2), "the refused login", &refused).await?;
    let node = format!("{refused}.lastElementChild.textContent");
    let node = browser.value(&node).await?;
    assert!(node.as_str().is_some_and(|text| text.starts_with("alpha")), "{node}");
    assert_eq!(browser.value("window.sameWindow").await?, Value::Bool(true));

    // A filter is an address.
    browser.open(&format!("{}/activity?person=mallory", third.dashboard)).await?;
    let rows = "document.querySelectorAll('tbody tr').length";
    browser.until("one row", &format!("{rows} === 1")).await?;

    browser.client.find(Locator::Css("form.me button")).await?.click().await?;
    browser.until("the login again", "location.pathname === '/login'").await?;
    browser.client.goto(&format!("{}/files", third.dashboard)).await?;
    browser.until("out", "document.querySelector('body.sign-in')").await?;
    assert_eq!(browser.complaints().await?, Vec::<String>::new());
    other.close().await?;
    browser.close().await
}

/// UX1: the overviews of the others name a node that died, and are at rest only when its content
/// was compared again.
#[tokio::test]
async fn demo_names_the_node_that_died_and_checks_it_when_it_is_back() -> Result<()> {
    let demo = Demo::start().await?;
    let [first, second, third] = &demo.nodes[..] else { panic!("three nodes: {:?}", demo.nodes) };
    let (one, two) = (Browser::start().await?, Browser::start().await?);
    for (browser, node) in [(&one, first), (&two, second)] {
        demo.log_in(browser, node).await?;
        browser.open(&format!("{}/", node.dashboard)).await?;
        browser.until("health", &format!("{SAYS}.includes('Healthy')")).await?;
        browser.value(MARK).await?;
    }
    demo.signal(third, Signal::Kill).await?;
    for browser in [&one, &two] {
        let degraded = format!("{SAYS}.includes('Degraded') && {SAYS}.includes('charlie')");
        browser.within(TRUTH, "degraded, by name", &degraded).await?;
        let page = "document.body.textContent.toLowerCase()";
        for told in ["can lose 0 more nodes", "last seen"] {
            let told = format!("{page}.includes({})", json!(told));
            browser.within(TRUTH, &told, &told).await?;
        }
    }
    // The demo starts it again after ten seconds.
    for browser in [&one, &two] {
        let checked = "document.body.textContent.includes('checked')";
        let back = format!("{SAYS}.includes('Healthy') && {checked}");
        browser.within(Duration::from_secs(30), "healthy and checked", &back).await?;
        assert_eq!(browser.value("window.sameWindow").await?, Value::Bool(true));
        assert_eq!(browser.complaints().await?, Vec::<String>::new());
    }
    one.close().await?;
    two.close().await
}

/// Saves a file; the new version, and what the page is told.
async fn save(
    demo: &Demo,
    node: &Node,
    previous: ObjectId,
    text: &str,
    author: &str,
) -> Result<ObjectId> {
    let meta = json!({ "name": "tree", "author": author });
    let body = json!({ "data": text, "type": "pl", "meta": meta, "previous": previous });
    commit(&demo.put(node, "/p/tree.pl", &body).await?)
}

fn commit(saved: &Value) -> Result<ObjectId> {
    Ok(saved["meta"]["commit"].as_str().context("the saved version")?.parse()?)
}

/// UX3, UX5: two nodes save one file while neither hears the other. Every dashboard lists both
/// sides; one is picked, and the other one stays in the history everywhere.
#[tokio::test]
async fn demo_lists_two_sides_on_every_node_and_a_pick_ends_that_everywhere() -> Result<()> {
    let demo = Demo::start().await?;
    let [first, second, third] = &demo.nodes[..] else { panic!("three nodes: {:?}", demo.nodes) };
    let file = json!({ "data": "base.\n", "type": "pl", "meta": { "name": "tree" } });
    let base = commit(&demo.post(first, "/p/", &file).await?)?;
    let behind = json!({ "data": "base.\n", "type": "pl", "meta": { "name": "behind" } });
    let behind = commit(&demo.post(first, "/p/", &behind).await?)?;

    // Nobody answers charlie: its save is held.
    demo.signal(first, Signal::Stop).await?;
    demo.signal(second, Signal::Stop).await?;
    let theirs = save(&demo, third, base, "theirs.\n", "Ben").await?;
    demo.signal(third, Signal::Stop).await?;
    demo.signal(first, Signal::Continue).await?;
    demo.signal(second, Signal::Continue).await?;
    let ours = save(&demo, first, base, "ours.\n", "Ann").await?;
    let more = json!({ "data": "more.\n", "type": "pl", "meta": { "name": "behind" },
        "previous": behind });
    demo.put(first, "/p/behind.pl", &more).await?;
    demo.signal(third, Signal::Continue).await?;

    let mut browsers = Vec::new();
    for node in [first, second, third] {
        let browser = Browser::start().await?;
        demo.log_in(&browser, node).await?;
        browser.open(&format!("{}/divergences", node.dashboard)).await?;
        let rows = "document.querySelectorAll('tr[data-file]').length";
        browser.within(TRUTH, "one divergence", &format!("{rows} === 1")).await?;
        let listed = text(&browser, "tr[data-file='tree.pl']").await?;
        for told in ["Ann", "Ben", &short(ours), &short(theirs), "on charlie"] {
            ensure!(listed.contains(told), "{told} is not in: {listed}");
        }
        browsers.push(browser);
    }

    let browser = &browsers[1];
    browser.open(&format!("{}/files/tree.pl", second.dashboard)).await?;
    press(browser, ".side-card:not(.decided)", "Pick this head").await?;
    browser.until("the plan", "document.querySelector('#confirm:not([disabled])')").await?;
    let plan = text(browser, "dialog.confirm").await?;
    for told in [&short(ours), &short(theirs), "alpha", "bravo", "charlie", "on 3 nodes"] {
        ensure!(plan.contains(told), "{told} is not in: {plan}");
    }
    browser.value("document.querySelector('#confirm').click()").await?;
    browser.until("the result", &format!("{OUTCOME}?.startsWith('tree.pl: done.')")).await?;

    for (browser, node) in browsers.iter().zip(&demo.nodes) {
        browser.open(&format!("{}/divergences", node.dashboard)).await?;
        let none = "document.querySelectorAll('tr[data-file]').length === 0";
        browser.within(TRUTH, "no divergence", none).await?;
        browser.open(&format!("{}/files/tree.pl", node.dashboard)).await?;
        let shows = |what: &str| format!("document.body.textContent.includes({})", json!(what));
        browser.within(TRUTH, "the text that was picked", &shows("theirs.")).await?;
        // Nothing is lost: the other side's versions are in the history of every node.
        browser.until("the side that lost", &shows(&short(ours))).await?;
        browser.until("its own side", &shows(&short(theirs))).await?;
        // A page may ask for the sides of a file just when they are settled.
        let mut complaints = browser.complaints().await?;
        complaints.retain(|told| !told.contains("/api/v1/divergences/tree.pl"));
        assert_eq!(complaints, Vec::<String>::new());
    }
    // UX12: whoever did it is named on another node.
    browsers[0].open(&format!("{}/activity", first.dashboard)).await?;
    let told = "document.querySelector('tbody').textContent.includes('tree.pl')";
    browsers[0].within(Duration::from_secs(2), "who picked", told).await?;
    for browser in browsers {
        browser.close().await?;
    }
    Ok(())
}

fn short(id: ObjectId) -> String {
    id.to_string()[..7].to_owned()
}
