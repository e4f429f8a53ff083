//! Which divergences are selected: on all pages, and whatever the news are.

use std::collections::BTreeMap;

use domain::{FileName, view::DivergenceView};
use leptos::prelude::*;

/// The selection; `Copy`, from context. It lives as long as the window.
#[derive(Clone, Copy)]
pub(crate) struct Selection {
    chosen: RwSignal<BTreeMap<FileName, DivergenceView>>,
    /// Where a range begins.
    anchor: StoredValue<Option<FileName>>,
}

// On the server nothing is ever selected.
#[cfg_attr(
    not(any(test, feature = "hydrate")),
    expect(dead_code, reason = "selecting is the browser's")
)]
impl Selection {
    /// Provides an empty one for all pages.
    pub(crate) fn provide() -> Self {
        let selection =
            Self { chosen: RwSignal::new(BTreeMap::new()), anchor: StoredValue::new(None) };
        provide_context(selection);
        selection
    }

    /// How many.
    pub(crate) fn len(self) -> usize {
        self.chosen.with(BTreeMap::len)
    }

    /// Whether `name` is one of them.
    pub(crate) fn has(self, name: &FileName) -> bool {
        self.chosen.with(|chosen| chosen.contains_key(name))
    }

    /// All of them, as they were shown last.
    pub(crate) fn items(self) -> Vec<DivergenceView> {
        self.chosen.with_untracked(|chosen| chosen.values().cloned().collect())
    }

    /// Selects or leaves out one; a range begins there.
    pub(crate) fn toggle(self, item: &DivergenceView) {
        self.anchor.set_value(Some(item.name.clone()));
        self.chosen.update(|chosen| {
            if chosen.remove(&item.name).is_none() {
                chosen.insert(item.name.clone(), item.clone());
            }
        });
    }

    /// Selects what stands between the last toggled one and `item`, both included.
    pub(crate) fn extend(self, rows: &[DivergenceView], item: &DivergenceView) {
        let place = |name: &FileName| rows.iter().position(|row| row.name == *name);
        let anchor = self.anchor.get_value();
        let Some(to) = place(&item.name) else { return };
        let from = anchor.as_ref().and_then(place).unwrap_or(to);
        self.add(&rows[from.min(to)..=from.max(to)]);
    }

    /// Selects more.
    pub(crate) fn add(self, rows: &[DivergenceView]) {
        self.chosen.update(|chosen| {
            chosen.extend(rows.iter().map(|row| (row.name.clone(), row.clone())));
        });
    }

    /// What was selected is shown anew: a later action is made on these heads.
    pub(crate) fn refresh(self, rows: &[DivergenceView]) {
        let known = |row: &&DivergenceView| {
            self.chosen.with_untracked(|all| all.get(&row.name).is_some_and(|old| old != *row))
        };
        let fresh: Vec<_> = rows.iter().filter(known).cloned().collect();
        if !fresh.is_empty() {
            self.add(&fresh);
        }
    }

    /// Leaves one out.
    pub(crate) fn remove(self, name: &FileName) {
        self.chosen.update(|chosen| {
            chosen.remove(name);
        });
    }

    /// Leaves all out.
    pub(crate) fn clear(self) {
        self.chosen.set(BTreeMap::new());
    }
}

#[cfg(test)]
mod tests {
    use domain::{ObjectId, view::Side};

    use super::*;

    fn row(name: &str, head: u8) -> DivergenceView {
        let side = Side {
            head: ObjectId::from_bytes([head; 20]),
            data: ObjectId::from_bytes([0; 20]),
            author: None,
            message: None,
            at_ms: 0,
            on: Vec::new(),
            ancestor: None,
            commits: 1,
        };
        DivergenceView {
            name: name.into(),
            since_ms: 0,
            decided: side.clone(),
            others: vec![side],
            waiting: Vec::new(),
        }
    }

    #[test]
    fn a_range_goes_both_ways_and_the_selection_outlives_its_page() {
        let owner = Owner::new();
        owner.set();
        let selection = Selection::provide();
        let page: Vec<_> = ["a", "b", "c", "d"].map(|name| row(name, 1)).into();
        selection.toggle(&page[2]);
        selection.extend(&page, &page[1]);
        let names = || selection.items().iter().map(|one| one.name.to_string()).collect::<String>();
        assert_eq!(names(), "bc");
        let next = [row("e", 1), row("f", 1)];
        selection.extend(&next, &next[1]);
        assert_eq!(names(), "bcf");
        selection.toggle(&page[2]);
        assert_eq!(names(), "bf");
    }

    #[test]
    fn news_change_what_is_selected_and_select_nothing() {
        let owner = Owner::new();
        owner.set();
        let selection = Selection::provide();
        selection.add(&[row("a", 1)]);
        selection.refresh(&[row("a", 2), row("b", 2)]);
        assert_eq!(selection.items(), [row("a", 2)]);
    }
}
