//! Pages as the server sends them, without a browser: they must be readable without JavaScript.

use std::sync::Arc;

use anyhow::Result;
use app::{
    Api as _, SharedApi,
    made_up::{MadeUp, Silent},
};
use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use domain::view::Moderate;
use end2end::made_up_site::router;
use tokio::sync::{Mutex, watch};
use tower::ServiceExt as _;

const NOW_MS: u64 = 1_795_442_531_000;

struct Page {
    status: StatusCode,
    policy: String,
    html: String,
}

/// Rendering in two tokio runtimes of one process at once can wait for ever: reactive tasks wake
/// on the wrong one. A server has one runtime; `cargo test` has one for each test.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

async fn get(api: impl app::Api + Send + Sync + 'static, address: &str) -> Result<Page> {
    let _alone = ONE_AT_A_TIME.lock().await;
    let api: SharedApi = Arc::new(api);
    let router = router(&api, watch::channel(Vec::new()).1);
    let answer = router.oneshot(Request::get(address).body(Body::empty())?).await?;
    let status = answer.status();
    let policy = answer.headers().get("content-security-policy");
    let policy = policy.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let html = to_bytes(answer.into_body(), usize::MAX).await?;
    Ok(Page { status, policy, html: String::from_utf8(html.to_vec())? })
}

