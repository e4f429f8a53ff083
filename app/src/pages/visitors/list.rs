//! Who is here: narrowed by node and by file, kept fresh.

use domain::{
    view::{
        AnyState, NAMELESS, VisitorRow, VisitorsOnNode, VisitorsPage, VisitorsQuery, document_name,
    },
    words::{self, NodeHealth},
};
use leptos::prelude::*;

use super::muted::Muted;
use crate::{
    actions::Offering,
    components::{StateMark, When},
    live::{Fresh, Waiting},
    pages::chat::{Ruled, mute_button},
    visible::visible,
};

/// Open files that a row names; the rest is a number.
const FILES: usize = 5;

/// One page of the list, kept fresh.
#[component]
pub(super) fn List(query: VisitorsQuery, page: VisitorsPage, may_act: bool) -> impl IntoView {
    let data_ms = page.at_ms;
    let fresh =
        Fresh::new(page, |old, new| VisitorsPage { at_ms: old.at_ms, ..new.clone() } == *old);
    let query = StoredValue::new(query);
    #[cfg(feature = "hydrate")]
    follow(fresh, query);
    let offering = Offering::new(may_act);
    let empty = Memo::new(move |_| fresh.with(|page| page.rows.is_empty()));
    let content = move || match empty.get() {
        true => view! { <Nothing fresh query /> }.into_any(),
        false => view! { <Table fresh query offering data_ms /> }.into_any(),
    };
    let summary = move || {
        fresh.with(|page| {
            let total = words::count(page.total, "open page", "open pages");
            format!("{} of {total}", words::thousands(page.shown))
        })
    };
    let narrowed = query.with_value(|query| query.file.clone());
    let narrowed = (!narrowed.is_empty()).then(|| {
        let all = query.with_value(|query| VisitorsQuery {
            file: String::new(),
            offset: 0,
            ..query.clone()
        });
        view! {
            <p class="sub">
                "Only pages that have " <bdi>{visible(document_name(&narrowed))}</bdi> " open. "
                <a href=format!("/visitors{all}")>"Show all"</a>
            </p>
        }
    });
    view! {
        <div class="line">
            <p class="sub" role="status">{summary}</p>
            <Waiting fresh />
        </div>
        <Nodes fresh query />
        {narrowed}
        <div on:mouseenter=move |_| fresh.hold() on:mouseleave=move |_| fresh.show()>
            {content}
            <Pages fresh query />
            <Muted fresh offering data_ms />
        </div>
    }
    .into_any()
}

/// A link for each node, with its count.
#[component]
fn Nodes(fresh: Fresh<VisitorsPage>, query: StoredValue<VisitorsQuery>) -> impl IntoView {
    let links = move || {
        let (nodes, total) = fresh.with(|page| (page.nodes.clone(), page.total));
        let now = query.get_value();
        let link = |name: &str, visitors: u64, mark: Option<NodeHealth>| {
            let current = (now.node == name).then_some("true");
            let label = if name.is_empty() { "All" } else { name }.to_owned();
            let mark = mark.map(|health| view! { <StateMark state=AnyState::Node(health) /> " " });
            view! {
                <a
                    href=format!("/visitors{}", now.on(name))
                    aria-current=current
                    class:zero=visitors == 0
                >
                    {mark}
                    {label}
                    " "
                    <b>{words::thousands(visitors)}</b>
                </a>
            }
        };
        let all = link("", total, None);
        let each = |one: &VisitorsOnNode| link(&one.node.name, one.visitors, silent(one.health));
        let nodes = nodes.iter().map(each).collect_view();
        view! { {all} {nodes} }
    };
    view! {
        <nav class="chips" aria-label="Visitors by node">
            {links}
        </nav>
    }
    .into_any()
}

/// The health of a node that is not heard.
fn silent(health: NodeHealth) -> Option<NodeHealth> {
    matches!(health, NodeHealth::Suspect | NodeHealth::Away).then_some(health)
}

