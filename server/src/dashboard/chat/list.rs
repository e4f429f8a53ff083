//! The list of chats, and how many are in which state.

use domain::view::{ChatCounts, ChatRow, ChatsPage, ChatsQuery};
use relay::{DocumentId, DocumentStatus};

use super::{problem, status::Scene};
use crate::dashboard::site::{Answered, Hubs, Site};

/// Chats that are looked at before the hub goes on with other things.
const AT_ONCE: usize = 256;

/// One page of the list.
pub(in crate::dashboard) async fn list(site: &Site, query: ChatsQuery) -> Answered<ChatsPage> {
    let all = statuses(site).await?;
    site.ask_chat(move |scene| {
        let mut counts = ChatCounts::default();
        let mut rows = Vec::new();
        for (document, status) in &all {
            let row = scene.row(document, Some(status));
            counts.add(&row);
            if query.wants(&row) {
                rows.push(row);
            }
        }
        rows.sort_by(ChatsQuery::order);
        page(scene, &query, rows, counts)
    })
    .await
}

fn page(
    scene: &Scene<'_>,
    query: &ChatsQuery,
    rows: Vec<ChatRow>,
    counts: ChatCounts,
) -> ChatsPage {
    let shown = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let skip = usize::try_from(query.offset).unwrap_or(usize::MAX);
    let take = usize::try_from(query.limit).unwrap_or(usize::MAX);
    ChatsPage {
        at_ms: scene.picture.at_ms,
        rows: rows.into_iter().skip(skip).take(take).collect(),
        shown,
        offset: query.offset,
        counts,
    }
}

/// How many chats are in which state, and how many pages are open.
pub(in crate::dashboard) async fn counts(site: &Site) -> Answered<ChatCounts> {
    let all = statuses(site).await?;
    let visitors = site.hubs()?.hub.census().visitors;
    site.ask_chat(move |scene| {
        let mut counts = ChatCounts { visitors, ..ChatCounts::default() };
        all.iter().for_each(|(document, status)| counts.add(&scene.row(document, Some(status))));
        counts
    })
    .await
}

/// Every chat, read in parts: posts go on between them.
async fn statuses(site: &Site) -> Answered<Vec<(DocumentId, DocumentStatus)>> {
    let Hubs { hub, .. } = site.hubs()?;
    let documents: Vec<DocumentId> = hub
        .look(|core| core.documents().map(|(document, _)| document.clone()).collect())
        .await
        .map_err(problem)?;
    let mut all = Vec::with_capacity(documents.len());
    for part in documents.chunks(AT_ONCE).map(<[DocumentId]>::to_vec) {
        let found: Vec<_> = hub
            .look(move |core| {
                let status = |id: DocumentId| core.document(&id).map(|status| (id, status));
                part.into_iter().filter_map(status).collect()
            })
            .await
            .map_err(problem)?;
        all.extend(found);
    }
    Ok(all)
}
