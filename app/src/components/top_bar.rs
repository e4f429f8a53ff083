//! The top of every page: which node speaks, the one sentence that matters, search, the pill.

use std::time::Duration;

use domain::{
    view::{AnyState, ChatsQuery, DivergencesQuery, FileSort, FilesQuery, Overview, VisitorsQuery},
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

/// The list that the box searches, and what the address says of it.
#[derive(Clone, PartialEq)]
enum Searched {
    /// The list of files.
    Files(FilesQuery),
    /// The list of divergences.
    Divergences(DivergencesQuery),
    /// The list of chats.
    Chats(ChatsQuery),
    /// The list of visitors.
    Visitors(VisitorsQuery),
    /// Another page: files are searched from there.
    Elsewhere,
}

impl Searched {
    fn of(path: &str, search: &str) -> Self {
        match path {
            "/files" => Self::Files(FilesQuery::parse(search)),
            "/divergences" => Self::Divergences(DivergencesQuery::parse(search)),
            "/chat" => Self::Chats(ChatsQuery::parse(search)),
            "/visitors" => Self::Visitors(VisitorsQuery::parse(search)),
            _ => Self::Elsewhere,
        }
    }

    fn q(&self) -> String {
        match self {
            Self::Files(query) => query.q.clone(),
            Self::Divergences(query) => query.q.clone(),
            Self::Chats(query) => query.q.clone(),
            Self::Visitors(query) => query.q.clone(),
            Self::Elsewhere => String::new(),
        }
    }

    /// The same list with other words.
    fn with(self, q: String) -> String {
        match self {
            Self::Files(query) => format!("/files{}", FilesQuery { q, offset: 0, ..query }),
            Self::Divergences(query) => {
                format!("/divergences{}", DivergencesQuery { q, offset: 0, ..query })
            }
            Self::Chats(query) => format!("/chat{}", ChatsQuery { q, offset: 0, ..query }),
            Self::Visitors(query) => {
                format!("/visitors{}", VisitorsQuery { q, offset: 0, ..query })
            }
            Self::Elsewhere => format!("/files{}", FilesQuery { q, ..FilesQuery::default() }),
        }
    }

    fn is_list(&self) -> bool {
        *self != Self::Elsewhere
    }

    /// Address of the form without JavaScript, and what the empty box says.
    fn form(&self) -> (&'static str, &'static str) {
        match self {
            Self::Divergences(_) => ("/divergences", "Filter divergences  ( / )"),
            Self::Chats(_) => ("/chat", "Search chats  ( / )"),
            Self::Visitors(_) => ("/visitors", "Search visitors  ( / )"),
            Self::Files(_) | Self::Elsewhere => ("/files", "Search files  ( / )"),
        }
    }

    /// What a form keeps of the list's address.
    fn kept(&self) -> Vec<(&'static str, String)> {
        let said = |text: &String| (!text.is_empty()).then(|| text.clone());
        let all = match self {
            Self::Files(FilesQuery { state, sort, node, .. }) => {
                let sort = (*sort != FileSort::default()).then(|| sort.code().to_owned());
                let state = state.map(|state| state.code().to_owned());
                vec![("state", state), ("sort", sort), ("node", node.clone())]
            }
            Self::Chats(query) => {
                vec![("state", query.state.map(|state| state.code().to_owned()))]
            }
            Self::Visitors(query) => {
                vec![("node", said(&query.node)), ("file", said(&query.file))]
            }
            Self::Divergences(_) | Self::Elsewhere => Vec::new(),
        };
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// Searches the list that is shown, or files: by Enter from any page, on a list while typing.
#[component]
fn Search() -> impl IntoView {
    let location = use_location();
    let searched =
        Memo::new(move |_| Searched::of(&location.pathname.get(), &location.search.get()));
    let input = NodeRef::<leptos::html::Input>::new();
    let navigate = use_navigate();
    let go = move |replace: bool| {
        let Some(input) = input.get_untracked() else {
            return;
        };
        let (now, q) = (searched.get_untracked(), input.value());
        if !now.is_list() || q != now.q() {
            let options = NavigateOptions { replace, scroll: false, ..NavigateOptions::default() };
            navigate(&now.with(q), options);
        }
    };
    let submit = go.clone();
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let typed = move || {
        let go = go.clone();
        timer.with_value(|timer| timer.iter().for_each(TimeoutHandle::clear));
        let follow = move || {
            if searched.with_untracked(Searched::is_list) {
                go(true);
            }
        };
        timer.set_value(set_timeout_with_handle(follow, TYPING_PAUSE).ok());
    };
    keep_in_step(input, searched);
    let kept = move || {
        let hidden = |(name, value)| view! { <input type="hidden" name=name value=value /> };
        searched.get().kept().into_iter().map(hidden).collect_view()
    };
    view! {
        <form
            class="search"
            role="search"
            method="get"
            action=move || searched.with(|now| now.form().0)
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
                placeholder=move || searched.with(|now| now.form().1)
                aria-label=move || match searched.get() {
                    Searched::Divergences(_) => "Search divergences",
                    Searched::Chats(_) => "Search chats",
                    Searched::Visitors(_) => "Search visitors",
                    Searched::Files(_) | Searched::Elsewhere => "Search files",
                }
                autocomplete="off"
                spellcheck="false"
                value=searched.get_untracked().q()
                on:input=move |_| typed()
            />
            {kept}
        </form>
    }
    .into_any()
}

/// The box follows the address (Back, links), but never while somebody types in it.
fn keep_in_step(input: NodeRef<leptos::html::Input>, searched: Memo<Searched>) {
    Effect::new(move || {
        let wanted = searched.get().q();
        let Some(input) = input.get() else { return };
        let focused = document().active_element().is_some_and(|active| active == **input);
        if !focused && input.value() != wanted {
            input.set_value(&wanted);
        }
    });
}
