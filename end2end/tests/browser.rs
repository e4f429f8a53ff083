//! The dashboard in a real browser: alive without a mismatch, live without a reload, honest when
//! blind. The last test runs against three real nodes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use app::made_up::MadeUp;
use domain::view::LiveEvent;
use end2end::{browser::Browser, demo::Demo, made_up_site::MadeUpSite};
use fantoccini::Locator;
use serde_json::{Value, json};

/// Marks the window: a reload would lose it.
const MARK: &str = "(window.sameWindow = true)";

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(since.as_millis()).expect("before the year 500 million")
}

fn row(name: &str) -> String {
    format!("document.querySelector('tr[data-file={}]')", json!(name))
}

#[tokio::test]
async fn browser_shows_every_page_without_a_complaint() -> Result<()> {
    let server = MadeUpSite::start(MadeUp::troubled(now_ms(), 340), 0).await?;
    let browser = Browser::start().await?;
    let hostile = "/files/%3Cscript%3Ealert(1)%3C%2Fscript%3E.pl";
    for path in [
        "/nodes",
        "/activity",
        "/activity?person=ann&from=2020-01-01",
        "/files/tax.pl",
        "/files/lists.pl?view=raw",
        hostile,
        "/",
        "/files",
        "/files?state=held",
        "/files?q=%3Cscript%3E",
        "/files?offset=300",
    ] {
        browser.open(&format!("{}{path}", server.url)).await?;
        let wide = browser.value("document.documentElement.scrollWidth > innerWidth").await?;
        assert_eq!(wide, Value::Bool(false), "{path} scrolls sideways");
    }
    assert_eq!(browser.complaints().await?, Vec::<String>::new());
    browser.close().await
}

#[tokio::test]
async fn browser_goes_from_count_to_list_to_search_without_a_reload() -> Result<()> {
    let server = MadeUpSite::start(MadeUp::troubled(now_ms(), 340), 0).await?;
    let browser = Browser::start().await?;
    browser.open(&server.url).await?;
    browser.value(MARK).await?;
    browser.value("document.querySelector('.counts [data-state=held]').click()").await?;
    browser.until("the held file", "document.querySelectorAll('tbody tr').length === 1").await?;
    browser.value("document.querySelector('.chips [data-state=all]').click()").await?;
    browser.until("all files", "document.querySelectorAll('tbody tr').length === 100").await?;
    let keys = browser.client.active_element().await?;
    keys.send_keys("/").await?;
    browser.until("focus", "document.activeElement.id === 'search'").await?;
    browser.client.active_element().await?.send_keys("queens").await?;
    browser.until("one file", "document.querySelectorAll('tbody tr').length === 1").await?;
    assert_eq!(browser.value("location.search").await?, json!("?q=queens"));
    browser.value("history.back()").await?;
    browser.until("the way back", "location.search === '?state=held'").await?;
    assert_eq!(browser.value("window.sameWindow").await?, Value::Bool(true));
    assert_eq!(browser.complaints().await?, Vec::<String>::new());
    browser.close().await
}

#[tokio::test]
async fn browser_changes_a_row_in_place_and_adds_a_new_one() -> Result<()> {
    let server = MadeUpSite::start(MadeUp::healthy(now_ms(), 40), 0).await?;
    let browser = Browser::start().await?;
    browser.open(&format!("{}/files", server.url)).await?;
    browser.value(MARK).await?;
    browser.value(&format!("(window.row = {})", row("tax.pl"))).await?;
    server.tell(server.site.save("tax.pl", "Ann"));
    browser.until("the flash", "window.row.classList.contains('fresh')").await?;
    server.tell(server.site.save("new.pl", "Ben"));
    browser.within(Duration::from_secs(1), "the new row", &row("new.pl")).await?;
    browser
        .until("the total", "document.querySelector('.sub').textContent.startsWith('41 of 41')")
        .await?;
    assert_eq!(
        browser.value("window.row.isConnected && window.sameWindow").await?,
        Value::Bool(true)
    );
    assert_eq!(browser.complaints().await?, Vec::<String>::new());
    browser.close().await
}

#[tokio::test]
async fn browser_moves_nothing_under_the_pointer() -> Result<()> {
    let server = MadeUpSite::start(MadeUp::healthy(now_ms(), 40), 0).await?;
    let browser = Browser::start().await?;
    browser.open(&format!("{}/files", server.url)).await?;
    let first = "document.querySelector('tbody tr')";
    let over = "document.querySelector('.sheet').dispatchEvent(new MouseEvent('mouseenter'))";
    browser.value(&format!("(window.firstRow = {first}, {over})")).await?;
    for number in 0..3 {
        server.tell(server.site.save(&format!("new-{number}.pl"), "Ann"));
    }
    let waiting = "document.querySelector('.waiting')";
    browser.until("the bar", &format!("{waiting}.textContent === '3 new: show'")).await?;
    assert_eq!(browser.value(&format!("{first} === window.firstRow")).await?, Value::Bool(true));
    browser.value(&format!("{waiting}.click()")).await?;
    browser.until("the rows", &row("new-2.pl")).await?;
    browser.close().await
}

