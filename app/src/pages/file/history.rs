//! The versions, newest first, as a chain that forks lead into.

use std::collections::BTreeSet;

use domain::{
    FileName, ObjectId,
    view::{
        Choice, DiffQuery, FilePage, FileQuery, Gap, HistoryPage, Problem, Settle, Version,
        file_href,
    },
    words,
};
use leptos::{either::Either, prelude::*};

use super::load::{Shown, Wanted};
use crate::{
    actions::{Dialog, Job, Offer, Offering, Work},
    components::{Failure, Hash, When, short},
    links::file_rel,
    visible::visible,
};

/// Lanes that the chain may have; a fork of a fork of a fork stays in the last.
const LANES: usize = 3;

/// A version and its place in the picture of the chain.
#[derive(Clone, PartialEq)]
struct Entry {
    version: Version,
    /// How many forks lie between it and the file.
    lane: usize,
    /// Sides that it settled itself, not the version before it.
    settled: Vec<ObjectId>,
    /// It is another file's, and the one above it is the first after the fork.
    is_source: bool,
}

/// The chosen part of the history, and a form that picks two versions to compare.
#[component]
pub(super) fn History(
    wanted: StoredValue<Wanted>,
    file: Memo<Option<FilePage>>,
    history: Memo<Result<HistoryPage, Problem>>,
    shown: Memo<Result<Shown, Problem>>,
    offering: Offering,
) -> impl IntoView {
    let name = wanted.with_value(|wanted| wanted.name.clone());
    let known: BTreeSet<ObjectId> = history.with_untracked(|history| {
        history.iter().flat_map(|page| &page.versions).map(|v| v.id).collect()
    });
    let picked = shown.with_untracked(|shown| match shown {
        Ok(Shown::Difference(found)) => {
            (found.from.as_ref().map(|from| from.id), Some(found.to.id))
        }
        Ok(Shown::Sides(sides)) => {
            (sides.both.from.as_ref().map(|from| from.id), Some(sides.both.to.id))
        }
        Ok(Shown::Text(version, _)) => (version.previous, Some(version.id)),
        Err(_) => (None, None),
    });
    let list = move || history.get().map(|page| entries(&name, page.versions)).unwrap_or_default();
    let data_ms = history.with_untracked(|page| page.as_ref().map_or(0, |page| page.at_ms));
    let item = move |entry: Entry| {
        let fresh = !known.contains(&entry.version.id);
        view! { <Item entry fresh picked wanted file data_ms offering /> }
    };
    let failure = move || history.get().err().map(|problem| view! { <Failure problem /> });
    let gap = move || history.get().ok().and_then(|page| page.gap).map(gap);
    view! {
        <section class="panel history" aria-labelledby="history">
            <h2 id="history">"History"</h2>
            {move || elsewhere(wanted, file.get(), history.get().ok())}
            <form method="get" action=wanted.with_value(|wanted| file_href(&wanted.name))>
                <ol class="chain">
                    <For
                        each=list
                        key=|entry| (entry.version.id, entry.lane, entry.is_source)
                        children=item
                    />
                    {gap}
                </ol>
                {failure}
                <Foot wanted history />
            </form>
        </section>
    }
    .into_any()
}

/// Gives each version its place.
fn entries(file: &FileName, versions: Vec<Version>) -> Vec<Entry> {
    let (mut lane, mut above) = (0, file.clone());
    // SWISH carries the list along: what the version before it has is not its own.
    let before: Vec<_> = versions.iter().skip(1).map(|version| version.settles.clone()).collect();
    let mut before = before.into_iter();
    let mut place = |version: Version| {
        let known = before.next().unwrap_or_default();
        let own = version.settles.iter().filter(|tip| !known.contains(tip));
        let settled = own.copied().collect();
        let is_source = version.name != above;
        lane += usize::from(is_source);
        above = version.name.clone();
        Entry { version, lane: lane.min(LANES - 1), settled, is_source }
    };
    versions.into_iter().map(&mut place).collect()
}

