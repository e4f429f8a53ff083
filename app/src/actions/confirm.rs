//! What an action would do, before it is done.

use domain::{
    ObjectId,
    view::{Moderate, SettlePlan, Side, SyncPlan},
    words::{SettleVerb, count},
};
use leptos::{either::Either, prelude::*};

use super::{
    dialog::Dialog,
    job::{Job, Plans, Work, chats_text},
};
use crate::{
    components::{Hash, When, short},
    visible::visible,
};

/// More items than this need their number typed.
const TYPED_OVER: usize = 20;

/// What a muting begins with.
pub(super) const HOUR_MS: u64 = 3_600_000;
/// How long a muting can be: length in ms, and its words; 0 has no end.
const LENGTHS: [(u64, &str); 5] = [
    (HOUR_MS, "1 hour"),
    (24 * HOUR_MS, "1 day"),
    (7 * 24 * HOUR_MS, "1 week"),
    (30 * 24 * HOUR_MS, "30 days"),
    (0, "Until it is taken back"),
];

/// Verb, files, winner, losers, nodes that change, what is kept; and the button, which is the verb.
#[component]
pub(super) fn Confirm(dialog: Dialog, job: Job, plans: Plans) -> impl IntoView {
    let items = job.work.len();
    let typed = RwSignal::new(String::new());
    let needs_count = items > TYPED_OVER;
    let asks_name = job.asks_name;
    let counted = move || !needs_count || typed.get().trim().replace(',', "") == items.to_string();
    let named = move || !asks_name || !dialog.other_name.get().trim().is_empty();
    let expected = job.work.expected_head();
    let moved = move || {
        let now = job.head_now.and_then(|now| now.get());
        now.is_some() && now != expected
    };
    let button = button(&job.work, &plans);
    let is_merge = job.merge_of.is_some();
    let asks_length = matches!(job.work, Work::Moderate(Moderate::Mute { .. }));
    let things = if matches!(job.work, Work::Fetch(_)) { "chats" } else { "files" };
    let label = move || match moved() {
        true => "Recheck: the head moved".to_owned(),
        false => match dialog.other_name.get().trim() {
            name if asks_name && !name.is_empty() => format!("{button} as {name}"),
            _ => button.clone(),
        },
    };
    let press = move |_| match moved() {
        true => dialog.close(),
        false => dialog.confirm(),
    };
    let stale = move || {
        moved().then_some(
            "The head moved while this was open. Close it and look at the new difference.",
        )
    };
    view! {
        {content(&job.work, &plans)}
        {is_merge.then(|| view! { <MergeText dialog /> })}
        {asks_name.then(|| view! { <OtherName dialog /> })}
        {asks_length.then(|| view! { <Length dialog /> })}
        {needs_count
            .then(|| {
                let ask = format!("Type {items} to confirm that many {things}");
                view! {
                    <label class="field">
                        {ask}
                        <input
                            id="typed-count"
                            inputmode="numeric"
                            autocomplete="off"
                            on:input:target=move |event| typed.set(event.target().value())
                        />
                    </label>
                }
            })}
        <label class="field">
            "Reason, for the audit (optional)"
            <input
                id="reason"
                autocomplete="off"
                on:input:target=move |event| dialog.reason.set(event.target().value())
            />
        </label>
        <p class="moved" role="status">{stale}</p>
        <div class="buttons">
            <button type="button" class="btn" on:click=move |_| dialog.close()>
                "Cancel"
            </button>
            <button
                type="button"
                class="btn main"
                id="confirm"
                disabled=move || !(counted() && named())
                on:click=press
            >
                {label}
            </button>
        </div>
    }
    .into_any()
}

/// The verb as a sentence.
fn button(work: &Work, plans: &Plans) -> String {
    let files = |number: usize| count(u64::try_from(number).unwrap_or(u64::MAX), "file", "files");
    match (work, plans) {
        (Work::Settle(items), Plans::Settle(plans)) => match plans.as_slice() {
            [plan] if plan.verb == SettleVerb::KeepBoth => "Keep both: save the other side".into(),
            [plan] => plan.button(),
            _ => format!("Make these the new heads of {}", files(items.len())),
        },
        (Work::Sync(list), _) => format!("Force sync {}", files(list.len())),
        (Work::Node(_, name, action), _) => format!("{action} {name}"),
        (Work::Moderate(item), _) => visible(&item.title()),
        (Work::Fetch(chats), _) => format!("Fetch {} now", chats_text(chats.len())),
        (Work::Settle(items), _) => files(items.len()),
    }
}

fn content(work: &Work, plans: &Plans) -> AnyView {
    match (work, plans) {
        (_, Plans::Said(plan)) => {
            view! { <p data-plan="node">{visible(&plan.sentence)}</p> }.into_any()
        }
        (_, Plans::Settle(plans)) => match plans.as_slice() {
            [plan] => single(plan).into_any(),
            many => settle_table(many).into_any(),
        },
        (_, Plans::Sync(plans)) => sync_table(plans).into_any(),
    }
}

