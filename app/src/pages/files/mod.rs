//! `/files`: every file over all nodes; search, state, order and page are in the address.

mod list;
mod row;
mod rows;
mod table;

use domain::view::FilesQuery;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;

use self::list::List;
use crate::{
    api::api,
    components::{Failure, Loading},
};

/// The list of files.
#[component]
pub(crate) fn FilesPage() -> impl IntoView {
    let search = use_location().search;
    let query = Memo::new(move |_| FilesQuery::parse(&search.get()));
    let api = api();
    let files = Resource::new(
        move || query.get(),
        move |query| {
            let answer = api.files(query.clone());
            async move { (query, answer.await) }
        },
    );
    let content = move || {
        Suspend::new(async move {
            match files.await {
                (query, Ok(page)) => view! { <List query page /> }.into_any(),
                (_, Err(problem)) => view! { <Failure problem /> }.into_any(),
            }
        })
    };
    view! {
        <Title text="Files" />
        <h1>"Files"</h1>
        <Transition fallback=Loading>{content}</Transition>
    }
    .into_any()
}
