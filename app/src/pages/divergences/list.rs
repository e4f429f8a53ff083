//! The list around its table: what it is narrowed to, its rows kept fresh, other pages.

use domain::{
    view::{AnyState, DivergenceView, DivergencesPage, DivergencesQuery},
    words::{self, FileState},
};
use leptos::prelude::*;

use super::{bar::Bar, row::Row};
use crate::components::StateMark;

/// One page of the list; `Copy`.
#[derive(Clone, Copy)]
pub(super) struct Page {
    pub(super) query: StoredValue<DivergencesQuery>,
    /// The last answer without its rows.
    pub(super) found: RwSignal<DivergencesPage>,
    pub(super) rows: RwSignal<Vec<DivergenceView>>,
    /// An answer that waits for the pointer to leave.
    waiting: RwSignal<Option<Vec<DivergenceView>>>,
    /// The pointer is over the table.
    hovered: RwSignal<bool>,
}

#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "news are the browser's"))]
impl Page {
    fn new(query: DivergencesQuery, mut found: DivergencesPage) -> Self {
        let rows = std::mem::take(&mut found.rows);
        Self {
            query: StoredValue::new(query),
            found: RwSignal::new(found),
            rows: RwSignal::new(rows),
            waiting: RwSignal::new(None),
            hovered: RwSignal::new(false),
        }
    }

    /// Shows another answer, unless that would move rows under the pointer.
    fn answered(self, mut found: DivergencesPage) {
        let rows = std::mem::take(&mut found.rows);
        let names = |rows: &[DivergenceView]| -> Vec<_> {
            rows.iter().map(|row| row.name.clone()).collect()
        };
        let moves = self.rows.with_untracked(|old| names(old) != names(&rows));
        if self.found.with_untracked(|old| *old != found) {
            self.found.set(found);
        }
        if moves && self.hovered.get_untracked() {
            return self.waiting.set(Some(rows));
        }
        self.waiting.set(None);
        if self.rows.with_untracked(|old| *old != rows) {
            self.rows.set(rows);
        }
    }

    /// The pointer has left: what waited is shown.
    fn show(self) {
        self.hovered.set(false);
        if let Some(rows) = self.waiting.get_untracked() {
            self.waiting.set(None);
            self.rows.set(rows);
        }
    }
}

/// One page of the list, kept fresh.
#[component]
pub(super) fn List(query: DivergencesQuery, page: DivergencesPage, may_act: bool) -> impl IntoView {
    let data_ms = page.at_ms;
    let page = Page::new(query, page);
    #[cfg(feature = "hydrate")]
    follow(page);
    let empty = Memo::new(move |_| page.rows.with(Vec::is_empty));
    let content = move || match empty.get() {
        true => view! { <Nothing page /> }.into_any(),
        false => view! { <Table page may_act data_ms /> }.into_any(),
    };
    let summary = move || {
        page.found.with(|found| {
            let total = words::count(found.total, "divergence", "divergences");
            format!("{} of {total} · oldest first", words::thousands(found.shown))
        })
    };
    view! {
        <div class="line">
            <p class="sub" role="status">{summary}</p>
            <button
                type="button"
                class="waiting"
                hidden=move || page.waiting.with(Option::is_none)
                on:click=move |_| page.show()
            >
                "The list changed: show"
            </button>
        </div>
        <Narrow page />
        {content}
        <Pages page />
        {may_act.then(|| view! { <Bar page /> })}
    }
    .into_any()
}

/// Links that narrow the list by one more token, or take all of them away.
#[component]
fn Narrow(page: Page) -> impl IntoView {
    let query = page.query.get_value();
    let nodes = page.found.with_untracked(|found| found.nodes.clone());
    let nodes = nodes.into_iter().map(|node| {
        let label = format!("A side on {}", node.name);
        (format!("node:{}", quoted(&node.name)), label)
    });
    let more = [("older:1h", "Older than 1 h"), ("sides:3", "3 sides")];
    let more = more.map(|(token, label)| (token.to_owned(), label.to_owned()));
    let links = nodes.chain(more).map(|(token, label)| {
        let has = query.q.split(' ').any(|part| part == token);
        let q = match has {
            true => query.q.split(' ').filter(|part| *part != token).collect::<Vec<_>>().join(" "),
            false => format!("{} {token}", query.q).trim().to_owned(),
        };
        let target = DivergencesQuery { q, ..DivergencesQuery::default() };
        view! {
            <a href=format!("/divergences{target}") aria-current=has.then_some("true")>{label}</a>
        }
    });
    let all = query.q.is_empty().then_some("true");
    view! {
        <nav class="chips" aria-label="Narrow the list">
            <a href="/divergences" aria-current=all>
                "All "
                <b>{move || page.found.with(|found| words::thousands(found.total))}</b>
            </a>
            {links.collect_view()}
        </nav>
        <details class="tokens">
            <summary>"What the filter understands"</summary>
            <p class="sub">
                "Words of the name, and " <code>"name:ex*"</code> " " <code>"node:charlie"</code> " "
                <code>"author:\"Ann B\""</code> " " <code>"older:1h"</code> " "
                <code>"sides:3"</code> ". All of them must hold; the address keeps them."
            </p>
        </details>
    }
    .into_any()
}

