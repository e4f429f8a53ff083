//! A difference in one or two columns; texts are text nodes only.

use leptos::{either::EitherOf3, prelude::*};

use super::{
    lines::{Line, lines},
    split::{Pair, Side, pairs},
};
use crate::visible::visible;

/// Rows that a page has at most; more make browsers slow.
const MAX_ROWS: usize = 2_000;

/// Old at the left, new at the right.
pub(super) fn split(unified: &str) -> impl IntoView + use<> {
    let lines = lines(unified);
    let pairs = pairs(&lines);
    let rest = pairs.len().saturating_sub(MAX_ROWS);
    let row = |pair: &Pair<'_>| match pair {
        Pair::Place(place) => EitherOf3::A(view! {
            <tr class="place">
                <td colspan="4">{(*place).to_owned()}</td>
            </tr>
        }),
        Pair::Same(old, new) => EitherOf3::B(view! {
            <tr>
                {side(Some(*old), "same")} {side(Some(*new), "same")}
            </tr>
        }),
        Pair::Changed(old, new) => EitherOf3::C(view! {
            <tr>
                {side(*old, "del")} {side(*new, "add")}
            </tr>
        }),
    };
    let rows = pairs.iter().take(MAX_ROWS).map(row).collect_view();
    view! {
        <table class="diff split">
            <caption class="unseen">"Old text at the left, new text at the right"</caption>
            <colgroup>
                <col class="no" />
                <col />
                <col class="no" />
                <col />
            </colgroup>
            <tbody>{rows}</tbody>
        </table>
        {more(rest)}
    }
}

fn side(side: Side<'_>, class: &'static str) -> impl IntoView + use<> {
    let class = if side.is_some() { class } else { "none" };
    let number = side.map(|(number, _)| number.to_string());
    let text = side.map(|(_, text)| visible(text));
    view! {
        <td class="no">{number}</td>
        <td class=format!("text {class}")>{text}</td>
    }
}

/// One column.
pub(super) fn inline(unified: &str) -> impl IntoView + use<> {
    let lines = lines(unified);
    let rest = lines.len().saturating_sub(MAX_ROWS);
    let row = |line: &Line<'_>| match *line {
        Line::Place(place) => EitherOf3::A(view! {
            <tr class="place">
                <td colspan="3">{place.to_owned()}</td>
            </tr>
        }),
        Line::NoNewline => EitherOf3::B(view! {
            <tr class="place">
                <td colspan="3">"No newline at the end"</td>
            </tr>
        }),
        Line::Same { old, new, text } => EitherOf3::C(numbered(Some(old), Some(new), "same", text)),
        Line::Removed { old, text } => EitherOf3::C(numbered(Some(old), None, "del", text)),
        Line::Added { new, text } => EitherOf3::C(numbered(None, Some(new), "add", text)),
    };
    let rows = lines.iter().take(MAX_ROWS).map(row).collect_view();
    view! {
        <table class="diff inline">
            <caption class="unseen">"Removed and added lines in one column"</caption>
            <colgroup>
                <col class="no" />
                <col class="no" />
                <col />
            </colgroup>
            <tbody>{rows}</tbody>
        </table>
        {more(rest)}
    }
}

fn numbered(
    old: Option<u64>,
    new: Option<u64>,
    class: &'static str,
    text: &str,
) -> impl IntoView + use<> {
    view! {
        <tr>
            <td class="no">{old.map(|number| number.to_string())}</td>
            <td class="no">{new.map(|number| number.to_string())}</td>
            <td class=format!("text {class}")>{visible(text)}</td>
        </tr>
    }
}

fn more(rows: usize) -> impl IntoView {
    let rows = u64::try_from(rows).ok().filter(|rows| *rows > 0);
    rows.map(|rows| {
        let rows = domain::words::count(rows, "more row", "more rows");
        view! { <p class="sub cut">{format!("{rows}; all of it is in the raw text.")}</p> }
    })
}
