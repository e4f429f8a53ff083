//! "Force sync" of files: everything that brings one together and chooses nothing (protocol 4.4).

use cluster::{StepState, SyncReport, SyncWork};
use domain::{
    FileName,
    view::{ActionOutcome, ItemResult, NodeRef, SyncPlan, SyncStep},
    words::{Action, Outcome},
};
use futures_util::{StreamExt, stream};

use super::{AT_ONCE, no_majority};
use crate::{
    dashboard::{
        picture::{Picture, Seat, head},
        site::{Site, stopping},
    },
    node::NodeError,
};

/// The steps of each force sync, and how it would end now. Changes nothing on any node.
pub(in crate::dashboard) async fn plan(site: &Site, files: Vec<FileName>) -> Vec<SyncPlan> {
    stream::iter(files).map(|file| plan_one(site, file)).buffered(AT_ONCE).collect().await
}

/// Syncs each file.
pub(in crate::dashboard) async fn sync(site: &Site, files: Vec<FileName>) -> Vec<ItemResult> {
    stream::iter(files).map(|file| sync_one(site, file)).buffered(AT_ONCE).collect().await
}

async fn plan_one(site: &Site, file: FileName) -> SyncPlan {
    let picture = site.picture();
    if site.node().shared().file(&file).is_none() {
        return SyncPlan { expect: unknown(&picture, &file), steps: Vec::new(), file };
    }
    match look(site, &picture, &file).await {
        Ok(look) => {
            let expect = no_majority(&picture).unwrap_or_else(|| settled(look.finds));
            SyncPlan { steps: steps(&picture, &look), expect, file }
        }
        Err(NodeError::Stopping) => {
            let expect = ActionOutcome::failed(stopping().message);
            SyncPlan { expect, steps: Vec::new(), file }
        }
    }
}

async fn sync_one(site: &Site, file: FileName) -> ItemResult {
    let picture = site.picture();
    if site.node().shared().file(&file).is_none() {
        return ItemResult { outcome: unknown(&picture, &file), file };
    }
    // What is to be done is looked at before it is done, as a plan does.
    let outcome = match look(site, &picture, &file).await {
        Ok(Look { finds, .. }) => {
            site.node().sync(file.clone(), false).await.map(|report| ended(site, finds, &report))
        }
        Err(error) => Err(error),
    };
    let outcome = outcome.unwrap_or_else(|_| ActionOutcome::failed(stopping().message));
    site.record(Action::Synced, &file, None, None, &outcome).await;
    ItemResult { file, outcome }
}

fn unknown(picture: &Picture, file: &FileName) -> ActionOutcome {
    ActionOutcome::failed(crate::dashboard::versions::unknown(picture, file).message)
}

/// What the steps would find: whether anything is to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finds {
    /// Something is missing, waits to be decided, or is behind.
    Work,
    /// All nodes that answer are at one head.
    Nothing,
}

/// What is known before a sync.
struct Look {
    report: SyncReport,
    /// The journal of this node's store leads to the served head.
    is_led: bool,
    finds: Finds,
}

async fn look(site: &Site, picture: &Picture, file: &FileName) -> Result<Look, NodeError> {
    let report = site.node().sync(file.clone(), true).await?;
    let is_led = site.node().is_led(file).await?;
    let entry = site.node().shared().file(file).unwrap_or_default();
    let is_apart = |seat: &Seat| seat.answers() && head(seat, &entry) != entry.decided;
    let is_work = |work: &SyncWork| matches!(work, SyncWork::Fetch | SyncWork::Propose(_));
    let has_work = !is_led
        || report.steps.iter().any(|step| is_work(&step.work))
        || picture.seats.iter().any(is_apart);
    let finds = if has_work { Finds::Work } else { Finds::Nothing };
    Ok(Look { report, is_led, finds })
}

fn settled(finds: Finds) -> ActionOutcome {
    match finds {
        Finds::Work => Outcome::Done.into(),
        Finds::Nothing => Outcome::Unchanged.into(),
    }
}

fn ended(site: &Site, finds: Finds, report: &SyncReport) -> ActionOutcome {
    let left = |wanted: &dyn Fn(&SyncWork) -> bool| {
        report.steps.iter().any(|step| wanted(&step.work) && step.state == StepState::Needed)
    };
    let head = report.head;
    let is_read = !left(&|work| matches!(work, SyncWork::Read));
    if let Some(refused) = no_majority(&site.picture()).filter(|_| !is_read) {
        return refused;
    }
    let is_done = is_read && !left(&|work| matches!(work, SyncWork::Fetch | SyncWork::Propose(_)));
    if !is_done {
        let detail = Some("it was begun and goes on by itself".to_owned());
        return ActionOutcome { outcome: Outcome::NotKnown, detail, head };
    }
    let changed = if report.before == report.head { finds } else { Finds::Work };
    ActionOutcome { head, ..settled(changed) }
}

fn steps(picture: &Picture, look: &Look) -> Vec<SyncStep> {
    let node = |id: domain::NodeId| {
        let seat = picture.seats.iter().find(|seat| seat.member.node == id);
        seat.map_or_else(|| NodeRef { id, name: id.to_string() }, Seat::node_ref)
    };
    let own = picture.seats.first().map(Seat::node_ref);
    let mut steps = vec![SyncStep::Read { members: picture.seats.len() }];
    let compared: Vec<_> = look
        .report
        .steps
        .iter()
        .filter_map(|step| match step.work {
            SyncWork::Compare(member) => Some(node(member.node)),
            SyncWork::Read | SyncWork::Fetch | SyncWork::Propose(_) => None,
        })
        .collect();
    if !compared.is_empty() {
        steps.push(SyncStep::Reconcile { nodes: compared });
    }
    for step in &look.report.steps {
        match step.work {
            SyncWork::Fetch => steps.extend(own.clone().map(|node| SyncStep::Fetch { node })),
            SyncWork::Propose(commit) => steps.push(SyncStep::Propose { commit }),
            SyncWork::Read | SyncWork::Compare(_) => {}
        }
    }
    if !look.is_led {
        steps.push(SyncStep::Repair { nodes: own.into_iter().collect() });
    }
    steps
}
