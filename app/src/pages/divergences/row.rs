//! One divergence: its age, who waits for it, and its sides.

use domain::view::{DivergenceView, Side, file_href};
use leptos::prelude::*;

use super::selection::Selection;
use crate::{
    components::{Hash, When},
    links::file_rel,
    visible::visible,
};

/// A row; a click on the box selects it, with Shift up to the last one.
#[component]
pub(super) fn Row(
    item: DivergenceView,
    rows: RwSignal<Vec<DivergenceView>>,
    may_act: bool,
    data_ms: u64,
) -> impl IntoView {
    let selection = expect_context::<Selection>();
    let name = item.name.clone();
    let row = StoredValue::new(item.clone());
    let is_chosen = Memo::new(move |_| row.with_value(|row| selection.has(&row.name)));
    let choose = move |event: leptos::ev::MouseEvent| {
        row.with_value(|row| match event.shift_key() {
            true => selection.extend(&rows.get_untracked(), row),
            false => selection.toggle(row),
        });
    };
    let waiting = match item.waiting.is_empty() {
        true => "Nobody".to_owned(),
        false => {
            let names: Vec<_> = item.waiting.iter().map(|name| visible(name)).collect();
            domain::words::list(&names)
        }
    };
    let label = format!("Select {}", visible(name.as_str()));
    let cell = may_act.then(|| {
        view! {
            <td class="select">
                <input type="checkbox" aria-label=label prop:checked=is_chosen on:click=choose />
            </td>
        }
    });
    view! {
        <tr
            data-file=name.to_string()
            data-head=item.decided.head.to_string()
            class:chosen=is_chosen
        >
            {cell}
            <th scope="row" class="name">
                <a href=file_href(&name) rel=file_rel(&name)>{visible(name.as_str())}</a>
                <small class="detail">{item.sides_text()}</small>
            </th>
            <td data-label="Since" class="age"><When at_ms=item.since_ms data_ms /></td>
            <td data-label="Waiting">{waiting}</td>
            <td data-label="Sides" class="sides">
                <ul>{side(&item.decided, true, data_ms)} {others(&item.others, data_ms)}</ul>
            </td>
        </tr>
    }
    .into_any()
}

fn others(sides: &[Side], data_ms: u64) -> impl IntoView + use<> {
    sides.iter().map(|one| side(one, false, data_ms)).collect_view()
}

fn side(side: &Side, is_decided: bool, data_ms: u64) -> impl IntoView + use<> {
    let (sign, word) = if is_decided { ("=", "decided") } else { ("≠", "other side") };
    view! {
        <li class:decided=is_decided>
            <span class="sign" aria-hidden="true">{sign}</span>
            <span class="tag">{word}</span>
            <Hash id=side.head />
            <span class="who">
                {visible(side.who())} ", " <When at_ms=side.at_ms data_ms /> ", on "
                {side.where_text()}
            </span>
        </li>
    }
}
