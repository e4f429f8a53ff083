//! An address that is no page.

use leptos::prelude::*;
use leptos_meta::Title;

/// Says so, and where to go. The server answers it with 404.
#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    view! {
        <Title text="Not found" />
        <h1>"No such page"</h1>
        <p class="sub">
            "This address is not a page of the dashboard. Go to the " <a href="/">"overview"</a>
            " or the " <a href="/files">"files"</a> "."
        </p>
    }
    .into_any()
}
