//! Heads × nodes: what each node itself says it serves, and how old that is.

use domain::{
    view::{AnyState, FilePage, HeadReport},
    words::NodeHealth,
};
use leptos::prelude::*;

use crate::components::{Hash, StateMark, When};

/// A row for each node, the own one first.
#[component]
pub(super) fn Heads(file: Memo<Option<FilePage>>) -> impl IntoView {
    let rows = move || {
        file.get().map(|file| {
            let common = file.row.common_head();
            let row = |report| row(report, common, file.at_ms);
            file.heads.clone().into_iter().map(row).collect_view()
        })
    };
    view! {
        <section class="panel sheet">
            <table class="plain heads">
                <caption class="unseen">"The file's head as each node reports it"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Node"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"Head, as it reports"</th>
                        <th scope="col">"Heard"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}

fn row(report: HeadReport, common: Option<domain::ObjectId>, data_ms: u64) -> impl IntoView {
    let silent = matches!(report.health, NodeHealth::Away | NodeHealth::Suspect);
    let (class, sign, said) = match report.head {
        None => ("absent", "—", "has no such file"),
        Some(_) if silent => ("last", "?", "last word"),
        head if head == common => ("same", "=", "same as most"),
        Some(_) => ("differs", "≠", "differs"),
    };
    let heard = match (report.own, report.heard_ms) {
        (true, _) => view! { "this node" }.into_any(),
        (false, Some(at_ms)) => view! { <When at_ms data_ms /> }.into_any(),
        (false, None) => view! { "never" }.into_any(),
    };
    view! {
        <tr data-node=report.node.name.clone()>
            <th scope="row">{report.node.name.clone()}</th>
            <td data-label="State"><StateMark state=AnyState::Node(report.health) /></td>
            <td data-label="Head" class=format!("head {class}")>
                <span aria-hidden="true">{sign}</span>
                " "
                {report.head.map(|id| view! { <Hash id /> })}
                " "
                <small>{said}</small>
            </td>
            <td data-label=(!report.own).then_some("Heard")>{heard}</td>
        </tr>
    }
}
