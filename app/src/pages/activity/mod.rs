//! `/activity`: what people did on all nodes, newest first; filters are in the address.

mod filters;
mod table;

use domain::{
    view::{ActivityPage as Page, ActivityQuery, Problem},
    words,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;

use self::{filters::Filters, table::Table};
use crate::{
    api::api,
    components::{Failure, Loading},
};

/// The audit.
#[component]
pub(crate) fn ActivityPage() -> impl IntoView {
    let location = use_location();
    let query = Memo::new(move |_| ActivityQuery::parse(&location.search.get()));
    let loaded = Resource::new(move || query.get(), |query| api().activity(query));
    let content = move || {
        Suspend::new(async move {
            match loaded.await {
                Ok(page) => view! { <Content query=query.get_untracked() page /> }.into_any(),
                Err(problem) => view! { <Failure problem /> }.into_any(),
            }
        })
    };
    view! {
        <Title text="Activity" />
        <h1>"Activity"</h1>
        <p class="sub">
            "What people did on any node. Every node keeps all of it, each node’s part as a chain that it signs."
        </p>
        <Transition fallback=Loading>{content}</Transition>
    }
    .into_any()
}

/// One page, kept fresh: new entries wait while the pointer is over the table.
#[component]
fn Content(query: ActivityQuery, page: Page) -> impl IntoView {
    let shown = RwSignal::new(Ok::<Page, Problem>(page));
    let waiting = RwSignal::new(false);
    let hovered = RwSignal::new(false);
    let query = StoredValue::new(query);
    #[cfg(feature = "hydrate")]
    follow(query, shown, waiting, hovered);
    let page = Memo::new(move |_| shown.get().ok());
    let of = move |text: fn(&Page, &ActivityQuery) -> String| {
        query.with_value(|query| page.with(|page| page.as_ref().map(|page| text(page, query))))
    };
    let export = query.with_value(|query| {
        let all = ActivityQuery { offset: 0, limit: ActivityQuery::PAGE, ..query.clone() };
        let text = all.to_string();
        let mark = if text.is_empty() { "?" } else { "&" };
        format!("/api/v1/activity{text}{mark}format=jsonl")
    });
    view! {
        <Filters query=query.get_value() page />
        <div class="line">
            <p class="sub" role="status">{move || of(summary).unwrap_or_default()}</p>
            <button
                type="button"
                class="waiting"
                hidden=move || !waiting.get()
                on:click=move |_| hovered.set(false)
            >
                "New entries: show"
            </button>
            <a class="btn" href=export download="activity.jsonl" rel="external">
                "Export as JSON lines"
            </a>
        </div>
        <div on:mouseenter=move |_| hovered.set(true) on:mouseleave=move |_| hovered.set(false)>
            <Table page query=query.get_value() />
        </div>
        {move || page.with(|page| page.as_ref().map(|page| pages(page, &query.get_value())))}
    }
    .into_any()
}

/// Asks again when something was done, when messages were missed, and each second while it owes.
#[cfg(feature = "hydrate")]
fn follow(
    query: StoredValue<ActivityQuery>,
    shown: RwSignal<Result<Page, Problem>>,
    waiting: RwSignal<bool>,
    hovered: RwSignal<bool>,
) {
    use std::rc::Rc;

    use crate::{
        Api, Fetch,
        live::{Live, News},
    };

    let live = expect_context::<Live>();
    let asking = StoredValue::new(false);
    let ask = move || {
        if hovered.get_untracked() || asking.get_value() {
            return waiting.set(true);
        }
        waiting.set(false);
        asking.set_value(true);
        leptos::task::spawn_local(async move {
            let answer = Fetch.activity(query.get_value()).await;
            // The reader may have gone to another page meanwhile.
            if asking.try_set_value(false).is_none()
                && let Ok(page) = answer
            {
                shown.set(Ok(page));
            }
        });
    };
    Effect::new(move || {
        live.listen(Rc::new(move |news| match news {
            News::Deed | News::Missed => ask(),
            News::Beat if waiting.get_untracked() => ask(),
            News::Beat | News::Row(_) | News::Chat(_) | News::Visitors => {}
        }));
    });
}

/// "3 of 120 entries · newest first".
fn summary(page: &Page, query: &ActivityQuery) -> String {
    let total = words::count(page.total, "entry", "entries");
    match ActivityQuery::default() == *query {
        true => format!("{total} · newest first"),
        false => format!("{} of {total} · newest first", words::thousands(page.shown)),
    }
}

/// Links to the pages before and after this one.
fn pages(page: &Page, query: &ActivityQuery) -> impl IntoView + use<> {
    let rows = u64::try_from(page.rows.len()).unwrap_or(0);
    let to = |offset| format!("/activity{}", ActivityQuery { offset, ..query.clone() });
    let newer = (page.offset > 0).then(|| to(page.offset.saturating_sub(query.limit)));
    let older = (page.offset + rows < page.shown).then(|| to(page.offset + query.limit));
    let place = format!(
        "{}–{} of {}",
        words::thousands(page.offset + 1),
        words::thousands(page.offset + rows),
        words::thousands(page.shown),
    );
    (newer.is_some() || older.is_some()).then(|| {
        view! {
            <nav class="pages" aria-label="Pages">
                {newer.map(|href| view! { <a class="btn" rel="prev" href=href>"Newer"</a> })}
                <span>{place}</span>
                {older.map(|href| view! { <a class="btn" rel="next" href=href>"Older"</a> })}
            </nav>
        }
    })
}
