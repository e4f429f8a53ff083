//! Nodes that are catching up: how far they are, in numbers.

use domain::view::{NodeCard, Overview};
use leptos::prelude::*;

/// A line for each node that says it is catching up; nothing when none does.
#[component]
pub(super) fn CatchingUp(overview: Signal<Option<Overview>>) -> impl IntoView {
    let line = |node: NodeCard| {
        let catch_up = node.catch_up?;
        let (arrived, wanted) = (catch_up.arrived.to_string(), catch_up.wanted.to_string());
        let label = format!("{}: objects that have come", node.name);
        Some(view! {
            <li data-node=node.name.clone()>
                <strong>{node.name.clone()} " is catching up"</strong>
                <progress max=wanted value=arrived aria-label=label></progress>
                <span>{format!("{catch_up}.")}</span>
            </li>
        })
    };
    move || {
        let nodes = overview.get().map(|all| all.nodes).unwrap_or_default();
        let lines: Vec<_> = nodes.into_iter().filter_map(line).collect();
        (!lines.is_empty()).then(|| {
            view! {
                <section class="panel catching-up">
                    <h2>"Catching up"</h2>
                    <ul>{lines}</ul>
                </section>
            }
        })
    }
}
