//! `/visitors`: pages that are open now, on all nodes, and who is muted.

mod list;
mod muted;

use domain::view::VisitorsQuery;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;

use self::list::List;
use crate::{
    api::api,
    components::{Failure, Loading},
    site::Site,
};

/// The list of visitors.
#[component]
pub(crate) fn VisitorsPage() -> impl IntoView {
    let search = use_location().search;
    let query = Memo::new(move |_| VisitorsQuery::parse(&search.get()));
    let (api, site) = (api(), expect_context::<Site>());
    let found = Resource::new(
        move || query.get(),
        move |query| {
            let answer = api.visitors(query.clone());
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
        <Title text="Visitors" />
        <h1>"Visitors"</h1>
        <Transition fallback=Loading>{content}</Transition>
    }
    .into_any()
}
