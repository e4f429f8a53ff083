//! One chat: its row, what is missing, and part of its messages.

use std::collections::BTreeMap;

use domain::{
    Incarnation, MemberId, MessageId, VisitorKey,
    view::{ChatGap, ChatMessage, ChatPage, MessagesQuery, NodeRef, document_file},
};
use relay::{DocumentId, DocumentStatus, Gap, Message, Place, Stamp};

use super::{malformed, problem, status::Scene};
use crate::{
    dashboard::site::{Answered, Hubs, Site},
    hub::{History, Spoken, json_of, keys_of},
};

/// One page of a chat.
pub(in crate::dashboard) async fn one(
    site: &Site,
    document: &str,
    query: &MessagesQuery,
) -> Answered<ChatPage> {
    let Ok(id) = DocumentId::new(document) else {
        return malformed("A chat is named by its document: gitty: and the name of a file.");
    };
    let before = match query.before.as_str() {
        "" => None,
        text => match place(text) {
            Some(place) => Some(place),
            None => return malformed("The place of a message is its time and its id."),
        },
    };
    let Hubs { hub, .. } = site.hubs()?;
    let status = hub.document(id.clone()).await.map_err(problem)?;
    let history = hub.range(id.clone(), MessagesQuery::PAGE, before).await.map_err(problem)?;
    let pages = hub.look(known_pages).await.map_err(problem)?;
    let file = document_file(document);
    let served = file.and_then(|file| site.node().shared().file(&file)?.served());
    site.ask_chat(move |scene| page(scene, &id, served.is_some(), status, &history, &pages)).await
}

fn page(
    scene: &Scene<'_>,
    document: &DocumentId,
    has_file: bool,
    status: Option<DocumentStatus>,
    history: &History,
    pages: &BTreeMap<String, VisitorKey>,
) -> ChatPage {
    let first = history.rows.first().filter(|(serial, _)| *serial > 1);
    let before = first.map(|(_, message)| place_text(message.row.place));
    let message =
        |(serial, found): &(u64, Message)| message(scene, document, *serial, found, pages);
    ChatPage {
        at_ms: scene.picture.at_ms,
        row: scene.row(document, status.as_ref()),
        has_file,
        gaps: status.map(|status| gaps(scene, document, &status)).unwrap_or_default(),
        messages: history.rows.iter().map(message).collect(),
        before,
    }
}

fn message(
    scene: &Scene<'_>,
    document: &DocumentId,
    serial: u64,
    found: &Message,
    pages: &BTreeMap<String, VisitorKey>,
) -> ChatMessage {
    let place = found.row.place;
    let Spoken { name, who, wsid, text, attached } = Spoken::of(&json_of(found));
    let who = who.or_else(|| pages.get(&wsid?).cloned());
    let muted = who.as_ref().and_then(|who| scene.moderated.muted(who, scene.picture.at_ms));
    ChatMessage {
        id: place.id,
        at_ms: place.stamp.0 / 1000,
        serial,
        author: name,
        muted: muted.cloned(),
        who,
        node: found.row.origin.and_then(|origin| node_of(scene, origin.incarnation)),
        text,
        attached,
        hidden: scene.moderated.hidden(document.as_str(), &place.id).cloned(),
    }
}

fn gaps(scene: &Scene<'_>, document: &DocumentId, status: &DocumentStatus) -> Vec<ChatGap> {
    let gap = |gap: &Gap| ChatGap {
        node: node_of(scene, gap.incarnation),
        incarnation: gap.incarnation,
        first: gap.first.get(),
        last: gap.last.get(),
        is_final: status.are_gaps_final,
        accepted: scene.accepted(document, gap).cloned(),
    };
    status.gaps.iter().map(gap).collect()
}

/// The node of a life of a disk, while it is in the roster with it.
fn node_of(scene: &Scene<'_>, incarnation: Incarnation) -> Option<NodeRef> {
    let roster = scene.picture.node.roster.as_ref();
    let removed = roster.into_iter().flat_map(|roster| &roster.removed);
    let removed = removed.map(|member| (member.id, member.name.clone()));
    let seats = scene.picture.seats.iter().map(|seat| (seat.member, seat.name.clone()));
    let found = seats.chain(removed).find(|(member, _)| member.incarnation == incarnation);
    found.map(|(MemberId { node, .. }, name)| NodeRef { id: node, name })
}

/// By what the visitors of open pages are known, by the name of the page.
fn known_pages(core: &relay::Core) -> BTreeMap<String, VisitorKey> {
    let key = |user| keys_of(user).next();
    core.visitors()
        .filter_map(|one| Some((one.wsid.to_string(), key(&one.visitor.user)?)))
        .collect()
}

/// `<stamp>-<id>`.
fn place_text(place: Place) -> String {
    format!("{}-{}", place.stamp.0, place.id)
}

fn place(text: &str) -> Option<Place> {
    let (stamp, id) = text.split_once('-')?;
    Some(Place { stamp: Stamp(stamp.parse().ok()?), id: id.parse::<MessageId>().ok()? })
}
