//! Divergences and what settles them, in a real browser over the made-up site.

use std::time::Duration;

use anyhow::Result;
use app::made_up::MadeUp;
use domain::{view::ActionOutcome, words::Outcome};
use end2end::{browser::Browser, made_up_site::MadeUpSite};
use serde_json::{Value, json};

use crate::{OUTCOME, now_ms, press, text};

/// UX5: the dialog names everything, and what is done can be undone.
#[tokio::test]
async fn picking_a_head_names_winner_loser_and_nodes_and_can_be_undone() -> Result<()> {
    let server = MadeUpSite::start(MadeUp::diverged(now_ms(), 40, 0), 0).await?;
    let browser = Browser::start().await?;
    browser.open(&format!("{}/files/family.pl", server.url)).await?;
    press(&browser, ".side-card:not(.decided)", "Pick this head").await?;
    browser.until("the plan", "document.querySelector('#confirm')").await?;
    assert_eq!(text(&browser, "#confirm-title").await?, "Pick the head of family.pl");
    let (winner, loser) = (
        text(&browser, ".side-card:not(.decided) code").await?,
        text(&browser, ".side-card.decided code").await?,
    );
    assert_eq!(
        text(&browser, "#confirm").await?,
        format!("Make the text of {winner} the new head on 3 nodes")
    );
    let plan = text(&browser, "dialog.confirm .plan").await?;
    for named in [&winner, &loser, "by Ben", "by Ann", "alpha, bravo and charlie", "picked later"] {
        assert!(plan.contains(named), "{named} is not in: {plan}");
    }
    browser.value("document.querySelector('#confirm').click()").await?;
    browser.until("the result", &format!("{OUTCOME}?.startsWith('family.pl: done.')")).await?;
    server.tell(server.site.head_event("family.pl"));
    browser.value("document.querySelector('#close').click()").await?;
    browser.until("one head", "!document.querySelector('.side-card')").await?;
    let settled = "document.querySelector('.settled')?.textContent";
    browser.until("its loser", &format!("{settled}?.includes('stays here')")).await?;

    press(&browser, ".settled", "Undo").await?;
    browser.until("the plan", "document.querySelector('#confirm')").await?;
    assert!(text(&browser, "#confirm").await?.starts_with("Undo: bring the text of"));
    browser.value("document.querySelector('#confirm').click()").await?;
    browser.until("undone", &format!("{OUTCOME}?.startsWith('family.pl: done.')")).await?;
    assert_eq!(browser.complaints().await?, Vec::<String>::new());
    browser.close().await
}

/// UX6: what was chosen on another head is refused, and the page shows the new difference.
#[tokio::test]
async fn a_stale_decision_is_refused() -> Result<()> {
    let server = MadeUpSite::start(MadeUp::diverged(now_ms(), 40, 0), 0).await?;
    let browser = Browser::start().await?;
    browser.open(&format!("{}/files/family.pl", server.url)).await?;
    press(&browser, ".side-card:not(.decided)", "Pick this head").await?;
    browser.until("the plan", "document.querySelector('#confirm')").await?;
    // The page does not hear of it: only the node can refuse.
    let moved = server.site.save("family.pl", "Zoe");
    browser.value("document.querySelector('#confirm').click()").await?;
    let refused = "family.pl: refused: head moved";
    browser.until("refused", &format!("{OUTCOME}?.startsWith('{refused}')")).await?;
    server.tell(moved.clone());
    browser.value("document.querySelector('#close').click()").await?;
    let by = "document.querySelector('.side-card.decided .by').textContent";
    browser.until("the fresh side", &format!("{by}.includes('Zoe')")).await?;

    // Now it does: the button says so before anything is asked.
    press(&browser, ".side-card:not(.decided)", "Pick this head").await?;
    browser.until("the plan", "document.querySelector('#confirm')").await?;
    server.tell(server.site.save("family.pl", "Yan"));
    let label = "document.querySelector('#confirm').textContent";
    browser.until("recheck", &format!("{label}.startsWith('Recheck')")).await?;
    assert_eq!(browser.value("document.querySelectorAll('.side-card').length").await?, json!(2));
    browser.close().await
}

