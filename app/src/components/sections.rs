//! The side navigation: only pages that exist.

use domain::words;
use leptos::prelude::*;
use leptos_router::components::A;

use super::{KeysHelp, with_overview};

/// Links to the pages, with their counts.
#[component]
pub(crate) fn Sections() -> impl IntoView {
    let files = with_overview(|shown| {
        let number = move || shown.get().map(|overview| words::thousands(overview.counts.files));
        move || number().unwrap_or_default()
    });
    let diverged = with_overview(|shown| {
        let number = Memo::new(move |_| shown.get().map_or(0, |all| all.counts.diverged));
        let class = move || if number.get() > 0 { "n some" } else { "n" };
        view! { <span class=class>{move || words::thousands(number.get())}</span> }
    });
    let help = expect_context::<KeysHelp>();
    let nodes = with_overview(|shown| {
        let number = move || shown.get().map(|overview| overview.nodes.len().to_string());
        move || number().unwrap_or_default()
    });
    let chat = with_overview(|shown| {
        let open = Memo::new(move |_| {
            shown.get().map_or((0, 0), |all| (all.chat.gap + all.chat.to_fetch, all.chat.documents))
        });
        let class = move || if open.get().0 > 0 { "n some" } else { "n" };
        let number = move || match open.get() {
            (0, documents) => words::thousands(documents),
            (open, _) => words::thousands(open),
        };
        view! { <span class=class>{number}</span> }
    });
    let visitors = with_overview(|shown| {
        let number = move || shown.get().map(|all| words::thousands(all.chat.visitors));
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
                    <A href="/divergences">"Divergences" {diverged}</A>
                </li>
                <li>
                    <A href="/nodes">"Nodes" <span class="n">{nodes}</span></A>
                </li>
                <li>
                    <A href="/chat">"Chat" {chat}</A>
                </li>
                <li>
                    <A href="/visitors">"Visitors" <span class="n">{visitors}</span></A>
                </li>
                <li>
                    <A href="/activity">"Activity"</A>
                </li>
            </ul>
            <p class="keys">
                <kbd>"/"</kbd> " search" <br /> <kbd>"g"</kbd> " " <kbd>"d"</kbd> " divergences" <br />
                <button type="button" class="link-button" on:click=move |_| help.open()>
                    <kbd>"?"</kbd>
                    " all keys"
                </button>
            </p>
        </nav>
    }
    .into_any()
}
