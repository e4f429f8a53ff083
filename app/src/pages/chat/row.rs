//! One chat in the list, and how many messages of it each node has.

use domain::{
    view::{AnyState, ChatOnNode, ChatRow, chat_href, document_name},
    words::{self, ChatState, NodeHealth},
};
use leptos::prelude::*;

use super::{list::Page, selection::ChatSelection};
use crate::{
    components::{StateMark, When},
    visible::visible,
};

/// A row; a click on the box selects it, with Shift up to the last one.
pub(super) fn row(item: ChatRow, page: Page, may_act: bool, data_ms: u64) -> AnyView {
    let selection = expect_context::<ChatSelection>();
    let ChatRow { document, count, last_ms, state, detail, hidden, nodes, .. } = item;
    let name = visible(document_name(&document));
    let chosen = StoredValue::new(document.clone());
    let is_chosen = Memo::new(move |_| chosen.with_value(|document| selection.has(document)));
    let choose = move |event: leptos::ev::MouseEvent| {
        chosen.with_value(|document| match event.shift_key() {
            true => {
                let shown = page.fresh.with_untracked(|page| {
                    page.rows.iter().map(|row| row.document.clone()).collect::<Vec<_>>()
                });
                selection.extend(&shown, document);
            }
            false => selection.toggle(document),
        });
    };
    let select = may_act.then(|| {
        let label = format!("Select the chat of {name}");
        view! {
            <td class="select">
                <input type="checkbox" aria-label=label prop:checked=is_chosen on:click=choose />
            </td>
        }
    });
    let detail = detail.map(|detail| view! { <small class="detail">{detail}</small> });
    let hidden = (hidden > 0).then(|| {
        view! { <small class="detail">{format!("{} hidden", words::thousands(hidden))}</small> }
    });
    let last = match last_ms {
        Some(at_ms) => view! { <When at_ms=Signal::stored(at_ms) data_ms /> }.into_any(),
        None => view! { "—" }.into_any(),
    };
    view! {
        <tr data-document=document.clone() data-state=state.code() class:chosen=is_chosen>
            {select}
            <th scope="row" class="name">
                <a href=chat_href(&document) rel=chat_rel(&document) dir="auto">{name}</a>
            </th>
            <td class="state"><StateMark state=AnyState::Chat(state) /> {detail}</td>
            <td data-label="Messages" class="number">{words::thousands(count)} {hidden}</td>
            {nodes.iter().map(on_node).collect_view()}
            <td data-label="Last message" class="changed">{last}</td>
        </tr>
    }
    .into_any()
}

/// `rel` of a link to a chat's page: names that the router would decode once more than browsers do
/// are left to the browser.
pub(super) fn chat_rel(document: &str) -> Option<&'static str> {
    document.contains('%').then_some("external")
}

/// "= 120", "≠ 151", "? last word": how a node's chat is beside the one here.
fn on_node(on: &ChatOnNode) -> impl IntoView + use<> {
    let silent = matches!(on.health, NodeHealth::Away | NodeHealth::Suspect);
    let (class, sign, said) = match on.state {
        _ if silent => ("head last", "? ", "not known, it does not answer "),
        ChatState::InStep => ("head same", "= ", "in step "),
        ChatState::ToFetch | ChatState::Gap => ("head differs", "≠ ", "differs "),
        ChatState::Unknown => ("head last", "? ", "not compared "),
    };
    let count = on.count.map_or_else(|| "—".to_owned(), words::thousands);
    let agrees = on.agreement.filter(|_| on.state == ChatState::ToFetch).map(|serial| {
        view! { <small class="detail">{format!("the same up to {}", words::thousands(serial))}</small> }
    });
    view! {
        <td class=class data-label=on.node.name.clone()>
            <span aria-hidden="true">{sign}</span>
            <span class="unseen">{said}</span>
            {count}
            {agrees}
        </td>
    }
}
