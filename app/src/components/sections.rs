//! The side navigation: only pages that exist.

use domain::words;
use leptos::prelude::*;
use leptos_router::components::A;

use super::with_overview;

/// Links to the pages, with their counts.
#[component]
pub(crate) fn Sections() -> impl IntoView {
    let files = with_overview(|shown| {
        let number = move || shown.get().map(|overview| words::thousands(overview.counts.files));
        move || number().unwrap_or_default()
    });
    let nodes = with_overview(|shown| {
        let number = move || shown.get().map(|overview| overview.nodes.len().to_string());
        move || number().unwrap_or_default()
    });
    view! {
        <nav class="side" aria-label="Sections">
            <ul>
                <li>
                    <A href="/" exact=true>
                        "Overview"
                    </A>
                </li>
                <li>
                    <A href="/files">"Files" <span class="n">{files}</span></A>
                </li>
                <li>
                    <A href="/nodes">"Nodes" <span class="n">{nodes}</span></A>
                </li>
                <li>
                    <A href="/activity">"Activity"</A>
                </li>
            </ul>
            <p class="keys">
                <kbd>"/"</kbd> " search" <br /> <kbd>"g"</kbd> " " <kbd>"o"</kbd> " overview" <br />
                <kbd>"g"</kbd> " " <kbd>"f"</kbd> " files" <br />
                <kbd>"g"</kbd> " " <kbd>"n"</kbd> " nodes" <br />
                <kbd>"g"</kbd> " " <kbd>"a"</kbd> " activity"
            </p>
        </nav>
    }
    .into_any()
}
