//! The commits around a fork as lanes: the decided head's at the left, one for each other side.

use std::collections::BTreeMap;

use domain::{
    ObjectId,
    view::{DivergencePage, FileQuery, Version},
};
use leptos::prelude::*;

use super::load::Wanted;
use crate::{
    components::{When, short},
    visible::visible,
};

/// Height of a row and width of a lane, as the style sheet has them too.
const ROW: usize = 48;
const LANE: usize = 18;

/// A commit and the lines beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    version: Version,
    lane: usize,
    /// A newer commit of its lane is above it.
    up: bool,
    /// The commit it was made from is below it, in its lane.
    down: bool,
    /// Lanes that pass it.
    passing: Vec<usize>,
    /// Lanes that begin at it.
    joining: Vec<usize>,
}

/// Gives each commit its lane; newest first.
fn places(page: &DivergencePage) -> Vec<Place> {
    let row_of: BTreeMap<ObjectId, usize> =
        page.graph.iter().enumerate().map(|(row, version)| (version.id, row)).collect();
    let mut lane_of = BTreeMap::new();
    // First and last row of each lane, and whether it ends at a commit of another one.
    let mut spans = Vec::new();
    for (lane, side) in page.divergence.sides().enumerate() {
        let mut at = row_of.get(&side.head).copied();
        let (first, mut last) = (at, at);
        while let Some(row) = at.filter(|row| !lane_of.contains_key(row)) {
            lane_of.insert(row, lane);
            last = Some(row);
            at = page.graph[row].previous.and_then(|id| row_of.get(&id).copied());
        }
        let joins = at.filter(|_| lane > 0);
        spans.push((first.zip(last), joins));
    }
    let place = |(row, version): (usize, &Version)| {
        let lane = lane_of.get(&row).copied().unwrap_or(0);
        let (span, joins) = spans[lane];
        let is_in = |at: &usize| {
            let (span, joins) = spans[*at];
            *at != lane
                && span.is_some_and(|(first, last)| first < row && row < joins.unwrap_or(last))
        };
        Place {
            version: version.clone(),
            lane,
            up: span.is_some_and(|(first, _)| first < row),
            down: span.is_some_and(|(_, last)| row < last) || joins.is_some(),
            passing: (0..spans.len()).filter(is_in).collect(),
            joining: (0..spans.len()).filter(|at| spans[*at].1 == Some(row)).collect(),
        }
    };
    page.graph.iter().enumerate().map(place).collect()
}

/// The picture, and beside it each commit with its links.
#[component]
pub(super) fn Graph(wanted: StoredValue<Wanted>, page: DivergencePage) -> impl IntoView {
    let lanes = page.divergence.others.len() + 1;
    let width = LANE * lanes + 4;
    let sides: Vec<_> = page.divergence.sides().map(|side| side.head).collect();
    let data_ms = page.at_ms;
    let item = |place: Place| {
        let version = &place.version;
        let id = version.id;
        let query = FileQuery { text: Some(id), ..FileQuery::default() };
        let href = wanted.with_value(|wanted| wanted.href(query)) + "#shown";
        let author = version.author.as_deref().map_or_else(|| "Somebody".to_owned(), visible);
        let message = version.message.as_deref().map(visible);
        let message = message.unwrap_or_else(|| "No message".to_owned());
        let role = match sides.iter().position(|head| *head == id) {
            Some(0) => Some("decided"),
            Some(_) => Some("other side"),
            None if !place.joining.is_empty() => Some("last common"),
            None => None,
        };
        let at_ms = version.at_ms;
        view! {
            <li class=format!("lane-{}", place.lane)>
                <svg
                    class="lanes"
                    width=width
                    height=ROW
                    viewBox=format!("0 0 {width} {ROW}")
                    aria-hidden="true"
                >
                    {lines(&place)}
                </svg>
                <div class="commit">
                    <p class="message" title=message.clone()>
                        {role.map(|role| view! { <span class="tag">{role}</span> })}
                        {message.clone()}
                    </p>
                    <p class="who">
                        <a href=href><code>{short(id)}</code></a> " " {author} " · "
                        <When at_ms data_ms />
                    </p>
                </div>
            </li>
        }
    };
    let items = places(&page).into_iter().map(item).collect_view();
    view! { <ol class="graph">{items}</ol> }.into_any()
}

/// The dot of a row and the lines through it.
fn lines(place: &Place) -> impl IntoView + use<> {
    let middle = ROW / 2;
    let x = |lane: usize| LANE * lane + LANE / 2 + 2;
    let own = x(place.lane);
    let mut parts: Vec<(usize, String)> = Vec::new();
    if place.up {
        parts.push((place.lane, format!("M{own} 0V{middle}")));
    }
    if place.down {
        parts.push((place.lane, format!("M{own} {middle}V{ROW}")));
    }
    parts.extend(place.passing.iter().map(|lane| (*lane, format!("M{} 0V{ROW}", x(*lane)))));
    let join = |lane: &usize| {
        let from = x(*lane);
        (*lane, format!("M{from} 0C{from} {middle} {from} {middle} {own} {middle}"))
    };
    parts.extend(place.joining.iter().map(join));
    let path = |(lane, d)| view! { <path class=format!("lane lane-{lane}") d=d /> };
    view! {
        {parts.into_iter().map(path).collect_view()}
        <circle class=format!("dot lane-{}", place.lane) cx=own cy=middle r="5" />
    }
}

#[cfg(test)]
mod tests {
    use domain::view::{DivergenceView, Side};

    use super::*;

    fn id(byte: u8) -> ObjectId {
        ObjectId::from_bytes([byte; 20])
    }

    fn version(byte: u8, previous: Option<u8>) -> Version {
        Version {
            id: id(byte),
            name: "a".into(),
            at_ms: 0,
            author: None,
            message: None,
            data: id(0),
            previous: previous.map(id),
            settles: Vec::new(),
        }
    }

    fn side(byte: u8) -> Side {
        Side {
            head: id(byte),
            data: id(0),
            author: None,
            message: None,
            at_ms: 0,
            on: Vec::new(),
            ancestor: Some(id(1)),
            commits: 1,
        }
    }

    #[test]
    fn each_side_has_a_lane_down_to_the_last_common_commit() {
        let page = DivergencePage {
            at_ms: 0,
            divergence: DivergenceView {
                name: "a".into(),
                since_ms: 0,
                decided: side(3),
                others: vec![side(5), side(4)],
                waiting: Vec::new(),
            },
            graph: vec![
                version(5, Some(2)),
                version(4, Some(1)),
                version(3, Some(1)),
                version(2, Some(1)),
                version(1, Some(9)),
            ],
            trace: Vec::new(),
            place: 1,
            of: 1,
            before: None,
            after: None,
        };
        let seen: Vec<_> = places(&page)
            .into_iter()
            .map(|at| (at.lane, at.up, at.down, at.passing, at.joining))
            .collect();
        assert_eq!(
            seen,
            [
                (1, false, true, vec![], vec![]),
                (2, false, true, vec![1], vec![]),
                (0, false, true, vec![1, 2], vec![]),
                (1, true, true, vec![0, 2], vec![]),
                (0, true, false, vec![], vec![1, 2]),
            ]
        );
    }
}
