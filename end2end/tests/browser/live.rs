//! The dashboard in a real browser: alive without a mismatch, live without a reload, honest when
//! blind.

use std::time::Duration;

use anyhow::{Context as _, Result};
use app::made_up::MadeUp;
use domain::view::LiveEvent;
use end2end::{browser::Browser, made_up_site::MadeUpSite};
use serde_json::{Value, json};

use crate::{MARK, now_ms, row};

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
