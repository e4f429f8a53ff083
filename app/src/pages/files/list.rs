//! The list around its table: how many, which states, new rows that wait, other pages.

use domain::{
    view::{AnyState, Chip, FilesPage, FilesQuery},
    words::{self, FileState},
};
use leptos::prelude::*;

use super::{rows::Rows, table::Table};
use crate::components::StateMark;

/// One page of the list, kept fresh.
#[component]
pub(super) fn List(query: FilesQuery, page: FilesPage) -> impl IntoView {
    let rows = Rows::new(query, page);
    #[cfg(feature = "hydrate")]
    follow(rows);
    let empty = Memo::new(move |_| rows.entries.with(Vec::is_empty));
    let content = move || match empty.get() {
        true => view! { <Nothing rows /> }.into_any(),
        false => view! { <Table rows /> }.into_any(),
    };
    view! {
        <div class="line">
            <p class="sub" role="status">{move || rows.page.with(|page| summary(page, &rows.query()))}</p>
            <Waiting rows />
        </div>
        <Chips rows />
        {content}
        <Pages rows />
    }
    .into_any()
}

/// Lets news change the rows, and asks again when they may have changed the totals.
#[cfg(feature = "hydrate")]
fn follow(rows: Rows) {
    use std::rc::Rc;

    use crate::live::{Live, News};

    let live = expect_context::<Live>();
    Effect::new(move || {
        let asking = StoredValue::new(false);
        live.listen(Rc::new(move |news| match news {
            News::Row(row) => rows.hear(*row),
            News::Missed => ask(rows, asking),
            News::Beat if rows.is_outdated() => ask(rows, asking),
            News::Beat | News::Deed | News::Chat(_) | News::Visitors => {}
        }));
    });
}

/// Asks for the same page again, one question at a time.
#[cfg(feature = "hydrate")]
fn ask(rows: Rows, asking: StoredValue<bool>) {
    use crate::{Api, Fetch};

    if asking.get_value() {
        return;
    }
    asking.set_value(true);
    rows.asking();
    leptos::task::spawn_local(async move {
        let answer = Fetch.files(rows.query()).await;
        // The reader may have gone to another page meanwhile.
        if asking.try_set_value(false).is_some() {
            return;
        }
        if let Ok(page) = answer {
            rows.answered(page);
        }
    });
}

/// "12 of 12,408 files · worst first".
fn summary(page: &FilesPage, query: &FilesQuery) -> String {
    use domain::view::FileSort::{Changed, Name, Worst};
    let order = match query.sort {
        Worst => "worst first",
        Changed => "newest change first",
        Name => "by name",
    };
    let total = words::count(page.total, "file", "files");
    format!("{} of {total} · {order}", words::thousands(page.shown))
}

/// "3 new": rows that wait for the pointer to leave.
#[component]
fn Waiting(rows: Rows) -> impl IntoView {
    let number = Memo::new(move |_| rows.waiting.with(|waiting| waiting.len()));
    let show = move |_| rows.hovered.set(false);
    view! {
        <button type="button" class="waiting" hidden=move || number.get() == 0 on:click=show>
            {move || format!("{} new: show", number.get())}
        </button>
    }
}

/// One link for each state, with how many files of this search are in it.
#[component]
fn Chips(rows: Rows) -> impl IntoView {
    let chips = Memo::new(move |_| rows.page.with(|page| page.chips.clone()));
    let links = move || {
        let query = rows.query();
        let all = chips.get().iter().map(|chip| chip.count).sum();
        let all = chip(&query, None, all);
        let states = chips.get();
        let states =
            states.into_iter().map(|Chip { state, count }| chip(&query, Some(state), count));
        view! { {all} {states.collect_view()} }
    };
    let node = rows.query().node.map(|node| {
        let without = FilesQuery { node: None, offset: 0, ..rows.query() };
        let label = format!("Show all nodes, not only {node}");
        view! {
            <a class="only" href=format!("/files{without}") aria-label=label>
                {format!("Differs on {node}")} <span aria-hidden="true">" ×"</span>
            </a>
        }
    });
    view! {
        <nav class="chips" aria-label="Files by state">
            {links}
            {node}
        </nav>
    }
    .into_any()
}

fn chip(query: &FilesQuery, state: Option<FileState>, count: u64) -> impl IntoView + use<> {
    let current = (query.state == state).then_some("true");
    let target = FilesQuery { state, offset: 0, ..query.clone() };
    let word = state.map_or("All", FileState::word);
    view! {
        <a
            href=format!("/files{target}")
            aria-current=current
            class:zero=count == 0
            data-state=state.map_or("all", FileState::code)
        >
            {word}
            " "
            <b>{words::thousands(count)}</b>
        </a>
    }
}

/// Instead of an empty table: what that means.
#[component]
fn Nothing(rows: Rows) -> impl IntoView {
    let query = rows.query();
    let narrowed = FilesQuery { sort: query.sort, ..FilesQuery::default() } != query;
    let text = match (&query.state, query.q.is_empty()) {
        (None, true) if !narrowed => {
            "No files yet. The first save on any node appears here.".to_owned()
        }
        (Some(state), true) => format!("No file is in the state “{state}”."),
        (None, true) => "No file matches.".to_owned(),
        (None, false) => format!("No file has “{}” in its name.", query.q),
        (Some(state), false) => {
            format!("No file with “{}” in its name is in the state “{state}”.", query.q)
        }
    };
    let mark = query.state.filter(|state| *state != FileState::Same).map(|_| {
        view! { <StateMark state=AnyState::File(FileState::Same) icon_only=true /> }
    });
    view! {
        <section class="panel nothing">
            <p>{mark} {text}</p>
            {narrowed.then(|| view! { <p><a href="/files">"Show all files"</a></p> })}
        </section>
    }
}

/// Links to the pages before and after this one.
#[component]
fn Pages(rows: Rows) -> impl IntoView {
    let links = move || {
        let query = rows.query();
        let (shown, offset) = rows.page.with(|page| (page.shown, page.offset));
        let rows = rows.entries.with(|entries| u64::try_from(entries.len()).unwrap_or(0));
        let to = |offset| format!("/files{}", FilesQuery { offset, ..query.clone() });
        let before = (offset > 0).then(|| to(offset.saturating_sub(query.limit)));
        let after = (offset + rows < shown).then(|| to(offset + query.limit));
        let place = format!(
            "{}–{} of {}",
            words::thousands(offset + 1),
            words::thousands(offset + rows),
            words::thousands(shown),
        );
        (before.is_some() || after.is_some()).then(|| {
            view! {
                <nav class="pages" aria-label="Pages">
                    {before.map(|href| view! { <a class="btn" rel="prev" href=href>"Previous"</a> })}
                    <span>{place}</span>
                    {after.map(|href| view! { <a class="btn" rel="next" href=href>"Next"</a> })}
                </nav>
            }
        })
    };
    view! { {links} }.into_any()
}
