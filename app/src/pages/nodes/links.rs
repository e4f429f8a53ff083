//! Links between all nodes: each row is what that node itself reports.

use domain::{
    NodeId,
    view::{LinkReport, NodeCard, Overview},
    words::NodeHealth,
};
use leptos::prelude::*;

/// The matrix; a node that says nothing of its links is Unknown, which is not good.
#[component]
pub(super) fn Links(overview: Signal<Option<Overview>>) -> impl IntoView {
    move || {
        let nodes = overview.get()?.nodes;
        if nodes.len() < 2 {
            return Some(
                view! { <p class="sub">"This node is alone: it has no links."</p> }.into_any(),
            );
        }
        let names = nodes.iter().map(|node| view! { <th scope="col">{node.name.clone()}</th> });
        let names = names.collect_view();
        let all: Vec<_> = nodes.iter().map(|node| (node.id, node.name.clone())).collect();
        let rows = nodes.iter().map(|node| row(node, &all)).collect_view();
        Some(
            view! {
                <section class="panel links">
                    <h2>"Links"</h2>
                    <table class="plain matrix">
                        <caption class="unseen">"Links, a row for each node as it reports them"</caption>
                        <thead>
                            <tr>
                                <th scope="col">"Reported by"</th>
                                {names}
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                    <p class="sub">"Each row is what that node says of its own links."</p>
                </section>
            }
            .into_any(),
        )
    }
}

fn row(node: &NodeCard, all: &[(NodeId, String)]) -> impl IntoView + use<> {
    let silent = matches!(node.health, NodeHealth::Away | NodeHealth::Suspect);
    let cell = |(to, name): &(NodeId, String)| {
        if *to == node.id {
            return view! { <td class="link own" data-label=name.clone()>"—"</td> }.into_any();
        }
        let reported = node.links.as_ref();
        let report = reported.and_then(|links| links.iter().find(|link| link.to == *to));
        let (class, text) = match report {
            None => ("link unknown", "Unknown".to_owned()),
            Some(_) if silent => ("link unknown", "Unknown, it is silent".to_owned()),
            Some(report) if report.open => ("link open", opened(report)),
            Some(_) => ("link closed", "≠ closed".to_owned()),
        };
        let label = format!("To {name}");
        view! { <td data-label=label class=class>{text}</td> }.into_any()
    };
    view! {
        <tr data-node=node.name.clone()>
            <th scope="row">{node.name.clone()}</th>
            {all.iter().map(cell).collect_view()}
        </tr>
    }
}

/// "= open, 0.4 ms".
fn opened(report: &LinkReport) -> String {
    match report.round_trip_ms {
        Some(ms) => format!("= open, {ms:.1} ms"),
        None => "= open".to_owned(),
    }
}
