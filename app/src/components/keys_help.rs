//! Which keys there are, and the switch that turns single letters off.

use leptos::{html, prelude::*};

/// Where the browser keeps the switch.
#[cfg(feature = "hydrate")]
const KEPT_AS: &str = "swish-cluster-keys";

/// The help as pages see it; `Copy`, from context.
#[derive(Clone, Copy)]
pub(crate) struct KeysHelp {
    on: RwSignal<bool>,
    element: NodeRef<html::Dialog>,
}

impl KeysHelp {
    /// Provides it, and reads the switch once the page is alive.
    pub(crate) fn provide() -> Self {
        let help = Self { on: RwSignal::new(true), element: NodeRef::new() };
        provide_context(help);
        #[cfg(feature = "hydrate")]
        Effect::new(move || {
            let kept = window().local_storage().ok().flatten();
            let off = kept.and_then(|kept| kept.get_item(KEPT_AS).ok().flatten());
            help.on.set(off.as_deref() != Some("off"));
        });
        help
    }

    /// Single letters act.
    #[cfg(feature = "hydrate")]
    pub(crate) fn is_on(self) -> bool {
        self.on.get_untracked()
    }

    /// Shows it.
    pub(crate) fn open(self) {
        #[cfg(feature = "hydrate")]
        if let Some(element) = self.element.get_untracked() {
            let _ = element.show_modal();
        }
    }

    fn close(self) {
        #[cfg(feature = "hydrate")]
        if let Some(element) = self.element.get_untracked() {
            element.close();
        }
    }

    fn switch(self, on: bool) {
        self.on.set(on);
        #[cfg(feature = "hydrate")]
        if let Ok(Some(kept)) = window().local_storage() {
            let _ = kept.set_item(KEPT_AS, if on { "on" } else { "off" });
        }
    }
}

/// What the keys do. Enter and Escape are the browser's own on links and dialogs.
const KEYS: [(&str, &str); 17] = [
    ("/", "Search"),
    ("j k", "Next, previous row"),
    ("Enter", "Open the row"),
    ("x", "Select the row"),
    ("Shift x", "Select up to the row"),
    ("*", "Select all that match"),
    ("d", "Next view of a difference"),
    ("[ ]", "Previous, next divergence"),
    ("g o", "Overview"),
    ("g f", "Files"),
    ("g d", "Divergences"),
    ("g n", "Nodes"),
    ("g c", "Chat"),
    ("g v", "Visitors"),
    ("g a", "Activity"),
    ("r", "Ask again"),
    ("?", "This help; Esc closes it"),
];

/// The dialog; one for the whole document.
#[component]
pub(crate) fn KeysDialog() -> impl IntoView {
    let help = expect_context::<KeysHelp>();
    let row = |(keys, what): (&'static str, &'static str)| {
        let keys = keys.split(' ').map(|key| view! { <kbd>{key}</kbd> " " }).collect_view();
        view! {
            <dt>{keys}</dt>
            <dd>{what}</dd>
        }
    };
    view! {
        <dialog node_ref=help.element class="keys-help" aria-labelledby="keys-title">
            <h2 id="keys-title">"Keys"</h2>
            <dl class="keys">{KEYS.map(row).collect_view()}</dl>
            <p class="sub">"Nothing that changes a head has a key."</p>
            <label class="switch">
                <input
                    type="checkbox"
                    id="keys-on"
                    prop:checked=move || help.on.get()
                    on:change:target=move |event| help.switch(event.target().checked())
                />
                " Single keys act"
            </label>
            <div class="buttons">
                <button type="button" class="btn main" on:click=move |_| help.close()>
                    "Close"
                </button>
            </div>
        </dialog>
    }
    .into_any()
}
