//! The messages of a chat, as a moderator sees them: always as text, the hidden ones too.

use domain::{
    Ruling,
    view::{ChatMessage, ChatPage, MessagesQuery, Moderate, NAMELESS, chat_href},
    words,
};
use leptos::prelude::*;

use super::row::chat_rel;
use crate::{
    actions::{Dialog, Job, Offer, Offering, Work},
    components::When,
    live::Fresh,
    visible::visible,
};

/// One page of messages, oldest first, and a link to those before.
#[component]
pub(super) fn Messages(fresh: Fresh<ChatPage>, offering: Offering, data_ms: u64) -> impl IntoView {
    let empty = Memo::new(move |_| fresh.with(|page| page.messages.is_empty()));
    let document = StoredValue::new(fresh.with_untracked(|page| page.row.document.clone()));
    let older = move || {
        let before = fresh.with(|page| page.before.clone())?;
        let document = document.get_value();
        let href = format!("{}{}", chat_href(&document), MessagesQuery { before });
        let rel = chat_rel(&document);
        Some(view! {
            <p class="older"><a class="btn" href=href rel=rel>"Older messages"</a></p>
        })
    };
    let rows = move || {
        view! {
            {older}
            <table class="files messages">
                <caption class="unseen">"Messages, oldest first"</caption>
                <thead>
                    <tr>
                        <th scope="col" class="number">"Serial"</th>
                        <th scope="col">"Author"</th>
                        <th scope="col">"Message"</th>
                        <th scope="col">"Written"</th>
                        <th scope="col">"Actions"</th>
                    </tr>
                </thead>
                <tbody>
                    <For
                        each=move || fresh.with(|page| page.messages.clone())
                        key=Clone::clone
                        children=move |item| message(item, document.get_value(), offering, data_ms)
                    />
                </tbody>
            </table>
        }
    };
    let content = move || match empty.get() {
        true => view! { <p class="none">"No message yet."</p> }.into_any(),
        false => rows().into_any(),
    };
    view! {
        <section class="panel said">
            <h2>"Messages"</h2>
            <p class="sub">
                "Everything that visitors wrote, as text. What is hidden is marked, and kept."
            </p>
            {content}
        </section>
    }
    .into_any()
}

fn message(item: ChatMessage, document: String, offering: Offering, data_ms: u64) -> AnyView {
    let ChatMessage { id, at_ms, serial, author, who, node, text, attached, hidden, muted } = item;
    let is_hidden = hidden.is_some();
    let name = author.map_or_else(|| NAMELESS.to_owned(), |name| visible(&name));
    let key =
        who.as_ref().map(|key| view! { <small class="detail">{visible(&key.to_string())}</small> });
    let muted_now = muted.is_some();
    let muted = muted.map(|ruling| view! { <Ruled word="Muted" ruling data_ms /> });
    let hidden = hidden.map(|ruling| view! { <Ruled word="Hidden" ruling data_ms /> });
    let text = match text.is_empty() {
        true => view! { <p class="none">"No text"</p> }.into_any(),
        false => view! { <p class="text" dir="auto">{visible(&text)}</p> }.into_any(),
    };
    let attached = (!attached.is_empty()).then(
        || view! { <small class="detail">{format!("With {}", words::list(&attached))}</small> },
    );
    let on = match node {
        Some(node) => format!("on {}", node.name),
        None => "imported, or on a node that is not known".to_owned(),
    };
    let dialog = expect_context::<Dialog>();
    let turn = match is_hidden {
        true => Moderate::Show { document, id },
        false => Moderate::Hide { document, id },
    };
    let verb = format!("{}…", turn.verb());
    let press = move || dialog.open(Job::new(Work::Moderate(turn.clone())));
    let mute = who.map(|who| mute_button(who, name.clone(), muted_now, offering));
    view! {
        <tr data-message=id.to_string() class:hidden-one=is_hidden>
            <td data-label="Serial" class="number">{words::thousands(serial)}</td>
            <th scope="row" class="author"><bdi>{name}</bdi> {key} {muted}</th>
            <td class="says">{text} {attached} {hidden}</td>
            <td data-label="Written" class="written">
                <When at_ms=Signal::stored(at_ms) data_ms />
                <small class="detail">{on}</small>
            </td>
            <td class="acts">
                <div class="buttons"><Offer offering text=verb on_press=press /> {mute}</div>
            </td>
        </tr>
    }
    .into_any()
}

/// The button that mutes somebody, or takes that back.
pub(crate) fn mute_button(
    who: domain::VisitorKey,
    name: String,
    is_muted: bool,
    offering: Offering,
) -> impl IntoView {
    let dialog = expect_context::<Dialog>();
    let item = match is_muted {
        true => Moderate::Unmute { who, name },
        false => Moderate::Mute { who, name, for_ms: None },
    };
    let text = format!("{}…", item.verb());
    let press = move || dialog.open(Job::new(Work::Moderate(item.clone())));
    view! { <Offer offering text on_press=press /> }
}

/// "Hidden by ann, 4 min ago “spam”".
#[component]
pub(crate) fn Ruled(
    /// What was decided.
    word: &'static str,
    ruling: Ruling,
    data_ms: u64,
) -> impl IntoView {
    let Ruling { at_ms, until_ms, by, reason } = ruling;
    let until = until_ms.map(|until_ms| {
        let exact = words::utc(until_ms);
        let text = exact.replace('T', " ").replace('Z', " UTC");
        view! { ", until " <time datetime=exact>{text}</time> }
    });
    let reason = reason.map(|reason| format!(" “{}”", visible(&reason)));
    view! {
        <small class="ruled">
            <b>{word}</b>
            " by "
            {visible(&by)}
            ", "
            <When at_ms=Signal::stored(at_ms) data_ms />
            {until}
            {reason}
        </small>
    }
}
