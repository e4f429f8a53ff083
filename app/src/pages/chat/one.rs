//! One chat: how it stands on each node, what is missing, and its messages.

use domain::view::{
    AnyState, ChatPage as Answer, MessagesQuery, Moderate, chat_href, chat_of, document_file,
    document_name, file_href,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;

use super::{gaps::Gaps, messages::Messages, nodes::Nodes, row::chat_rel};
use crate::{
    actions::{Dialog, Job, Offer, Offering, Work},
    api::api,
    components::{Failure, Loading, StateMark},
    links::file_rel,
    live::{Fresh, Waiting},
    site::Site,
    visible::{title, visible},
};

/// `/chat/<document>`.
#[component]
pub(crate) fn ChatPage() -> impl IntoView {
    let location = use_location();
    let (path, search) = (location.pathname, location.search);
    // Not the router's parameter: it decodes a name twice. Whoever leaves goes on seeing this one
    // until the next page is there.
    let document = Memo::new(move |last: Option<&String>| match chat_of(&path.get()) {
        other if other.is_empty() => last.cloned().unwrap_or_default(),
        document => document,
    });
    let query = Memo::new(move |_| MessagesQuery::parse(&search.get()));
    let (api, site) = (api(), expect_context::<Site>());
    let found = Resource::new(
        move || (document.get(), query.get()),
        move |(document, query)| {
            let answer = api.chat(document, query.clone());
            async move { (query, answer.await) }
        },
    );
    let content = move || {
        Suspend::new(async move {
            let may_act = site.may_act().await;
            match found.await {
                (query, Ok(page)) => view! { <Content query page may_act /> }.into_any(),
                (_, Err(problem)) => view! {
                    <Failure problem />
                    <p><a href="/chat">"All chats"</a></p>
                }
                .into_any(),
            }
        })
    };
    let name = move || document.with(|document| visible(document_name(document)));
    view! {
        <Title text=move || title(&format!("Chat of {}", document_name(&document.get()))) />
        <p class="crumb"><a href="/chat">"Chat"</a> " /"</p>
        <h1 class="file-name" dir="auto">{name}</h1>
        <Transition fallback=Loading>{content}</Transition>
    }
    .into_any()
}

/// What was loaded, kept fresh.
#[component]
fn Content(query: MessagesQuery, page: Answer, may_act: bool) -> impl IntoView {
    let (data_ms, document) = (page.at_ms, page.row.document.clone());
    let has_file = page.has_file;
    let fresh = Fresh::new(page, |old, new| Answer { at_ms: old.at_ms, ..new.clone() } == *old);
    #[cfg(feature = "hydrate")]
    follow(fresh, &document, &query);
    let offering = Offering::new(may_act);
    let state = Memo::new(move |_| fresh.with(|page| (page.row.state, page.row.detail.clone())));
    let mark = move || {
        let (state, detail) = state.get();
        view! { <StateMark state=AnyState::Chat(state) /> " " <span>{detail}</span> }
    };
    let file = document_file(&document).filter(|_| has_file).map(|file| {
        view! { <a class="btn" href=file_href(&file) rel=file_rel(&file)>"The file"</a> }
    });
    let dialog = expect_context::<Dialog>();
    let fetch = {
        let document = document.clone();
        move || {
            let document = document.clone();
            dialog.open(Job::new(Work::Moderate(Moderate::Fetch { document })));
        }
    };
    let newest = (!query.before.is_empty()).then(|| {
        let href = chat_href(&document);
        view! { <p><a href=href rel=chat_rel(&document)>"Newest messages"</a></p> }
    });
    view! {
        <div class="line fork-line">
            <p class="sub" role="status">{mark}</p>
            <Waiting fresh />
            <div class="buttons">
                {file}
                <Offer offering text="Fetch now…" on_press=fetch />
            </div>
        </div>
        <div on:mouseenter=move |_| fresh.hold() on:mouseleave=move |_| fresh.show()>
            <Nodes fresh data_ms />
            <Gaps fresh offering data_ms />
            {newest}
            <Messages fresh offering data_ms />
        </div>
    }
    .into_any()
}

/// Asks again when this chat changed or somebody did something.
#[cfg(feature = "hydrate")]
fn follow(fresh: Fresh<Answer>, document: &str, query: &MessagesQuery) {
    use crate::{Api, Fetch, live::News};

    let (mine, document, query) = (document.to_owned(), document.to_owned(), query.clone());
    fresh.follow(
        move |news| match news {
            News::Chat(document) => document.as_ref().is_none_or(|document| *document == mine),
            News::Deed => true,
            _ => false,
        },
        move || Fetch.chat(document.clone(), query.clone()),
    );
}
