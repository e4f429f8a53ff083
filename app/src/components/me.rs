//! Who is logged in, and the way out.

use domain::{view::Me, words::Role};
use leptos::prelude::*;

use crate::site::Site;

/// "ann · Operator", with a form that logs out; nothing where nobody is logged in.
#[component]
pub(crate) fn Login() -> impl IntoView {
    let me = expect_context::<Site>().me;
    let content = move || Suspend::new(async move { me.await.map(shown).into_any() });
    view! { <Transition>{content}</Transition> }.into_any()
}

fn shown(Me { name, role }: Me) -> impl IntoView {
    let hint = match role {
        Role::Operator => "Sees everything and may change it",
        Role::Viewer => "Sees everything and changes nothing",
    };
    view! {
        <form class="me" method="post" action="/logout" data-role=role.code()>
            <span title=hint>
                <b>{name}</b>
                <small>{role.word()}</small>
            </span>
            <button class="btn">"Log out"</button>
        </form>
    }
}