#[component]
fn Table(
    fresh: Fresh<VisitorsPage>,
    query: StoredValue<VisitorsQuery>,
    offering: Offering,
    data_ms: u64,
) -> impl IntoView {
    view! {
        <div class="panel sheet">
            <table class="files visitors">
                <caption class="unseen">"Open pages, node by node"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Visitor"</th>
                        <th scope="col">"Node"</th>
                        <th scope="col">"Open files"</th>
                        <th scope="col">"Last heard"</th>
                        <th scope="col">"Actions"</th>
                    </tr>
                </thead>
                <tbody>
                    <For
                        each=move || fresh.with(|page| page.rows.clone())
                        key=Clone::clone
                        children=move |item| row(item, query, offering, data_ms)
                    />
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(
    item: VisitorRow,
    query: StoredValue<VisitorsQuery>,
    offering: Offering,
    data_ms: u64,
) -> AnyView {
    let VisitorRow { wsid, name, who, node, health, files, heard_ms, muted } = item;
    let name = name.map_or_else(|| NAMELESS.to_owned(), |name| visible(&name));
    let key = match &who {
        Some(key) => visible(&key.to_string()),
        None => format!("page {}", visible(&wsid)),
    };
    let mark = silent(health).map(|health| {
        view! {
            <small class="detail">
                <StateMark state=AnyState::Node(health) />
                " its last word"
            </small>
        }
    });
    let is_muted = muted.is_some();
    let ruled = muted.map(|ruling| view! { <Ruled word="Muted" ruling data_ms /> });
    let mute = who.map(|who| mute_button(who, name.clone(), is_muted, offering));
    view! {
        <tr data-wsid=wsid data-node=node.name.clone() class:marked=silent(health).is_some()>
            <th scope="row" class="author"><bdi>{name}</bdi> <small class="detail">{key}</small> {ruled}</th>
            <td data-label="Node">{node.name.clone()} {mark}</td>
            <td data-label="Open files" class="open-files">{opened(&files, query)}</td>
            <td data-label="Last heard" class="written">
                <When at_ms=Signal::stored(heard_ms) data_ms />
            </td>
            <td class="acts"><div class="buttons">{mute}</div></td>
        </tr>
    }
    .into_any()
}

/// The files, each a link that narrows the list to those who have it open.
fn opened(files: &[String], query: StoredValue<VisitorsQuery>) -> impl IntoView + use<> {
    let link = |file: &String| {
        let target = query.with_value(|query| VisitorsQuery {
            file: file.clone(),
            offset: 0,
            ..query.clone()
        });
        let name = visible(document_name(file));
        view! { <li><a href=format!("/visitors{target}") dir="auto">{name}</a></li> }
    };
    let more = files.len().checked_sub(FILES).filter(|more| *more > 0);
    let more = more.map(|more| view! { <li>{format!("and {more} more")}</li> });
    match files.is_empty() {
        true => view! { <span class="none">"None"</span> }.into_any(),
        false => {
            view! { <ul>{files.iter().take(FILES).map(link).collect_view()} {more}</ul> }.into_any()
        }
    }
}

/// Instead of an empty table: what that means.
#[component]
fn Nothing(fresh: Fresh<VisitorsPage>, query: StoredValue<VisitorsQuery>) -> impl IntoView {
    let is_narrowed = query.with_value(|query| {
        *query != VisitorsQuery { limit: query.limit, ..VisitorsQuery::default() }
    });
    let text = move || match (is_narrowed, fresh.with(|page| page.total)) {
        (true, 1..) => "No open page matches.",
        _ => "Nobody is here. Every page of SWISH that is open on any node appears here.",
    };
    view! {
        <section class="panel nothing">
            <p>{text}</p>
            {is_narrowed.then(|| view! { <p><a href="/visitors">"Show all visitors"</a></p> })}
        </section>
    }
    .into_any()
}

/// Links to the pages before and after this one.
#[component]
fn Pages(fresh: Fresh<VisitorsPage>, query: StoredValue<VisitorsQuery>) -> impl IntoView {
    let links = move || {
        let query = query.get_value();
        let (shown, offset, rows) = fresh
            .with(|page| (page.shown, page.offset, u64::try_from(page.rows.len()).unwrap_or(0)));
        let to = |offset| format!("/visitors{}", VisitorsQuery { offset, ..query.clone() });
        let before = (offset > 0).then(|| to(offset.saturating_sub(query.limit)));
        let after = (offset + rows < shown).then(|| to(offset + query.limit));
        let place = format!("{}–{} of {}", offset + 1, offset + rows, words::thousands(shown));
        (before.is_some() || after.is_some()).then(|| {
            view! {
                <nav class="pages" aria-label="Pages">
                    {before.map(|href| view! { <a class="btn" rel="prev" href=href>"Previous"</a> })}
                    <span>{place}</span>
                    {after.map(|href| view! { <a class="btn" rel="next" href=href>"Next"</a> })}
                </nav>
            }
        })
    };
    view! { {links} }.into_any()
}

/// Asks again when visitors come and go, or somebody was muted.
#[cfg(feature = "hydrate")]
fn follow(fresh: Fresh<VisitorsPage>, query: StoredValue<VisitorsQuery>) {
    use crate::{Api, Fetch, live::News};

    fresh.follow(
        |news| matches!(news, News::Visitors | News::Deed),
        move || Fetch.visitors(query.get_value()),
    );
}
