//! The event stream in the browser: opened while somebody looks, watched each second.

use std::{cell::RefCell, rc::Rc, time::Duration};

use domain::view::LiveEvent;
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{EventSource, MessageEvent, VisibilityState};

use super::{
    Link, Live, News,
    position::{Position, Step},
};
use crate::{
    api::{Api, Fetch},
    clock::{Clock, now_ms},
    site::Site,
};

/// A stream that says nothing for this long is dead, whatever the browser thinks: ticks come
/// each 5 s.
const DEAD_MS: u64 = 12_000;

/// How often a dead stream is opened anew.
const RETRY_MS: u64 = 2_000;

/// Everything the callbacks share.
struct Reader {
    live: Live,
    clock: Clock,
    site: Site,
    open: RefCell<Option<Open>>,
    seen: RefCell<Option<Position>>,
    heard_ms: RefCell<u64>,
    tried_ms: RefCell<u64>,
}

/// An open stream and its callbacks; closes when dropped.
struct Open {
    source: EventSource,
    _on_open: Closure<dyn FnMut()>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.source.close();
    }
}

/// Starts reading, for as long as the page lives.
pub(super) fn start(live: Live, clock: Clock, site: Site) {
    clock.sync(site.loaded.get_untracked().and_then(Result::ok).map_or_else(now_ms, |o| o.at_ms));
    let reader = Rc::new(Reader {
        live,
        clock,
        site,
        open: RefCell::new(None),
        seen: RefCell::new(None),
        heard_ms: RefCell::new(now_ms()),
        tried_ms: RefCell::new(0),
    });
    let beat = reader.clone();
    let _ = set_interval_with_handle(move || beat.beat(), Duration::from_secs(1));
    let seen = reader.clone();
    let shown = leptos::ev::Custom::<leptos::ev::Event>::new("visibilitychange");
    // The page lives as long as the window: the handle is never removed.
    drop(window_event_listener(shown, move |_| seen.beat()));
    let asked = reader.clone();
    Effect::new(move || {
        live.paused.track();
        asked.beat();
    });
}

impl Reader {
    /// Opens, closes or reopens the stream as needed, and lets the page grow older.
    fn beat(self: &Rc<Self>) {
        let now = now_ms();
        self.clock.beat(now);
        self.live.age_ms.set(now.saturating_sub(*self.heard_ms.borrow()));
        self.live.tell(News::Beat);
        if !self.wanted() {
            self.close();
            return self.live.link.set(Link::Paused);
        }
        if self.broken(now) {
            self.close();
            // It may be the login that is over: the answer leads there.
            self.refetch();
            self.live.link.set(Link::Reconnecting);
        }
        let due = now.saturating_sub(*self.tried_ms.borrow()) >= RETRY_MS;
        if self.open.borrow().is_none() && due {
            *self.tried_ms.borrow_mut() = now;
            *self.open.borrow_mut() = self.connect();
        }
    }

    fn wanted(&self) -> bool {
        let shown = document().visibility_state() == VisibilityState::Visible;
        shown && !self.live.paused.get_untracked()
    }

    /// The browser gave up, or the other side has been silent for too long since it was tried.
    fn broken(&self, now: u64) -> bool {
        let open = self.open.borrow();
        let Some(open) = open.as_ref() else {
            return false;
        };
        if open.source.ready_state() != EventSource::OPEN {
            self.live.link.set(Link::Reconnecting);
        }
        let since = (*self.heard_ms.borrow()).max(*self.tried_ms.borrow());
        open.source.ready_state() == EventSource::CLOSED || now.saturating_sub(since) > DEAD_MS
    }

    fn close(&self) {
        self.open.borrow_mut().take();
    }

    fn connect(self: &Rc<Self>) -> Option<Open> {
        let source = EventSource::new("/api/v1/events").ok()?;
        let reader = self.clone();
        let on_open = Closure::<dyn FnMut()>::new(move || reader.opened());
        source.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        let reader = self.clone();
        let on_message = Closure::<dyn FnMut(_)>::new(move |event| reader.message(&event));
        source.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Some(Open { source, _on_open: on_open, _on_message: on_message })
    }

    /// What happened before the stream opened is unknown: everything is asked again.
    fn opened(&self) {
        self.heard();
        self.refetch();
    }

    fn message(&self, event: &MessageEvent) {
        let Some(text) = event.data().as_string() else {
            return;
        };
        let Ok(message) = serde_json::from_str::<LiveEvent>(&text) else {
            return;
        };
        self.heard();
        let position = Position::parse(&event.last_event_id());
        let step = position.map_or(Step::Next, |at| at.follow(&mut self.seen.borrow_mut()));
        if step == Step::Gap {
            self.refetch();
        }
        match message {
            LiveEvent::Tick { at_ms } => self.clock.sync(at_ms),
            LiveEvent::Overview(overview) if step != Step::Same => self.site.set(*overview),
            LiveEvent::Head { row, .. } if step != Step::Same => {
                self.live.tell(News::Row(Box::new(row)));
            }
            LiveEvent::Deed(_) if step != Step::Same => self.live.tell(News::Deed),
            LiveEvent::Chat { document } if step != Step::Same => {
                self.live.tell(News::Chat(document));
            }
            LiveEvent::Visitors if step != Step::Same => self.live.tell(News::Visitors),
            LiveEvent::Overview(_)
            | LiveEvent::Head { .. }
            | LiveEvent::Deed(_)
            | LiveEvent::Chat { .. }
            | LiveEvent::Visitors => {}
        }
    }

    fn heard(&self) {
        *self.heard_ms.borrow_mut() = now_ms();
        self.live.age_ms.set(0);
        self.live.link.set(Link::Live);
    }

    fn refetch(&self) {
        self.live.tell(News::Missed);
        let (site, clock) = (self.site, self.clock);
        // Callbacks have no owner and so no context; in the browser the API is always fetch.
        spawn_local(async move {
            if let Ok(overview) = Fetch.overview().await {
                clock.sync(overview.at_ms);
                site.set(overview);
            }
        });
    }
}
