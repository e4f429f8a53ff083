//! How pages get their data: in the process on the server, by fetch in the browser.

#[cfg(feature = "hydrate")]
mod fetch;

use std::{future::Future, pin::Pin, sync::Arc};

use domain::{
    FileName, NodeId, ObjectId,
    view::{
        ActivityPage, ActivityQuery, ChatPage, ChatsPage, ChatsQuery, DiffQuery, Difference,
        DivergencePage, DivergencesPage, DivergencesQuery, FilePage, FilesPage, FilesQuery,
        HistoryPage, HistoryQuery, ItemResult, Me, MergeDraft, MessagesQuery, Moderate, NodeAnswer,
        ObjectText, Overview, Problem, Settle, SettlePlan, SyncPlan, VisitorsPage, VisitorsQuery,
    },
    words::NodeAction,
};
use leptos::prelude::use_context;

#[cfg(feature = "hydrate")]
pub use fetch::Fetch;

/// An answer on its way.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Problem>> + Send>>;

/// What pages may ask. Implementations clone what the answer needs.
pub trait Api {
    /// `GET /api/v1/overview`.
    fn overview(&self) -> Answer<Overview>;

    /// `GET /api/v1/files?…`; the address is the query's `Display`.
    fn files(&self, query: FilesQuery) -> Answer<FilesPage>;

    /// `GET /api/v1/files/{name}`.
    fn file(&self, name: FileName) -> Answer<FilePage>;

    /// `GET /api/v1/files/{name}/history?…`.
    fn history(&self, name: FileName, query: HistoryQuery) -> Answer<HistoryPage>;

    /// `GET /api/v1/files/{name}/diff?…`.
    fn diff(&self, name: FileName, query: DiffQuery) -> Answer<Difference>;

    /// `GET /api/v1/objects/{hash}`.
    fn object(&self, id: ObjectId) -> Answer<ObjectText>;

    /// `GET /api/v1/me`: who asks.
    fn me(&self) -> Answer<Me>;

    /// `GET /api/v1/activity?…`; the address is the query's `Display`.
    fn activity(&self, query: ActivityQuery) -> Answer<ActivityPage>;

    /// `GET /api/v1/divergences?…`; the address is the query's `Display`.
    fn divergences(&self, query: DivergencesQuery) -> Answer<DivergencesPage>;

    /// `GET /api/v1/divergences/{name}`; a file that is not diverged is `not_found`.
    fn divergence(&self, name: FileName) -> Answer<DivergencePage>;

    /// `GET /api/v1/divergences/{name}/merge?side={hash}`: the decided head and `side` merged.
    fn merge(&self, name: FileName, side: ObjectId) -> Answer<MergeDraft>;

    /// `POST /api/v1/settle` with `plan: true`: what each item would do; changes nothing.
    fn plan_settle(&self, items: Vec<Settle>) -> Answer<Vec<SettlePlan>>;

    /// `POST /api/v1/settle`: does each item, and says how it ended.
    fn settle(&self, items: Vec<Settle>) -> Answer<Vec<ItemResult>>;

    /// `POST /api/v1/sync` with `plan: true`: the steps for each file; changes nothing.
    fn plan_sync(&self, files: Vec<FileName>) -> Answer<Vec<SyncPlan>>;

    /// `POST /api/v1/sync`: brings each file in step, and says how it ended.
    fn sync(&self, files: Vec<FileName>) -> Answer<Vec<ItemResult>>;

    /// `POST /api/v1/nodes/{id}/{action}` as a dry run: what would come of it now.
    fn plan_node(&self, node: NodeId, action: NodeAction) -> Answer<NodeAnswer>;

    /// `POST /api/v1/nodes/{id}/{action}`, with a reason for the audit.
    fn node_action(
        &self,
        node: NodeId,
        action: NodeAction,
        reason: Option<String>,
    ) -> Answer<NodeAnswer>;

    /// `GET /api/v1/chat?…`; the address is the query's `Display`.
    fn chats(&self, query: ChatsQuery) -> Answer<ChatsPage>;

