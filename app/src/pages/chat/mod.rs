//! `/chat`: every chat and how it stands on all nodes; `/chat/<document>`: one of them, with its
//! messages.

mod bar;
mod gaps;
mod list;
mod messages;
mod nodes;
mod one;
mod row;
mod selection;

use domain::view::ChatsQuery;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;

use self::list::List;
pub(crate) use self::{
    messages::{Ruled, mute_button},
    one::ChatPage,
    selection::ChatSelection,
};
use crate::{
    api::api,
    components::{Failure, Loading},
    site::Site,
};

/// The list of chats.
#[component]
pub(crate) fn ChatsPage() -> impl IntoView {
    let search = use_location().search;
    let query = Memo::new(move |_| ChatsQuery::parse(&search.get()));
    let (api, site) = (api(), expect_context::<Site>());
    let found = Resource::new(
        move || query.get(),
        move |query| {
            let answer = api.chats(query.clone());
            async move { (query, answer.await) }
        },
    );
    let content = move || {
        Suspend::new(async move {
            let may_act = site.may_act().await;
            match found.await {
                (query, Ok(page)) => view! { <List query page may_act /> }.into_any(),
                (_, Err(problem)) => view! { <Failure problem /> }.into_any(),
            }
        })
    };
    view! {
        <Title text="Chat" />
        <h1>"Chat"</h1>
        <Transition fallback=Loading>{content}</Transition>
    }
    .into_any()
}
