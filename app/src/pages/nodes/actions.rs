//! What can be done to a node; each is confirmed by a dialog that says what follows.

use domain::{view::NodeCard, words::NodeAction};
use leptos::prelude::*;

use crate::actions::{Dialog, Job, Offer, Offering, Work};

/// The buttons of one node: what the node that answers says is possible now.
#[component]
pub(super) fn Actions(node: NodeCard, offering: Offering) -> impl IntoView {
    let dialog = expect_context::<Dialog>();
    let NodeCard { id, name, actions, .. } = node;
    let button = |action: NodeAction| {
        let name = name.clone();
        let open = move || dialog.open(Job::new(Work::Node(id, name.clone(), action)));
        view! { <Offer offering text=format!("{action}…") on_press=open /> }
    };
    let buttons = actions.into_iter().map(button).collect::<Vec<_>>();
    let none = buttons.is_empty().then_some("—");
    view! { <div class="buttons">{none} {buttons}</div> }.into_any()
}
