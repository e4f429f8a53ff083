//! Which entries: a form whose fields are the address.

use domain::{
    view::{ActivityPage, ActivityQuery},
    words::Action,
};
use leptos::prelude::*;

/// The form; it works without JavaScript.
#[component]
pub(super) fn Filters(query: ActivityQuery, page: Memo<Option<ActivityPage>>) -> impl IntoView {
    let lists = page.with_untracked(|page| {
        page.as_ref().map(|page| (page.people.clone(), page.nodes.clone())).unwrap_or_default()
    });
    let (people, nodes) = lists;
    let actions =
        Action::ALL.iter().map(|action| (action.code().to_owned(), action.word().to_owned()));
    let action = query.action.map(Action::code).unwrap_or_default().to_owned();
    let same = |names: Vec<String>| names.into_iter().map(|name| (name.clone(), name)).collect();
    let narrowed = ActivityQuery { limit: query.limit, ..ActivityQuery::default() } != query;
    view! {
        <form class="panel filters" method="get" action="/activity" aria-label="Filter">
            {choice("person", "Person", query.person, same(people))}
            {choice("action", "Action", action, actions.collect())}
            {choice("node", "Node", query.node, same(nodes))}
            {field("file", "File", "search", query.file)}
            {field("from", "From (UTC)", "date", query.from)}
            {field("to", "To (UTC)", "date", query.to)}
            <div class="act">
                <button class="btn primary">"Filter"</button>
                {narrowed.then(|| view! { <a class="btn" href="/activity">"Show all"</a> })}
            </div>
        </form>
    }
    .into_any()
}

/// One of a list, or all; what the address says stays choosable although nobody did it.
fn choice(
    name: &'static str,
    label: &'static str,
    chosen: String,
    mut list: Vec<(String, String)>,
) -> impl IntoView {
    if !chosen.is_empty() && !list.iter().any(|(value, _)| *value == chosen) {
        list.push((chosen.clone(), chosen.clone()));
    }
    let options = list.into_iter().map(move |(value, text)| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{text}</option> }
    });
    view! {
        <label>
            <span>{label}</span>
            <select name=name>
                <option value="">"All"</option>
                {options.collect_view()}
            </select>
        </label>
    }
}

fn field(
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    value: String,
) -> impl IntoView {
    view! {
        <label>
            <span>{label}</span>
            <input type=kind name=name value=value autocomplete="off" />
        </label>
    }
}
