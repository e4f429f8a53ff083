//! `/nodes`: every member as this node sees it, and the links between them.

mod links;
mod table;

use domain::view::Overview;
use leptos::prelude::*;
use leptos_meta::Title;

use self::{links::Links, table::Table};
use crate::{
    components::{Failure, with_overview},
    site::Shown,
};

/// The members.
#[component]
pub(crate) fn NodesPage() -> impl IntoView {
    view! {
        <Title text="Nodes" />
        <h1>"Nodes"</h1>
        {with_overview(|shown| view! { <Content shown /> })}
    }
    .into_any()
}

#[component]
fn Content(shown: Memo<Shown>) -> impl IntoView {
    let failure = move || shown.get().err().map(|problem| view! { <Failure problem /> });
    let overview = Signal::derive(move || shown.get().ok());
    let of = move |text: fn(&Overview) -> String| {
        overview.with(|all| all.as_ref().map(text)).unwrap_or_default()
    };
    let introduction =
        move || of(|all| format!("As {} sees them, from what each of them says.", all.node.name));
    view! {
        {failure}
        <p class="sub">{introduction}</p>
        <Table overview />
        <Links overview />
    }
    .into_any()
}
