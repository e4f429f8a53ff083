//! Which chats are selected: on all pages, and whatever the news are.

use std::collections::BTreeSet;

use leptos::prelude::*;

/// The selection; `Copy`, from context. It lives as long as the window.
#[derive(Clone, Copy)]
pub(crate) struct ChatSelection {
    chosen: RwSignal<BTreeSet<String>>,
    /// Where a range begins.
    anchor: StoredValue<Option<String>>,
}

impl ChatSelection {
    /// Provides an empty one for all pages.
    pub(crate) fn provide() {
        provide_context(Self {
            chosen: RwSignal::new(BTreeSet::new()),
            anchor: StoredValue::new(None),
        });
    }

    /// How many.
    pub(crate) fn len(self) -> usize {
        self.chosen.with(BTreeSet::len)
    }

    /// Whether `document` is one of them.
    pub(crate) fn has(self, document: &str) -> bool {
        self.chosen.with(|chosen| chosen.contains(document))
    }

    /// All of them, by name.
    pub(crate) fn items(self) -> Vec<String> {
        self.chosen.with_untracked(|chosen| chosen.iter().cloned().collect())
    }

    /// Selects or leaves out one; a range begins there.
    pub(crate) fn toggle(self, document: &str) {
        self.anchor.set_value(Some(document.to_owned()));
        self.chosen.update(|chosen| {
            if !chosen.remove(document) {
                chosen.insert(document.to_owned());
            }
        });
    }

    /// Selects what stands between the last toggled one and `document`, both included.
    pub(crate) fn extend(self, shown: &[String], document: &str) {
        let place = |name: &str| shown.iter().position(|one| one == name);
        let anchor = self.anchor.get_value();
        let Some(to) = place(document) else { return };
        let from = anchor.as_deref().and_then(place).unwrap_or(to);
        self.add(shown[from.min(to)..=from.max(to)].iter().cloned());
    }

    /// Selects more.
    pub(crate) fn add(self, documents: impl IntoIterator<Item = String>) {
        self.chosen.update(|chosen| chosen.extend(documents));
    }

    /// Leaves one out.
    pub(crate) fn remove(self, document: &str) {
        self.chosen.update(|chosen| {
            chosen.remove(document);
        });
    }

    /// Leaves all out.
    pub(crate) fn clear(self) {
        self.chosen.set(BTreeSet::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_goes_both_ways_and_the_selection_outlives_its_page() {
        let owner = Owner::new();
        owner.set();
        ChatSelection::provide();
        let selection = expect_context::<ChatSelection>();
        let page = ["a", "b", "c", "d"].map(str::to_owned);
        selection.toggle("c");
        selection.extend(&page, "b");
        assert_eq!(selection.items(), ["b", "c"]);
        let next = ["e", "f"].map(str::to_owned);
        selection.extend(&next, "f");
        selection.toggle("c");
        assert_eq!(selection.items(), ["b", "f"]);
    }
}
