//! How one chat stands on each node.

use domain::{
    view::{AnyState, ChatOnNode, ChatPage},
    words,
};
use leptos::prelude::*;

use crate::{
    components::{StateMark, When},
    live::Fresh,
};

/// A row for each node, the own one first.
#[component]
pub(super) fn Nodes(fresh: Fresh<ChatPage>, data_ms: u64) -> impl IntoView {
    let rows = move || {
        let nodes = fresh.with(|page| page.row.nodes.clone());
        nodes.into_iter().map(|on| row(&on, data_ms)).collect_view()
    };
    view! {
        <section class="panel on-each">
            <h2>"On each node"</h2>
            <table class="files on-nodes">
                <thead>
                    <tr>
                        <th scope="col">"Node"</th>
                        <th scope="col">"Chat"</th>
                        <th scope="col">"Messages"</th>
                        <th scope="col">"Same order up to"</th>
                        <th scope="col">"Compared"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}

fn row(on: &ChatOnNode, data_ms: u64) -> impl IntoView + use<> {
    let own = on.own.then(|| view! { <small>" · this node"</small> });
    let number = |number: Option<u64>| number.map_or_else(|| "—".to_owned(), words::thousands);
    let agreement = number(on.agreement.filter(|_| !on.own));
    let compared = match (on.own, on.compared_ms) {
        (true, _) => view! { "—" }.into_any(),
        (false, Some(at_ms)) => view! { <When at_ms=Signal::stored(at_ms) data_ms /> }.into_any(),
        (false, None) => view! { "never" }.into_any(),
    };
    let state = match on.own {
        true => view! { "—" }.into_any(),
        false => view! { <StateMark state=AnyState::Chat(on.state) /> }.into_any(),
    };
    view! {
        <tr data-node=on.node.name.clone() data-state=on.state.code()>
            <th scope="row">
                {on.node.name.clone()} {own}
                <small class="detail"><StateMark state=AnyState::Node(on.health) /></small>
            </th>
            <td data-label="Chat">{state}</td>
            <td data-label="Messages">{number(on.count)}</td>
            <td data-label="Same order up to">{agreement}</td>
            <td data-label="Compared">{compared}</td>
        </tr>
    }
}
