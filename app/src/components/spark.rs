//! A small chart of counts over time, with its numbers in words.

use domain::words;
use leptos::prelude::*;

const WIDTH: u32 = 300;
const HEIGHT: u32 = 56;

/// Saves per minute, oldest first, as bars.
#[component]
pub(crate) fn Spark(#[prop(into)] values: Signal<Vec<u32>>) -> impl IntoView {
    let label = move || values.with(|values| label(values));
    let bars = move || values.with(|values| bars(values));
    let marks = move || values.with(|values| summary(values));
    view! {
        <figure class="spark">
            <svg
                viewBox=format!("0 0 {WIDTH} {}", HEIGHT + 1)
                preserveAspectRatio="none"
                role="img"
                aria-label=label
            >
                <path class="bars" d=bars />
                <path class="axis" d=format!("M0 {HEIGHT}.5H{WIDTH}") />
            </svg>
            <figcaption>{marks}</figcaption>
        </figure>
    }
    .into_any()
}

/// One path with a rectangle for each value; a minute without saves leaves a gap.
fn bars(values: &[u32]) -> String {
    let count = u32::try_from(values.len()).unwrap_or(1).max(1);
    let highest = values.iter().copied().max().unwrap_or(0).max(1);
    let (step, gap) = (WIDTH / count, 3);
    let bar = |(index, value): (u32, &u32)| {
        let scaled = u64::from(*value) * u64::from(HEIGHT) / u64::from(highest);
        let height = scaled.max(u64::from(*value > 0) * 2);
        let (x, y) = (index * step, u64::from(HEIGHT) - height);
        format!("M{x} {y}h{}v{height}h-{}z", step - gap, step - gap)
    };
    (0..).zip(values).filter(|(_, value)| **value > 0).map(bar).collect()
}

fn label(values: &[u32]) -> String {
    let minutes = words::count(u64::try_from(values.len()).unwrap_or(0), "minute", "minutes");
    let (low, high) = (values.iter().min(), values.iter().max());
    match (low, high) {
        (Some(low), Some(high)) if low != high => {
            format!("Saves per minute, last {minutes}, between {low} and {high}")
        }
        (_, Some(high)) => format!("Saves per minute, last {minutes}, always {high}"),
        _ => "Saves per minute, none counted yet".to_owned(),
    }
}

fn summary(values: &[u32]) -> String {
    let total: u64 = values.iter().copied().map(u64::from).sum();
    let now = values.last().copied().unwrap_or(0);
    let total = words::count(total, "save", "saves");
    format!("{total} in {} min · {now} in this one", values.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_says_its_range_and_scales_to_its_highest() {
        assert_eq!(label(&[3, 1, 0]), "Saves per minute, last 3 minutes, between 0 and 3");
        assert_eq!(label(&[0, 0]), "Saves per minute, last 2 minutes, always 0");
        assert_eq!(bars(&[0, 4, 2]), "M100 0h97v56h-97zM200 28h97v28h-97z");
        assert_eq!(bars(&[]), "");
    }
}
