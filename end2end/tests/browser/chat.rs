//! Chats and visitors: what moderators do, by mouse and by key, and what changes by itself.

use anyhow::Result;
use app::made_up::MadeUp;
use domain::view::LiveEvent;
use end2end::{browser::Browser, made_up_site::MadeUpSite};
use serde_json::{Value, json};

use crate::{MARK, OUTCOME, now_ms, press, text};

/// Messages are text; one is hidden with a reason, shown again, and its author muted for a day.
#[tokio::test]
async fn a_moderator_hides_a_message_and_mutes_its_author() -> Result<()> {
    let server = MadeUpSite::start(MadeUp::diverged(now_ms(), 40, 0), 0).await?;
    let browser = Browser::start().await?;
    browser.open(&format!("{}/chat/gitty%3Afamily.pl", server.url)).await?;
    browser.value(MARK).await?;
    let evil = "tr[data-message='04040404040404040404040404040404']";
    let said = text(&browser, &format!("{evil} .says")).await?;
    assert!(said.starts_with("<script>alert(1)</script>"), "{said}");

    press(&browser, evil, "Hide").await?;
    browser.until("the dialog", "document.querySelector('dialog[open] #reason')").await?;
    assert_eq!(text(&browser, "#confirm").await?, "Hide a message in family.pl");
    type_into(&browser, "#reason", "spam").await?;
    press(&browser, "dialog.confirm", "Hide").await?;
    browser.until("the outcome", &format!("{OUTCOME}?.includes('done')")).await?;
    press(&browser, "dialog.confirm", "Close").await?;
    // On a node the audit tells it.
    let told = LiveEvent::Chat { document: Some("gitty:family.pl".into()) };
    server.tell(told.clone());
    let hidden = format!("document.querySelector(\"{evil}.hidden-one .ruled\")");
    browser.until("the mark", &hidden).await?;
    let ruled = text(&browser, &format!("{evil} .ruled")).await?;
    assert!(ruled.starts_with("Hidden by ann, ") && ruled.ends_with(" “spam”"), "{ruled}");

    press(&browser, evil, "Mute").await?;
    browser.until("how long", "document.querySelector('dialog[open] #mute-for')").await?;
    choose(&browser, "#mute-for", "1 day").await?;
    press(&browser, "dialog.confirm", "Mute <b>Mallory</b>").await?;
    browser.until("the outcome", &format!("{OUTCOME}?.includes('done')")).await?;
    press(&browser, "dialog.confirm", "Close").await?;
    server.tell(told);
    let unmute = format!("document.querySelector(\"{evil} .acts\").textContent.includes('Unmute')");
    browser.until("the other button", &unmute).await?;
    let until = text(&browser, &format!("{evil} .author .ruled")).await?;
    assert!(until.contains("until 20"), "{until}");
    assert_eq!(browser.value("window.sameWindow").await?, Value::Bool(true));

    // The visitors' page lists who is muted, and takes it back.
    press_key(&browser, &["g", "v"]).await?;
    browser.until("visitors", "document.querySelector('.muted li[data-who]')").await?;
    press(&browser, ".muted li", "Unmute").await?;
    browser.until("the dialog", "document.querySelector('dialog[open] #confirm')").await?;
    press(&browser, "dialog.confirm", "Unmute").await?;
    browser.until("the outcome", &format!("{OUTCOME}?.includes('done')")).await?;
    press(&browser, "dialog.confirm", "Close").await?;
    server.tell(LiveEvent::Visitors);
    browser.until("nobody", "document.querySelector('.muted .none')").await?;
    assert_eq!(browser.complaints().await?, Vec::<String>::new());
    browser.close().await
}

