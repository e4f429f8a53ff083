//! Keys that work on every page. Nothing that changes a head has one.
//!
//! Single letters can be switched off in the help (WCAG 2.1.4); the browser remembers that.

use std::cell::Cell;

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement, KeyboardEvent};

use crate::components::KeysHelp;

/// Id of the search box in the top bar.
pub(crate) const SEARCH_ID: &str = "search";

/// Listens for as long as the page lives.
pub(crate) fn listen(help: KeysHelp) {
    let navigate = use_navigate();
    let going = Cell::new(false);
    drop(window_event_listener(leptos::ev::keydown, move |event| {
        if is_taken(&event) {
            return;
        }
        // The help itself always opens: it holds the switch.
        if event.key() == "?" {
            return help.open();
        }
        if !help.is_on() {
            return;
        }
        let after_g = going.replace(event.key() == "g");
        let go = |path| navigate(path, NavigateOptions::default());
        match event.key().as_str() {
            "/" => focus_search(&event),
            "o" if after_g => go("/"),
            "f" if after_g => go("/files"),
            "d" if after_g => go("/divergences"),
            "n" if after_g => go("/nodes"),
            "c" if after_g => go("/chat"),
            "v" if after_g => go("/visitors"),
            "a" if after_g => go("/activity"),
            "j" => move_row(1),
            "k" => move_row(-1),
            "x" => click_in_row("input[type=checkbox]", event.shift_key()),
            "X" => click_in_row("input[type=checkbox]", true),
            "*" => press("#select-all"),
            "Enter" => open_row(&event),
            "d" => next_view(),
            "[" => press("a[data-key=before]"),
            "]" => press("a[data-key=after]"),
            "r" => press("[data-key=recheck]"),
            _ => {}
        }
    }));
}

/// Somebody is typing, a dialog is open, or the browser wants the key.
fn is_taken(event: &KeyboardEvent) -> bool {
    let held = event.ctrl_key() || event.alt_key() || event.meta_key();
    let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
    let typing = target.is_some_and(|element| match element.tag_name().as_str() {
        "INPUT" => element.get_attribute("type").as_deref() != Some("checkbox"),
        "TEXTAREA" | "SELECT" => true,
        _ => false,
    });
    held || typing || find("dialog[open]").is_some()
}

fn focus_search(event: &KeyboardEvent) {
    let found = document().get_element_by_id(SEARCH_ID);
    if let Some(input) = found.and_then(|found| found.dyn_into::<HtmlInputElement>().ok()) {
        event.prevent_default();
        let _ = input.focus();
        input.select();
    }
}

fn find(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).ok().flatten()?.dyn_into().ok()
}

fn press(selector: &str) {
    if let Some(element) = find(selector) {
        element.click();
    }
}

/// The next tab of a difference, and after the last one the first.
fn next_view() {
    let Some(current) = find(".tabs [aria-current]") else { return };
    let next = current.next_element_sibling().and_then(|next| next.dyn_into::<HtmlElement>().ok());
    match next {
        Some(next) => next.click(),
        None => press(".tabs a"),
    }
}

/// The row that has the focus in it.
fn current_row() -> Option<HtmlElement> {
    let focused = document().active_element()?;
    focused.closest("main tbody tr").ok().flatten()?.dyn_into().ok()
}

/// Moves the focus to the link of the next or the previous row.
fn move_row(step: i32) {
    let Ok(rows) = document().query_selector_all("main table:not(.diff) tbody tr:has(a)") else {
        return;
    };
    let length = i32::try_from(rows.length()).unwrap_or(i32::MAX);
    let current = current_row();
    let same = |at: &i32| {
        let row = u32::try_from(*at).ok().and_then(|at| rows.item(at));
        row.zip(current.as_ref()).is_some_and(|(row, current)| row.is_same_node(Some(current)))
    };
    let next = (0..length).find(same).map_or(0, |at| (at + step).clamp(0, length - 1));
    let row = u32::try_from(next).ok().and_then(|next| rows.item(next));
    let row = row.and_then(|row| row.dyn_into::<web_sys::Element>().ok());
    let link = row.and_then(|row| row.query_selector("th a, td a").ok().flatten());
    if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
        let _ = link.focus();
    }
}

/// Follows the link of the row, unless the focus is on something that Enter presses anyway.
fn open_row(event: &KeyboardEvent) {
    let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
    let own = target.is_some_and(|target| {
        matches!(target.tag_name().as_str(), "A" | "BUTTON" | "SUMMARY" | "LABEL")
    });
    if let Some(link) = current_row().filter(|_| !own) {
        let link = link.query_selector("th a").ok().flatten();
        if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
            link.click();
        }
    }
}

fn click_in_row(selector: &str, with_shift: bool) {
    let Some(row) = current_row() else { return };
    let Some(element) = row.query_selector(selector).ok().flatten() else { return };
    let options = web_sys::MouseEventInit::new();
    options.set_bubbles(true);
    options.set_cancelable(true);
    options.set_shift_key(with_shift);
    if let Ok(click) = web_sys::MouseEvent::new_with_mouse_event_init_dict("click", &options) {
        let _ = element.dispatch_event(&click);
    }
}
