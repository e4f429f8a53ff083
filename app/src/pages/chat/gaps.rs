//! Messages that are known to have been written and that are not here.

use domain::{
    view::{AnyState, ChatGap, ChatPage, Moderate},
    words::{self, ChatState},
};
use leptos::prelude::*;

use crate::{
    actions::{Dialog, Job, Offer, Offering, Work},
    components::{StateMark, When},
    live::Fresh,
    visible::visible,
};

/// All gaps, or nothing.
#[component]
pub(super) fn Gaps(fresh: Fresh<ChatPage>, offering: Offering, data_ms: u64) -> impl IntoView {
    let gaps =
        Memo::new(move |_| fresh.with(|page| (page.row.document.clone(), page.gaps.clone())));
    let content = move || {
        let (document, gaps) = gaps.get();
        let item = |gap| item(&document, gap, offering, data_ms);
        (!gaps.is_empty()).then(|| {
            view! {
                <section class="panel gaps">
                    <h2>"Missing messages"</h2>
                    <ul>{gaps.into_iter().map(item).collect_view()}</ul>
                </section>
            }
        })
    };
    view! { {content} }.into_any()
}

fn item(document: &str, gap: ChatGap, offering: Offering, data_ms: u64) -> AnyView {
    let dialog = expect_context::<Dialog>();
    let many = gap.count() > 1;
    let (verb, them, have) =
        if many { ("were", "them", "have them") } else { ("was", "it", "has it") };
    let wrote = gap.node.as_ref().map_or_else(
        || format!("on a node that is not known ({})", gap.incarnation),
        |node| format!("on {}", node.name),
    );
    let numbers = match many {
        true => format!("numbers {} to {} there", gap.first, gap.last),
        false => format!("number {} there", gap.first),
    };
    let searched = match gap.is_final {
        true => format!("No node that answers {}.", if many { "has them" } else { have }),
        false => format!("Not every node was asked for {them} yet."),
    };
    let what = format!(
        "{} {verb} written {wrote} ({numbers}) and {} not here. {searched}",
        words::count(gap.count(), "message", "messages"),
        if many { "are" } else { "is" },
    );
    let accepted = gap.accepted.clone().map(|ruling| {
        let reason = ruling.reason.map(|reason| format!(" “{}”", visible(&reason)));
        view! {
            <p class="detail">
                "Accepted by "
                {visible(&ruling.by)}
                ", "
                <When at_ms=Signal::stored(ruling.at_ms) data_ms />
                {reason}
            </p>
        }
    });
    let state = if gap.accepted.is_some() { ChatState::InStep } else { ChatState::Gap };
    let offer = gap.accepted.is_none().then(|| {
        let item = Moderate::AcceptGap {
            document: document.to_owned(),
            incarnation: gap.incarnation,
            first: gap.first,
            last: gap.last,
        };
        let open = move || dialog.open(Job::new(Work::Moderate(item.clone())));
        view! { <Offer offering text="Accept gap…" on_press=open /> }
    });
    view! {
        <li data-accepted=gap.accepted.is_some().to_string()>
            <div class="fill">
                <p><StateMark state=AnyState::Chat(state) icon_only=true /> " " {what}</p>
                {accepted}
            </div>
            {offer}
        </li>
    }
    .into_any()
}
