//! What is around every page: top bar, sections, the page of the address.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

use crate::{
    actions::{ConfirmDialog, Dialog},
    clock::Clock,
    components::{KeysDialog, KeysHelp, Sections, StaleMark, TopBar},
    live::Live,
    pages::{
        ActivityPage, ChatPage, ChatSelection, ChatsPage, DivergencesPage, FilePage, FilesPage,
        NodesPage, NotFoundPage, OverviewPage, Selection, VisitorsPage,
    },
    site::Site,
};

/// The dashboard. Needs a [`crate::SharedApi`] as context on the server.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    #[cfg(feature = "hydrate")]
    provide_context::<crate::SharedApi>(std::sync::Arc::new(crate::Fetch));
    let site = Site::provide();
    let live = Live::provide(Clock::provide(), site);
    Selection::provide();
    ChatSelection::provide();
    Dialog::provide();
    let help = KeysHelp::provide();
    view! {
        <Title formatter=|page: String| format!("{page} · swish-cluster") />
        <Router>
            <Keys help />
            <a class="skip" href="#main">"Skip to the page"</a>
            <TopBar />
            <Sections />
            <main id="main" tabindex="-1" class:stale=move || live.stale().is_some()>
                <StaleMark />
                // Whole pages at once: readable where there is no JavaScript.
                <Routes fallback=NotFoundPage>
                    <Route path=path!("/") view=OverviewPage ssr=SsrMode::Async />
                    <Route path=path!("/files") view=FilesPage ssr=SsrMode::Async />
                    <Route path=path!("/files/:name") view=FilePage ssr=SsrMode::Async />
                    <Route path=path!("/divergences") view=DivergencesPage ssr=SsrMode::Async />
                    <Route path=path!("/nodes") view=NodesPage ssr=SsrMode::Async />
                    <Route path=path!("/chat") view=ChatsPage ssr=SsrMode::Async />
                    <Route path=path!("/chat/:document") view=ChatPage ssr=SsrMode::Async />
                    <Route path=path!("/visitors") view=VisitorsPage ssr=SsrMode::Async />
                    <Route path=path!("/activity") view=ActivityPage ssr=SsrMode::Async />
                </Routes>
            </main>
            <ConfirmDialog />
            <KeysDialog />
        </Router>
    }
    // Erased, so that the crates that render it need not spell out its type.
    .into_any()
}

/// Keyboard, once the page is alive.
#[component]
fn Keys(help: KeysHelp) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    crate::keys::listen(help);
    #[cfg(not(feature = "hydrate"))]
    let _ = help;
}

/// Brings the server's page to life, and marks the body for those who wait for that.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(App);
    let _ = document().body().map(|body| body.set_attribute("data-hydrated", ""));
}