/// What a reader sees: tags and comments become one space, scripts go.
fn text(html: &str) -> String {
    let body = html.split_once("<body").map_or(html, |(_, body)| body);
    let mut text = String::new();
    for part in body.split('<').skip(1) {
        if part.starts_with("script") || part.starts_with("style") {
            continue;
        }
        text.push(' ');
        text.push_str(part.split_once('>').map_or("", |(_, text)| text));
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn assert_says(page: &Page, sentences: &[&str]) {
    let text = text(&page.html);
    for sentence in sentences {
        assert!(text.contains(sentence), "“{sentence}” is not in: {text}");
    }
}

#[tokio::test]
async fn a_healthy_overview_says_so_and_gives_the_all_clear() -> Result<()> {
    let page = get(MadeUp::healthy(NOW_MS, 12_408), "/").await?;
    assert_eq!(page.status, StatusCode::OK);
    assert_says(
        &page,
        &[
            "Healthy All 12,408 files equal on 3 of 3 nodes.",
            "Can lose 1 more node · checked 12 s ago",
            "12,408 Same everywhere",
            "0 Held",
            "All clear. Nothing waits for you.",
            "alpha · this node Up",
            "same as alpha",
        ],
    );
    Ok(())
}

#[tokio::test]
async fn a_silent_node_is_named_and_its_content_is_its_last_word() -> Result<()> {
    let page = get(MadeUp::troubled(NOW_MS, 40), "/").await?;
    assert_says(
        &page,
        &[
            "Degraded Saving works. charlie does not answer, for 4 s: one more loss stops deciding.",
            "Can lose 0 more nodes",
            "charlie Suspect alpha hears nothing from it. Last content 77ab01fe 1 file behind Last seen 4 s ago",
            "1 save is held",
        ],
    );
    Ok(())
}

#[tokio::test]
async fn files_are_listed_worst_first_with_the_head_of_each_node() -> Result<()> {
    let page = get(MadeUp::troubled(NOW_MS, 340), "/files").await?;
    assert_eq!(page.html.matches("<tr ").count(), 100);
    assert_says(
        &page,
        &[
            "340 of 340 files · worst first",
            "All 340 Object missing 1 Held 1 Behind 1 Spreading 1 Unknown 1 Same everywhere 335",
            "lists.pl Object missing on bravo, asked alpha, next try in 8 s",
            "Held waits for a majority, on alpha, since 14:01:53 UTC",
            "1–100 of 340 Next",
        ],
    );
    Ok(())
}

#[tokio::test]
async fn each_count_is_the_number_of_rows_it_links_to() -> Result<()> {
    for (state, rows) in [("held", 1), ("same", 35), ("damaged", 0), ("unknown", 1)] {
        let page = get(MadeUp::troubled(NOW_MS, 40), &format!("/files?state={state}")).await?;
        assert_eq!(page.html.matches("<tr ").count(), rows, "{state}");
    }
    Ok(())
}

#[tokio::test]
async fn a_search_is_an_address_and_finding_nothing_is_said() -> Result<()> {
    let page = get(MadeUp::healthy(NOW_MS, 40), "/files?q=QUEENS&sort=name").await?;
    assert_says(&page, &["1 of 40 files · by name", "queens.pl Same everywhere"]);
    assert!(page.html.contains(r#"value="QUEENS""#));
    let page = get(MadeUp::healthy(NOW_MS, 40), "/files?q=nowhere").await?;
    assert_says(&page, &["0 of 40 files", "No file has “nowhere” in its name."]);
    let page = get(MadeUp::healthy(NOW_MS, 40), "/files?state=held").await?;
    assert_says(&page, &["No file is in the state “Held”."]);
    let page = get(MadeUp::healthy(NOW_MS, 0), "/files").await?;
    assert_says(&page, &["No files yet. The first save on any node appears here."]);
    Ok(())
}

#[tokio::test]
async fn names_and_searches_are_text_and_never_markup() -> Result<()> {
    for address in ["/", "/files", "/files?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E"] {
        let page = get(MadeUp::healthy(NOW_MS, 40), address).await?;
        assert!(!page.html.contains("<script>alert"), "{address}");
        assert!(page.html.contains("&lt;script&gt;alert(1)"), "{address}");
    }
    Ok(())
}

#[tokio::test]
async fn a_node_that_cannot_answer_says_why() -> Result<()> {
    for address in ["/", "/files", "/files/a.pl", "/divergences", "/nodes"] {
        let page = get(Silent, address).await?;
        assert_says(&page, &["This node is still reading its log. Try again in a moment."]);
    }
    Ok(())
}

#[tokio::test]
async fn a_file_shows_its_heads_its_versions_and_what_changed_last() -> Result<()> {
    let page = get(MadeUp::troubled(NOW_MS, 40), "/files/family.pl").await?;
    assert_says(
        &page,
        &[
            "Files / family.pl Behind on charlie by 3 commits",
            "alpha Up =",
            "charlie Suspect ?",
            "charlie serves",
            "which is not in this part of the history.",
            "add grandparent/2",
            "<b>first</b> rules".replace('<', "&lt;").replace('>', "&gt;").as_str(),
            "4 versions here",
            "Split Inline Raw",
            "@@ -7,3 +7,4 @@",
        ],
    );
    let page = get(MadeUp::troubled(NOW_MS, 40), "/files/family.pl?view=raw").await?;
    assert_says(&page, &["--- old +++ new @@ -7,3 +7,4 @@"]);
    Ok(())
}

#[tokio::test]
async fn a_fork_is_linked_to_its_source_and_a_gap_says_who_was_asked() -> Result<()> {
    let page = get(MadeUp::troubled(NOW_MS, 40), "/files/tax.pl").await?;
    assert!(page.html.contains(r#"<a href="/files/family.pl">family.pl</a>"#), "{}", page.html);
    assert_says(&page, &["Forked from family.pl"]);
    let page = get(MadeUp::troubled(NOW_MS, 40), "/files/lists.pl").await?;
    assert_says(
        &page,
        &[
            "This version is on no node that answers abababa",
            "bravo was asked and does not have it; charlie does not answer and may have it.",
            "What is before it is not known.",
        ],
    );
    Ok(())
}

#[tokio::test]
async fn a_file_that_no_node_has_is_said_to_be_unknown() -> Result<()> {
    let page = get(MadeUp::healthy(NOW_MS, 3), "/files/no%2Fsuch%20one.pl").await?;
    assert_says(&page, &["Nothing to show No node has a file “no/such one.pl”", "All files"]);
    let address = "/files/family.pl?to=e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
    let page = get(MadeUp::healthy(NOW_MS, 3), address).await?;
    assert_says(&page, &["History", "Nothing to show e69de29 is not on alpha"]);
    Ok(())
}

#[tokio::test]
async fn names_and_texts_of_a_file_are_text_in_every_view() -> Result<()> {
    let address = "/files/%3Cscript%3Ealert(1)%3C%2Fscript%3E.pl";
    let head = get(MadeUp::healthy(NOW_MS, 40), address).await?;
    let version = head.html.split("data-version=\"").nth(1).and_then(|rest| rest.get(..40));
    let version = version.expect("a version");
    let queries = ["", "?view=inline", "?view=raw", &format!("?text={version}")];
    for query in queries {
        let page = get(MadeUp::healthy(NOW_MS, 40), &format!("{address}{query}")).await?;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.html.contains("<script>alert") && !page.html.contains("<img"), "{query}");
        assert!(!page.html.contains("</code></pre>\n"), "{query}");
        assert_says(&page, &["&lt;script&gt;alert(1)&lt;/script&gt;.pl", "edit(3)."]);
    }
    Ok(())
}

#[tokio::test]
async fn nodes_are_listed_with_what_each_of_them_says() -> Result<()> {
    let page = get(MadeUp::troubled(NOW_MS, 40), "/nodes").await?;
    assert_says(
        &page,
        &[
            "As alpha sees them, from what each of them says.",
            "alpha · this node 01010101 127.0.0.1:7061 Member Up SWISH: Answers 0.1.0 9f31c2d0",
            "charlie 03030303 127.0.0.1:7063 Member Suspect 0.1.0 77ab01fe ? last word",
            "1 behind",
            "Reported by alpha bravo charlie alpha — = open, 0.7 ms ≠ closed",
            "bravo Unknown — Unknown charlie Unknown Unknown —",
            "Each row is what that node says of its own links.",
        ],
    );
    Ok(())
}

#[tokio::test]
async fn a_node_that_catches_up_says_how_far_it_is_in_numbers() -> Result<()> {
    let page = get(MadeUp::diverged(NOW_MS, 40, 0), "/nodes").await?;
    assert_says(
        &page,
        &[
            "Catching up charlie is catching up 412 of 7,823 objects, 96 per second, from alpha; \
             waits for alpha's objects.",
            "bravo = open, 0.3 ms — = open, 1.1 ms",
            "charlie Unknown Unknown —",
        ],
    );
    Ok(())
}

#[tokio::test]
async fn divergences_are_listed_oldest_first_with_all_their_sides() -> Result<()> {
    let page = get(MadeUp::diverged(NOW_MS, 40, 0), "/divergences").await?;
    assert_eq!(page.html.matches("<tr data-file").count(), 4);
    assert_says(
        &page,
        &[
            "4 of 4 divergences · oldest first",
            "Sudoku.swinb 3 sides 1 h ago Ben",
            "family.pl 2 sides 18 min ago Ben = decided",
            "Ann , 22 min ago , on alpha and bravo ≠ other side",
        ],
    );
    let names: Vec<_> = page.html.split("<tr data-file=\"").skip(1).collect();
    assert!(names[3].starts_with("eliza.pl"), "the youngest is the last");
    // Behind and held files need no choice.
    assert!(!text(&page.html).contains("tax.pl") && !text(&page.html).contains("lists.pl"));
    Ok(())
}

#[tokio::test]
async fn divergences_are_narrowed_by_tokens_in_the_address() -> Result<()> {
    for (query, rows) in [
        ("?q=node%3Acharlie", 4),
        ("?q=node%3Abravo", 1),
        ("?q=sides%3A3", 1),
        ("?q=older%3A1h", 2),
        ("?q=author%3Aben+name%3A*.pl", 2),
        ("?q=exercise", 0),
    ] {
        let page = get(MadeUp::diverged(NOW_MS, 40, 0), &format!("/divergences{query}")).await?;
        assert_eq!(page.html.matches("<tr data-file").count(), rows, "{query}");
    }
    let page = get(MadeUp::diverged(NOW_MS, 40, 0), "/divergences?q=exercise").await?;
    assert_says(&page, &["No divergence matches; 4 files have two or more sides in all."]);
    let page = get(MadeUp::healthy(NOW_MS, 40), "/divergences").await?;
    let clear = "All clear. Every file has one head on all nodes; nothing needs a choice.";
    assert_says(&page, &["0 of 0 divergences", clear]);
    Ok(())
}

#[tokio::test]
async fn a_diverged_file_is_readable_without_a_script() -> Result<()> {
    let address = "/files/family.pl?view=three_way";
    let page = get(MadeUp::diverged(NOW_MS, 40, 0), address).await?;
    assert_says(
        &page,
        &[
            "family.pl Diverged 2 sides",
            "2 sides since",
            "Last common commit",
            "= decided, served now",
            "“add grandparent/2”, 1 commit after the common one",
            "Ben , 21 min ago , on charlie",
            "2 commits after the common one",
            "Previous 3 of 4 divergences Next",
            "Split Inline Three-way Raw",
            "Both against their last common version",
            "parent(mary, susan).",
            "grandparent(X, Z) :-",
            "Show decision trace",
        ],
    );
    // Nothing can be confirmed without a script, so nothing is offered.
    let offers = page.html.split("<button").filter(|part| part.contains("…</button"));
    assert!(offers.clone().count() > 3 && offers.clone().all(|part| part.contains("disabled")));
    let page = get(MadeUp::diverged(NOW_MS, 40, 0), "/files/queens.pl?view=three_way").await?;
    assert_says(&page, &["Split Inline Raw"]);
    Ok(())
}

#[tokio::test]
async fn names_and_messages_of_sides_are_text() -> Result<()> {
    let file = "/files/%3Cscript%3Ealert(1)%3C%2Fscript%3E.pl";
    for address in [file, &format!("{file}?view=three_way"), "/divergences"] {
        let page = get(MadeUp::diverged(NOW_MS, 40, 0), address).await?;
        assert!(!page.html.contains("<script>alert") && !page.html.contains("<img"), "{address}");
        assert_says(&page, &["&lt;script&gt;alert(1)&lt;/script&gt;"]);
    }
    Ok(())
}

#[tokio::test]
async fn an_unknown_address_is_a_page_with_status_404() -> Result<()> {
    let page = get(MadeUp::healthy(NOW_MS, 3), "/nodes/alpha").await?;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert_says(&page, &["No such page", "Healthy"]);
    Ok(())
}

#[tokio::test]
async fn scripts_carry_the_nonce_and_nothing_is_styled_inline() -> Result<()> {
    let page = get(MadeUp::troubled(NOW_MS, 40), "/files").await?;
    let nonce = page.policy.split_once("'nonce-").and_then(|(_, rest)| rest.split_once('\''));
    let nonce = format!(r#"nonce="{}""#, nonce.expect("a nonce in the policy").0);
    for script in page.html.split("<script").skip(1) {
        let tag = script.split_once('>').expect("a whole tag").0;
        assert!(tag.contains(&nonce), "<script{tag}>");
    }
    assert!(!page.html.contains(" style="));
    assert!(!page.html.contains("http://") && !page.html.contains("https://"));
    Ok(())
}

#[tokio::test]
async fn activity_is_readable_and_filtered_without_javascript() -> Result<()> {
    let page = get(MadeUp::troubled(NOW_MS, 40), "/activity").await?;
    assert_eq!(page.status, StatusCode::OK);
    assert_says(
        &page,
        &[
            "6 entries · newest first",
            "command line Changed a role account ben “takes over the night shift” Viewer → Operator done charlie #5",
            "Login refused",
            "node charlie",
            "ann Operator Log out",
        ],
    );
    assert!(!page.html.contains("<script>alert"), "a name runs");
    let page = get(MadeUp::troubled(NOW_MS, 40), "/activity?person=ann&action=login").await?;
    assert_says(&page, &["1 of 6 entries · newest first", "Show all"]);
    let chosen = |value: &str| {
        let option = format!("<option value=\"{value}\" selected");
        assert!(page.html.contains(&option), "{value} is not chosen in {}", page.html);
    };
    chosen("ann");
    chosen("login");
    let page = get(MadeUp::troubled(NOW_MS, 40), "/activity?person=nobody").await?;
    assert_says(&page, &["Nothing that was done matches."]);
    Ok(())
}

#[tokio::test]
async fn chats_are_listed_worst_first_with_what_each_node_has() -> Result<()> {
    let page = get(MadeUp::troubled(NOW_MS, 40), "/chat").await?;
    assert_eq!((page.status, page.html.matches("<tr data-document").count()), (StatusCode::OK, 5));
    assert_says(
        &page,
        &[
            "5 of 5 chats · 1,337 messages in all · worst first",
            "All 5 Gap 1 To fetch 1 Unknown 3 In step 0",
            "Hangout.swinb Gap 2 messages on no node that answers 1,204 = in step 1,204",
            "To fetch 31 messages from bravo 9 = in step 9 ≠ differs 40 the same up to 4 ? not known, it does not answer — 40 min ago",
            "family.pl Unknown not compared with charlie",
        ],
    );
    let page = get(MadeUp::troubled(NOW_MS, 40), "/chat?state=gap&q=HANG").await?;
    assert_says(&page, &["1 of 5 chats"]);
    let page = get(MadeUp::troubled(NOW_MS, 40), "/chat?q=nowhere").await?;
    assert_says(&page, &["No chat matches; there are 5 chats.", "Show all chats"]);
    let page = get(MadeUp::healthy(NOW_MS, 0), "/chat").await?;
    assert_says(&page, &["Nobody has written anything yet."]);
    Ok(())
}

#[tokio::test]
async fn a_chat_shows_every_message_as_text() -> Result<()> {
    let page = get(MadeUp::troubled(NOW_MS, 40), "/chat/gitty%3Afamily.pl").await?;
    assert_eq!(page.status, StatusCode::OK);
    assert_says(
        &page,
        &[
            "Chat / family.pl",
            "The file",
            "charlie Suspect Unknown — — never",
            "bravo Up In step 120 120 just now",
            "Ann profile:p-ann Who wants to do exercise 4 together?",
            "Ben uid:u-ben Me. Why does this loop? With a query",
            "Anonymous An old message",
            "imported, or on a node that is not known",
            "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(2)&gt; free money",
            "this \u{FFFD}desrever si\u{FFFD} line",
            "No text With a selection and a query",
            "Older messages",
        ],
    );
    assert!(!page.html.contains("<script>alert") && !page.html.contains("<img"), "it runs");
    assert!(page.html.contains(r#"dir="auto""#));
    // Nothing can be confirmed without a script, so nothing is offered.
    let offers = page.html.split("<button").filter(|part| part.contains("…</button"));
    assert!(offers.clone().count() > 10 && offers.clone().all(|part| part.contains("disabled")));
    let page = get(MadeUp::troubled(NOW_MS, 40), "/chat/gitty%3AHangout.swinb").await?;
    assert_says(
        &page,
        &[
            "2 messages were written on charlie (numbers 17 to 18 there) and are not here. No node that answers has them.",
            "Accept gap…",
        ],
    );
    let page = get(MadeUp::healthy(NOW_MS, 40), "/chat/gitty%3Aempty.pl").await?;
    assert_says(&page, &["empty.pl", "No message yet."]);
    let page = get(Silent, "/chat/gitty%3Afamily.pl").await?;
    assert_says(&page, &["Nothing to show", "All chats"]);
    Ok(())
}

#[tokio::test]
async fn what_moderators_decided_stands_beside_it() -> Result<()> {
    let site = MadeUp::troubled(NOW_MS, 40);
    let id = domain::MessageId::from_bytes([4; 16]);
    let who = domain::VisitorKey::Uid("u-mallory".into());
    let why = Some("</title><script>alert(1)</script>".to_owned());
    let document = "gitty:family.pl".to_owned();
    site.moderate(Moderate::Hide { document, id }, why.clone()).await.map_err(gone)?;
    let mute = Moderate::Mute { who, name: "Mallory".into(), for_ms: Some(3_600_000) };
    site.moderate(mute, why).await.map_err(gone)?;
    let page = get(site.clone(), "/chat/gitty%3Afamily.pl").await?;
    assert_says(&page, &["Hidden by ann", "Show…", "Unmute…"]);
    assert!(!page.html.contains("<script>alert"), "a reason runs");
    let page = get(site.clone(), "/visitors").await?;
    assert_says(
        &page,
        &["Muted Mallory uid:u-mallory Muted by ann , just now , until 2026-11-23 15:02:11 UTC"],
    );
    let page = get(site, "/chat").await?;
    assert_says(&page, &["120 1 hidden"]);
    Ok(())
}

#[tokio::test]
async fn visitors_are_listed_by_node_and_by_file() -> Result<()> {
    let page = get(MadeUp::troubled(NOW_MS, 40), "/visitors").await?;
    assert_says(
        &page,
        &[
            "6 of 6 open pages",
            "All 6 alpha 2 bravo 2 Suspect charlie 2",
            "&lt;b&gt;Mallory&lt;/b&gt; uid:u-mallory charlie Suspect its last word family.pl Sudoku.swinb tax.pl 1 min ago",
            "and 1 more",
            "Nobody is muted.",
        ],
    );
    assert!(!page.html.contains("<b>Mallory"), "a name is markup");
    let page =
        get(MadeUp::troubled(NOW_MS, 40), "/visitors?node=charlie&file=gitty%3Atax.pl").await?;
    assert_says(&page, &["2 of 6 open pages", "Only pages that have tax.pl open. Show all"]);
    let page = get(MadeUp::troubled(NOW_MS, 40), "/visitors?q=nobody").await?;
    assert_says(&page, &["No open page matches."]);
    let page = get(MadeUp::healthy(NOW_MS, 0), "/visitors").await?;
    assert_says(&page, &["Nobody is here."]);
    Ok(())
}

#[tokio::test]
async fn counts_of_chats_and_visitors_are_the_rows_they_link_to() -> Result<()> {
    let page = get(MadeUp::troubled(NOW_MS, 40), "/").await?;
    assert_says(&page, &["1 Gap: Chat: gap", "1 To fetch: Chat: to fetch", "6 Visitors"]);
    for (address, rows, mark) in [
        ("/chat?state=gap", 1, "<tr data-document"),
        ("/chat?state=to_fetch", 1, "<tr data-document"),
        ("/visitors", 6, "<tr data-wsid"),
    ] {
        assert!(page.html.contains(&format!("href=\"{address}\"")), "{address}");
        let list = get(MadeUp::troubled(NOW_MS, 40), address).await?;
        assert_eq!(list.html.matches(mark).count(), rows, "{address}");
    }
    Ok(())
}

fn gone(problem: domain::view::Problem) -> anyhow::Error {
    anyhow::anyhow!("{problem:?}")
}