/// UX8: results add up, what failed stays selected, a second run touches only that.
#[tokio::test]
async fn a_bulk_that_fails_in_the_middle_keeps_the_rest_selected() -> Result<()> {
    let server = MadeUpSite::start(MadeUp::diverged(now_ms(), 200, 46), 0).await?;
    server.site.fail(
        30,
        Some(ActionOutcome {
            detail: Some("1 of 3 nodes answers".into()),
            ..Outcome::NoMajority.into()
        }),
    );
    let browser = Browser::start().await?;
    browser.open(&format!("{}/divergences", server.url)).await?;
    press(&browser, ".bar", "Select all 50 matching").await?;
    browser
        .until(
            "all of them",
            "document.querySelector('.bar b').textContent === '50 files selected'",
        )
        .await?;
    press(&browser, ".bar", "Pick the decided side").await?;
    let confirm = "document.querySelector('#confirm')";
    browser
        .until(
            "the plan",
            &format!("document.querySelectorAll('.plans tbody tr').length === 50 && {confirm}"),
        )
        .await?;
    assert_eq!(browser.value(&format!("{confirm}.disabled")).await?, Value::Bool(true));
    let field = browser.client.find(fantoccini::Locator::Css("#typed-count")).await?;
    field.send_keys("50").await?;
    browser.until("it may go", &format!("!{confirm}.disabled")).await?;
    browser.value(&format!("{confirm}.click()")).await?;
    let all = "50 files: 30 done, 20 refused: no majority.";
    browser.until("the tally", &format!("{OUTCOME} === {}", json!(all))).await?;
    browser.value("document.querySelector('#close').click()").await?;
    browser
        .until(
            "the failed ones",
            "document.querySelector('.bar b').textContent === '20 files selected'",
        )
        .await?;

    server.site.fail(0, None);
    press(&browser, ".bar", "Pick the decided side").await?;
    browser
        .until(
            "the plan",
            &format!("document.querySelectorAll('.plans tbody tr').length === 20 && {confirm}"),
        )
        .await?;
    browser.value(&format!("{confirm}.click()")).await?;
    browser.until("the rest", &format!("{OUTCOME} === '20 files: 20 done.'")).await?;
    browser.value("document.querySelector('#close').click()").await?;
    server.tell(server.site.head_event("family.pl"));
    browser
        .until("all clear", "document.querySelector('.nothing')?.textContent.includes('All clear')")
        .await?;
    assert_eq!(browser.complaints().await?, Vec::<String>::new());
    browser.close().await
}

/// UX8: Stop ends within a second and says what was not tried.
#[tokio::test]
async fn a_bulk_stops_within_a_second() -> Result<()> {
    let pause = Duration::from_millis(300);
    let server = MadeUpSite::start_slow(MadeUp::diverged(now_ms(), 60, 10), 0, pause).await?;
    let browser = Browser::start().await?;
    browser.open(&format!("{}/divergences", server.url)).await?;
    press(&browser, ".bar", "Select all 14 matching").await?;
    browser
        .until(
            "all of them",
            "document.querySelector('.bar b').textContent === '14 files selected'",
        )
        .await?;
    press(&browser, ".bar", "Force sync").await?;
    browser.until("the plan", "document.querySelector('#confirm')").await?;
    browser.value("document.querySelector('#confirm').click()").await?;
    browser.until("some results", &format!("{OUTCOME}?.includes('2 no change needed')")).await?;
    browser.value("document.querySelector('#stop').click()").await?;
    let stopped = format!("{OUTCOME}.includes('not tried') && !{OUTCOME}.includes('to go')");
    browser.within(Duration::from_secs(1), "the end", &stopped).await?;
    tokio::time::sleep(pause * 3).await;
    let untouched =
        browser.value("document.querySelectorAll('[data-outcome=not_tried]').length").await?;
    assert!(untouched.as_u64() >= Some(10), "{untouched} were not tried");
    browser.close().await
}

/// UX4: three views with the right ancestor, markup as text, a large text at once.
#[tokio::test]
async fn a_divergence_is_shown_in_three_views_and_nothing_in_it_runs() -> Result<()> {
    let server = MadeUpSite::start(MadeUp::diverged(now_ms(), 40, 0), 0).await?;
    let browser = Browser::start().await?;
    let hostile = "/files/%3Cscript%3Ealert(1)%3C%2Fscript%3E.pl";
    browser.open(&format!("{}{hostile}", server.url)).await?;
    for (tab, shows) in [
        ("three_way", ".way .diff.inline"),
        ("inline", ".diff.inline .add"),
        ("raw", "pre.text"),
        ("split", ".diff.split"),
    ] {
        browser
            .value(&format!("document.querySelector('.tabs [data-view={tab}]').click()"))
            .await?;
        browser.until(shows, &format!("document.querySelector('.shown {shows}')")).await?;
        let shown = "document.querySelector('.shown').textContent";
        let has = browser.value(&format!("{shown}.includes('<script>alert(1)</script>')")).await?;
        assert_eq!(has, Value::Bool(true), "{tab} shows the markup as text");
    }
    browser.value("document.querySelector('.tabs [data-view=three_way]').click()").await?;
    let common = text(&browser, ".graph li:last-child code").await?;
    browser.until("three ways", "document.querySelector('.ancestor')").await?;
    assert!(text(&browser, ".ancestor").await?.contains(&common));
    press(&browser, ".side-card:not(.decided)", "Merge").await?;
    browser
        .until("the text", "document.querySelector('#merged')?.value.includes('<script>alert(1)')")
        .await?;
    assert_eq!(
        browser.complaints().await?,
        Vec::<String>::new(),
        "nothing was refused by the policy"
    );

    let start = std::time::Instant::now();
    browser.client.goto(&format!("{}/files/eliza.pl", server.url)).await?;
    browser
        .until("its first screen", "document.querySelectorAll('.diff .add').length === 2")
        .await?;
    let took = start.elapsed();
    assert!(took < Duration::from_secs(2), "a text of a megabyte took {took:?}");
    browser.close().await
}

