//! Whether what you see is news: the pill in the top bar, and the mark over a stale page.

use leptos::prelude::*;

use crate::live::{Link, Live};

/// "Live · 1 s ago"; pressing it pauses and resumes.
#[component]
pub(crate) fn Pill() -> impl IntoView {
    let live = expect_context::<Live>();
    let text = Memo::new(move |_| live.text());
    let class = move || match live.link() {
        Link::Snapshot => "pill snapshot",
        Link::Live => "pill live",
        Link::Paused => "pill paused",
        Link::Reconnecting => "pill reconnecting",
    };
    let hint = move || match live.link() {
        Link::Snapshot => "The page as it was loaded; news need JavaScript",
        Link::Paused => "Resume live updates",
        Link::Live | Link::Reconnecting => "Pause live updates",
    };
    let pressed = move || if live.is_paused() { "true" } else { "false" };
    view! {
        <button type="button" class=class title=hint aria-pressed=pressed on:click=move |_| live.toggle()>
            <span class="dot" aria-hidden="true"></span>
            <span class="text">{text}</span>
        </button>
    }
}

/// Says over the page how old it is, when news stay out.
#[component]
pub(crate) fn StaleMark() -> impl IntoView {
    let live = expect_context::<Live>();
    let stale = Memo::new(move |_| live.stale());
    view! { <div class="stale-mark" hidden=move || stale.get().is_none()>{stale}</div> }
}
