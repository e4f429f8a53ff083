//! What moderators do: judged, written into the audit, and done by that.

use domain::{
    Deed, VisitorKey,
    view::{Moderate, NodeAnswer},
    words::{Action, Outcome, count},
};
use relay::DocumentId;

use super::{malformed, problem};
use crate::{
    dashboard::site::{Answered, Hubs, Site, stopping},
    node::link::now_ms,
};

/// Longest name of a visitor in the audit, in characters.
const MAX_NAME_CHARS: usize = 64;

/// What would come of it now; changes nothing.
pub(in crate::dashboard) async fn plan(site: &Site, item: &Moderate) -> Answered<NodeAnswer> {
    let item = checked(item.clone())?;
    if let Some(ended) = judged(site, &item).await? {
        return Ok(ended);
    }
    let sentence = item.verb().consequence().to_owned();
    Ok(NodeAnswer { outcome: Outcome::Done, sentence })
}

/// Does it. What changes nothing is not written; all else is, with how it ended.
pub(in crate::dashboard) async fn moderate(
    site: &Site,
    item: &Moderate,
    reason: Option<String>,
) -> Answered<NodeAnswer> {
    let item = checked(item.clone())?;
    let ended = match judged(site, &item).await? {
        Some(ended) if ended.outcome == Outcome::Unchanged => return Ok(ended),
        Some(ended) => ended,
        None => done(site, &item).await?,
    };
    let reason = reason.map(|reason| reason.trim().to_owned()).filter(|text| !text.is_empty());
    let at_ms = after_the_last(site, &item);
    let deed = Deed::new(at_ms, site.person(), Action::Other, ended.outcome);
    let is_told = matches!(item, Moderate::Fetch { .. }) || ended.outcome != Outcome::Done;
    let detail = is_told.then(|| ended.sentence.clone());
    match site.write(item.into_deed(Deed { reason, detail, ..deed })).await {
        true => Ok(ended),
        false => Err(stopping()),
    }
}

/// The same within the limits of what is written into the audit.
fn checked(item: Moderate) -> Answered<Moderate> {
    let (document, who) = match &item {
        Moderate::Fetch { document }
        | Moderate::Hide { document, .. }
        | Moderate::Show { document, .. }
        | Moderate::AcceptGap { document, .. } => (Some(document), None),
        Moderate::Mute { who, .. } | Moderate::Unmute { who, .. } => (None, Some(who)),
    };
    if document.is_some_and(|document| DocumentId::new(document).is_err()) {
        return malformed("A chat is named by its document: gitty: and the name of a file.");
    }
    if who.is_some_and(|who| !VisitorKey::is_within(who)) {
        return malformed("A visitor is named by a profile or a uid of 1 to 200 bytes.");
    }
    match item {
        Moderate::Mute { for_ms: Some(for_ms), .. }
            if !(1..=Moderate::MAX_MUTE_MS).contains(&for_ms) =>
        {
            malformed("A visitor is muted for at most a year, or until that is taken back.")
        }
        Moderate::Mute { who, name, for_ms } => {
            Ok(Moderate::Mute { who, name: short(&name), for_ms })
        }
        Moderate::Unmute { who, name } => Ok(Moderate::Unmute { who, name: short(&name) }),
        other => Ok(other),
    }
}

fn short(name: &str) -> String {
    let name: String = name.trim().chars().take(MAX_NAME_CHARS).collect();
    if name.is_empty() { domain::view::NAMELESS.to_owned() } else { name }
}

/// How it ends without being done; none if it is to be done.
async fn judged(site: &Site, item: &Moderate) -> Answered<Option<NodeAnswer>> {
    let now_ms = now_ms();
    let unchanged = site.node().shared().with_audit(|audit| {
        let moderated = audit.moderated();
        match item {
            Moderate::Hide { document, id } => {
                moderated.hidden(document, id).map(|ruling| format!("{} has hidden it.", ruling.by))
            }
            Moderate::Show { document, id } => {
                moderated.hidden(document, id).is_none().then(|| "It is not hidden.".to_owned())
            }
            Moderate::Unmute { who, name } => {
                moderated.muted(who, now_ms).is_none().then(|| format!("{name} is not muted."))
            }
            Moderate::AcceptGap { document, incarnation, first, last } => {
                let accepted = moderated.accepted(document, *incarnation, (*first, *last));
                accepted.map(|ruling| format!("{} has accepted it.", ruling.by))
            }
            Moderate::Fetch { .. } | Moderate::Mute { .. } => None,
        }
    });
    match (unchanged, item) {
        (Some(sentence), _) => Ok(Some(NodeAnswer { outcome: Outcome::Unchanged, sentence })),
        (None, Moderate::AcceptGap { .. }) => gap(site, item).await,
        (None, _) => Ok(None),
    }
}

/// Whether the numbers of a gap are missing, and on every node that answers.
async fn gap(site: &Site, item: &Moderate) -> Answered<Option<NodeAnswer>> {
    let Moderate::AcceptGap { document, incarnation, first, last } = item else { return Ok(None) };
    let Ok(document) = DocumentId::new(document) else { return Ok(None) };
    let Hubs { hub, .. } = site.hubs()?;
    let status = hub.document(document).await.map_err(problem)?;
    let gaps = status.iter().flat_map(|status| &status.gaps);
    let covers = |gap: &&relay::Gap| {
        gap.incarnation == *incarnation && gap.first.get() <= *first && *last <= gap.last.get()
    };
    let is_there = first <= last && gaps.into_iter().any(|gap| covers(&gap));
    if !is_there {
        let sentence = "Nothing is missing there.".to_owned();
        return Ok(Some(NodeAnswer { outcome: Outcome::Unchanged, sentence }));
    }
    let is_final = status.is_some_and(|status| status.are_gaps_final);
    Ok((!is_final).then(|| NodeAnswer {
        outcome: Outcome::Refused,
        sentence: "Not every node that answers was asked for them yet; fetch now, and look again."
            .to_owned(),
    }))
}

/// What is done besides writing it down: only fetching is.
async fn done(site: &Site, item: &Moderate) -> Answered<NodeAnswer> {
    let Moderate::Fetch { document } = item else {
        return Ok(NodeAnswer {
            outcome: Outcome::Done,
            sentence: format!("{}: done. It is in the audit and can be taken back.", item.title()),
        });
    };
    let Ok(document) = DocumentId::new(document) else { return malformed("No such chat.") };
    let Hubs { hub, .. } = site.hubs()?;
    let nodes = u64::try_from(hub.fetch(document).await.map_err(problem)?).unwrap_or(u64::MAX);
    Ok(match nodes {
        0 => {
            NodeAnswer { outcome: Outcome::Failed, sentence: "no other node is linked".to_owned() }
        }
        nodes => NodeAnswer {
            outcome: Outcome::Done,
            sentence: format!("compared with {}", count(nodes, "node", "nodes")),
        },
    })
}

/// Now, and after what was decided about the same thing before: another node's clock may be ahead,
/// and what somebody takes back here must count.
fn after_the_last(site: &Site, item: &Moderate) -> u64 {
    let last = site.node().shared().with_audit(|audit| match item {
        Moderate::Hide { document, id } | Moderate::Show { document, id } => {
            audit.moderated().ruled_on_message(document, id)
        }
        Moderate::Mute { who, .. } | Moderate::Unmute { who, .. } => {
            audit.moderated().ruled_on_visitor(who)
        }
        Moderate::Fetch { .. } | Moderate::AcceptGap { .. } => None,
    });
    now_ms().max(last.map_or(0, |last| last.saturating_add(1)))
}
