//! What is shown of versions: a difference in three ways, or the text of one.

use domain::{
    ObjectId,
    view::{
        DiffQuery, DiffView, Difference, DivergencePage, FileQuery, ObjectText, Problem, Side,
        Version, file_href,
    },
    words,
};
use leptos::prelude::*;

use super::{
    diff,
    load::{Shown, Sides, Wanted},
    three_way::three_way,
};
use crate::{
    components::{Failure, short},
    visible::visible,
};

/// The panel beside the history; tabs are links, so they work without JavaScript.
#[component]
pub(super) fn ShownPanel(
    wanted: StoredValue<Wanted>,
    view: Memo<DiffView>,
    shown: Memo<Result<Shown, Problem>>,
    divergence: Memo<Option<DivergencePage>>,
) -> impl IntoView {
    let content = move || match shown.get() {
        Ok(Shown::Difference(found)) => difference(wanted, view, found, None).into_any(),
        Ok(Shown::Sides(sides)) => {
            let choices = divergence.get().map(|page| choices(wanted, &page, sides.both.to.id));
            let both = sides.both.clone();
            view! { {choices} {difference(wanted, view, both, Some(*sides))} }.into_any()
        }
        Ok(Shown::Text(version, text)) => whole(wanted, version, text).into_any(),
        Err(problem) => view! { <Failure problem /> }.into_any(),
    };
    view! { <section class="panel shown" id="shown" tabindex="-1">{content}</section> }.into_any()
}

fn difference(
    wanted: StoredValue<Wanted>,
    view: Memo<DiffView>,
    found: Difference,
    sides: Option<Sides>,
) -> impl IntoView {
    let heading = match &found.from {
        Some(from) => format!("{} → {}", named(from), named(&found.to)),
        None => format!("{}, the first version", named(&found.to)),
    };
    let is_fork = sides.is_some();
    let tabs = DiffView::ALL.into_iter().filter(|tab| is_fork || *tab != DiffView::ThreeWay);
    let tabs = tabs.map(|tab| {
        let href = wanted.with_value(|wanted| wanted.href(FileQuery { view: tab, ..wanted.query }));
        let current = move || (shown_as(view.get(), is_fork) == tab).then_some("true");
        view! { <a href=href data-view=tab.code() data-noscroll="" aria-current=current>{tab.word()}</a> }
    });
    let raw = raw_href(wanted, &found);
    let cut = left_out(found.left_out);
    let is_equal = found.unified.is_empty();
    let unified = found.unified;
    let body = move || match (shown_as(view.get(), is_fork), &sides) {
        (DiffView::ThreeWay, Some(sides)) => three_way(&sides.ours, &sides.theirs).into_any(),
        _ if is_equal => view! { <p class="clear">"The two texts are equal."</p> }.into_any(),
        (DiffView::Split | DiffView::ThreeWay, _) => diff::split(&unified).into_any(),
        (DiffView::Inline, _) => diff::inline(&unified).into_any(),
        (DiffView::Raw, _) => {
            view! { <pre class="text"><code>{visible(&unified)}</code></pre> }.into_any()
        }
    };
    view! {
        <h2>{if is_fork { "Two sides" } else { "Difference" }}</h2>
        <p class="sub">{heading} " · " {by(&found.to)}</p>
        <div class="line">
            <nav class="chips tabs" aria-label="How the difference is shown">{tabs.collect::<Vec<_>>()}</nav>
            <a href=raw rel="external">"Raw text"</a>
        </div>
        <div class="scroll">{body}</div>
        {cut}
    }
}

/// Three ways need three texts.
fn shown_as(view: DiffView, is_fork: bool) -> DiffView {
    if view == DiffView::ThreeWay && !is_fork { DiffView::Split } else { view }
}

/// Links that choose the side to compare, where there are several.
fn choices(
    wanted: StoredValue<Wanted>,
    page: &DivergencePage,
    chosen: ObjectId,
) -> impl IntoView + use<> {
    let others = &page.divergence.others;
    let link = |side: &Side| {
        let query = FileQuery { side: Some(side.head), ..FileQuery::default() };
        let href = wanted.with_value(|wanted| wanted.href(query)) + "#shown";
        let text = format!("{} by {}", short(side.head), visible(side.who()));
        let current = (side.head == chosen).then_some("true");
        view! { <a href=href data-noscroll="" aria-current=current>{text}</a> }
    };
    (others.len() > 1).then(|| {
        view! {
            <nav class="chips" aria-label="Side that is compared with the decided head">
                {others.iter().map(link).collect_view()}
            </nav>
        }
    })
}

fn whole(wanted: StoredValue<Wanted>, version: Version, text: ObjectText) -> impl IntoView {
    let back = FileQuery {
        text: None,
        diff: DiffQuery { from: None, to: Some(version.id) },
        ..wanted.with_value(|wanted| wanted.query)
    };
    let back = wanted.with_value(|wanted| wanted.href(back));
    let size = words::count(text.bytes, "byte", "bytes");
    let body = match text.text.is_empty() {
        true => view! { <p class="clear">"This version is empty."</p> }.into_any(),
        false => view! { <pre class="text"><code>{visible(&text.text)}</code></pre> }.into_any(),
    };
    view! {
        <h2>"Text"</h2>
        <p class="sub">{named(&version)} " · " {by(&version)} " · " {size}</p>
        <div class="line">
            <a class="btn" href=back>"Difference to the one before"</a>
            <a href=object_href(text.id) rel="external">"Raw text"</a>
        </div>
        <div class="scroll">{body}</div>
        {left_out(text.left_out)}
    }
}

/// "family.pl 3f2a91c".
fn named(version: &Version) -> String {
    format!("{} {}", version.name, short(version.id))
}

fn by(version: &Version) -> String {
    let author = version.author.as_deref().map_or_else(|| "Somebody".to_owned(), visible);
    match &version.message {
        Some(message) => format!("{author}: “{}”", visible(message)),
        None => author,
    }
}

pub(super) fn left_out(bytes: u64) -> impl IntoView {
    (bytes > 0).then(|| {
        let bytes = words::count(bytes, "more byte", "more bytes");
        view! { <p class="sub cut">{format!("{bytes} are not shown; all of it is in the raw text.")}</p> }
    })
}

fn raw_href(wanted: StoredValue<Wanted>, found: &Difference) -> String {
    let query = DiffQuery { from: found.from.as_ref().map(|from| from.id), to: Some(found.to.id) };
    let file = wanted.with_value(|wanted| file_href(&wanted.name));
    format!("/api/v1{file}/diff{query}&format=raw")
}

fn object_href(id: ObjectId) -> String {
    format!("/api/v1/objects/{}?format=raw", id)
}
