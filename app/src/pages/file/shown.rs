//! What is shown of versions: a difference in three ways, or the text of one.

use domain::{
    ObjectId,
    view::{DiffQuery, DiffView, Difference, FileQuery, ObjectText, Problem, Version, file_href},
    words,
};
use leptos::prelude::*;

use super::{
    diff,
    load::{Shown, Wanted},
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
) -> impl IntoView {
    let content = move || match shown.get() {
        Ok(Shown::Difference(found)) => difference(wanted, view, found).into_any(),
        Ok(Shown::Text(version, text)) => whole(wanted, version, text).into_any(),
        Err(problem) => view! { <Failure problem /> }.into_any(),
    };
    view! { <section class="panel shown" id="shown" tabindex="-1">{content}</section> }.into_any()
}

fn difference(
    wanted: StoredValue<Wanted>,
    view: Memo<DiffView>,
    found: Difference,
) -> impl IntoView {
    let heading = match &found.from {
        Some(from) => format!("{} → {}", named(from), named(&found.to)),
        None => format!("{}, the first version", named(&found.to)),
    };
    let tabs = DiffView::ALL.map(|tab| {
        let href = wanted.with_value(|wanted| wanted.href(FileQuery { view: tab, ..wanted.query }));
        let current = move || (view.get() == tab).then_some("true");
        view! { <a href=href data-view=tab.code() data-noscroll="" aria-current=current>{tab.word()}</a> }
    });
    let raw = raw_href(wanted, &found);
    let cut = left_out(found.left_out);
    let is_equal = found.unified.is_empty();
    let unified = found.unified;
    let body = move || match view.get() {
        _ if is_equal => view! { <p class="clear">"The two texts are equal."</p> }.into_any(),
        DiffView::Split => diff::split(&unified).into_any(),
        DiffView::Inline => diff::inline(&unified).into_any(),
        DiffView::Raw => {
            view! { <pre class="text"><code>{visible(&unified)}</code></pre> }.into_any()
        }
    };
    view! {
        <h2>"Difference"</h2>
        <p class="sub">{heading} " · " {by(&found.to)}</p>
        <div class="line">
            <nav class="chips tabs" aria-label="How the difference is shown">{tabs.collect_view()}</nav>
            <a href=raw rel="external">"Raw text"</a>
        </div>
        <div class="scroll">{body}</div>
        {cut}
    }
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

fn left_out(bytes: u64) -> impl IntoView {
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
