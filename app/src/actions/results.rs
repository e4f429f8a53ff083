//! What an action did, as it is done.

use domain::{
    FileName,
    view::{ActionOutcome, file_href},
    words::{Outcome, count},
};
use leptos::prelude::*;

use super::{
    dialog::{Dialog, Progress},
    job::{Plans, Work, chat_file},
};
use crate::{links::file_rel, visible::visible};

/// What the items are: one, and many.
type Nouns = (&'static str, &'static str);
const FILES: Nouns = ("file", "files");
const CHATS: Nouns = ("chat", "chats");

/// Results so far, one sentence for all of them, and Stop.
#[component]
pub(super) fn Results(dialog: Dialog, plans: Option<Plans>) -> impl IntoView {
    drop(plans);
    let work = dialog.job.with_untracked(|job| job.as_ref().map(|job| job.work.clone()));
    let files: StoredValue<Vec<FileName>> = StoredValue::new(match &work {
        Some(Work::Settle(items)) => items.iter().map(|item| item.file.clone()).collect(),
        Some(Work::Sync(files)) => files.clone(),
        Some(Work::Fetch(chats)) => chats.iter().map(|chat| chat_file(chat)).collect(),
        Some(Work::Node(..) | Work::Moderate(_)) | None => Vec::new(),
    });
    let nouns = if matches!(work, Some(Work::Fetch(_))) { CHATS } else { FILES };
    let progress = Memo::new(move |_| dialog.progress.get().unwrap_or_default());
    let sentence = move || files.with_value(|files| sentence(files, nouns, &progress.get()));
    let rows = move || {
        let progress = progress.get();
        let row = |file: &FileName| row(file, outcome_of(file, &progress));
        files.with_value(|files| files.iter().map(row).collect_view())
    };
    let table = move || {
        files.with_value(|files| files.len() > 1).then(|| {
            view! {
                <div class="plans" tabindex="0" role="region" aria-label="Results">
                    <table class="plain results">
                        <thead>
                            <tr>
                                <th scope="col">"File"</th>
                                <th scope="col">"Result"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            }
        })
    };
    let is_over = move || progress.with(|all| all.ended || all.stopped);
    let moved = move || {
        progress
            .with(|all| all.results.values().any(|outcome| outcome.outcome == Outcome::HeadMoved))
    };
    view! {
        <p class="outcome" role="status" id="outcome">{sentence}</p>
        {move || {
            moved().then(|| view! {
                <p class="sub">
                    "Nothing was changed by what was refused. Close this: the page shows the new "
                    "difference."
                </p>
            })
        }}
        {table}
        <div class="buttons">
            <button
                type="button"
                class="btn"
                id="stop"
                hidden=is_over
                on:click=move |_| dialog.stop()
            >
                "Stop"
            </button>
            <button
                type="button"
                class="btn main"
                id="close"
                hidden=move || !is_over()
                on:click=move |_| dialog.close()
            >
                "Close"
            </button>
        </div>
    }
    .into_any()
}

/// What is known of one item now.
fn outcome_of(file: &FileName, progress: &Progress) -> Option<ActionOutcome> {
    let known = progress.results.get(file).cloned();
    let begun = progress.current.as_ref() == Some(file);
    let unknown = if begun { Outcome::NotKnown } else { Outcome::NotTried };
    known.or_else(|| progress.stopped.then(|| unknown.into()))
}

fn row(file: &FileName, outcome: Option<ActionOutcome>) -> impl IntoView + use<> {
    let code = outcome.as_ref().map(|outcome| outcome.outcome.code());
    let text = outcome.map_or_else(|| "waits".to_owned(), |outcome| outcome.to_string());
    view! {
        <tr data-outcome=code>
            <th scope="row"><a href=file_href(file) rel=file_rel(file)>{visible(file.as_str())}</a></th>
            <td>{text}</td>
        </tr>
    }
}

/// "48 done, 2 refused: no majority." or, for one, "family.pl: done. The new head is 3f2a91c."
fn sentence(files: &[FileName], nouns: Nouns, progress: &Progress) -> String {
    if let Some(said) = &progress.said {
        return match said {
            Ok(said) if said.outcome == Outcome::Done => visible(&said.sentence),
            Ok(said) => visible(&format!("{}. {}", said.outcome, said.sentence)),
            Err(problem) => format!("Not done: {}", problem.message),
        };
    }
    match files {
        [] => "Asking the nodes…".to_owned(),
        [file] => match progress.results.get(file) {
            None => format!("{file}: asking the nodes…"),
            Some(outcome) => {
                let head = outcome.head.map(|head| {
                    let head = crate::components::short(head);
                    match outcome.outcome {
                        Outcome::HeadMoved => format!(" The head is {head} now."),
                        Outcome::Done => format!(" The new head is {head}."),
                        _ => String::new(),
                    }
                });
                visible(&format!("{file}: {outcome}.{}", head.unwrap_or_default()))
            }
        },
        many => tally(many, nouns, progress),
    }
}

/// How many ended how; the numbers add up to the list.
fn tally(files: &[FileName], (one, many): Nouns, progress: &Progress) -> String {
    let all: Vec<_> =
        files.iter().map(|file| outcome_of(file, progress).map(|known| known.outcome)).collect();
    let number = |outcome: Option<Outcome>| all.iter().filter(|one| **one == outcome).count();
    let known = Outcome::ALL.iter().rev().map(|outcome| (number(Some(*outcome)), outcome.word()));
    let waits = (number(None), "to go");
    let parts: Vec<_> = known
        .chain([waits])
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    let of = count(u64::try_from(files.len()).unwrap_or(u64::MAX), one, many);
    format!("{of}: {}.", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_add_up_and_what_was_not_begun_is_not_tried() {
        let files: Vec<FileName> = ["a", "b", "c", "d"].map(FileName::from).into();
        let mut progress = Progress::default();
        progress.results.insert("a".into(), Outcome::Done.into());
        progress.results.insert("b".into(), ActionOutcome::failed("no disk"));
        assert_eq!(sentence(&files, FILES, &progress), "4 files: 1 done, 1 failed, 2 to go.");
        progress.stopped = true;
        assert_eq!(sentence(&files, FILES, &progress), "4 files: 1 done, 2 not tried, 1 failed.");
        progress.current = Some("c".into());
        assert_eq!(
            sentence(&files, FILES, &progress),
            "4 files: 1 done, 1 not tried, 1 not known yet, 1 failed."
        );
    }

    #[test]
    fn one_file_is_named_with_its_new_head() {
        let mut progress = Progress::default();
        let files = ["a.pl".into()];
        assert_eq!(sentence(&files, FILES, &progress), "a.pl: asking the nodes…");
        let head = Some(domain::ObjectId::from_bytes([0x3f; 20]));
        let outcome = ActionOutcome { head, ..Outcome::HeadMoved.into() };
        progress.results.insert("a.pl".into(), outcome);
        assert_eq!(
            sentence(&files, FILES, &progress),
            "a.pl: refused: head moved. The head is 3f3f3f3 now."
        );
    }
}
