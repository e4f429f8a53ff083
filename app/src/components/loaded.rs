//! The one place that decides how loading and failing look.

use domain::view::Problem;
use leptos::prelude::*;

use crate::site::{Shown, Site};

/// Renders with the overview: as loaded first, then as it comes live.
pub(crate) fn with_overview<V: IntoView + 'static>(
    render: impl Fn(Memo<Shown>) -> V + Clone + Send + Sync + 'static,
) -> impl IntoView {
    let site = expect_context::<Site>();
    let content = move || {
        let render = render.clone();
        Suspend::new(async move { render(site.current(site.loaded.await)).into_any() })
    };
    view! { <Transition>{content}</Transition> }.into_any()
}

/// While the first answer is on its way.
#[component]
pub(crate) fn Loading() -> impl IntoView {
    view! { <p class="loading">"Asking this node…"</p> }
}

/// Instead of what could not be loaded.
#[component]
pub(crate) fn Failure(problem: Problem) -> impl IntoView {
    view! {
        <section class="panel failure" role="alert" data-code=problem.code>
            <h2>"Nothing to show"</h2>
            <p>{problem.message}</p>
        </section>
    }
}
