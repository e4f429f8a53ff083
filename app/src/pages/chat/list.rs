//! The list around its table: what it is narrowed to, its rows kept fresh, other pages.

use domain::{
    view::{AnyState, ChatsPage, ChatsQuery},
    words::{self, ChatState},
};
use leptos::prelude::*;

use super::{bar::Bar, row::row};
use crate::{
    components::StateMark,
    live::{Fresh, Waiting},
};

/// One page of the list; `Copy`.
#[derive(Clone, Copy)]
pub(super) struct Page {
    pub(super) query: StoredValue<ChatsQuery>,
    pub(super) fresh: Fresh<ChatsPage>,
}

/// One page of the list, kept fresh.
#[component]
pub(super) fn List(query: ChatsQuery, page: ChatsPage, may_act: bool) -> impl IntoView {
    let data_ms = page.at_ms;
    let fresh = Fresh::new(page, |old, new| ChatsPage { at_ms: old.at_ms, ..new.clone() } == *old);
    let page = Page { query: StoredValue::new(query), fresh };
    #[cfg(feature = "hydrate")]
    follow(page);
    let empty = Memo::new(move |_| fresh.with(|page| page.rows.is_empty()));
    let content = move || match empty.get() {
        true => view! { <Nothing page /> }.into_any(),
        false => view! { <Table page may_act data_ms /> }.into_any(),
    };
    let summary = move || {
        fresh.with(|page| {
            let total = words::count(page.counts.documents, "chat", "chats");
            let messages = words::count(page.counts.messages, "message", "messages");
            format!("{} of {total} · {messages} in all · worst first", words::thousands(page.shown))
        })
    };
    view! {
        <div class="line">
            <p class="sub" role="status">{summary}</p>
            <Waiting fresh />
        </div>
        <Chips page />
        {content}
        <Pages page />
        {may_act.then(|| view! { <Bar page /> })}
    }
    .into_any()
}

/// A link for each state, with its count.
#[component]
fn Chips(page: Page) -> impl IntoView {
    let query = page.query.get_value();
    let link = |state: Option<ChatState>| {
        let target = ChatsQuery { state, offset: 0, ..query.clone() };
        let current = (query.state == state).then_some("true");
        let count = move || {
            page.fresh.with(|page| match state {
                Some(state) => page.counts.of(state),
                None => page.counts.documents,
            })
        };
        let label = match state {
            Some(state) => view! { <StateMark state=AnyState::Chat(state) /> }.into_any(),
            None => view! { "All" }.into_any(),
        };
        view! {
            <a href=format!("/chat{target}") aria-current=current class:zero=move || count() == 0>
                {label}
                " "
                <b>{move || words::thousands(count())}</b>
            </a>
        }
    };
    let states = ChatState::ALL.iter().map(|state| link(Some(*state))).collect_view();
    view! {
        <nav class="chips" aria-label="Chats by state">
            {link(None)}
            {states}
        </nav>
    }
    .into_any()
}

#[component]
fn Table(page: Page, may_act: bool, data_ms: u64) -> impl IntoView {
    let fresh = page.fresh;
    let select =
        may_act.then(|| view! { <th scope="col"><span class="unseen">"Select"</span></th> });
    let nodes = fresh.with_untracked(|page| {
        let names = page.rows.first().map(|row| row.nodes.clone()).unwrap_or_default();
        names.into_iter().map(|on| view! { <th scope="col">{on.node.name}</th> }).collect_view()
    });
    view! {
        <div
            class="panel sheet"
            on:mouseenter=move |_| fresh.hold()
            on:mouseleave=move |_| fresh.show()
        >
            <table class="files chats">
                <caption class="unseen">"Chats, worst first, with their messages on each node"</caption>
                <thead>
                    <tr>
                        {select}
                        <th scope="col">"Chat of"</th>
                        <th scope="col">"State"</th>
                        <th scope="col" class="number">"Messages"</th>
                        {nodes}
                        <th scope="col">"Last message"</th>
                    </tr>
                </thead>
                <tbody>
                    <For
                        each=move || fresh.with(|page| page.rows.clone())
                        key=|row| {
                            let mut row = row.clone();
                            row.nodes.iter_mut().for_each(|on| on.compared_ms = None);
                            row
                        }
                        children=move |item| row(item, page, may_act, data_ms)
                    />
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

/// Instead of an empty table: what that means.
#[component]
fn Nothing(page: Page) -> impl IntoView {
    let query = page.query.get_value();
    let is_narrowed = !query.q.trim().is_empty() || query.state.is_some();
    let text = move || {
        let total = page.fresh.with(|page| page.counts.documents);
        match (is_narrowed, total) {
            (true, 1..) => {
                format!("No chat matches; there are {}.", words::count(total, "chat", "chats"))
            }
            _ => "Nobody has written anything yet. Messages that visitors write to each other \
                  beside a file appear here."
                .to_owned(),
        }
    };
    view! {
        <section class="panel nothing">
            <p>{text}</p>
            {is_narrowed.then(|| view! { <p><a href="/chat">"Show all chats"</a></p> })}
        </section>
    }
    .into_any()
}

/// Links to the pages before and after this one.
#[component]
fn Pages(page: Page) -> impl IntoView {
    let links = move || {
        let query = page.query.get_value();
        let (shown, offset, rows) = page
            .fresh
            .with(|page| (page.shown, page.offset, u64::try_from(page.rows.len()).unwrap_or(0)));
        let to = |offset| format!("/chat{}", ChatsQuery { offset, ..query.clone() });
        let before = (offset > 0).then(|| to(offset.saturating_sub(query.limit)));
        let after = (offset + rows < shown).then(|| to(offset + query.limit));
        let place = format!("{}–{} of {}", offset + 1, offset + rows, words::thousands(shown));
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

/// Asks again when any chat changed or somebody did something.
#[cfg(feature = "hydrate")]
fn follow(page: Page) {
    use crate::{Api, Fetch, live::News};

    page.fresh.follow(
        |news| matches!(news, News::Chat(_) | News::Deed),
        move || Fetch.chats(page.query.get_value()),
    );
}
