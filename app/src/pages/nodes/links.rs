//! The links of the node that answers; what the others see of theirs is on their own pages.

use domain::view::{NodeCard, Overview};
use leptos::prelude::*;

/// One row of the matrix: the only one that this node knows first-hand.
#[component]
pub(super) fn Links(overview: Signal<Option<Overview>>) -> impl IntoView {
    move || {
        let all = overview.get()?;
        let own = all.node.name;
        let peers: Vec<_> = all.nodes.into_iter().filter(|node| !node.own).collect();
        if peers.is_empty() {
            return Some(
                view! { <p class="sub">"This node is alone: it has no links."</p> }.into_any(),
            );
        }
        let names = peers.iter().map(|node| view! { <th scope="col">{node.name.clone()}</th> });
        let cells = peers.iter().map(cell).collect_view();
        let note = format!(
            "This is what {own} reports. What another node says of its links is on that node's \
             dashboard."
        );
        Some(
            view! {
                <section class="panel links">
                    <h2>"Links"</h2>
                    <table class="plain matrix">
                        <caption class="unseen">{format!("Links of {own}")}</caption>
                        <thead>
                            <tr>
                                <th scope="col">"From"</th>
                                {names.collect_view()}
                            </tr>
                        </thead>
                        <tbody>
                            <tr>
                                <th scope="row">{own}</th>
                                {cells}
                            </tr>
                        </tbody>
                    </table>
                    <p class="sub">{note}</p>
                </section>
            }
            .into_any(),
        )
    }
}

fn cell(node: &NodeCard) -> impl IntoView + use<> {
    let label = format!("To {}", node.name);
    let (class, text) = match node.linked {
        Some(true) => ("link open", "open"),
        Some(false) => ("link closed", "closed"),
        None => ("link", "not known"),
    };
    let trip = node.round_trip_ms.filter(|_| node.linked == Some(true));
    let trip = trip.map(|ms| format!(", {ms:.1} ms"));
    view! { <td data-label=label class=class>{text} {trip}</td> }
}