fn quoted(name: &str) -> String {
    if name.contains(' ') { format!("\"{name}\"") } else { name.to_owned() }
}

#[component]
fn Table(page: Page, may_act: bool, data_ms: u64) -> impl IntoView {
    let select =
        may_act.then(|| view! { <th scope="col"><span class="unseen">"Select"</span></th> });
    view! {
        <div
            class="panel sheet"
            on:mouseenter=move |_| page.hovered.set(true)
            on:mouseleave=move |_| page.show()
        >
            <table class="files divergences">
                <caption class="unseen">"Divergences, oldest first, with their sides"</caption>
                <thead>
                    <tr>
                        {select}
                        <th scope="col">"File"</th>
                        <th scope="col" aria-sort="descending">"Since"</th>
                        <th scope="col">"Waiting"</th>
                        <th scope="col">"Sides"</th>
                    </tr>
                </thead>
                <tbody>
                    <For
                        each=move || page.rows.get()
                        key=|row| {
                            let others: Vec<_> = row.others.iter().map(|side| side.head).collect();
                            (row.name.clone(), row.decided.clone().head, others)
                        }
                        children=move |item| view! { <Row item rows=page.rows may_act data_ms /> }
                    />
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

/// Instead of an empty table: what that means.
#[component]
fn Nothing(page: Page) -> impl IntoView {
    let is_narrowed = page.query.with_value(|query| !query.q.trim().is_empty());
    let total = move || page.found.with(|found| found.total);
    let text = move || match (is_narrowed, total()) {
        (true, total) if total > 0 => format!(
            "No divergence matches; {} in all.",
            words::count(total, "file has two or more sides", "files have two or more sides")
        ),
        _ => "All clear. Every file has one head on all nodes; nothing needs a choice.".to_owned(),
    };
    let clear = Memo::new(move |_| total() == 0);
    let mark = move || {
        clear.get().then(|| {
            view! { <StateMark state=AnyState::File(FileState::Same) icon_only=true /> }
        })
    };
    view! {
        <section class="panel nothing">
            <p>{mark} {text}</p>
            {is_narrowed
                .then(|| view! { <p><a href="/divergences">"Show all divergences"</a></p> })}
        </section>
    }
    .into_any()
}

/// Links to the pages before and after this one.
#[component]
fn Pages(page: Page) -> impl IntoView {
    let links = move || {
        let query = page.query.get_value();
        let (shown, offset) = page.found.with(|found| (found.shown, found.offset));
        let rows = page.rows.with(|rows| u64::try_from(rows.len()).unwrap_or(0));
        let to = |offset| format!("/divergences{}", DivergencesQuery { offset, ..query.clone() });
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

/// Asks again when a file changed that is or may be one of these, one question at a time.
#[cfg(feature = "hydrate")]
fn follow(page: Page) {
    use std::rc::Rc;

    use super::Selection;
    use crate::{
        Api, Fetch,
        live::{Live, News},
    };

    let (live, selection) = (expect_context::<Live>(), expect_context::<Selection>());
    let outdated = StoredValue::new(false);
    let asking = StoredValue::new(false);
    let ask = move || {
        if asking.get_value() {
            return;
        }
        asking.set_value(true);
        outdated.set_value(false);
        leptos::task::spawn_local(async move {
            let answer = Fetch.divergences(page.query.get_value()).await;
            // The reader may have gone to another page meanwhile.
            if asking.try_set_value(false).is_some() {
                return;
            }
            if let Ok(found) = answer {
                selection.refresh(&found.rows);
                page.answered(found);
            }
        });
    };
    let concerns = move |row: &domain::view::FileRow| {
        let listed = page.rows.with_untracked(|rows| rows.iter().any(|one| one.name == row.name));
        listed || row.state == FileState::Diverged
    };
    Effect::new(move || {
        live.listen(Rc::new(move |news| match news {
            News::Row(row) if concerns(&row) => {
                outdated.set_value(true);
                ask();
            }
            News::Missed => ask(),
            News::Beat if outdated.get_value() => ask(),
            News::Row(_) | News::Beat | News::Deed | News::Chat(_) | News::Visitors => {}
        }));
    });
}
