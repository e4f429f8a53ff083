//! Every page is readable in every colour scheme, at every width, and by whoever cannot see it.

use anyhow::{Context as _, Result};
use app::made_up::MadeUp;
use end2end::{browser::Browser, made_up_site::MadeUpSite};
use serde_json::{Value, json};

use crate::{now_ms, text};

/// Every page, and those of its views that have something of their own.
const PAGES: [&str; 12] = [
    "/",
    "/files",
    "/files?state=held",
    "/divergences",
    "/files/family.pl",
    "/files/family.pl?view=split",
    "/files/Sudoku.swinb?view=three_way",
    "/nodes",
    "/chat",
    "/chat/gitty%3Afamily.pl",
    "/visitors",
    "/activity",
];

/// UX11 and UX10: at 320 px nothing is lost, and everything has a name.
#[tokio::test]
async fn every_page_is_narrow_named_and_told_without_colour() -> Result<()> {
    let server = MadeUpSite::start(MadeUp::diverged(now_ms(), 40, 0), 0).await?;
    let browser = Browser::start().await?;
    let width = json!({ "width": 320, "height": 800, "deviceScaleFactor": 1, "mobile": false });
    browser.narrow(&width).await?;
    for path in [
        "/",
        "/files",
        "/divergences",
        "/files/family.pl",
        "/files/Sudoku.swinb?view=three_way",
        "/nodes",
        "/chat",
        "/chat/gitty%3Afamily.pl",
        "/chat/gitty%3AHangout.swinb",
        "/visitors",
    ] {
        browser.open(&format!("{}{path}", server.url)).await?;
        assert_eq!(browser.value("innerWidth").await?, json!(320));
        let wide = browser.value("document.documentElement.scrollWidth > innerWidth").await?;
        assert_eq!(wide, Value::Bool(false), "{path} scrolls sideways");
        let faults = browser.value(FAULTS).await?;
        assert_eq!(faults, json!([]), "{path}");
    }
    browser.open(&format!("{}/divergences", server.url)).await?;
    let first = text(&browser, ".divergences .sides li").await?;
    assert!(first.contains("decided"), "{first}");
    assert_eq!(browser.complaints().await?, Vec::<String>::new());
    browser.close().await
}

/// What a check of accessibility finds: controls without a name, tables without headings, ids
/// that are there twice, labels that point nowhere, more or less than one main heading, and text
/// with too little contrast.
const FAULTS: &str = r#"(() => {
    const faults = [];
    const seen = element => element.offsetParent !== null;
    const name = element => (element.getAttribute('aria-label') || element.textContent || '').trim()
        || [...(element.labels || [])].map(label => label.textContent.trim()).join('');
    for (const element of document.querySelectorAll('a[href], button, input:not([type=hidden]), textarea, select, progress, summary'))
        if (seen(element) && !name(element)) faults.push('no name: ' + element.outerHTML.slice(0, 90));
    for (const table of document.querySelectorAll('table:not(.diff)'))
        if (!table.querySelector('th[scope=col]')) faults.push('no headings: ' + table.className);
    const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
    ids.filter((id, at) => ids.indexOf(id) !== at).forEach(id => faults.push('id twice: ' + id));
    for (const element of document.querySelectorAll('[aria-labelledby]'))
        if (!document.getElementById(element.getAttribute('aria-labelledby'))) faults.push('label nowhere: ' + element.outerHTML.slice(0, 60));
    if (document.querySelectorAll('h1').length !== 1) faults.push('not one h1');
    if (!document.querySelector('main, [role=main]')) faults.push('no main');
    const channel = value => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const parse = text => (text.match(/[\d.]+/g) || []).map(Number);
    const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const ground = element => {
        for (let at = element; at; at = at.parentElement) {
            const colour = parse(getComputedStyle(at).backgroundColor);
            if (colour.length === 3 || colour[3] === 1) return colour;
        }
        return [255, 255, 255];
    };
    for (const element of document.querySelectorAll('body *')) {
        const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
        if (!own || !seen(element) || element.disabled || element.closest('svg')) continue;
        const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground(element))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) faults.push('contrast ' + ratio.toFixed(2) + ': ' + element.outerHTML.slice(0, 90));
    }
    return faults.slice(0, 8);
})()"#;

/// UX10: axe-core finds nothing serious on any page, in light and in dark.
#[tokio::test]
async fn axe_finds_nothing_serious_on_any_page_in_light_and_dark() -> Result<()> {
    let server = MadeUpSite::start(MadeUp::diverged(now_ms(), 40, 0), 0).await?;
    let browser = Browser::start().await?;
    let script = std::fs::read_to_string(end2end::axe())
        .with_context(|| format!("{} is missing: make setup", end2end::axe().display()))?;
    browser.open(&format!("{}/nodes", server.url)).await?;
    browser
        .value("document.querySelector('main').append(document.createElement('button'))")
        .await?;
    let found = checked(&browser, &script).await?;
    assert!(found.to_string().contains("button-name"), "axe is blind: {found}");
    for scheme in ["light", "dark"] {
        browser.prefer(scheme).await?;
        for path in PAGES {
            browser.open(&format!("{}{path}", server.url)).await?;
            let found = checked(&browser, &script).await?;
            assert_eq!(found, json!([]), "{path} in {scheme}");
        }
    }
    browser.close().await
}

/// What axe-core finds on the page that is open.
async fn checked(browser: &Browser, script: &str) -> Result<Value> {
    browser.client.execute(script, Vec::new()).await?;
    Ok(browser.client.execute_async(AXE, Vec::new()).await?)
}

/// Serious and critical findings, each with the elements.
const AXE: &str = r#"
    const done = arguments[arguments.length - 1];
    axe.run(document).then(found => done(found.violations
        .filter(fault => ['serious', 'critical'].includes(fault.impact))
        .map(fault => fault.id + ': ' + fault.nodes.slice(0, 3).map(node => node.html.slice(0, 120)).join(' | '))),
        error => done(['axe: ' + error]));
"#;
