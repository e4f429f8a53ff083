//! What a page shows, kept fresh: an answer that comes while somebody points at it waits.

use leptos::prelude::*;

/// An answer and the one that waits to take its place; `Copy`.
#[derive(Debug)]
pub(crate) struct Fresh<T: Send + Sync + 'static> {
    shown: RwSignal<T>,
    waiting: RwSignal<Option<T>>,
    hovered: RwSignal<bool>,
    /// Whether two answers say the same; their times always differ.
    #[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "news are the browser's"))]
    same: fn(&T, &T) -> bool,
}

impl<T: Send + Sync + 'static> Clone for Fresh<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Fresh<T> {}

impl<T: Clone + Send + Sync + 'static> Fresh<T> {
    /// Begins with what was loaded; `same` is whether two answers say the same.
    pub(crate) fn new(loaded: T, same: fn(&T, &T) -> bool) -> Self {
        Self {
            same,
            shown: RwSignal::new(loaded),
            waiting: RwSignal::new(None),
            hovered: RwSignal::new(false),
        }
    }

    /// Reads what is shown, now and whenever it changes.
    pub(crate) fn with<U>(self, read: impl FnOnce(&T) -> U) -> U {
        self.shown.with(read)
    }

    /// Reads what is shown now.
    pub(crate) fn with_untracked<U>(self, read: impl FnOnce(&T) -> U) -> U {
        self.shown.with_untracked(read)
    }

    /// Whether an answer waits.
    pub(crate) fn waits(self) -> bool {
        self.waiting.with(Option::is_some)
    }

    /// The pointer is over it: nothing moves.
    pub(crate) fn hold(self) {
        self.hovered.set(true);
    }

    /// The pointer has left, or somebody asks for it: what waits is shown.
    pub(crate) fn show(self) {
        self.hovered.set(false);
        if let Some(answer) = self.waiting.get_untracked() {
            self.waiting.set(None);
            self.shown.set(answer);
        }
    }

    /// Takes a newer answer.
    #[cfg(feature = "hydrate")]
    fn answered(self, answer: T) {
        if self.shown.with_untracked(|shown| (self.same)(shown, &answer)) {
            self.waiting.set(None);
        } else if self.hovered.get_untracked() {
            self.waiting.set(Some(answer));
        } else {
            self.waiting.set(None);
            self.shown.set(answer);
        }
    }

    /// Asks again when news concern it, one question at a time and at most one a second.
    #[cfg(feature = "hydrate")]
    pub(crate) fn follow(
        self,
        concerns: impl Fn(&super::News) -> bool + 'static,
        ask: impl Fn() -> crate::Answer<T> + 'static,
    ) {
        use std::rc::Rc;

        use super::{Live, News};

        let live = expect_context::<Live>();
        let outdated = StoredValue::new(false);
        let asking = StoredValue::new(false);
        let ask = Rc::new(ask);
        let listener = move |news: News| {
            if matches!(news, News::Missed) || concerns(&news) {
                outdated.set_value(true);
            }
            let is_beat = matches!(news, News::Beat | News::Missed | News::Deed);
            if !outdated.get_value() || asking.get_value() || !is_beat {
                return;
            }
            outdated.set_value(false);
            asking.set_value(true);
            let answer = ask();
            leptos::task::spawn_local(async move {
                let answer = answer.await;
                // The reader may have gone to another page meanwhile.
                if asking.try_set_value(false).is_none()
                    && let Ok(answer) = answer
                {
                    self.answered(answer);
                }
            });
        };
        let listener: Rc<dyn Fn(News)> = Rc::new(listener);
        Effect::new(move || live.listen(listener.clone()));
    }
}

/// "Changed: show", while an answer waits.
#[component]
pub(crate) fn Waiting<T: Clone + Send + Sync + 'static>(fresh: Fresh<T>) -> impl IntoView {
    view! {
        <button
            type="button"
            class="waiting"
            hidden=move || !fresh.waits()
            on:click=move |_| fresh.show()
        >
            "Something changed: show"
        </button>
    }
}