/// Chats are selected over the list, fetched one by one, and a gap is accepted.
#[tokio::test]
async fn chats_are_fetched_and_a_gap_is_accepted() -> Result<()> {
    let server = MadeUpSite::start(MadeUp::diverged(now_ms(), 40, 0), 0).await?;
    let browser = Browser::start().await?;
    browser.open(&format!("{}/", server.url)).await?;
    press_key(&browser, &["g", "c"]).await?;
    browser.until("the list", "document.querySelectorAll('.chats tbody tr').length === 5").await?;
    press(&browser, ".bar", "Select all 5 matching").await?;
    press(&browser, ".bar", "Fetch now").await?;
    browser.until("the dialog", "document.querySelector('dialog[open] #confirm')").await?;
    assert_eq!(text(&browser, "#confirm").await?, "Fetch 5 chats now");
    press(&browser, "dialog.confirm", "Fetch").await?;
    browser.until("the outcome", &format!("{OUTCOME} === '5 chats: 5 done.'")).await?;
    press(&browser, "dialog.confirm", "Close").await?;
    server.tell(LiveEvent::Chat { document: None });
    let state = "document.querySelectorAll('.chats tr[data-state=to_fetch]').length";
    browser.until("nothing to fetch", &format!("{state} === 0")).await?;
    let bar = text(&browser, ".bar b").await?;
    assert_eq!(bar, "Nothing is selected");

    let address = "a[href='/chat/gitty%3AHangout.swinb']";
    browser.value(&format!("document.querySelector({}).click()", json!(address))).await?;
    browser.until("the gap", "document.querySelector('.gaps li[data-accepted=false]')").await?;
    press(&browser, ".gaps", "Accept gap").await?;
    browser.until("the dialog", "document.querySelector('dialog[open] #confirm')").await?;
    press(&browser, "dialog.confirm", "Accept gap").await?;
    browser.until("the outcome", &format!("{OUTCOME}?.includes('done')")).await?;
    press(&browser, "dialog.confirm", "Close").await?;
    server.tell(LiveEvent::Chat { document: Some("gitty:Hangout.swinb".into()) });
    browser.until("accepted", "document.querySelector('.gaps li[data-accepted=true]')").await?;
    assert_eq!(browser.complaints().await?, Vec::<String>::new());
    browser.close().await
}

/// A viewer sees everything and is offered nothing.
#[tokio::test]
async fn a_viewer_is_offered_nothing_in_chats() -> Result<()> {
    let site = MadeUp::diverged(now_ms(), 40, 0).for_viewers();
    let server = MadeUpSite::start(site, 0).await?;
    let browser = Browser::start().await?;
    for path in ["/chat", "/chat/gitty%3AHangout.swinb", "/visitors"] {
        browser.open(&format!("{}{path}", server.url)).await?;
        let open = "[...document.querySelectorAll('main .btn')].filter(b => b.localName === 'button' && !b.disabled).length";
        assert_eq!(browser.value(open).await?, json!(0), "{path}");
        let boxes = "document.querySelectorAll('main input[type=checkbox]').length";
        assert_eq!(browser.value(boxes).await?, json!(0), "{path}");
    }
    assert_eq!(browser.complaints().await?, Vec::<String>::new());
    browser.close().await
}

async fn type_into(browser: &Browser, selector: &str, text: &str) -> Result<()> {
    let (selector, text) = (json!(selector), json!(text));
    let script = format!(
        "(e => (e.value = {text}, e.dispatchEvent(new Event('input', {{bubbles: true}}))))(document.querySelector({selector}))"
    );
    browser.value(&script).await?;
    Ok(())
}

async fn choose(browser: &Browser, selector: &str, words: &str) -> Result<()> {
    let (selector, words) = (json!(selector), json!(words));
    let script = format!(
        "(e => (e.value = [...e.options].find(o => o.textContent.trim() === {words}).value, \
         e.dispatchEvent(new Event('change', {{bubbles: true}}))))(document.querySelector({selector}))"
    );
    browser.value(&script).await?;
    Ok(())
}

async fn press_key(browser: &Browser, keys: &[&str]) -> Result<()> {
    for key in keys {
        let key = json!(key);
        let event = format!("new KeyboardEvent('keydown', {{key: {key}, bubbles: true}})");
        browser.value(&format!("document.body.dispatchEvent({event})")).await?;
    }
    Ok(())
}
