//! Points in time: how long ago, and exactly when on hover or for those who listen.

use domain::words;
use leptos::prelude::*;

use crate::clock::Clock;

/// "4 s ago", growing older by itself.
#[component]
pub(crate) fn When(
    /// The point, ms since 1970.
    #[prop(into)]
    at_ms: Signal<u64>,
    /// Time of the data it came with.
    data_ms: u64,
) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let text = Memo::new(move |_| words::ago(clock.now(data_ms).saturating_sub(at_ms.get())));
    let exact = Memo::new(move |_| clock.absolute(at_ms.get()));
    view! {
        <time datetime=move || words::utc(at_ms.get()) title=exact>
            {text}
        </time>
    }
}

/// "14:02:11", in the reader's zone once the page is alive.
#[component]
pub(crate) fn WhenOfDay(at_ms: u64) -> impl IntoView {
    let clock = expect_context::<Clock>();
    view! {
        <time datetime=words::utc(at_ms) title=move || clock.absolute(at_ms)>
            {move || clock.time_of_day(at_ms)}
        </time>
    }
}