    /// `GET /api/v1/chat/{document}?…`; a document without messages is empty.
    fn chat(&self, document: String, query: MessagesQuery) -> Answer<ChatPage>;

    /// `GET /api/v1/visitors?…`; the address is the query's `Display`.
    fn visitors(&self, query: VisitorsQuery) -> Answer<VisitorsPage>;

    /// `POST /api/v1/moderate` as a dry run: what would come of it now.
    fn plan_moderate(&self, item: Moderate) -> Answer<NodeAnswer>;

    /// `POST /api/v1/moderate`, with a reason for the audit.
    fn moderate(&self, item: Moderate, reason: Option<String>) -> Answer<NodeAnswer>;
}

/// The [`Api`] as context: the server provides it around each render.
pub type SharedApi = Arc<dyn Api + Send + Sync>;

/// The one that was provided.
///
/// The router's look for routes renders without any; it throws the answers away.
pub(crate) fn api() -> SharedApi {
    use_context::<SharedApi>().unwrap_or_else(|| Arc::new(Nobody))
}

/// Answers where nothing was provided.
struct Nobody;

impl Api for Nobody {
    fn overview(&self) -> Answer<Overview> {
        unprovided()
    }

    fn files(&self, _: FilesQuery) -> Answer<FilesPage> {
        unprovided()
    }

    fn file(&self, _: FileName) -> Answer<FilePage> {
        unprovided()
    }

    fn history(&self, _: FileName, _: HistoryQuery) -> Answer<HistoryPage> {
        unprovided()
    }

    fn diff(&self, _: FileName, _: DiffQuery) -> Answer<Difference> {
        unprovided()
    }

    fn object(&self, _: ObjectId) -> Answer<ObjectText> {
        unprovided()
    }

    fn me(&self) -> Answer<Me> {
        unprovided()
    }

    fn activity(&self, _: ActivityQuery) -> Answer<ActivityPage> {
        unprovided()
    }

    fn divergences(&self, _: DivergencesQuery) -> Answer<DivergencesPage> {
        unprovided()
    }

    fn divergence(&self, _: FileName) -> Answer<DivergencePage> {
        unprovided()
    }

    fn merge(&self, _: FileName, _: ObjectId) -> Answer<MergeDraft> {
        unprovided()
    }

    fn plan_settle(&self, _: Vec<Settle>) -> Answer<Vec<SettlePlan>> {
        unprovided()
    }

    fn settle(&self, _: Vec<Settle>) -> Answer<Vec<ItemResult>> {
        unprovided()
    }

    fn plan_sync(&self, _: Vec<FileName>) -> Answer<Vec<SyncPlan>> {
        unprovided()
    }

    fn sync(&self, _: Vec<FileName>) -> Answer<Vec<ItemResult>> {
        unprovided()
    }

    fn plan_node(&self, _: NodeId, _: NodeAction) -> Answer<NodeAnswer> {
        unprovided()
    }

    fn node_action(&self, _: NodeId, _: NodeAction, _: Option<String>) -> Answer<NodeAnswer> {
        unprovided()
    }

    fn chats(&self, _: ChatsQuery) -> Answer<ChatsPage> {
        unprovided()
    }

    fn chat(&self, _: String, _: MessagesQuery) -> Answer<ChatPage> {
        unprovided()
    }

    fn visitors(&self, _: VisitorsQuery) -> Answer<VisitorsPage> {
        unprovided()
    }

    fn plan_moderate(&self, _: Moderate) -> Answer<NodeAnswer> {
        unprovided()
    }

    fn moderate(&self, _: Moderate, _: Option<String>) -> Answer<NodeAnswer> {
        unprovided()
    }
}

fn unprovided<T>() -> Answer<T> {
    Box::pin(async { Err(forgotten()) })
}

fn forgotten() -> Problem {
    Problem { code: "unprovided".into(), message: "This server forgot to provide its API.".into() }
}