/// UX10: find a divergence, look at it, pick a head and read the result, all by keys.
#[tokio::test]
async fn a_divergence_is_settled_by_keys_alone() -> Result<()> {
    let server = MadeUpSite::start(MadeUp::diverged(now_ms(), 40, 0), 0).await?;
    let browser = Browser::start().await?;
    browser.open(&server.url).await?;
    let keys = async |keys: &str| -> Result<()> {
        Ok(browser.client.active_element().await?.send_keys(keys).await?)
    };
    keys("gd").await?;
    browser
        .until("the list", "document.querySelectorAll('.divergences tbody tr').length === 4")
        .await?;
    keys("j").await?;
    keys("j").await?;
    let row = "document.activeElement.closest('tr')?.dataset.file";
    browser.until("the second row", &format!("{row} === 'Sudoku.swinb'")).await?;
    let outline = browser.value("getComputedStyle(document.activeElement).outlineStyle").await?;
    assert_eq!(outline, json!("solid"), "the focus is seen");
    keys("x").await?;
    browser.until("selected", "document.querySelector('tr.chosen')").await?;
    keys("\u{E007}").await?;
    browser.until("its sides", "document.querySelectorAll('.side-card').length === 3").await?;
    keys("d").await?;
    browser.until("the next view", "document.querySelector('.shown .diff.inline')").await?;
    keys("]").await?;
    browser.until("the next one", "document.querySelector('h1').textContent === 'family.pl' && document.querySelectorAll('.side-card').length === 2").await?;
    // To the button by Tab, as everybody can.
    let mut at = Value::Null;
    for _ in 0..80 {
        keys("\u{E004}").await?;
        at = browser.value("document.activeElement.textContent").await?;
        if at == json!("Pick this head…") {
            break;
        }
    }
    assert_eq!(at, json!("Pick this head…"));
    keys("\u{E007}").await?;
    browser.until("the plan", "document.querySelector('dialog[open] #confirm')").await?;
    browser.value("document.querySelector('#reason').focus()").await?;
    keys("typed dgx?").await?;
    assert_eq!(
        browser.value("document.querySelector('#reason').value").await?,
        json!("typed dgx?")
    );
    keys("\u{E004}\u{E004}").await?;
    let focused = browser.value("document.activeElement.id").await?;
    assert_eq!(focused, json!("confirm"));
    keys("\u{E007}").await?;
    browser.until("the result", &format!("{OUTCOME}?.startsWith('family.pl: done.')")).await?;
    keys("\u{E00C}").await?;
    browser.until("closed", "!document.querySelector('dialog[open]')").await?;

    // Single keys are switched off, for good.
    keys("?").await?;
    browser.until("the help", "document.querySelector('.keys-help[open]')").await?;
    browser.value("document.querySelector('#keys-on').click()").await?;
    keys("\u{E00C}").await?;
    browser.open(&server.url).await?;
    keys("gd").await?;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(browser.value("location.pathname").await?, json!("/"));
    assert_eq!(browser.complaints().await?, Vec::<String>::new());
    browser.close().await
}

/// A person who may only look is offered nothing.
#[tokio::test]
async fn a_viewer_is_offered_no_action() -> Result<()> {
    let site = MadeUp::diverged(now_ms(), 40, 0).for_viewers();
    let server = MadeUpSite::start(site, 0).await?;
    let browser = Browser::start().await?;
    for path in ["/divergences", "/files/family.pl", "/nodes"] {
        browser.open(&format!("{}{path}", server.url)).await?;
        let offered = "[...document.querySelectorAll('main button:not([disabled])')].filter(b => b.textContent.endsWith('…')).length";
        assert_eq!(browser.value(offered).await?, json!(0), "{path}");
        assert_eq!(
            browser.value("document.querySelectorAll('main input[type=checkbox]').length").await?,
            json!(0)
        );
    }
    browser.close().await
}

/// Actions on nodes say what follows, and go to the node that was named.
#[tokio::test]
async fn a_nodes_action_is_confirmed_by_its_consequence() -> Result<()> {
    let server = MadeUpSite::start(MadeUp::diverged(now_ms(), 40, 0), 0).await?;
    let browser = Browser::start().await?;
    browser.open(&format!("{}/nodes", server.url)).await?;
    press(&browser, "tr[data-node=charlie]", "Remove").await?;
    browser.until("the plan", "document.querySelector('#confirm')").await?;
    assert_eq!(text(&browser, "#confirm").await?, "Remove charlie");
    assert!(text(&browser, "dialog.confirm p").await?.contains("Its files stay on its own disk"));
    browser.value("document.querySelector('#confirm').click()").await?;
    browser.until("the answer", &format!("{OUTCOME} === 'charlie: Remove is done.'")).await?;
    assert_eq!(server.site.done().len(), 1);
    browser.close().await
}
