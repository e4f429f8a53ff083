//! One card for each node: what it holds, how it answers, and how old that knowledge is.

use domain::{
    view::{AnyState, FilesQuery, NodeCard, Overview},
    words::{self, FileState, NodeHealth, NodeRole},
};
use leptos::prelude::*;

use crate::components::{StateMark, When, offset};

/// The cards, the own node first.
#[component]
pub(super) fn NodeCards(overview: Signal<Option<Overview>>) -> impl IntoView {
    let cards = move || {
        let all = overview.get();
        all.map(|all| {
            let own = all.node.name;
            let card = |node| card(node, own.clone(), all.at_ms);
            all.nodes.into_iter().map(card).collect_view()
        })
    };
    view! {
        <section class="grid cards" aria-label="Nodes">
            {cards}
        </section>
    }
}

fn card(node: NodeCard, own: String, data_ms: u64) -> AnyView {
    let silent = matches!(node.health, NodeHealth::Away | NodeHealth::Suspect);
    let class = match (node.own, silent) {
        (true, _) => "panel node own",
        (false, true) => "panel node silent",
        (false, false) => "panel node",
    };
    let facts = facts(&node, silent);
    view! {
        <article class=class data-node=node.name.clone() data-health=node.health.code()>
            <header>
                <h2>{node.name.clone()} {node.own.then(|| view! { <small>" · this node"</small> })}</h2>
                <StateMark state=AnyState::Node(node.health) />
            </header>
            {silent.then(|| view! { <p class="who">{format!("{own} hears nothing from it.")}</p> })}
            <dl class="facts">
                <dt>{if silent { "Last content" } else { "Content" }}</dt>
                <dd>{content(&node, &own, silent)}</dd>
                {node
                    .last_seen_ms
                    .filter(|_| !node.own)
                    .map(|at_ms| {
                        view! {
                            <dt>"Last seen"</dt>
                            <dd><When at_ms data_ms /></dd>
                        }
                    })}
                {facts
                    .into_iter()
                    .map(|(name, value)| {
                        view! {
                            <dt>{name}</dt>
                            <dd>{value}</dd>
                        }
                    })
                    .collect_view()}
            </dl>
        </article>
    }
    .into_any()
}

/// Its root hash and what that means. What a silent node said last is not called equal.
fn content(node: &NodeCard, own: &str, silent: bool) -> impl IntoView + use<> {
    let root = node.root.clone().map(|root| view! { <code>{root}</code> " " });
    let behind = (node.behind > 0).then(|| {
        let state = Some(FileState::Behind).filter(|_| !silent);
        let query = FilesQuery { state, node: Some(node.name.clone()), ..FilesQuery::default() };
        let text = format!("{} behind", words::count(node.behind, "file", "files"));
        view! { <a href=format!("/files{query}")>{text}</a> }
    });
    let meaning = match (&node.root, node.own, node.same_root) {
        (None, _, _) => "not heard yet".to_owned(),
        (Some(_), true, _) => String::new(),
        (Some(_), false, true) if silent => String::new(),
        (Some(_), false, true) => format!("same as {own}"),
        (Some(_), false, false) if node.behind > 0 => String::new(),
        (Some(_), false, false) => format!("not as {own}"),
    };
    view! { {root} {behind} {meaning} }
}

/// What else is known.
fn facts(node: &NodeCard, silent: bool) -> Vec<(&'static str, String)> {
    let role = Some(node.role).filter(|role| *role != NodeRole::Member);
    let files = node.files.map(words::thousands);
    let link =
        node.round_trip_ms.filter(|_| !silent).map(|ms| format!("{ms:.1} ms there and back"));
    let clock = node.clock_offset_ms.filter(|_| !node.own && !silent).map(offset);
    let address = Some(node.address.clone()).filter(|address| !address.is_empty());
    [
        ("Role", role.map(|role| role.to_string())),
        ("Files", files),
        ("Link", link),
        ("Clock", clock),
        ("Address", address),
        ("Version", node.version.clone()),
    ]
    .into_iter()
    .filter_map(|(name, value)| value.map(|value| (name, value)))
    .collect()
}
