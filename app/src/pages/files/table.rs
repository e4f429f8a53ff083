//! The table itself: a column for each node.

use domain::view::{FileSort, FilesQuery};
use leptos::prelude::*;

use super::{row::Row, rows::Rows};

/// All rows of the page.
#[component]
pub(super) fn Table(rows: Rows) -> impl IntoView {
    let columns = Memo::new(move |_| rows.page.with(|page| page.nodes.clone()));
    let data_ms = rows.page.with_untracked(|page| page.at_ms);
    let nodes = move || {
        let name = |column: domain::view::Column| view! { <th scope="col">{column.name}</th> };
        columns.get().into_iter().map(name).collect_view()
    };
    let query = rows.query();
    view! {
        <div
            class="panel sheet"
            on:mouseenter=move |_| rows.hovered.set(true)
            on:mouseleave=move |_| rows.hovered.set(false)
        >
            <table class="files">
                <caption class="unseen">"Files with their head on each node"</caption>
                <thead>
                    <tr>
                        {sortable(&query, FileSort::Name, "File")}
                        {sortable(&query, FileSort::Worst, "State")}
                        {nodes}
                        <th scope="col">"On"</th>
                        <th scope="col">"Author"</th>
                        {sortable(&query, FileSort::Changed, "Changed")}
                    </tr>
                </thead>
                <tbody>
                    <For
                        each=move || rows.entries.get()
                        key=|entry| entry.name.clone()
                        children=move |entry| view! { <Row entry columns data_ms /> }
                    />
                </tbody>
            </table>
        </div>
    }
}

/// A heading that sorts; the current one says so.
fn sortable(query: &FilesQuery, sort: FileSort, text: &'static str) -> impl IntoView + use<> {
    let current = query.sort == sort;
    let target = FilesQuery { sort, offset: 0, ..query.clone() };
    let order = match sort {
        FileSort::Name => "ascending",
        FileSort::Worst | FileSort::Changed => "descending",
    };
    let mark = current.then(|| if sort == FileSort::Name { " ↑" } else { " ↓" });
    view! {
        <th scope="col" aria-sort=current.then_some(order)>
            <a href=format!("/files{target}")>
                {text} <span aria-hidden="true">{mark}</span>
            </a>
        </th>
    }
}
