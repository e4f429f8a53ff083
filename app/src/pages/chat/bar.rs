//! What can be done with the selected chats.

use domain::{
    view::{ChatsQuery, ItemResult, document_of},
    words,
};
use leptos::prelude::*;

use super::{list::Page, selection::ChatSelection};
use crate::{
    actions::{Dialog, Job, Offer, Offering, Work},
    api::api,
};

/// The bar under the list.
#[component]
pub(super) fn Bar(page: Page) -> impl IntoView {
    let (selection, dialog) = (expect_context::<ChatSelection>(), expect_context::<Dialog>());
    let offering = Offering::new(true);
    let number = Memo::new(move |_| selection.len());
    let count = move || match u64::try_from(number.get()).unwrap_or(u64::MAX) {
        0 => "Nothing is selected".to_owned(),
        number => format!("{} selected", words::count(number, "chat", "chats")),
    };
    let none = move || number.get() == 0;
    let fetch = move || {
        let done = Callback::new(move |result: ItemResult| {
            if !result.outcome.outcome.is_open() {
                selection.remove(&document_of(&result.file));
            }
        });
        dialog.open(Job { done: Some(done), ..Job::new(Work::Fetch(selection.items())) });
    };
    view! {
        <section class="panel bar" aria-label="Selected chats">
            <p class="fill">
                <b role="status">{count}</b>
                <SelectAll page />
                <button
                    type="button"
                    class="link-button"
                    hidden=none
                    on:click=move |_| selection.clear()
                >
                    "Clear"
                </button>
            </p>
            <div class="buttons" hidden=none>
                <Offer offering text="Fetch now…" main=true on_press=fetch />
            </div>
        </section>
    }
    .into_any()
}

/// "Select all 214 matching": asked page by page, so that the list is what it was then.
#[component]
fn SelectAll(page: Page) -> impl IntoView {
    let selection = expect_context::<ChatSelection>();
    let api = StoredValue::new(api());
    let all = move || page.fresh.with(|page| page.shown);
    let select = move |_| {
        let api = api.get_value();
        leptos::task::spawn_local(async move {
            let limit = ChatsQuery::MAX_LIMIT;
            let mut query = ChatsQuery { offset: 0, limit, ..page.query.get_value() };
            while let Ok(part) = api.chats(query.clone()).await {
                selection.add(part.rows.into_iter().map(|row| row.document));
                query.offset += limit;
                if query.offset >= part.shown {
                    break;
                }
            }
        });
    };
    view! {
        <button
            type="button"
            class="link-button"
            id="select-all"
            hidden=move || all() == 0
            on:click=select
        >
            {move || format!("Select all {} matching", words::thousands(all()))}
        </button>
    }
    .into_any()
}
