//! A state as text, shape and colour: always all three.

use domain::{
    view::AnyState,
    words::{FileState, Tone},
};
use leptos::prelude::*;

/// The icon and the word of a state.
#[component]
pub(crate) fn StateMark(
    state: AnyState,
    /// Leaves out the word, where the text beside it says it.
    #[prop(optional)]
    icon_only: bool,
) -> impl IntoView {
    // One string: an empty one beside it would be rendered as a space.
    let (class, text) = match icon_only {
        true => ("unseen", format!("{}: ", state.word())),
        false => ("word", state.word().to_owned()),
    };
    view! {
        <span class=format!("st {}", tone_class(state.tone()))>
            <svg viewBox="0 0 16 16" aria-hidden="true">
                <path d=shape(state) />
            </svg>
            <span class=class>{text}</span>
        </span>
    }
}

/// The colour's class.
fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Bad => "bad",
        Tone::Warn => "warn",
        Tone::Info => "info",
        Tone::Unknown => "mute",
        Tone::Good => "ok",
    }
}

/// A line drawing, told apart without colour.
fn shape(state: AnyState) -> &'static str {
    match (state, state.tone()) {
        (AnyState::File(FileState::Diverged), _) => {
            "M8 15V9M8 9C8 6 3.5 7 3.5 2M8 9c0-3 4.5-2 4.5-7"
        }
        (AnyState::File(FileState::Held), _) => {
            "M8 1a7 7 0 1 1 0 14 7 7 0 1 1 0-14zM6.2 5.5v5M9.8 5.5v5"
        }
        (_, Tone::Bad) => {
            "M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1zM5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8"
        }
        (_, Tone::Warn) => "M8 1.8 15.2 14.4H.8zM8 6.2v4M8 12v.4",
        (_, Tone::Info) => "M8 1a7 7 0 1 1 0 14 7 7 0 1 1 0-14zM8 4v4.4l3 1.8",
        (_, Tone::Unknown) => {
            "M8 1a7 7 0 1 1 0 14 7 7 0 1 1 0-14zM5.9 6.3a2.1 2.1 0 1 1 3 1.9c-.6.3-.9.6-.9 1.2M8 11.6v.4"
        }
        (_, Tone::Good) => "M8 1a7 7 0 1 1 0 14 7 7 0 1 1 0-14zM4.8 8.2l2.2 2.2 4.2-4.6",
    }
}
