//! News from the server: what the pill says, and who hears of changed files.
//!
//! One event stream per page, closed while the page is hidden or paused. The browser half is in
//! `stream`; on the server nothing happens here.

mod fresh;
#[cfg(any(test, feature = "hydrate"))]
mod position;
#[cfg(feature = "hydrate")]
mod stream;

#[cfg(feature = "hydrate")]
use std::rc::Rc;

use domain::words;
use leptos::prelude::*;

pub(crate) use self::fresh::{Fresh, Waiting};
use crate::clock::Clock;

/// After this long without a message the page is marked stale; ticks come each 5 s.
const STALE_MS: u64 = 10_000;

/// State of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "hydrate"),
    expect(dead_code, reason = "the server never reads the stream")
)]
pub(crate) enum Link {
    /// Not alive yet, or never: no JavaScript.
    Snapshot,
    /// Messages come.
    Live,
    /// Nobody looks, or somebody paused it.
    Paused,
    /// It broke and is tried again.
    Reconnecting,
}

/// What the list of files hears.
#[cfg(feature = "hydrate")]
pub(crate) enum News {
    /// One file changed.
    Row(Box<domain::view::FileRow>),
    /// Something was done.
    Deed,
    /// The chat of this document changed, or without one any of them.
    Chat(Option<String>),
    /// Visitors came, went, or opened a file.
    Visitors,
    /// Messages were missed: ask again.
    Missed,
    /// A second has passed.
    Beat,
}

/// Somebody who wants [`News`].
#[cfg(feature = "hydrate")]
type Listener = Rc<dyn Fn(News)>;

/// The stream as pages see it; `Copy`, from context.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    link: RwSignal<Link>,
    paused: RwSignal<bool>,
    /// Time since the last message, by the browser's clock.
    age_ms: RwSignal<u64>,
    #[cfg(feature = "hydrate")]
    listener: StoredValue<Option<Listener>, LocalStorage>,
}

impl Live {
    /// Provides it, and opens the stream once the page is alive.
    pub(crate) fn provide(clock: Clock, site: crate::site::Site) -> Self {
        let live = Self {
            link: RwSignal::new(Link::Snapshot),
            paused: RwSignal::new(false),
            age_ms: RwSignal::new(0),
            #[cfg(feature = "hydrate")]
            listener: StoredValue::new_local(None),
        };
        provide_context(live);
        #[cfg(feature = "hydrate")]
        Effect::new(move || stream::start(live, clock, site));
        #[cfg(not(feature = "hydrate"))]
        let _ = (clock, site);
        live
    }

    pub(crate) fn link(self) -> Link {
        self.link.get()
    }

    /// What the pill says.
    pub(crate) fn text(self) -> String {
        let age = || words::ago(self.age_ms.get());
        match self.link.get() {
            Link::Snapshot => "Snapshot".to_owned(),
            Link::Live => format!("Live · {}", age()),
            Link::Paused => "Paused".to_owned(),
            Link::Reconnecting => format!("Reconnecting (last data {})", age()),
        }
    }

    /// Why the page must not be trusted, if so.
    pub(crate) fn stale(self) -> Option<String> {
        let old = self.link.get() != Link::Snapshot && self.age_ms.get() >= STALE_MS;
        old.then(|| format!("No news from this node; what you see is {} old.", self.age()))
    }

    fn age(self) -> String {
        words::span(self.age_ms.get())
    }

    pub(crate) fn is_paused(self) -> bool {
        self.paused.get()
    }

    /// Stops or starts the news, by hand.
    pub(crate) fn toggle(self) {
        self.paused.update(|paused| *paused = !*paused);
    }

    /// Tells `listener` of changed files until the current owner ends.
    #[cfg(feature = "hydrate")]
    pub(crate) fn listen(self, listener: Listener) {
        self.listener.set_value(Some(listener.clone()));
        let mine = StoredValue::new_local(listener);
        on_cleanup(move || {
            let _ = mine.try_with_value(|mine| {
                self.listener.try_update_value(|current| {
                    if current.as_ref().is_some_and(|current| Rc::ptr_eq(current, mine)) {
                        *current = None;
                    }
                })
            });
        });
    }

    #[cfg(feature = "hydrate")]
    fn tell(self, news: News) {
        let listener = self.listener.try_get_value().flatten();
        if let Some(listener) = listener {
            listener(news);
        }
    }
}
