//! What can be done with the selected divergences.

use domain::{
    FileName,
    view::{Choice, DivergenceView, DivergencesQuery, ItemResult, Settle, Side},
    words,
};
use leptos::prelude::*;

use super::{list::Page, selection::Selection};
use crate::{
    actions::{Dialog, Job, Offer, Offering, Work},
    api::api,
};

/// The bar under the list; there while something is selected or can be.
#[component]
pub(super) fn Bar(page: Page) -> impl IntoView {
    let (selection, dialog) = (expect_context::<Selection>(), expect_context::<Dialog>());
    let offering = Offering::new(true);
    let number = Memo::new(move |_| selection.len());
    let count = move || {
        let number = u64::try_from(number.get()).unwrap_or(u64::MAX);
        match number {
            0 => "Nothing is selected".to_owned(),
            _ => format!("{} selected", words::count(number, "file", "files")),
        }
    };
    let settle = move |pick: fn(&DivergenceView) -> &Side| {
        let items = selection.items();
        let item = |found: &DivergenceView| Settle {
            file: found.name.clone(),
            expected_head: found.decided.head,
            choice: Choice::Pick { commit: pick(found).head },
            reason: None,
        };
        open(dialog, selection, Work::Settle(items.iter().map(item).collect()));
    };
    let sync = move || {
        let files: Vec<FileName> = selection.items().into_iter().map(|item| item.name).collect();
        open(dialog, selection, Work::Sync(files));
    };
    let none = move || number.get() == 0;
    view! {
        <section class="panel bar" aria-label="Selected divergences">
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
                <Offer offering text="Force sync…" on_press=sync />
                <Offer
                    offering
                    text="Pick that of the most stores…"
                    on_press=move || settle(DivergenceView::on_most)
                />
                <Offer
                    offering
                    text="Pick the decided side…"
                    main=true
                    on_press=move || settle(|found| &found.decided)
                />
            </div>
        </section>
    }
    .into_any()
}

/// Opens the dialog; what is done leaves the selection, the rest stays.
fn open(dialog: Dialog, selection: Selection, work: Work) {
    let done = Callback::new(move |result: ItemResult| {
        if !result.outcome.outcome.is_open() {
            selection.remove(&result.file);
        }
    });
    dialog.open(Job { done: Some(done), ..Job::new(work) });
}

/// "Select all 214 matching": asked page by page, so that the list is what it was then.
#[component]
fn SelectAll(page: Page) -> impl IntoView {
    let selection = expect_context::<Selection>();
    let api = StoredValue::new(api());
    let all = move || page.found.with(|found| found.shown);
    let select = move |_| {
        let api = api.get_value();
        leptos::task::spawn_local(async move {
            let limit = DivergencesQuery::MAX_LIMIT;
            let mut query = DivergencesQuery { offset: 0, limit, ..page.query.get_value() };
            while let Ok(part) = api.divergences(query.clone()).await {
                selection.add(&part.rows);
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