#[component]
fn Item(
    entry: Entry,
    fresh: bool,
    picked: (Option<ObjectId>, Option<ObjectId>),
    wanted: StoredValue<Wanted>,
    file: Memo<Option<FilePage>>,
    data_ms: u64,
    offering: Offering,
) -> impl IntoView {
    let Entry { version, lane, settled, is_source } = entry;
    let id = version.id;
    let class = format!("version lane-{lane}{}", if fresh { " fresh" } else { "" });
    let fork = is_source.then(|| {
        let rel = file_rel(&version.name);
        view! {
            <p class="fork">
                "Forked from " <a href=file_href(&version.name) rel=rel>{version.name.to_string()}</a>
            </p>
        }
    });
    let message = match &version.message {
        Some(message) => Either::Left(view! { <p class="message">{visible(message)}</p> }),
        None => Either::Right(view! { <p class="message none">"No message"</p> }),
    };
    let href = move |query: FileQuery| {
        wanted
            .with_value(|wanted| wanted.href(FileQuery { at: wanted.query.at, ..query }) + "#shown")
    };
    let text = href(FileQuery { text: Some(id), ..FileQuery::default() });
    let diff = DiffQuery { from: None, to: Some(id) };
    let diff = href(FileQuery { diff, ..FileQuery::default() });
    let author = version.author.as_deref().map_or_else(|| "Somebody".to_owned(), visible);
    view! {
        <li class=class data-version=id.to_string()>
            <span class="rail" aria-hidden="true"></span>
            <div class="what">
                {fork}
                {message}
                <p class="who">{author} " · " <When at_ms=version.at_ms data_ms /></p>
                <p class="by">
                    <Hash id /> <a href=text>"Text"</a> <a href=diff>"Difference"</a>
                    {move || badges(file.get(), id)}
                </p>
                {(!settled.is_empty()).then(|| view! { <Settlement settled id wanted file offering /> })}
            </div>
            <div class="pick">
                <Pick side="from" id picked=picked.0 />
                <Pick side="to" id picked=picked.1 />
            </div>
        </li>
    }
    .into_any()
}

/// What a version settled: links to the sides, which stay in the history, and the way back.
#[component]
fn Settlement(
    settled: Vec<ObjectId>,
    id: ObjectId,
    wanted: StoredValue<Wanted>,
    file: Memo<Option<FilePage>>,
    offering: Offering,
) -> impl IntoView {
    let dialog = expect_context::<Dialog>();
    let link = |tip: ObjectId| {
        let query = FileQuery { at: Some(tip), text: Some(tip), ..FileQuery::default() };
        let href = wanted.with_value(|wanted| wanted.href(query));
        view! { <a href=href><code>{short(tip)}</code></a> " " }
    };
    let head = Memo::new(move |_| file.get().and_then(|file| file.row.common_head()));
    let open = move |choice: Choice| {
        let name = wanted.with_value(|wanted| wanted.name.clone());
        let Some(expected_head) = head.get_untracked() else { return };
        let item = Settle { file: name, expected_head, choice, reason: None };
        let head_now = Some(Signal::from(head));
        dialog.open(Job { head_now, ..Job::new(Work::Settle(vec![item])) });
    };
    // Later saves would go with it: only the newest version can be undone.
    let undo = move || {
        (head.get() == Some(id)).then(|| {
            view! { <Offer offering text="Undo…" on_press=move || open(Choice::Undo) /> }
        })
    };
    view! {
        <p class="by settled">
            "Settled; the other side stays here: " {settled.into_iter().map(link).collect_view()}
            {undo}
        </p>
    }
    .into_any()
}

/// Picks a version as one side of a comparison.
#[component]
fn Pick(side: &'static str, id: ObjectId, picked: Option<ObjectId>) -> impl IntoView {
    let label = format!("Compare {side} {}", short(id));
    view! {
        <label>
            <input
                type="radio"
                name=side
                value=id.to_string()
                checked=picked == Some(id)
                aria-label=label
            />
            <span aria-hidden="true">{side}</span>
        </label>
    }
}

