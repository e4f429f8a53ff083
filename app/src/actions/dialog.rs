//! The one dialog of a page, and the states it goes through.

use std::collections::BTreeMap;

use domain::{
    FileName,
    view::{ActionOutcome, NodeAnswer, Problem},
};
use leptos::{html, prelude::*};

use super::{
    confirm::Confirm,
    job::{Job, Plans},
    results::Results,
    run::{plan, run},
};
use crate::{
    SharedApi,
    api::api,
    components::{Failure, Loading},
};

/// The dialog as pages see it; `Copy`, from context.
#[derive(Clone, Copy)]
pub(crate) struct Dialog {
    pub(super) job: RwSignal<Option<Job>>,
    pub(super) plans: RwSignal<Option<Result<Plans, Problem>>>,
    /// None before it is confirmed.
    pub(super) progress: RwSignal<Option<Progress>>,
    pub(super) reason: RwSignal<String>,
    pub(super) text: RwSignal<String>,
    pub(super) other_name: RwSignal<String>,
    /// For how long somebody is muted, in ms; none until it is taken back.
    pub(super) for_ms: RwSignal<Option<u64>>,
    pub(super) api: StoredValue<SharedApi>,
    element: NodeRef<html::Dialog>,
}

/// How far a run has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Results so far, by file.
    pub(super) results: BTreeMap<FileName, ActionOutcome>,
    /// For a node's action: what was answered.
    pub(super) said: Option<Result<NodeAnswer, Problem>>,
    /// The one that is being done.
    pub(super) current: Option<FileName>,
    /// Somebody pressed Stop.
    pub(super) stopped: bool,
    /// Nothing is under way any more.
    pub(super) ended: bool,
}

impl Dialog {
    /// Provides it for all pages.
    pub(crate) fn provide() -> Self {
        let dialog = Self {
            job: RwSignal::new(None),
            plans: RwSignal::new(None),
            progress: RwSignal::new(None),
            reason: RwSignal::new(String::new()),
            text: RwSignal::new(String::new()),
            other_name: RwSignal::new(String::new()),
            for_ms: RwSignal::new(None),
            api: StoredValue::new(api()),
            element: NodeRef::new(),
        };
        provide_context(dialog);
        dialog
    }

    /// Shows what a job would do.
    pub(crate) fn open(self, job: Job) {
        self.plans.set(None);
        self.progress.set(None);
        self.reason.set(String::new());
        self.text.set(String::new());
        self.other_name.set(String::new());
        self.for_ms.set(Some(super::confirm::HOUR_MS));
        self.job.set(Some(job));
        #[cfg(feature = "hydrate")]
        if let Some(element) = self.element.get_untracked() {
            let _ = element.show_modal();
        }
        plan(self);
    }

    /// Closes it; the browser gives the focus back to the button that opened it.
    pub(crate) fn close(self) {
        #[cfg(feature = "hydrate")]
        if let Some(element) = self.element.get_untracked() {
            element.close();
        }
    }

    /// Forgets the job, once nothing of it runs.
    fn closed(self) {
        self.stop();
        self.job.set(None);
    }

    /// Begins no further item.
    pub(super) fn stop(self) {
        self.progress.update(|progress| {
            if let Some(progress) = progress.as_mut().filter(|progress| !progress.ended) {
                progress.stopped = true;
            }
        });
    }

    /// Does it.
    pub(super) fn confirm(self) {
        if self.progress.with_untracked(Option::is_none) {
            self.progress.set(Some(Progress::default()));
            run(self);
        }
    }
}

/// The element; one for the whole document.
#[component]
pub(crate) fn ConfirmDialog() -> impl IntoView {
    let dialog = expect_context::<Dialog>();
    let title = move || {
        let title = dialog.job.with(|job| job.as_ref().map(|job| job.work.title()));
        title.map(|title| crate::visible::visible(&title))
    };
    let body = move || {
        let job = dialog.job.get()?;
        let running = Memo::new(move |_| dialog.progress.with(Option::is_some));
        let shown = move || match (running.get(), dialog.plans.get()) {
            (true, plans) => {
                let plans = plans.and_then(Result::ok);
                view! { <Results dialog plans /> }.into_any()
            }
            (false, None) => view! { <Loading /> }.into_any(),
            (false, Some(Err(problem))) => view! { <Failure problem /> }.into_any(),
            (false, Some(Ok(plans))) => {
                view! { <Confirm dialog job=job.clone() plans /> }.into_any()
            }
        };
        Some(shown)
    };
    view! {
        <dialog
            node_ref=dialog.element
            class="confirm"
            aria-labelledby="confirm-title"
            on:close=move |_| dialog.closed()
        >
            <h2 id="confirm-title">{title}</h2>
            {body}
        </dialog>
    }
    .into_any()
}
