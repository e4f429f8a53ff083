//! Files and chats by state, and visitors; each number is a link to the list with as many rows.

use domain::{
    view::{AnyState, ChatCounts, ChatsQuery, Chip, FilesQuery, Overview},
    words::{self, ChatState, FileState, Tone},
};
use leptos::prelude::*;

use crate::components::StateMark;

/// All counts, worst first.
#[component]
pub(super) fn Tiles(overview: Signal<Option<Overview>>) -> impl IntoView {
    let chips =
        Memo::new(move |_| overview.get().map(|all| all.counts.chips()).unwrap_or_default());
    let chat = Memo::new(move |_| overview.get().map(|all| all.chat).unwrap_or_default());
    let tiles = move || chips.get().into_iter().map(tile).collect_view();
    view! {
        <nav class="counts" aria-label="Files by state">
            {tiles}
        </nav>
        <nav class="counts" aria-label="Chat and visitors">
            {move || people(&chat.get())}
        </nav>
    }
}

/// Chats that need something, and open pages.
fn people(counts: &ChatCounts) -> impl IntoView + use<> {
    let chats = [ChatState::Gap, ChatState::ToFetch].map(|state| {
        let (count, words) = (counts.of(state), format!("Chat: {}", state.word().to_lowercase()));
        let query = ChatsQuery { state: Some(state), ..ChatsQuery::default() };
        let mark = view! { <StateMark state=AnyState::Chat(state) icon_only=true /> };
        view! {
            <a href=format!("/chat{query}") class:zero=count == 0 data-state=state.code()>
                <strong>{words::thousands(count)}</strong>
                <span class="people">
                    <span aria-hidden="true">{mark}</span>
                    <span>{words}</span>
                </span>
            </a>
        }
    });
    let visitors = words::thousands(counts.visitors);
    view! {
        {chats.collect_view()}
        <a href="/visitors" class="quiet" class:zero=counts.visitors == 0 data-state="visitors">
            <strong>{visitors}</strong>
            <span class="people">"Visitors"</span>
        </a>
    }
}

fn tile(chip: Chip) -> impl IntoView {
    let query = FilesQuery { state: Some(chip.state), ..FilesQuery::default() };
    // Nothing wrong is said quietly: a coloured zero would cry for attention.
    let quiet = chip.count == 0 || chip.state.tone() == Tone::Good;
    // Where they are settled, with as many rows.
    let href = match chip.state {
        FileState::Diverged => "/divergences".to_owned(),
        _ => format!("/files{query}"),
    };
    view! {
        <a href=href class:zero=chip.count == 0 class:quiet=quiet data-state=chip.state.code()>
            <strong>{words::thousands(chip.count)}</strong>
            <StateMark state=AnyState::File(chip.state) />
        </a>
    }
}
