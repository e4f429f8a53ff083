//! A file that needs a choice: its sides, what can be done, and how it came to that.

use domain::{
    FileName, ObjectId,
    view::{Activity, Choice, DivergencePage, Settle, Side, file_href},
    words,
};
use leptos::prelude::*;

use super::{graph::Graph, load::Wanted};
use crate::{
    actions::{Dialog, Job, Offer, Offering, Work},
    components::{Hash, When, WhenOfDay, short},
    links::file_rel,
    visible::visible,
};

/// All of it; nothing when the file has one head.
#[component]
pub(super) fn Fork(
    wanted: StoredValue<Wanted>,
    divergence: Memo<Option<DivergencePage>>,
    offering: Offering,
) -> impl IntoView {
    let head_now =
        Signal::derive(move || divergence.get().map(|page| page.divergence.decided.head));
    let content = move || {
        divergence.get().map(|page| {
            let sides = page
                .divergence
                .sides()
                .map(|side| view! { <SideCard page=page.clone() side=side.clone() offering head_now /> })
                .collect_view();
            let trace = page.trace.clone();
            view! {
                <Place page=page.clone() />
                <section class="grid sides" aria-label="Sides" id="sides">
                    {sides}
                </section>
                <section class="panel sheet-like" aria-labelledby="graph">
                    <h2 id="graph">"Commits around the fork"</h2>
                    <Graph wanted page />
                    <Trace trace />
                </section>
            }
        })
    };
    view! { {content} }.into_any()
}

/// "1 of 2 divergences", and links to the ones beside it.
#[component]
fn Place(page: DivergencePage) -> impl IntoView {
    let link = |name: Option<FileName>, key: &'static str, word: &'static str| {
        name.map(|name| {
            let label = format!("{word} divergence: {}", visible(name.as_str()));
            view! {
                <a
                    class="btn"
                    href=file_href(&name)
                    rel=file_rel(&name)
                    data-key=key
                    aria-label=label
                >
                    {word}
                </a>
            }
        })
    };
    let since = page.divergence.since_ms;
    let ancestor = page.divergence.others.first().and_then(|side| side.ancestor);
    let common = match ancestor {
        Some(id) => format!("Last common commit {}. ", short(id)),
        None => "The sides have no common commit. ".to_owned(),
    };
    let sides = page.divergence.sides_text();
    let place = format!("{} of {}", page.place, words::count(page.of, "divergence", "divergences"));
    view! {
        <div class="line fork-line">
            <p class="sub">
                {sides} " since " <When at_ms=since data_ms=page.at_ms /> ". " {common}
                "Choosing one writes a new commit; the others stay in the history and can be picked "
                "later."
            </p>
            <nav class="pages" aria-label="Divergences">
                {link(page.before, "before", "Previous")}
                <a href="/divergences">{place}</a>
                {link(page.after, "after", "Next")}
            </nav>
        </div>
    }
    .into_any()
}

/// One side: who, when, where; and what can be done with it.
#[component]
fn SideCard(
    page: DivergencePage,
    side: Side,
    offering: Offering,
    head_now: Signal<Option<ObjectId>>,
) -> impl IntoView {
    let dialog = expect_context::<Dialog>();
    let found = &page.divergence;
    let is_decided = side.head == found.decided.head;
    let (file, expected_head) = (found.name.clone(), found.decided.head);
    let open = move |choice: Choice, merge_of: Option<ObjectId>| {
        let asks_name = matches!(choice, Choice::KeepBoth { .. });
        let item = Settle { file: file.clone(), expected_head, choice, reason: None };
        let work = Work::Settle(vec![item]);
        let head_now = Some(head_now);
        dialog.open(Job { head_now, merge_of, asks_name, ..Job::new(work) });
    };
    let commit = side.head;
    let (pick, keep, merge) = (open.clone(), open.clone(), open);
    let more = (!is_decided).then(|| {
        view! {
            <Offer
                offering
                text="Merge…"
                on_press=move || {
                    merge(Choice::Merge { text: String::new(), commit }, Some(commit));
                }
            />
            <Offer
                offering
                text="Keep both…"
                on_press=move || {
                    keep(Choice::KeepBoth { other_name: FileName::from(""), commit }, None);
                }
            />
        }
    });
    let message = match &side.message {
        Some(message) => format!("“{}”, ", visible(message)),
        None => "No message, ".to_owned(),
    };
    let commits = match side.ancestor {
        Some(_) => {
            format!("{} after the common one", words::count(side.commits, "commit", "commits"))
        }
        None => words::count(side.commits, "commit", "commits"),
    };
    let class = if is_decided { "panel side-card decided" } else { "panel side-card" };
    let word = if is_decided { "= decided, served now" } else { "≠ other side" };
    view! {
        <article class=class data-side=commit.to_string()>
            <header>
                <Hash id=commit />
                <span class="tag">{word}</span>
            </header>
            <p class="by">
                {visible(side.who())} ", " <When at_ms=side.at_ms data_ms=page.at_ms /> ", on "
                {side.where_text()}
            </p>
            <p class="sub">{message} {commits}</p>
            <div class="buttons">
                <Offer
                    offering
                    text="Pick this head…"
                    on_press=move || pick(Choice::Pick { commit }, None)
                />
                {more}
            </div>
        </article>
    }
    .into_any()
}

/// How the head came to be decided.
#[component]
fn Trace(trace: Vec<Activity>) -> impl IntoView {
    let step = |step: Activity| {
        view! {
            <li>
                <WhenOfDay at_ms=step.at_ms />
                <span>{visible(&step.text)}</span>
            </li>
        }
    };
    let steps = match trace.is_empty() {
        true => view! { <p class="sub">"How it was decided is not kept any more."</p> }.into_any(),
        false => {
            let steps = trace.into_iter().map(step).collect_view();
            view! { <ol class="latest">{steps}</ol> }.into_any()
        }
    };
    view! {
        <details class="trace">
            <summary>"Show decision trace"</summary>
            {steps}
        </details>
    }
    .into_any()
}
