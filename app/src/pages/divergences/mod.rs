//! `/divergences`: files that need a choice, oldest first; words and tokens are in the address.

mod bar;
mod list;
mod row;
mod selection;

use domain::view::DivergencesQuery;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;

use self::list::List;
pub(crate) use self::selection::Selection;
use crate::{
    api::api,
    components::{Failure, Loading},
    site::Site,
};

/// The list of divergences.
#[component]
pub(crate) fn DivergencesPage() -> impl IntoView {
    let search = use_location().search;
    let query = Memo::new(move |_| DivergencesQuery::parse(&search.get()));
    let (api, site) = (api(), expect_context::<Site>());
    let found = Resource::new(
        move || query.get(),
        move |query| {
            let answer = api.divergences(query.clone());
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
        <Title text="Divergences" />
        <h1>"Divergences"</h1>
        <Transition fallback=Loading>{content}</Transition>
    }
    .into_any()
}