/// The nodes whose head this version is.
fn badges(file: Option<FilePage>, id: ObjectId) -> impl IntoView {
    let heads = file.map(|file| file.heads).unwrap_or_default();
    let on = heads.into_iter().filter(|report| report.head == Some(id));
    let badge =
        |report: domain::view::HeadReport| view! { <b class="badge">{report.node.name}</b> };
    on.map(badge).collect_view()
}

/// What ends the history before its beginning.
fn gap(gap: Gap) -> impl IntoView {
    let what = match gap.problem.code.as_str() {
        "missing" => "This version is on no node that answers",
        _ => "This version cannot be read",
    };
    view! {
        <li class="version gap" data-version=gap.id.to_string()>
            <span class="rail" aria-hidden="true"></span>
            <div class="what">
                <p class="message">{what}</p>
                <p class="by"><Hash id=gap.id /></p>
                <p class="by">{gap.problem.message} " What is before it is not known."</p>
            </div>
        </li>
    }
}

/// Nodes that serve a version which is not in this part of the history.
fn elsewhere(
    wanted: StoredValue<Wanted>,
    file: Option<FilePage>,
    page: Option<HistoryPage>,
) -> impl IntoView {
    let listed: BTreeSet<ObjectId> =
        page.iter().flat_map(|page| &page.versions).map(|version| version.id).collect();
    let heads = file.map(|file| file.heads).unwrap_or_default();
    let others = heads.into_iter().filter_map(|report| {
        let head = report.head.filter(|head| !listed.contains(head))?;
        let query = FileQuery { at: Some(head), ..FileQuery::default() };
        let href = wanted.with_value(|wanted| wanted.href(query));
        Some(view! {
            <p class="sub">
                {format!("{} serves ", report.node.name)} <a href=href><code>{short(head)}</code></a>
                ", which is not in this part of the history."
            </p>
        })
    });
    others.collect_view()
}

/// The button of the form, and links to other parts.
#[component]
fn Foot(wanted: StoredValue<Wanted>, history: Memo<Result<HistoryPage, Problem>>) -> impl IntoView {
    let at = wanted.with_value(|wanted| wanted.query.at);
    let to = move |at| wanted.with_value(|wanted| wanted.href(FileQuery { at, ..wanted.query }));
    let newest = at.map(|_| view! { <a class="btn" href=to(None)>"Newest"</a> });
    let older = move || {
        let older = history.get().ok().and_then(|page| page.older);
        older.map(|older| view! { <a class="btn" rel="next" href=to(Some(older))>"Older"</a> })
    };
    let count = move || {
        let shown = history.get().map_or(0, |page| page.versions.len());
        words::count(u64::try_from(shown).unwrap_or(0), "version", "versions")
    };
    view! {
        {at.map(|at| view! { <input type="hidden" name="at" value=at.to_string() /> })}
        <div class="foot">
            <button type="submit" class="btn">"Compare"</button>
            <span class="sub">{count} " here"</span>
            {newest}
            {older}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fork_starts_a_lane_of_its_own() {
        let version = |byte: u8, name: &str| Version {
            id: ObjectId::from_bytes([byte; 20]),
            name: name.into(),
            at_ms: 0,
            author: None,
            message: None,
            data: ObjectId::from_bytes([0; 20]),
            previous: None,
            settles: Vec::new(),
        };
        let all = [(5, "c"), (4, "b"), (3, "b"), (2, "a"), (1, "z")];
        let all = all.map(|(byte, name)| version(byte, name)).into();
        let placed: Vec<_> =
            entries(&"c".into(), all).iter().map(|entry| (entry.lane, entry.is_source)).collect();
        assert_eq!(placed, [(0, false), (1, true), (1, false), (2, true), (2, true)]);
    }
}
