//! `/nodes`: every member as this node sees it, and the links between them.

mod actions;
mod catch_up;
mod links;
mod table;

use domain::{
    view::Overview,
    words::{ClusterState, WITHOUT_A_MAJORITY},
};
use leptos::prelude::*;
use leptos_meta::Title;

use self::{catch_up::CatchingUp, links::Links, table::Table};
use crate::{
    actions::Offering,
    components::{Failure, with_overview},
    site::{Shown, Site},
};

/// The members.
#[component]
pub(crate) fn NodesPage() -> impl IntoView {
    view! {
        <Title text="Nodes" />
        <h1>"Nodes"</h1>
        {with_overview(|shown| {
            let site = expect_context::<Site>();
            Suspend::new(async move {
                let may_act = site.may_act().await;
                view! { <Content shown may_act /> }
            })
        })}
    }
    .into_any()
}

#[component]
fn Content(shown: Memo<Shown>, may_act: bool) -> impl IntoView {
    let offering = Offering::new(may_act);
    let failure = move || shown.get().err().map(|problem| view! { <Failure problem /> });
    let overview = Signal::derive(move || shown.get().ok());
    let of = move |text: fn(&Overview) -> String| {
        overview.with(|all| all.as_ref().map(text)).unwrap_or_default()
    };
    let introduction =
        move || of(|all| format!("As {} sees them, from what each of them says.", all.node.name));
    let is_lost = |all: &Overview| all.state == ClusterState::NoMajority && all.nodes.len() > 1;
    let lost = move || {
        let lost = overview.with(|all| all.as_ref().is_some_and(is_lost));
        lost.then(|| view! { <p class="sub">{WITHOUT_A_MAJORITY}</p> })
    };
    view! {
        {failure}
        <p class="sub">{introduction}</p>
        {lost}
        <CatchingUp overview />
        <Table overview offering />
        <Links overview />
    }
    .into_any()
}
