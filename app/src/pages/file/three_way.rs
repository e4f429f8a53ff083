//! What each of two sides changed in their last common version, beside each other.

use domain::view::{Difference, Version};
use leptos::prelude::*;

use super::diff;
use crate::{components::short, visible::visible};

/// The decided side at the left, the other one at the right; both against the ancestor.
pub(super) fn three_way(
    ours: &Option<Difference>,
    theirs: &Option<Difference>,
) -> impl IntoView + use<> {
    let ancestor = ours.as_ref().and_then(|ours| ours.from.as_ref()).map(named);
    let ancestor = match ancestor {
        Some(ancestor) => format!("Both against their last common version, {ancestor}."),
        None => "The sides have no common version: each is shown whole.".to_owned(),
    };
    view! {
        <p class="sub ancestor">{ancestor}</p>
        <div class="way">
            {column(ours.as_ref(), "Decided")}
            {column(theirs.as_ref(), "Other side")}
        </div>
    }
}

fn column(side: Option<&Difference>, word: &'static str) -> impl IntoView + use<> {
    let Some(side) = side else {
        return view! { <div><p class="clear">"This side cannot be read now."</p></div> }
            .into_any();
    };
    let body = match side.unified.is_empty() {
        true => view! { <p class="clear">"This side changed nothing."</p> }.into_any(),
        false => diff::inline(&side.unified).into_any(),
    };
    let heading = format!("{word}: {}", named(&side.to));
    view! {
        <div>
            <h3>{heading}</h3>
            {body}
            {super::shown::left_out(side.left_out)}
        </div>
    }
    .into_any()
}

/// "3f2a91c by Ann".
fn named(version: &Version) -> String {
    let author = version.author.as_deref().map_or_else(|| "Somebody".to_owned(), visible);
    format!("{} by {author}", short(version.id))
}