/// One file: everything by name.
fn single(plan: &SettlePlan) -> impl IntoView + use<> {
    let winner = match (&plan.winner, plan.verb) {
        (Some(side), _) => Either::Left(named(side)),
        (None, SettleVerb::Merge) => {
            Either::Right("The text below, with the head's author and tags")
        }
        (None, _) => Either::Right("Not known"),
    };
    let losers = match plan.losers.is_empty() {
        true => Either::Left("Nothing"),
        false => Either::Right(
            plan.losers
                .iter()
                .map(|side| view! { <span class="loser">{named(side)}</span> })
                .collect_view(),
        ),
    };
    let wins = match plan.verb {
        SettleVerb::KeepBoth => "Stays the head",
        SettleVerb::Undo => "Comes back",
        SettleVerb::Pick | SettleVerb::Merge => "Wins",
    };
    let expect = (plan.expect.outcome.is_open()).then(
        || view! { <p class="moved">{format!("Now this would end as: {}", plan.expect)}</p> },
    );
    view! {
        <dl class="plan">
            <dt>{wins}</dt>
            <dd data-plan="winner">{winner}</dd>
            <dt>"Stops being a side"</dt>
            <dd data-plan="losers">{losers}</dd>
            <dt>"Nodes that change"</dt>
            <dd data-plan="nodes">{plan.nodes_text()}</dd>
            <dt>"Kept"</dt>
            <dd data-plan="kept">{visible(&plan.kept())}</dd>
        </dl>
        {expect}
    }
}

/// "3f2a91c by Ann, 18 min ago, on alpha and bravo".
fn named(side: &Side) -> impl IntoView + use<> {
    let (who, on) = (visible(side.who()), side.where_text());
    let (id, at_ms): (ObjectId, u64) = (side.head, side.at_ms);
    let on = (!side.on.is_empty()).then(|| format!(", on {on}"));
    view! {
        <Hash id />
        " by "
        {who}
        ", "
        <When at_ms data_ms=at_ms />
        {on}
    }
}

fn settle_table(plans: &[SettlePlan]) -> impl IntoView + use<> {
    let row = |plan: &SettlePlan| {
        let winner = plan.winner.as_ref();
        let winner = winner.map(|side| format!("{} by {}", short(side.head), visible(side.who())));
        let losers: Vec<_> = plan.losers.iter().map(|side| short(side.head)).collect();
        view! {
            <tr>
                <th scope="row">{visible(plan.file.as_str())}</th>
                <td>{winner}</td>
                <td>{losers.join(", ")}</td>
                <td>{plan.expect.to_string()}</td>
            </tr>
        }
    };
    let nodes = plans.first().map(SettlePlan::nodes_text).unwrap_or_default();
    view! {
        <p>
            "Each file is settled on its own, on the head that was shown. Changes on " {nodes}
            ". Nothing is deleted: every loser stays in its history and can be picked later."
        </p>
        <div class="plans" tabindex="0" role="region" aria-label="What the dry run says">
            <table class="plain">
                <thead>
                    <tr>
                        <th scope="col">"File"</th>
                        <th scope="col">"Wins"</th>
                        <th scope="col">"Loses"</th>
                        <th scope="col">"Expected"</th>
                    </tr>
                </thead>
                <tbody>{plans.iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

fn sync_table(plans: &[SyncPlan]) -> impl IntoView + use<> {
    let row = |plan: &SyncPlan| {
        let steps: Vec<_> = plan.steps.iter().map(ToString::to_string).collect();
        view! {
            <tr>
                <th scope="row">{visible(plan.file.as_str())}</th>
                <td>{steps.join("; ")}</td>
                <td>{plan.expect.to_string()}</td>
            </tr>
        }
    };
    view! {
        <p>"A force sync never chooses between two sides, and deletes nothing."</p>
        <div class="plans" tabindex="0" role="region" aria-label="What the dry run says">
            <table class="plain">
                <thead>
                    <tr>
                        <th scope="col">"File"</th>
                        <th scope="col">"Steps"</th>
                        <th scope="col">"Expected"</th>
                    </tr>
                </thead>
                <tbody>{plans.iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

/// The merged text, to be edited.
#[component]
fn MergeText(dialog: Dialog) -> impl IntoView {
    let conflicts = move || {
        let left = dialog.text.with(|text| text.lines().filter(|line| *line == "=======").count());
        match u64::try_from(left).unwrap_or(u64::MAX) {
            0 => "No place is left that needs a decision.".to_owned(),
            left => format!(
                "{} between marker lines: keep one of each and take the markers out.",
                count(left, "place is left", "places are left")
            ),
        }
    };
    view! {
        <label class="field">
            "Merged text"
            <textarea
                id="merged"
                rows="14"
                spellcheck="false"
                prop:value=dialog.text.get_untracked()
                on:input:target=move |event| dialog.text.set(event.target().value())
            >
                {dialog.text.get_untracked()}
            </textarea>
        </label>
        <p class="sub" role="status">{conflicts}</p>
    }
}

/// Name of the file that the other side becomes.
#[component]
fn OtherName(dialog: Dialog) -> impl IntoView {
    view! {
        <label class="field">
            "Name of the new file for the other side"
            <input
                id="other-name"
                autocomplete="off"
                spellcheck="false"
                on:input:target=move |event| dialog.other_name.set(event.target().value())
            />
        </label>
    }
}

/// For how long a visitor is muted.
#[component]
fn Length(dialog: Dialog) -> impl IntoView {
    let options = LENGTHS.map(|(ms, words)| {
        view! {
            <option value=ms.to_string() selected=ms == HOUR_MS>
                {words}
            </option>
        }
    });
    let chosen = move |value: String| {
        dialog.for_ms.set(value.parse().ok().filter(|ms| *ms > 0));
    };
    view! {
        <label class="field">
            "For"
            <select id="mute-for" on:change:target=move |event| chosen(event.target().value())>
                {options.collect_view()}
            </select>
        </label>
    }
}
