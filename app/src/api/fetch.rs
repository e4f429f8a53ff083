//! The API over HTTP, from the browser.

use domain::{
    FileName, NodeId, ObjectId,
    view::{
        ActivityPage, ActivityQuery, ChatPage, ChatsPage, ChatsQuery, DiffQuery, Difference,
        DivergencePage, DivergencesPage, DivergencesQuery, FilePage, FilesPage, FilesQuery,
        HistoryPage, HistoryQuery, ItemResult, Me, MergeDraft, MessagesQuery, Moderate,
        ModerateRequest, NodeAnswer, NodeRequest, ObjectText, Overview, Problem, Settle,
        SettlePlan, SettleRequest, SyncPlan, SyncRequest, VisitorsPage, VisitorsQuery, chat_href,
        escape, file_href,
    },
    words::NodeAction,
};
use gloo_net::http::{Request, Response};
use leptos::prelude::window;
use send_wrapper::SendWrapper;
use serde::{Serialize, de::DeserializeOwned};

use super::{Answer, Api};

/// Asks the server the page came from.
#[derive(Clone, Copy, Debug)]
pub struct Fetch;

impl Api for Fetch {
    fn overview(&self) -> Answer<Overview> {
        get("/api/v1/overview".to_owned())
    }

    fn files(&self, query: FilesQuery) -> Answer<FilesPage> {
        get(format!("/api/v1/files{query}"))
    }

    fn file(&self, name: FileName) -> Answer<FilePage> {
        get(format!("/api/v1{}", file_href(&name)))
    }

    fn history(&self, name: FileName, query: HistoryQuery) -> Answer<HistoryPage> {
        get(format!("/api/v1{}/history{query}", file_href(&name)))
    }

    fn diff(&self, name: FileName, query: DiffQuery) -> Answer<Difference> {
        get(format!("/api/v1{}/diff{query}", file_href(&name)))
    }

    fn object(&self, id: ObjectId) -> Answer<ObjectText> {
        get(format!("/api/v1/objects/{id}"))
    }

    fn me(&self) -> Answer<Me> {
        get("/api/v1/me".to_owned())
    }

    fn activity(&self, query: ActivityQuery) -> Answer<ActivityPage> {
        get(format!("/api/v1/activity{query}"))
    }

    fn divergences(&self, query: DivergencesQuery) -> Answer<DivergencesPage> {
        get(format!("/api/v1/divergences{query}"))
    }

    fn divergence(&self, name: FileName) -> Answer<DivergencePage> {
        get(format!("/api/v1/divergences/{}", escape(name.as_str())))
    }

    fn merge(&self, name: FileName, side: ObjectId) -> Answer<MergeDraft> {
        get(format!("/api/v1/divergences/{}/merge?side={side}", escape(name.as_str())))
    }

    fn plan_settle(&self, items: Vec<Settle>) -> Answer<Vec<SettlePlan>> {
        post("/api/v1/settle".to_owned(), &SettleRequest { plan: true, items })
    }

    fn settle(&self, items: Vec<Settle>) -> Answer<Vec<ItemResult>> {
        post("/api/v1/settle".to_owned(), &SettleRequest { plan: false, items })
    }

    fn plan_sync(&self, files: Vec<FileName>) -> Answer<Vec<SyncPlan>> {
        post("/api/v1/sync".to_owned(), &SyncRequest { plan: true, files })
    }

    fn sync(&self, files: Vec<FileName>) -> Answer<Vec<ItemResult>> {
        post("/api/v1/sync".to_owned(), &SyncRequest { plan: false, files })
    }

    fn plan_node(&self, node: NodeId, action: NodeAction) -> Answer<NodeAnswer> {
        let request = NodeRequest { plan: true, reason: None };
        post(format!("/api/v1/nodes/{node}/{}", action.code()), &request)
    }

    fn node_action(
        &self,
        node: NodeId,
        action: NodeAction,
        reason: Option<String>,
    ) -> Answer<NodeAnswer> {
        let request = NodeRequest { plan: false, reason };
        post(format!("/api/v1/nodes/{node}/{}", action.code()), &request)
    }

    fn chats(&self, query: ChatsQuery) -> Answer<ChatsPage> {
        get(format!("/api/v1/chat{query}"))
    }

    fn chat(&self, document: String, query: MessagesQuery) -> Answer<ChatPage> {
        get(format!("/api/v1{}{query}", chat_href(&document)))
    }

    fn visitors(&self, query: VisitorsQuery) -> Answer<VisitorsPage> {
        get(format!("/api/v1/visitors{query}"))
    }

    fn plan_moderate(&self, item: Moderate) -> Answer<NodeAnswer> {
        let request = ModerateRequest { plan: true, item, reason: None };
        post("/api/v1/moderate".to_owned(), &request)
    }

    fn moderate(&self, item: Moderate, reason: Option<String>) -> Answer<NodeAnswer> {
        let request = ModerateRequest { plan: false, item, reason };
        post("/api/v1/moderate".to_owned(), &request)
    }
}

/// A browser has one thread, so the wrapper never sees another.
fn get<T: DeserializeOwned + 'static>(address: String) -> Answer<T> {
    Box::pin(SendWrapper::new(async move {
        read(Request::get(&address).send().await.map_err(|_| offline())?).await
    }))
}

/// Only JSON: a form of a stranger's page cannot send that.
fn post<T: DeserializeOwned + 'static>(address: String, body: &impl Serialize) -> Answer<T> {
    let request = Request::post(&address).json(body);
    Box::pin(SendWrapper::new(async move {
        let request = request.map_err(|error| garbled(&error.to_string()))?;
        read(request.send().await.map_err(|_| offline())?).await
    }))
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, Problem> {
    if response.ok() {
        return response.json().await.map_err(|error| garbled(&error.to_string()));
    }
    let status = response.status();
    if status == 401 {
        log_in();
    }
    Err(response.json().await.unwrap_or_else(|_| garbled(&format!("status {status}"))))
}

/// The login is over: to the login page, and back to this one.
fn log_in() {
    let location = window().location();
    let path = location.pathname().unwrap_or_default() + &location.search().unwrap_or_default();
    let _ = location.set_href(&format!("/login?next={}", escape(&path)));
}

fn offline() -> Problem {
    Problem {
        code: "offline".into(),
        message: "This node does not answer. The page tries again by itself.".into(),
    }
}

fn garbled(what: &str) -> Problem {
    Problem {
        code: "garbled".into(),
        message: format!("This node sent something this page cannot read ({what}). Reload it."),
    }
}
