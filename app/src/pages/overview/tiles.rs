//! Files by state; each number is a link to the list with as many rows.

use domain::{
    view::{AnyState, Chip, FilesQuery, Overview},
    words::{self, FileState, Tone},
};
use leptos::prelude::*;

use crate::components::StateMark;

/// All counts, worst first.
#[component]
pub(super) fn Tiles(overview: Signal<Option<Overview>>) -> impl IntoView {
    let chips =
        Memo::new(move |_| overview.get().map(|all| all.counts.chips()).unwrap_or_default());
    let tiles = move || chips.get().into_iter().map(tile).collect_view();
    view! {
        <nav class="counts" aria-label="Files by state">
            {tiles}
        </nav>
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
