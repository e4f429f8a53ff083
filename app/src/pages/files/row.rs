//! One file: its state, and its head as each node reports it.

use domain::{
    view::{AnyState, Column, FileRow, file_href},
    words::NodeHealth,
};
use leptos::prelude::*;

use super::rows::Entry;
use crate::{
    components::{StateMark, When, short},
    links::file_rel,
};

/// A row that changes in place.
#[component]
pub(super) fn Row(entry: Entry, columns: Memo<Vec<Column>>, data_ms: u64) -> impl IntoView {
    let Entry { name, row, flash } = entry;
    let row = RwSignal::from(row);
    let flash = RwSignal::from(flash);
    let class = move || match flash.get() {
        0 => "",
        1 => "fresh",
        _ => "fresh again",
    };
    let state = Memo::new(move |_| row.with(|row| (row.state, row.detail.clone())));
    let mark = move || {
        let (state, detail) = state.get();
        let detail = detail.map(|detail| view! { <small class="detail">{detail}</small> });
        view! { <StateMark state=AnyState::File(state) /> {detail} }
    };
    let heads = move || {
        let row = row.get();
        columns.get().into_iter().map(|column| head_cell(&row, column)).collect_view()
    };
    let on = move || row.with(|row| format!("{} of {}", row.on, row.of));
    let author = move || row.with(|row| row.author.clone()).unwrap_or_else(|| "—".to_owned());
    let changed = Memo::new(move |_| row.with(|row| row.changed_ms));
    let common = move || row.with(|row| row.common_head().map(|head| head.to_string()));
    view! {
        <tr
            class=class
            data-file=name.to_string()
            data-state=move || state.get().0.code()
            data-head=common
        >
            <th scope="row" class="name">
                <a href=file_href(&name) rel=file_rel(&name)>{name.to_string()}</a>
            </th>
            <td class="state">{mark}</td>
            {heads}
            <td data-label="On" class="on">{on}</td>
            <td data-label="Author">{author}</td>
            <td data-label="Changed" class="changed"><When at_ms=changed data_ms /></td>
        </tr>
    }
}

/// How a node's head compares with the common one.
#[derive(Clone, Copy)]
enum Mark {
    Same,
    Differs,
    /// Its last word; it is silent now.
    LastWord,
    Absent,
}

fn head_cell(row: &FileRow, column: Column) -> impl IntoView + use<> {
    let head = row.head_on(column.id);
    let silent = matches!(column.health, NodeHealth::Away | NodeHealth::Suspect);
    let mark = match head {
        None => Mark::Absent,
        Some(_) if silent => Mark::LastWord,
        Some(_) if head == row.common_head() => Mark::Same,
        Some(_) => Mark::Differs,
    };
    let (class, sign, said) = match mark {
        Mark::Same => ("head same", "= ", "same "),
        Mark::Differs => ("head differs", "≠ ", "differs "),
        Mark::LastWord => ("head last", "? ", "last word "),
        Mark::Absent => ("head absent", "—", "none"),
    };
    let short = head.map(short);
    view! {
        <td class=class data-label=column.name title=head.map(|head| head.to_string())>
            <span aria-hidden="true">{sign}</span>
            <span class="unseen">{said}</span>
            <code>{short}</code>
        </td>
    }
}
