//! What time it is on the node that answers, so that "4 s ago" is right on any computer.
//!
//! Until the page is alive the time is the data's own (`at_ms`), the same on server and in the
//! browser: rendering twice gives the same text.

use domain::words;
use leptos::prelude::*;

/// The node's clock as the browser follows it; `Copy`, from context.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    /// Node's time minus the browser's; none before the page is alive.
    offset_ms: RwSignal<Option<i64>>,
    /// The browser's time at the last beat.
    beat_ms: RwSignal<u64>,
}

impl Clock {
    pub(crate) fn provide() -> Self {
        let clock = Self { offset_ms: RwSignal::new(None), beat_ms: RwSignal::new(0) };
        provide_context(clock);
        clock
    }

    /// The node's time; `data_ms` before the page is alive.
    pub(crate) fn now(self, data_ms: u64) -> u64 {
        match self.offset_ms.get() {
            Some(offset) => self.beat_ms.get().saturating_add_signed(offset),
            None => data_ms,
        }
    }

    /// A point in time in the reader's own zone; UTC before the page is alive.
    pub(crate) fn absolute(self, ms: u64) -> String {
        #[cfg(feature = "hydrate")]
        if self.offset_ms.with(Option::is_some) {
            return browser::local(ms);
        }
        words::utc(ms).replace('T', " ").replace('Z', " UTC")
    }

    /// The time of day in the reader's own zone; UTC before the page is alive.
    pub(crate) fn time_of_day(self, ms: u64) -> String {
        #[cfg(feature = "hydrate")]
        if self.offset_ms.with(Option::is_some) {
            return browser::local_time(ms);
        }
        words::utc(ms)[11..19].to_owned()
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::time::Duration;

    use js_sys::{Date, wasm_bindgen::JsValue};
    use leptos::prelude::*;

    use super::Clock;

    impl Clock {
        /// Learns the node's time from fresh data.
        pub(crate) fn sync(self, at_ms: u64) {
            let own = now_ms();
            self.beat(own);
            let offset = i64::try_from(at_ms).ok().zip(i64::try_from(own).ok());
            let offset = offset.map(|(node, own)| node - own);
            // Small differences are the network's: time that jumps back and forth looks broken.
            let keeps = self.offset_ms.get_untracked().zip(offset);
            if keeps.is_none_or(|(old, new)| old.abs_diff(new) > 1_000) {
                self.offset_ms.set(offset);
            }
        }

        /// Moves to the browser's time `own_ms`.
        pub(crate) fn beat(self, own_ms: u64) {
            self.beat_ms.set(own_ms);
        }
    }

    /// The browser's clock, ms since 1970.
    pub(crate) fn now_ms() -> u64 {
        let seconds = Duration::try_from_secs_f64(Date::now() / 1000.0).unwrap_or_default();
        u64::try_from(seconds.as_millis()).unwrap_or_default()
    }

    pub(super) fn local(ms: u64) -> String {
        date(ms).to_locale_string("default", &JsValue::UNDEFINED).into()
    }

    pub(super) fn local_time(ms: u64) -> String {
        date(ms).to_locale_time_string("default").into()
    }

    fn date(ms: u64) -> Date {
        Date::new(&JsValue::from_f64(Duration::from_millis(ms).as_secs_f64() * 1000.0))
    }
}

#[cfg(feature = "hydrate")]
pub(crate) use browser::now_ms;
