//! Who is muted, with a page open or not.

use domain::view::{MutedVisitor, VisitorsPage};
use leptos::prelude::*;

use crate::{
    actions::Offering,
    live::Fresh,
    pages::chat::{Ruled, mute_button},
    visible::visible,
};

/// All of them, each with the button that takes it back.
#[component]
pub(super) fn Muted(fresh: Fresh<VisitorsPage>, offering: Offering, data_ms: u64) -> impl IntoView {
    let muted = Memo::new(move |_| fresh.with(|page| page.muted.clone()));
    let item = move |one: MutedVisitor| {
        let name = visible(&one.name);
        let key = visible(&one.who.to_string());
        let button = mute_button(one.who.clone(), name.clone(), true, offering);
        view! {
            <li data-who=one.who.to_string()>
                <div class="fill">
                    <p><bdi>{name}</bdi> " " <small class="detail">{key}</small></p>
                    <Ruled word="Muted" ruling=one.ruling data_ms />
                </div>
                {button}
            </li>
        }
    };
    let content = move || match muted.with(Vec::is_empty) {
        true => view! { <p class="none">"Nobody is muted."</p> }.into_any(),
        false => view! {
            <ul>{muted.get().into_iter().map(item).collect_view()}</ul>
        }
        .into_any(),
    };
    view! {
        <section class="panel gaps muted">
            <h2>"Muted"</h2>
            {content}
        </section>
    }
    .into_any()
}
