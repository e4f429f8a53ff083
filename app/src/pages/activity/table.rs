//! The entries themselves.

use domain::{
    Thing,
    view::{ActivityPage, ActivityQuery, AnyState, DeedRow, FileQuery, chat_href, file_href},
    words,
};
use leptos::prelude::*;

use crate::{
    components::{StateMark, When},
    links::file_rel,
    visible::visible,
};

/// All rows of the page; without any, what that means.
#[component]
pub(super) fn Table(page: Memo<Option<ActivityPage>>, query: ActivityQuery) -> impl IntoView {
    let data_ms = page.with_untracked(|page| page.as_ref().map_or(0, |page| page.at_ms));
    let rows =
        move || page.with(|page| page.as_ref().map(|page| page.rows.clone()).unwrap_or_default());
    let is_empty = Memo::new(move |_| rows().is_empty());
    let narrowed = ActivityQuery::default() != query;
    let content = move || match is_empty.get() {
        true => nothing(narrowed).into_any(),
        false => view! {
            <div class="panel sheet">
                <table class="files activity">
                    <caption class="unseen">"What people did, newest first"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"When"</th>
                            <th scope="col">"Person"</th>
                            <th scope="col">"Action"</th>
                            <th scope="col">"What"</th>
                            <th scope="col">"Before → after"</th>
                            <th scope="col">"Outcome"</th>
                            <th scope="col">"Node"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <For
                            each=rows
                            key=|row| row.hash.clone()
                            children=move |row| line(row, data_ms)
                        />
                    </tbody>
                </table>
            </div>
        }
        .into_any(),
    };
    view! { {content} }.into_any()
}

fn line(row: DeedRow, data_ms: u64) -> impl IntoView {
    let DeedRow { node, number, hash, deed } = row;
    let at_ms = deed.at_ms;
    let reason = deed
        .reason
        .map(|reason| view! { <small class="detail">{format!("“{}”", visible(&reason))}</small> });
    let until = deed.until_ms.map(|until_ms| {
        view! { <small class="detail">{format!("until {}", words::utc(until_ms))}</small> }
    });
    let detail =
        deed.detail.map(|detail| view! { <small class="detail">{visible(&detail)}</small> });
    let place = format!("Entry {number} of {}, {hash}", node.name);
    view! {
        <tr data-action=deed.action.code() data-person=deed.person.clone() data-hash=hash>
            <td data-label="When" class="when"><When at_ms=Signal::stored(at_ms) data_ms /></td>
            <td data-label="Person" class="person">{visible(&deed.person)}</td>
            <th scope="row" class="name">{deed.action.word()}</th>
            <td data-label="What">{thing(deed.thing)} {until} {reason}</td>
            <td data-label="Before → after" class="change">{change(deed.before, deed.after)}</td>
            <td data-label="Outcome" class="state">
                <StateMark state=AnyState::Outcome(deed.outcome) />
                {detail}
            </td>
            <td data-label="Node" title=place>
                {visible(&node.name)} " " <small class="soft">{format!("#{}", words::thousands(number))}</small>
            </td>
        </tr>
    }
    .into_any()
}

fn thing(thing: Option<Thing>) -> AnyView {
    let said = thing.as_ref().map(Thing::name).unwrap_or_default();
    match thing {
        None => view! { <span class="none">"—"</span> }.into_any(),
        Some(Thing::File(name)) => {
            let href = format!("{}{}", file_href(&name), FileQuery::default());
            let rel = file_rel(&name);
            view! { <a href=href rel=rel>{visible(name.as_str())}</a> }.into_any()
        }
        Some(Thing::Node(name)) => {
            view! { "node " <a href="/nodes">{visible(&name)}</a> }.into_any()
        }
        Some(Thing::Person(name)) => view! { {format!("account {}", visible(&name))} }.into_any(),
        Some(Thing::Visitor { .. }) => {
            view! { "visitor " <a href="/visitors">{visible(&said)}</a> }.into_any()
        }
        Some(
            Thing::Chat(document) | Thing::Message { document, .. } | Thing::Gap { document, .. },
        ) => {
            let rel = document.contains('%').then_some("external");
            view! { <a href=chat_href(&document) rel=rel>{visible(&said)}</a> }.into_any()
        }
    }
}

fn change(before: Option<String>, after: Option<String>) -> AnyView {
    if before.is_none() && after.is_none() {
        return view! { <span class="none">"—"</span> }.into_any();
    }
    let part = |text: Option<String>| match text {
        Some(text) => visible(&text),
        None => "none".to_owned(),
    };
    view! { {part(before)} <span aria-label="to">" → "</span> {part(after)} }.into_any()
}

fn nothing(narrowed: bool) -> impl IntoView {
    let text = match narrowed {
        true => "Nothing that was done matches.",
        false => {
            "Nobody has done anything yet. Logins, roles and everything that changes something appear here."
        }
    };
    view! {
        <section class="panel nothing">
            <p>{text}</p>
            {narrowed.then(|| view! { <p><a href="/activity">"Show everything"</a></p> })}
        </section>
    }
}
