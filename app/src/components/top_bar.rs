//! The top of every page: which node speaks, the one sentence that matters, search, the pill.

use std::time::Duration;

use domain::{
    view::{AnyState, FileSort, FilesQuery, Overview},
    words::{self, ClusterState},
};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

use super::{Login, Pill, StateMark, with_overview};
use crate::{clock::Clock, site::Shown};

/// A pause in typing after which the list follows.
const TYPING_PAUSE: Duration = Duration::from_millis(200);

/// The header of every page.
#[component]
pub(crate) fn TopBar() -> impl IntoView {
    let node = with_overview(|shown| {
        let name = move || shown.get().map(|overview| format!("node {}", overview.node.name));
        move || name().unwrap_or_default()
    });
    view! {
        <header class="top">
            <a class="brand" href="/">
                "swish-cluster"
                <small>{node}</small>
            </a>
            {with_overview(|shown| view! { <Sentence shown /> })}
            <Search />
            <Pill />
            <Login />
        </header>
    }
    .into_any()
}

/// The cluster in one sentence. Its age is outside of what is read aloud at each change.
#[component]
fn Sentence(shown: Memo<Shown>) -> impl IntoView {
    let state = Memo::new(move |_| shown.get().ok().map(|overview| overview.state));
    let sentence = Memo::new(move |_| match shown.get() {
        Ok(overview) => overview.sentence,
        Err(problem) => problem.message,
    });
    let mark =
        move || state.get().map(|state| view! { <StateMark state=AnyState::Cluster(state) /> });
    let lost = move || state.get() == Some(ClusterState::NoMajority);
    let alarm = move || lost().then(|| format!("{}. {}", ClusterState::NoMajority, sentence.get()));
    view! {
        <div class="sentence">
            <p role="status" class="says">{mark} " " <span>{sentence}</span></p>
            <p class="margin"><Margin shown /></p>
            <div role="alert" class="unseen">{alarm}</div>
        </div>
    }
}

/// "Can lose 1 more node · checked 12 s ago".
#[component]
fn Margin(shown: Memo<Shown>) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let checked = move |overview: &Overview| match overview.checked_ago_ms {
        Some(ago) => {
            let since = clock.now(overview.at_ms).saturating_sub(overview.at_ms);
            format!("checked {}", words::ago(ago + since))
        }
        None => "not compared by content yet".to_owned(),
    };
    let text = Memo::new(move |_| match shown.get() {
        Ok(overview) => format!("{} · {}", overview.margin, checked(&overview)),
        Err(_) => String::new(),
    });
    view! { {text} }
}

/// Searches files: by Enter from any page, while typing on the list itself.
#[component]
fn Search() -> impl IntoView {
    let location = use_location();
    let on_list = Memo::new(move |_| location.pathname.get() == "/files");
    let query = Memo::new(move |_| match on_list.get() {
        true => FilesQuery::parse(&location.search.get()),
        false => FilesQuery::default(),
    });
    let input = NodeRef::<leptos::html::Input>::new();
    let navigate = use_navigate();
    let go = move |replace: bool| {
        let Some(input) = input.get_untracked() else {
            return;
        };
        let wanted = FilesQuery { q: input.value(), offset: 0, ..query.get_untracked() };
        if !on_list.get_untracked() || wanted.q != query.get_untracked().q {
            let options = NavigateOptions { replace, scroll: false, ..NavigateOptions::default() };
            navigate(&format!("/files{wanted}"), options);
        }
    };
    let submit = go.clone();
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let typed = move || {
        let go = go.clone();
        timer.with_value(|timer| timer.iter().for_each(TimeoutHandle::clear));
        let follow = move || {
            if on_list.get_untracked() {
                go(true);
            }
        };
        timer.set_value(set_timeout_with_handle(follow, TYPING_PAUSE).ok());
    };
    keep_in_step(input, query);
    let kept = move || {
        let FilesQuery { state, sort, node, .. } = query.get();
        let sort = (sort != FileSort::default()).then(|| sort.code().to_owned());
        [("state", state.map(|state| state.code().to_owned())), ("sort", sort), ("node", node)]
            .into_iter()
            .filter_map(|(name, value)| value.map(|value| (name, value)))
            .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
            .collect_view()
    };
    view! {
        <form
            class="search"
            role="search"
            method="get"
            action="/files"
            on:submit=move |event| {
                event.prevent_default();
                submit(false);
            }
        >
            <input
                node_ref=input
                id="search"
                type="search"
                name="q"
                placeholder="Search files  ( / )"
                aria-label="Search files"
                autocomplete="off"
                spellcheck="false"
                value=query.get_untracked().q
                on:input=move |_| typed()
            />
            {kept}
        </form>
    }
    .into_any()
}

/// The box follows the address (Back, links), but never while somebody types in it.
fn keep_in_step(input: NodeRef<leptos::html::Input>, query: Memo<FilesQuery>) {
    Effect::new(move || {
        let wanted = query.get().q;
        let Some(input) = input.get() else { return };
        let focused = document().active_element().is_some_and(|active| active == **input);
        if !focused && input.value() != wanted {
            input.set_value(&wanted);
        }
    });
}
