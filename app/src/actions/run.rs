//! Dry runs and runs through the API.

use domain::{
    FileName,
    view::{ActionOutcome, ItemResult, Moderate, NodeAnswer, Problem, Settle},
    words::Outcome,
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    dialog::Dialog,
    job::{Job, Plans, Work, chat_file},
};
use crate::{Answer, SharedApi};

/// Most items of one dry run, as the API has it.
const MAX_ITEMS: usize = domain::view::SettleRequest::MAX_ITEMS;

/// Asks what the job would do; for a merge, first for the text to begin with.
pub(super) fn plan(dialog: Dialog) {
    let (Some(job), api) = (dialog.job.get_untracked(), dialog.api.get_value()) else {
        return;
    };
    spawn_local(async move {
        let plans = match prepare(dialog, &api, &job).await {
            Ok(()) => ask(&api, &job.work).await,
            Err(problem) => Err(problem),
        };
        // Somebody may have closed it, or opened another one.
        let same = dialog.job.with_untracked(|now| now.as_ref().map(|now| now.work == job.work));
        if same == Some(true) {
            dialog.plans.set(Some(plans));
        }
    });
}

/// Fetches the text that a merge begins with.
async fn prepare(dialog: Dialog, api: &SharedApi, job: &Job) -> Result<(), Problem> {
    if let (Some(side), Work::Settle(items)) = (job.merge_of, &job.work)
        && let Some(item) = items.first()
    {
        let draft = api.merge(item.file.clone(), side).await?;
        dialog.text.set(draft.text);
    }
    Ok(())
}

async fn ask(api: &SharedApi, work: &Work) -> Result<Plans, Problem> {
    match work {
        Work::Settle(items) => {
            let mut plans = Vec::new();
            for part in items.chunks(MAX_ITEMS) {
                plans.extend(api.plan_settle(part.to_vec()).await?);
            }
            Ok(Plans::Settle(plans))
        }
        Work::Sync(files) => {
            let mut plans = Vec::new();
            for part in files.chunks(MAX_ITEMS) {
                plans.extend(api.plan_sync(part.to_vec()).await?);
            }
            Ok(Plans::Sync(plans))
        }
        Work::Node(node, _, action) => Ok(Plans::Said(api.plan_node(*node, *action).await?)),
        Work::Moderate(item) => Ok(Plans::Said(api.plan_moderate(item.clone()).await?)),
        Work::Fetch(chats) => {
            let document = chats.first().cloned().unwrap_or_default();
            Ok(Plans::Said(api.plan_moderate(Moderate::Fetch { document }).await?))
        }
    }
}

/// Does item after item, and stops before the next one when asked.
pub(super) fn run(dialog: Dialog) {
    let (Some(job), api) = (dialog.job.get_untracked(), dialog.api.get_value()) else {
        return;
    };
    spawn_local(async move {
        match job.work {
            Work::Settle(items) => {
                for item in items.into_iter().map(|item| filled(dialog, item)) {
                    let file = item.file.clone();
                    if goes_on(dialog) {
                        one(dialog, &job.done, file, api.settle(vec![item])).await;
                    }
                }
            }
            Work::Sync(files) => {
                for file in files {
                    if goes_on(dialog) {
                        one(dialog, &job.done, file.clone(), api.sync(vec![file])).await;
                    }
                }
            }
            Work::Node(node, _, action) => {
                let reason = reason(dialog);
                let said = api.node_action(node, action, reason).await;
                change(dialog, |progress| progress.said = Some(said));
            }
            Work::Moderate(item) => {
                let item = limited(dialog, item);
                let said = api.moderate(item, reason(dialog)).await;
                change(dialog, |progress| progress.said = Some(said));
            }
            Work::Fetch(chats) => {
                for document in chats {
                    if goes_on(dialog) {
                        let file = chat_file(&document);
                        let answer = api.moderate(Moderate::Fetch { document }, reason(dialog));
                        one(dialog, &job.done, file, as_results(answer)).await;
                    }
                }
            }
        }
        change(dialog, |progress| progress.ended = true);
    });
}

/// Why, if something was typed.
fn reason(dialog: Dialog) -> Option<String> {
    let reason = dialog.reason.get_untracked().trim().to_owned();
    (!reason.is_empty()).then_some(reason)
}

/// With what was typed in the dialog.
fn filled(dialog: Dialog, mut item: Settle) -> Settle {
    use domain::view::Choice::{KeepBoth, Merge, Pick, Undo};
    item.reason = reason(dialog);
    match &mut item.choice {
        Merge { text, .. } => *text = dialog.text.get_untracked(),
        KeepBoth { other_name, .. } => {
            *other_name = dialog.other_name.get_untracked().trim().into();
        }
        Pick { .. } | Undo => {}
    }
    item
}

/// For as long as the dialog says.
fn limited(dialog: Dialog, item: Moderate) -> Moderate {
    match item {
        Moderate::Mute { who, name, .. } => {
            Moderate::Mute { who, name, for_ms: dialog.for_ms.get_untracked() }
        }
        other => other,
    }
}

/// One answer as the results of a list of one.
fn as_results(answer: Answer<NodeAnswer>) -> Answer<Vec<ItemResult>> {
    Box::pin(async move {
        let NodeAnswer { outcome, sentence } = answer.await?;
        let outcome = ActionOutcome { detail: Some(sentence), ..outcome.into() };
        Ok(vec![ItemResult { file: FileName::from(""), outcome }])
    })
}

fn goes_on(dialog: Dialog) -> bool {
    let stopped = dialog.progress.with_untracked(|all| all.as_ref().map(|all| all.stopped));
    stopped == Some(false)
}

/// Does one item; a page that was closed meanwhile still hears of it.
async fn one(
    dialog: Dialog,
    done: &Option<Callback<ItemResult>>,
    file: FileName,
    answer: Answer<Vec<ItemResult>>,
) {
    change(dialog, |progress| progress.current = Some(file.clone()));
    let outcome = match answer.await {
        Ok(results) => results.into_iter().next().map(|result| result.outcome),
        // The question may have arrived before the link broke.
        Err(problem) if problem.code == "offline" => {
            Some(ActionOutcome { detail: Some(problem.message), ..Outcome::NotKnown.into() })
        }
        Err(problem) => Some(ActionOutcome::failed(problem.message)),
    };
    let outcome = outcome.unwrap_or_else(|| ActionOutcome::failed("the answer is empty"));
    change(dialog, |progress| {
        progress.results.insert(file.clone(), outcome.clone());
        progress.current = None;
    });
    if let Some(done) = done {
        done.run(ItemResult { file, outcome });
    }
}

fn change(dialog: Dialog, change: impl FnOnce(&mut super::dialog::Progress)) {
    dialog.progress.update(|progress| {
        if let Some(progress) = progress {
            change(progress);
        }
    });
}
