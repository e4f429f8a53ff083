//! Buttons that offer an action, and when they do not.

use leptos::prelude::*;

use crate::live::{Link, Live};

/// Whether actions can be offered now; `Copy`.
#[derive(Clone, Copy)]
pub(crate) struct Offering {
    may_act: bool,
    live: Live,
}

impl Offering {
    /// For somebody who `may_act`, on the page of the current owner.
    pub(crate) fn new(may_act: bool) -> Self {
        Self { may_act, live: expect_context::<Live>() }
    }

    /// The page is alive: without JavaScript nothing can be confirmed.
    fn is_alive(self) -> bool {
        self.live.link() != Link::Snapshot
    }

    /// News stay out: what would be chosen may be gone.
    pub(crate) fn is_stale(self) -> bool {
        self.live.stale().is_some()
    }
}

/// A button that opens the dialog of an action. It has no key of its own, ever.
#[component]
pub(crate) fn Offer(
    offering: Offering,
    /// The verb, with its dots when more is asked.
    #[prop(into)]
    text: String,
    /// The action that a page recommends.
    #[prop(optional)]
    main: bool,
    /// Opens it.
    on_press: impl Fn() + Send + Sync + 'static,
) -> impl IntoView {
    let class = if main { "btn main" } else { "btn" };
    let disabled = move || !offering.may_act || !offering.is_alive();
    let label = move || match offering.is_stale() {
        true => format!("Recheck first: {text}"),
        false => text.clone(),
    };
    let press = move |_| match offering.is_stale() {
        true => reload(),
        false => on_press(),
    };
    let why = (!offering.may_act).then_some("Your role may look and not act");
    view! {
        <button type="button" class=class disabled=disabled title=why on:click=press>
            {label}
        </button>
    }
}

/// Asks for the whole page again.
fn reload() {
    #[cfg(feature = "hydrate")]
    let _ = window().location().reload();
}
