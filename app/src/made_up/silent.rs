//! A site whose node answers nothing yet.

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

use crate::{Answer, Api};

/// A site that answers nothing.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Api for Silent {
    fn overview(&self) -> Answer<Overview> {
        starting()
    }

    fn files(&self, _: FilesQuery) -> Answer<FilesPage> {
        starting()
    }

    fn file(&self, _: FileName) -> Answer<FilePage> {
        starting()
    }

    fn history(&self, _: FileName, _: HistoryQuery) -> Answer<HistoryPage> {
        starting()
    }

    fn diff(&self, _: FileName, _: DiffQuery) -> Answer<Difference> {
        starting()
    }

    fn object(&self, _: ObjectId) -> Answer<ObjectText> {
        starting()
    }

    fn me(&self) -> Answer<Me> {
        starting()
    }

    fn activity(&self, _: ActivityQuery) -> Answer<ActivityPage> {
        starting()
    }

    fn divergences(&self, _: DivergencesQuery) -> Answer<DivergencesPage> {
        starting()
    }

    fn divergence(&self, _: FileName) -> Answer<DivergencePage> {
        starting()
    }

    fn merge(&self, _: FileName, _: ObjectId) -> Answer<MergeDraft> {
        starting()
    }

    fn plan_settle(&self, _: Vec<Settle>) -> Answer<Vec<SettlePlan>> {
        starting()
    }

    fn settle(&self, _: Vec<Settle>) -> Answer<Vec<ItemResult>> {
        starting()
    }

    fn plan_sync(&self, _: Vec<FileName>) -> Answer<Vec<SyncPlan>> {
        starting()
    }

    fn sync(&self, _: Vec<FileName>) -> Answer<Vec<ItemResult>> {
        starting()
    }

    fn plan_node(&self, _: NodeId, _: NodeAction) -> Answer<NodeAnswer> {
        starting()
    }

    fn node_action(&self, _: NodeId, _: NodeAction, _: Option<String>) -> Answer<NodeAnswer> {
        starting()
    }

    fn chats(&self, _: ChatsQuery) -> Answer<ChatsPage> {
        starting()
    }

    fn chat(&self, _: String, _: MessagesQuery) -> Answer<ChatPage> {
        starting()
    }

    fn visitors(&self, _: VisitorsQuery) -> Answer<VisitorsPage> {
        starting()
    }

    fn plan_moderate(&self, _: Moderate) -> Answer<NodeAnswer> {
        starting()
    }

    fn moderate(&self, _: Moderate, _: Option<String>) -> Answer<NodeAnswer> {
        starting()
    }
}

fn starting<T>() -> Answer<T> {
    let message = "This node is still reading its log. Try again in a moment.".into();
    Box::pin(async { Err(Problem { code: "unavailable".into(), message }) })
}