#[tokio::test]
async fn browser_says_when_it_is_blind_and_catches_up_when_it_sees() -> Result<()> {
    let site = MadeUp::healthy(now_ms(), 40);
    let server = MadeUpSite::start(site.clone(), 0).await?;
    let port = server.url.rsplit(':').next().context("a port")?.parse()?;
    let browser = Browser::start().await?;
    browser.open(&format!("{}/files", server.url)).await?;
    drop(server);
    browser.until("reconnecting", "document.querySelector('.pill.reconnecting')").await?;
    browser
        .until("stale", "document.querySelector('main.stale .stale-mark:not([hidden])')")
        .await?;
    site.save("meanwhile.pl", "Ann");
    let server = MadeUpSite::start(site, port).await?;
    browser.until("live again", "document.querySelector('.pill.live')").await?;
    browser.until("what was missed", &row("meanwhile.pl")).await?;
    browser.until("fresh", "!document.querySelector('main.stale')").await?;
    drop(server);
    browser.close().await
}

#[tokio::test]
async fn browser_follows_the_overview() -> Result<()> {
    let server = MadeUpSite::start(MadeUp::healthy(now_ms(), 40), 0).await?;
    let browser = Browser::start().await?;
    browser.open(&server.url).await?;
    let trouble = MadeUp::troubled(now_ms(), 40).now();
    server.tell(LiveEvent::Overview(Box::new(trouble)));
    let says = "document.querySelector('[role=status]').textContent";
    browser.until("degraded", &format!("{says}.includes('charlie does not answer')")).await?;
    browser.until("needs", "document.querySelectorAll('.needs li').length === 3").await?;
    assert_eq!(browser.complaints().await?, Vec::<String>::new());
    browser.close().await
}

#[tokio::test]
async fn browser_switches_a_difference_and_sees_a_new_version_come() -> Result<()> {
    let server = MadeUpSite::start(MadeUp::healthy(now_ms(), 40), 0).await?;
    let browser = Browser::start().await?;
    browser.open(&format!("{}/files", server.url)).await?;
    browser.value(MARK).await?;
    browser.value(&format!("{}.querySelector('.name a').click()", row("tax.pl"))).await?;
    let versions = "document.querySelectorAll('.chain .version').length";
    browser.until("the history", &format!("{versions} === 4")).await?;
    browser.until("two columns", "document.querySelector('.diff.split .add')").await?;
    for (tab, shows) in [("inline", ".diff.inline .add"), ("raw", "pre.text"), ("split", ".diff")] {
        let tab = format!("document.querySelector('.tabs [data-view={tab}]')");
        browser.value(&format!("({tab}.focus(), {tab}.click())")).await?;
        browser.until(shows, &format!("document.querySelector('.shown {shows}')")).await?;
        browser.until("it is current", &format!("{tab}.ariaCurrent === 'true'")).await?;
        let kept = format!("document.activeElement === {tab}");
        assert_eq!(browser.value(&kept).await?, Value::Bool(true), "the focus stays on the tab");
    }
    server.tell(server.site.save("tax.pl", "Zoe"));
    browser.until("the new version", &format!("{versions} === 5")).await?;
    let first = "document.querySelector('.chain .version').textContent";
    browser.until("its author", &format!("{first}.includes('Zoe')")).await?;
    browser
        .until(
            "the difference to it",
            "document.querySelector('.shown .sub').textContent.includes('Zoe')",
        )
        .await?;
    assert_eq!(browser.value("window.sameWindow").await?, Value::Bool(true));
    assert_eq!(browser.complaints().await?, Vec::<String>::new());
    browser.close().await
}

#[tokio::test]
async fn browser_compares_the_two_versions_that_were_picked() -> Result<()> {
    let server = MadeUpSite::start(MadeUp::healthy(now_ms(), 40), 0).await?;
    let browser = Browser::start().await?;
    browser.open(&format!("{}/files/queens.pl", server.url)).await?;
    browser.value("document.querySelectorAll('[name=from]')[3].click()").await?;
    browser.value("document.querySelectorAll('[name=to]')[0].click()").await?;
    browser.value("document.querySelector('.foot button').click()").await?;
    browser.until("three lines", "document.querySelectorAll('.diff .add').length === 3").await?;
    assert_eq!(browser.complaints().await?, Vec::<String>::new());
    browser.close().await
}

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
