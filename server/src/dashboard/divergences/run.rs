//! Settling: what each item would do, and doing it.
//!
//! Items of one request run next to each other and are answered in their order. Each ends for
//! itself; nothing outside the list is touched.

use cluster::{Save, SettleOutcome};
use domain::{
    FileName, ObjectId,
    view::{ActionOutcome, ItemResult, Settle, SettlePlan},
    words::{Action, Outcome, SettleVerb},
};
use futures_util::{StreamExt, stream};
use gitty::{Commit, Object};

use super::{
    AT_ONCE,
    choice::{Chosen, Named, Refused, commit},
    no_majority,
};
use crate::{
    dashboard::{picture::Seat, site::Site},
    node::link::now_ms,
};

/// Commits of the file that keeps the other side which are walked back to its first one.
const MAX_STEPS: usize = 10_000;

/// What each item would do now.
pub(in crate::dashboard) async fn plan(site: &Site, items: Vec<Settle>) -> Vec<SettlePlan> {
    stream::iter(items).map(|item| plan_one(site, item)).buffered(AT_ONCE).collect().await
}

/// Does each item.
pub(in crate::dashboard) async fn settle(site: &Site, items: Vec<Settle>) -> Vec<ItemResult> {
    stream::iter(items).map(|item| settle_one(site, item)).buffered(AT_ONCE).collect().await
}

async fn plan_one(site: &Site, item: Settle) -> SettlePlan {
    let chosen = Chosen::of(site, &item).await;
    let picture = site.picture();
    let (expect, chosen) = match chosen {
        Ok(chosen) => (no_majority(&picture).unwrap_or(Outcome::Done.into()), Some(chosen)),
        Err(refused) => (refused, None),
    };
    let nodes = match expect.outcome {
        Outcome::Done => picture.seats.iter().map(Seat::node_ref).collect(),
        _ => Vec::new(),
    };
    let (winner, losers, other) = match chosen {
        Some(Chosen { winner, losers, other, .. }) => (winner, losers, other),
        None => (None, Vec::new(), None),
    };
    SettlePlan {
        verb: item.choice.verb(),
        file: item.file,
        expected_head: item.expected_head,
        winner,
        losers,
        new_file: other.map(|(name, _)| name),
        nodes,
        expect,
    }
}

async fn settle_one(site: &Site, item: Settle) -> ItemResult {
    let verb = item.choice.verb();
    let outcome = match Chosen::of(site, &item).await {
        Ok(chosen) => carry_out(site, &item, chosen).await,
        Err(refused) => refused,
    };
    let before = Some(item.expected_head);
    site.record(action(verb), &item.file, before, item.reason, &outcome).await;
    ItemResult { file: item.file, outcome }
}

const fn action(verb: SettleVerb) -> Action {
    match verb {
        SettleVerb::Pick => Action::Picked,
        SettleVerb::Merge => Action::Merged,
        SettleVerb::KeepBoth => Action::KeptBoth,
        SettleVerb::Undo => Action::Undid,
    }
}

async fn carry_out(site: &Site, item: &Settle, mut chosen: Chosen) -> ActionOutcome {
    let mut said = None;
    if let Some((name, tip)) = &chosen.other {
        if let Err(refused) = keep(site, name, tip).await {
            return refused;
        }
        said = Some(format!("{name} has the other text"));
    }
    let made = chosen.commit(site, &item.file);
    let text = chosen.text.take();
    let settled = propose(site, Some(item.expected_head), &made, text).await;
    let mut outcome = match settled {
        Ok(settled) => outcome(site, settled),
        Err(refused) => refused,
    };
    if outcome.outcome != Outcome::Done {
        let parts = [outcome.detail.take(), said];
        outcome.detail = parts.into_iter().flatten().reduce(|one, two| format!("{one}; {two}"));
    }
    outcome
}

/// Saves the side as the first version of another file; goes on when that is there already.
async fn keep(site: &Site, name: &FileName, tip: &Named) -> Result<(), Refused> {
    let time = gitty::commit::commit_time(now_ms(), site.node().latest_ms(name));
    let made = gitty::commit::keep(name, (&tip.commit, tip.id), time);
    match propose(site, None, &made, None).await? {
        SettleOutcome::Decided { .. } => Ok(()),
        SettleOutcome::HeadMoved { head: Some(head) }
            if began_at(site, name, head, tip.id).await =>
        {
            Ok(())
        }
        SettleOutcome::HeadMoved { .. } => Err(Refused::failed(format!("{name} exists already"))),
        SettleOutcome::NotKnownYet { .. } => Err(ActionOutcome {
            outcome: Outcome::NotKnown,
            detail: Some(format!("{name} may be decided later; nothing is settled yet")),
            head: None,
        }),
        other => Err(outcome(site, other)),
    }
}

/// True if the first version of the file at `head` was made from `tip`.
async fn began_at(site: &Site, name: &FileName, head: ObjectId, tip: ObjectId) -> bool {
    let mut at = head;
    for _ in 0..MAX_STEPS {
        let Ok(version) = commit(site, at).await else { return false };
        match version.commit.previous() {
            Some(previous) if previous == tip => return version.commit.name() == *name,
            Some(previous) if version.commit.name() == *name => at = previous,
            Some(_) | None => return false,
        }
    }
    false
}

async fn propose(
    site: &Site,
    base: Option<ObjectId>,
    made: &Commit,
    text: Option<Object>,
) -> Result<SettleOutcome, Refused> {
    let object = made.object();
    let named =
        |object: &Object| object.id().map_err(|collision| Refused::failed(collision.to_string()));
    let blob = match text {
        Some(text) => Some((named(&text)?, text)),
        // The text of a side: from the nodes that have it, before this node proposes it.
        None => match site.node().object(made.data()).await {
            Ok(_) => None,
            Err(reason) => return Err(Refused::failed(reason.to_string())),
        },
    };
    let id = named(&object)?;
    let save = Save { key: made.name().into(), base, id, commit: object, link: made.link(), blob };
    let settled = site.node().settle(save).await;
    settled.map_err(|stopping| Refused::failed(stopping.to_string()))
}

fn outcome(site: &Site, settled: SettleOutcome) -> ActionOutcome {
    let with = |outcome, head| ActionOutcome { outcome, detail: None, head };
    match settled {
        SettleOutcome::Decided { commit } => with(Outcome::Done, Some(commit)),
        SettleOutcome::HeadMoved { head } => with(Outcome::HeadMoved, head),
        SettleOutcome::NoMajority => {
            let said = no_majority(&site.picture());
            said.unwrap_or_else(|| with(Outcome::NoMajority, None))
        }
        SettleOutcome::NotKnownYet { commit } => ActionOutcome {
            detail: Some(format!("proposed as {commit}, and a majority has not answered")),
            ..with(Outcome::NotKnown, None)
        },
        SettleOutcome::NotFounded => ActionOutcome::failed("this node is in no cluster yet"),
        SettleOutcome::Removed => ActionOutcome::failed("this node was removed from its cluster"),
        SettleOutcome::Busy => ActionOutcome::failed("too many saves of this file wait"),
        SettleOutcome::TextMissing => ActionOutcome::failed("its text is not on this node yet"),
    }
}
