//! The dashboard in a real browser, over the made-up site and over three real nodes.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use end2end::browser::Browser;
use serde_json::json;

mod access;
mod chat;
mod live;
mod nodes;
mod settling;

/// Marks the window: a reload would lose it.
const MARK: &str = "(window.sameWindow = true)";
/// What the dialog of an action says at its end.
const OUTCOME: &str = "document.querySelector('#outcome')?.textContent";

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(since.as_millis()).expect("before the year 500 million")
}

/// The row of a file.
fn row(name: &str) -> String {
    format!("document.querySelector('tr[data-file={}]')", json!(name))
}

/// Presses the first button of `within` that begins with `text`.
async fn press(browser: &Browser, within: &str, text: &str) -> Result<()> {
    let all = format!("[...document.querySelectorAll({})]", json!(format!("{within} button")));
    let button =
        format!("{all}.find(b => !b.disabled && b.textContent.startsWith({}))", json!(text));
    browser.until(&format!("the button {text}"), &button).await?;
    browser.value(&format!("(b => (b.focus(), b.click()))({button})")).await?;
    Ok(())
}

/// The text of the first element, with single blanks.
async fn text(browser: &Browser, selector: &str) -> Result<String> {
    let value =
        browser.value(&format!("document.querySelector({}).textContent", json!(selector))).await?;
    Ok(value.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" "))
}
