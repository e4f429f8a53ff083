//! `/files/<name>`: its head on each node, its versions, and what differs between two of them.

mod diff;
mod fork;
mod graph;
mod heads;
mod history;
mod lines;
mod load;
mod shown;
mod split;
mod three_way;

use domain::view::{AnyState, DiffView, FileQuery, file_of};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;

use self::{
    fork::Fork,
    heads::Heads,
    history::History,
    load::{Loaded, Wanted, load},
    shown::ShownPanel,
};
use crate::{
    actions::{Dialog, Job, Offer, Offering, Work},
    api::api,
    components::{Failure, Loading, StateMark},
    site::Site,
    visible::{title, visible},
};

/// One file. How a difference is shown is no reason to load it again.
#[component]
pub(crate) fn FilePage() -> impl IntoView {
    let location = use_location();
    let (path, search) = (location.pathname, location.search);
    let query = Memo::new(move |_| FileQuery::parse(&search.get()));
    let wanted = Memo::new(move |_| Wanted {
        // Not the router's parameter: it decodes a name twice.
        name: file_of(&path.get()),
        query: FileQuery { view: DiffView::default(), ..query.get() },
    });
    let view = Memo::new(move |_| query.get().view);
    let (api, site) = (api(), expect_context::<Site>());
    let loaded = Resource::new(move || wanted.get(), move |wanted| load(api.clone(), wanted));
    let content = move || {
        Suspend::new(async move {
            let may_act = site.may_act().await;
            let answer = loaded.await;
            let recheck = Callback::new(move |()| loaded.refetch());
            match answer.file.clone() {
                Ok(_) => view! { <Content loaded=answer view may_act recheck /> }.into_any(),
                Err(problem) => view! {
                    <Failure problem />
                    <p><a href="/files">"All files"</a></p>
                }
                .into_any(),
            }
        })
    };
    let heading = move || visible(wanted.get().name.as_str());
    view! {
        <Title text=move || title(wanted.get().name.as_str()) />
        <p class="crumb"><a href="/files">"Files"</a> " /"</p>
        <h1 class="file-name">{heading}</h1>
        <Transition fallback=Loading>{content}</Transition>
    }
    .into_any()
}

/// What was loaded, kept fresh.
#[component]
fn Content(
    loaded: Loaded,
    view: Memo<DiffView>,
    may_act: bool,
    recheck: Callback<()>,
) -> impl IntoView {
    let offering = Offering::new(may_act);
    let wanted = StoredValue::new(loaded.wanted.clone());
    let loaded = RwSignal::new(loaded);
    #[cfg(feature = "hydrate")]
    follow(loaded);
    let file = Memo::new(move |_| loaded.with(|loaded| loaded.file.clone().ok()));
    let divergence = Memo::new(move |_| loaded.with(|loaded| loaded.divergence.clone()));
    let history = Memo::new(move |_| loaded.with(|loaded| loaded.history.clone()));
    let shown = Memo::new(move |_| loaded.with(|loaded| loaded.shown.clone()));
    let state = move || {
        file.get().map(|file| {
            let detail = file.row.detail.map(|detail| format!(" {detail}"));
            view! { <StateMark state=AnyState::File(file.row.state) /> {detail} }
        })
    };
    view! {
        <p class="sub file-state" role="status">{state}</p>
        <Heads file />
        <Actions wanted offering recheck />
        <Fork wanted divergence offering />
        <div class="grid file" class:forked=move || divergence.with(Option::is_some)>
            <History wanted file history shown offering />
            <ShownPanel wanted view shown divergence />
        </div>
    }
    .into_any()
}

/// What can be done with any file.
#[component]
fn Actions(
    wanted: StoredValue<Wanted>,
    offering: Offering,
    recheck: Callback<()>,
) -> impl IntoView {
    let dialog = expect_context::<Dialog>();
    let sync = move || {
        let name = wanted.with_value(|wanted| wanted.name.clone());
        dialog.open(Job::new(Work::Sync(vec![name])));
    };
    view! {
        <div class="buttons actions">
            <button
                type="button"
                class="btn"
                data-key="recheck"
                on:click=move |_| recheck.run(())
            >
                "Recheck"
            </button>
            <Offer offering text="Force sync…" on_press=sync />
        </div>
    }
    .into_any()
}

/// Asks again when this file changed or news were missed, one question at a time.
#[cfg(feature = "hydrate")]
fn follow(loaded: RwSignal<Loaded>) {
    use std::{rc::Rc, sync::Arc};

    use crate::live::{Live, News};

    let live = expect_context::<Live>();
    let wanted = loaded.with_untracked(|loaded| loaded.wanted.clone());
    let asking = StoredValue::new(false);
    let again = StoredValue::new(false);
    let ask = move || {
        if asking.get_value() {
            return again.set_value(true);
        }
        asking.set_value(true);
        let wanted = wanted.clone();
        leptos::task::spawn_local(async move {
            loop {
                again.try_set_value(false);
                let fresh = load(Arc::new(crate::Fetch), wanted.clone()).await;
                // A page that is gone has no values; one that cannot be had now stays as it was.
                let Some(is_outdated) = again.try_get_value() else {
                    return;
                };
                if fresh.file.is_ok() {
                    loaded.set(fresh);
                }
                if !is_outdated {
                    return asking.set_value(false);
                }
            }
        });
    };
    let name = loaded.with_untracked(|loaded| loaded.wanted.name.clone());
    Effect::new(move || {
        let (name, ask) = (name.clone(), ask.clone());
        live.listen(Rc::new(move |news| match news {
            News::Row(row) if row.name == name => ask(),
            News::Missed => ask(),
            News::Row(_) | News::Beat | News::Deed | News::Chat(_) | News::Visitors => {}
        }));
    });
}
