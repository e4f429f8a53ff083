//! What needs attention, worst first, or an explicit all-clear; and what happened last.

use domain::{
    view::{Activity, AnyState, Need, Overview},
    words::{ClusterState, Tone},
};
use leptos::{either::Either, prelude::*};

use crate::components::{StateMark, WhenOfDay};

/// The list of needs.
#[component]
pub(super) fn Needs(overview: Signal<Option<Overview>>) -> impl IntoView {
    move || {
        overview.get().map(|all| match all.needs.is_empty() {
            true => Either::Left(all_clear(all.state)),
            false => {
                let needs = all.needs.into_iter().map(need).collect_view();
                Either::Right(view! { <ol class="needs">{needs}</ol> })
            }
        })
    }
}

/// An empty list is a statement; what it says depends on what is known.
fn all_clear(state: ClusterState) -> impl IntoView {
    let text = match state.tone() {
        Tone::Good => "All clear. Nothing waits for you.",
        Tone::Bad | Tone::Warn | Tone::Info | Tone::Unknown => {
            "Nothing waits for you; the sentence above says what is going on."
        }
    };
    view! {
        <p class="clear">
            <StateMark state=AnyState::Cluster(state) icon_only=true />
            {text}
        </p>
    }
}

fn need(need: Need) -> impl IntoView {
    let what = match need.href {
        Some(href) => Either::Left(view! { <a href=href>{need.what}</a> }),
        None => Either::Right(need.what),
    };
    view! {
        <li>
            <StateMark state=need.state icon_only=true />
            <div>
                <strong>{what}</strong>
                <p>{need.reason}</p>
            </div>
        </li>
    }
}

/// The last events, newest first.
#[component]
pub(super) fn Latest(overview: Signal<Option<Overview>>) -> impl IntoView {
    let latest = Memo::new(move |_| overview.get().map(|all| all.latest).unwrap_or_default());
    move || match latest.get() {
        events if events.is_empty() => Either::Left(
            view! { <p class="sub">"Nothing has happened since this node started."</p> },
        ),
        events => {
            let events = events.into_iter().map(event).collect_view();
            Either::Right(view! { <ol class="latest">{events}</ol> })
        }
    }
}

fn event(event: Activity) -> impl IntoView {
    let text = match event.href {
        Some(href) => Either::Left(view! { <a href=href>{event.text}</a> }),
        None => Either::Right(event.text),
    };
    view! {
        <li>
            <WhenOfDay at_ms=event.at_ms />
            <span>{text}</span>
        </li>
    }
}
