//! What every page knows of the cluster: the overview, as loaded and then as it comes live.

use domain::view::{Me, Overview, Problem};
use leptos::prelude::*;

use crate::api::api;

/// The overview over time; `Copy`, from context.
#[derive(Clone, Copy)]
pub(crate) struct Site {
    /// What the page was rendered with.
    pub(crate) loaded: Resource<Result<Overview, Problem>>,
    /// Who is logged in; none where nobody answers.
    pub(crate) me: Resource<Option<Me>>,
    /// What came since; none while rendering.
    latest: RwSignal<Option<Overview>>,
}

impl Site {
    pub(crate) fn provide() -> Self {
        let loaded = Resource::new(|| (), |()| api().overview());
        let me = Resource::new(|| (), |()| async { api().me().await.ok() });
        let site = Self { loaded, me, latest: RwSignal::new(None) };
        provide_context(site);
        site
    }

    /// Whether actions are offered; not to somebody who is not known.
    pub(crate) async fn may_act(self) -> bool {
        self.me.await.is_some_and(|me| me.role.may_act())
    }

    /// The newest overview, where `loaded` is what [`Site::loaded`] gave.
    pub(crate) fn current(self, loaded: Result<Overview, Problem>) -> Memo<Shown> {
        Memo::new(move |_| match self.latest.get() {
            Some(latest) => Ok(latest),
            None => loaded.clone(),
        })
    }

    /// Takes in a newer one.
    #[cfg(feature = "hydrate")]
    pub(crate) fn set(self, overview: Overview) {
        self.latest.set(Some(overview));
    }
}

/// An overview, or why there is none.
pub(crate) type Shown = Result<Overview, Problem>;
