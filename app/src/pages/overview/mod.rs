//! `/`: is everything all right, what is not, and why.

mod needs;
mod node_card;
mod tiles;

use domain::{view::Overview, words};
use leptos::prelude::*;
use leptos_meta::Title;

use self::{
    needs::{Latest, Needs},
    node_card::NodeCards,
    tiles::Tiles,
};
use crate::{
    components::{Failure, Spark, with_overview},
    site::Shown,
};

/// The first page.
#[component]
pub(crate) fn OverviewPage() -> impl IntoView {
    view! {
        <Title text="Overview" />
        <h1>"Overview"</h1>
        {with_overview(|shown| view! { <Content shown /> })}
    }
    .into_any()
}

/// The page once something is known, or why nothing is.
#[component]
fn Content(shown: Memo<Shown>) -> impl IntoView {
    let known = Memo::new(move |_| shown.get().is_ok());
    let failure = move || shown.get().err().map(|problem| view! { <Failure problem /> });
    view! {
        <Show when=move || known.get() fallback=failure>
            <Known overview=Signal::derive(move || shown.get().ok()) />
        </Show>
    }
}

#[component]
fn Known(overview: Signal<Option<Overview>>) -> impl IntoView {
    let overview = Memo::new(move |last: Option<&Option<Overview>>| {
        overview.get().or_else(|| last.cloned().flatten())
    });
    let part = move |pick: fn(Overview) -> String| overview.get().map(pick).unwrap_or_default();
    let saves = Memo::new(move |_| overview.get().map(|all| all.saves).unwrap_or_default());
    let shown = Signal::derive(move || overview.get());
    view! {
        <p class="sub">{move || part(|all| introduction(&all))}</p>
        <Tiles overview=shown />
        <NodeCards overview=shown />
        <div class="grid two">
            <section class="panel">
                <h2>"Needs attention"</h2>
                <Needs overview=shown />
            </section>
            <section class="panel">
                <h2>"Saves per minute"</h2>
                <Spark values=saves />
                <h2>"Latest"</h2>
                <Latest overview=shown />
            </section>
        </div>
    }
    .into_any()
}

fn introduction(overview: &Overview) -> String {
    let nodes = u64::try_from(overview.nodes.len()).unwrap_or(0);
    let nodes = words::count(nodes, "node", "nodes");
    let files = words::count(overview.counts.files, "file", "files");
    format!("{nodes}, {files}, as {} sees them.", overview.node.name)
}
