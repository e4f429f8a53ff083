//! Keys that work on every page: `/` searches, `g o`, `g f`, `g n` and `g a` go to a page.

use std::cell::Cell;

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement, KeyboardEvent};

/// Id of the search box in the top bar.
pub(crate) const SEARCH_ID: &str = "search";

/// Listens for as long as the page lives.
pub(crate) fn listen() {
    let navigate = use_navigate();
    let going = Cell::new(false);
    drop(window_event_listener(leptos::ev::keydown, move |event| {
        if is_taken(&event) {
            return;
        }
        let after_g = going.replace(event.key() == "g");
        let go = |path| navigate(path, NavigateOptions::default());
        match event.key().as_str() {
            "/" => focus_search(&event),
            "o" if after_g => go("/"),
            "f" if after_g => go("/files"),
            "n" if after_g => go("/nodes"),
            "a" if after_g => go("/activity"),
            _ => {}
        }
    }));
}

/// Somebody is typing, or the browser wants the key.
fn is_taken(event: &KeyboardEvent) -> bool {
    let held = event.ctrl_key() || event.alt_key() || event.meta_key();
    let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
    let typing = target.is_some_and(|element| {
        matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
    });
    held || typing
}

fn focus_search(event: &KeyboardEvent) {
    let found = document().get_element_by_id(SEARCH_ID);
    if let Some(input) = found.and_then(|found| found.dyn_into::<HtmlInputElement>().ok()) {
        event.prevent_default();
        let _ = input.focus();
        input.select();
    }
}
