//! A row for each member: who it is, how it answers, what it holds.

use domain::{
    view::{AnyState, FilesQuery, NodeCard, Overview},
    words::{self, FileState, NodeHealth},
};
use leptos::prelude::*;

use super::actions::Actions;
use crate::{
    actions::Offering,
    components::{StateMark, When, offset},
};

/// Digits of an id that people compare.
const SHORT_ID: usize = 8;

/// The members, this node first.
#[component]
pub(super) fn Table(overview: Signal<Option<Overview>>, offering: Offering) -> impl IntoView {
    let rows = move || {
        overview.get().map(|all| {
            let own = all.node.name.clone();
            let row = |node| row(node, &own, all.at_ms, offering);
            all.nodes.into_iter().map(row).collect_view()
        })
    };
    view! {
        <section class="panel sheet">
            <table class="plain nodes">
                <caption class="unseen">"Members of the cluster"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Node"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"Version"</th>
                        <th scope="col">"Content"</th>
                        <th scope="col">"Files"</th>
                        <th scope="col">"Waiting"</th>
                        <th scope="col">"Last frame"</th>
                        <th scope="col">"Round trip"</th>
                        <th scope="col">"Clock"</th>
                        <th scope="col">"Actions"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}

fn row(node: NodeCard, own: &str, data_ms: u64, offering: Offering) -> AnyView {
    let id = node.id.to_string();
    let silent = matches!(node.health, NodeHealth::Away | NodeHealth::Suspect);
    let own_mark = node.own.then(|| view! { <small>" · this node"</small> });
    let heard = match (node.own, node.last_seen_ms) {
        (true, _) => view! { "—" }.into_any(),
        (false, Some(at_ms)) => view! { <When at_ms data_ms /> }.into_any(),
        (false, None) => view! { "never" }.into_any(),
    };
    let swish = node.swish.map(|state| {
        view! {
            <small class="detail">"SWISH:"</small>
            <small class="detail"><StateMark state=AnyState::Swish(state) /></small>
        }
    });
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "—".to_owned());
    let link = node.round_trip_ms.filter(|_| !silent).map(|ms| format!("{ms:.1} ms"));
    let clock = node.clock_offset_ms.filter(|_| !node.own && !silent).map(offset);
    let waiting = node.waiting.map(|saves| words::count(saves, "save", "saves"));
    view! {
        <tr data-node=node.name.clone() data-health=node.health.code()>
            <th scope="row">
                {node.name.clone()} {own_mark}
                <small class="detail">
                    <code title=id.clone()>{id[..SHORT_ID].to_owned()}</code>
                    " "
                    {node.address.clone()}
                </small>
                <small class="detail role">{node.role.word()}</small>
            </th>
            <td data-label="State" class="state">
                <StateMark state=AnyState::Node(node.health) />
                {swish}
            </td>
            <td data-label="Version">{or_dash(node.version.clone())}</td>
            <td data-label="Content">{content(&node, own, silent, data_ms)}</td>
            <td data-label="Files">{files(&node, silent)}</td>
            <td data-label="Waiting">{or_dash(waiting)}</td>
            <td data-label="Last frame">{heard}</td>
            <td data-label="Round trip">{or_dash(link)}</td>
            <td data-label="Clock">{or_dash(clock)}</td>
            <td data-label="Actions" class="acts"><Actions node=node.clone() offering /></td>
        </tr>
    }
    .into_any()
}

/// Its root hash, whether it equals this node's, and since when not.
fn content(node: &NodeCard, own: &str, silent: bool, data_ms: u64) -> impl IntoView + use<> {
    let meaning = match (&node.root, node.own, node.same_root) {
        (None, ..) => "not heard yet".to_owned(),
        (Some(_), true, _) => String::new(),
        (Some(_), false, _) if silent => "? last word".to_owned(),
        (Some(_), false, true) => format!("= same as {own}"),
        (Some(_), false, false) => format!("≠ not as {own}"),
    };
    let class = match (node.own, silent, node.same_root) {
        (false, false, false) if node.root.is_some() => "detail differs",
        _ => "detail",
    };
    let equal = node.equal_ms.filter(|_| !node.own).map(|at_ms| {
        view! { <small class="detail">"equal " <When at_ms data_ms /></small> }
    });
    let root = node.root.clone().map(|root| view! { <code>{root}</code> });
    let meaning = (!meaning.is_empty()).then(|| view! { <small class=class>{meaning}</small> });
    view! { {root} {meaning} {equal} }
}

/// How many it holds, and a link to those it lacks.
fn files(node: &NodeCard, silent: bool) -> impl IntoView + use<> {
    let behind = (node.behind > 0).then(|| {
        let state = Some(FileState::Behind).filter(|_| !silent);
        let query = FilesQuery { state, node: Some(node.name.clone()), ..FilesQuery::default() };
        let text = format!("{} behind", words::thousands(node.behind));
        view! { <small class="detail"><a href=format!("/files{query}")>{text}</a></small> }
    });
    let files = node.files.map_or_else(|| "—".to_owned(), words::thousands);
    view! { {files} {behind} }
}
