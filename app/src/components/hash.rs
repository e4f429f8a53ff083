//! A hash in short, with all of it on hover and for the clipboard.

use domain::ObjectId;
use leptos::prelude::*;

/// Digits of a hash that people compare.
pub(crate) const SHORT: usize = 7;

/// "3f2a91c" and a button that copies all 40 digits.
#[component]
pub(crate) fn Hash(id: ObjectId) -> impl IntoView {
    let full = id.to_string();
    view! {
        <span class="hash">
            <code title=full.clone()>{short(id)}</code>
            <Copy text=full />
        </span>
    }
}

/// The first digits.
pub(crate) fn short(id: ObjectId) -> String {
    id.to_string()[..SHORT].to_owned()
}

/// Copies `text`; shown only where a browser lets pages do that.
#[component]
fn Copy(text: String) -> impl IntoView {
    let able = RwSignal::new(false);
    let copied = RwSignal::new(false);
    #[cfg(feature = "hydrate")]
    Effect::new(move || able.set(window().is_secure_context()));
    let label = format!("Copy {text}");
    let copy = move |_| {
        #[cfg(feature = "hydrate")]
        {
            // A refusal is the browser's to explain; it asks the reader itself.
            let _ = window().navigator().clipboard().write_text(&text);
        }
        copied.set(true);
        let rest = move || {
            let _ = copied.try_set(false);
        };
        set_timeout(rest, std::time::Duration::from_secs(2));
    };
    view! {
        <button type="button" class="copy" hidden=move || !able.get() aria-label=label on:click=copy>
            {move || if copied.get() { "copied" } else { "copy" }}
        </button>
    }
}
