//! The dashboard's questions, answered in this process.

use app::{Answer, Api};
use domain::{
    Deed, FileName, NodeId, ObjectId, Thing,
    view::{
        ActionOutcome, ActivityPage, ActivityQuery, ChatPage, ChatsPage, ChatsQuery, DiffQuery,
        Difference, DivergencePage, DivergencesPage, DivergencesQuery, FilePage, FilesPage,
        FilesQuery, HistoryPage, HistoryQuery, ItemResult, LiveEvent, Me, MergeDraft,
        MessagesQuery, Moderate, NodeAnswer, ObjectText, Overview, Problem, Settle, SettlePlan,
        SyncPlan, VisitorsPage, VisitorsQuery,
    },
    words::{Action, NodeAction, Outcome},
};

use super::{
    activity, behind,
    chat::{self, Compared, Scene},
    divergences,
    picture::{self, Picture, files, overview},
    versions,
};
use crate::{
    app::App,
    audit,
    hub::Hub,
    node::{
        Handle, Shared, founding,
        link::{Links, now_ms},
        membership,
    },
    operators::Who,
};

/// An answer or why there is none.
pub(super) type Answered<T> = Result<T, Problem>;

/// What pages, the API and the event stream read; clones share the node.
#[derive(Clone, Debug)]
pub(super) struct Site {
    node: Handle,
    /// For asking nodes that are in no cluster; none in tests.
    links: Option<Links>,
    /// Chats and visitors; none in some tests.
    hubs: Option<Hubs>,
    since_ms: u64,
    /// Who asks, where it matters.
    who: Option<Me>,
}

/// The hub, and what pages remember of it.
#[derive(Clone, Debug)]
pub(super) struct Hubs {
    /// The hub.
    pub(super) hub: Hub,
    /// When chats were compared.
    pub(super) compared: Compared,
}

impl Site {
    /// Reads from the program's node.
    pub(super) fn new(app: &App) -> Self {
        let links = Some(app.links.clone());
        let hubs = Some(Hubs { hub: app.hub.clone(), compared: app.compared.clone() });
        Self { node: app.node.clone(), links, hubs, since_ms: app.started_ms, who: None }
    }

    /// Reads from a node of a test.
    #[cfg(test)]
    pub(super) const fn over(node: Handle) -> Self {
        Self { node, links: None, hubs: None, since_ms: 0, who: None }
    }

    /// The same with a hub.
    #[cfg(test)]
    pub(super) fn with_hub(self, hub: Hub) -> Self {
        Self { hubs: Some(Hubs { hub, compared: Compared::default() }), ..self }
    }

    /// The same for one request.
    pub(super) fn asked_by(&self, who: &Who) -> Self {
        let me = Me { name: who.name.clone(), role: who.role };
        Self { who: Some(me), ..self.clone() }
    }

    /// The node behind it.
    pub(super) const fn node(&self) -> &Handle {
        &self.node
    }

    /// Writes what whoever asks did to a file into the audit, with the heads before and now.
    pub(super) async fn record(
        &self,
        action: Action,
        file: &FileName,
        before: Option<ObjectId>,
        reason: Option<String>,
        ended: &ActionOutcome,
    ) {
        let deed = Deed {
            thing: Some(Thing::File(file.clone())),
            before: before.map(|head| head.to_string()),
            after: ended.head.filter(|_| ended.outcome == Outcome::Done).map(|id| id.to_string()),
            reason,
            detail: ended.detail.clone(),
            ..Deed::new(now_ms(), self.person(), action, ended.outcome)
        };
        let _ = self.write(deed).await;
    }

    /// Who asks, for the audit.
    pub(super) fn person(&self) -> &str {
        self.who.as_ref().map_or("somebody", |me| me.name.as_str())
    }

    /// Writes an entry of the audit; the node fills in its name. False if it stops before that.
    pub(super) async fn write(&self, deed: Deed) -> bool {
        let node_name = self.node.shared().node().name;
        let deed = audit::shortened(Deed { node_name, ..deed });
        let is_written = self.node.audit(&deed).await;
        if !is_written {
            tracing::error!(
                action = deed.action.code(),
                "the audit lacks an entry: this node is stopping"
            );
        }
        is_written
    }

    /// The hub.
    ///
    /// # Errors
    /// Where there is none: in tests.
    pub(super) fn hubs(&self) -> Answered<&Hubs> {
        self.hubs.as_ref().ok_or_else(stopping)
    }

    /// Makes an answer about chats of the picture, the audit and what is remembered, now.
    pub(super) fn ask_chat<T: Send + 'static>(
        &self,
        answer: impl FnOnce(&Scene<'_>) -> T + Send + 'static,
    ) -> Answer<T> {
        let compared = self.hubs.as_ref().map(|hubs| hubs.compared.clone()).unwrap_or_default();
        self.ask(move |picture, shared| {
            shared.with_audit(|audit| {
                let moderated = audit.moderated();
                answer(&Scene { picture, compared: &compared, moderated })
            })
        })
    }

    /// Adds to an overview what the hub knows.
    async fn with_chat(&self, mut overview: Overview) -> Overview {
        if self.hubs.is_some()
            && let Ok(counts) = chat::counts(self).await
        {
            chat::add_needs(&mut overview.needs, &counts);
            overview.chat = counts;
        }
        overview
    }

    /// Says what an action on a node would do; of one that asks to join, what its store brings.
    pub(super) async fn plan_on(&self, node: &str, action: NodeAction) -> Answered<NodeAnswer> {
        let mut answer = membership::plan(&self.node, node, action)?;
        if action == NodeAction::Approve
            && let Some(links) = &self.links
        {
            let address = membership::address(&self.node, node, action)?;
            let brings = match founding::report(links, &self.node, &address).await {
                Ok(report) => report.to_string(),
                Err(problem) => format!("Its store could not be asked: {}", problem.message),
            };
            answer.sentence = format!("{} {brings}", answer.sentence);
        }
        Ok(answer)
    }

    /// Carries out an action on a node, and writes how it ended into the audit.
    pub(super) async fn act_on(
        &self,
        node: &str,
        action: NodeAction,
        reason: Option<String>,
    ) -> Answered<NodeAnswer> {
        let ended = membership::act(&self.node, node, action).await?;
        let deed = Deed {
            thing: Some(Thing::Node(self.name_of(node))),
            reason,
            detail: Some(ended.sentence.clone()).filter(|_| ended.outcome != Outcome::Done),
            ..Deed::new(now_ms(), self.person(), action.audited(), ended.outcome)
        };
        let _ = self.write(deed).await;
        Ok(ended)
    }

    /// Name of a node that was asked for by name or id.
    fn name_of(&self, node: &str) -> String {
        let view = self.node.shared().node();
        let roster =
            view.roster.iter().flat_map(|roster| roster.everybody().chain(&roster.removed));
        let mut all = roster.chain(&view.asking);
        let found = all.find(|member| member.id.node.to_string() == node);
        found.map_or_else(|| node.to_owned(), |member| member.name.clone())
    }

    /// What the node knows now.
    pub(super) fn picture(&self) -> Picture {
        Picture::take(self.node.shared(), now_ms(), self.since_ms)
    }

    /// What a stream says of a file that changed; none when it is no file any more.
    pub(super) fn head_event(&self, picture: &Picture, name: &FileName) -> Option<LiveEvent> {
        let entry = self.node.shared().file(name)?;
        let row = picture.detailed(name, &entry)?;
        Some(LiveEvent::Head { name: name.clone(), head: entry.served(), row })
    }

    /// Asks off the async threads: an answer may pass over every file.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        answer: impl FnOnce(&Picture, &Shared) -> T + Send + 'static,
    ) -> Answer<T> {
        let site = self.clone();
        Box::pin(async move {
            let work = move || answer(&site.picture(), site.node.shared());
            tokio::task::spawn_blocking(work).await.map_err(|_| stopping())
        })
    }
}

impl Api for Site {
    fn overview(&self) -> Answer<Overview> {
        let site = self.clone();
        Box::pin(async move {
            let overview = site.ask(overview).await?;
            Ok(site.with_chat(overview).await)
        })
    }

    fn files(&self, query: FilesQuery) -> Answer<FilesPage> {
        let node = self.node.clone();
        let page = self.ask(move |picture, shared| files(picture, shared, &query));
        Box::pin(async move {
            let mut page = page.await?;
            behind::count(&node, &mut page).await;
            Ok(page)
        })
    }

    fn file(&self, name: FileName) -> Answer<FilePage> {
        let page = self.ask(move |picture, shared| {
            let page = picture::file(picture, shared, &name);
            page.ok_or_else(|| versions::unknown(picture, &name))
        });
        Box::pin(async move { page.await? })
    }

    fn history(&self, name: FileName, query: HistoryQuery) -> Answer<HistoryPage> {
        let site = self.clone();
        Box::pin(async move { versions::history(&site, &name, query).await })
    }

    fn diff(&self, name: FileName, query: DiffQuery) -> Answer<Difference> {
        let site = self.clone();
        Box::pin(async move { versions::diff(&site, &name, query).await })
    }

    fn object(&self, id: ObjectId) -> Answer<ObjectText> {
        let site = self.clone();
        Box::pin(async move { versions::object(&site, id).await })
    }

    fn me(&self) -> Answer<Me> {
        let me = self.who.clone();
        Box::pin(async move { me.ok_or_else(nobody) })
    }

    fn activity(&self, query: ActivityQuery) -> Answer<ActivityPage> {
        self.ask(move |_, shared| activity::page(shared, &query))
    }

    fn divergences(&self, query: DivergencesQuery) -> Answer<DivergencesPage> {
        self.ask(move |picture, shared| divergences::list(picture, shared, &query))
    }

    fn divergence(&self, name: FileName) -> Answer<DivergencePage> {
        let site = self.clone();
        Box::pin(async move { divergences::find(&site, name).await })
    }

    fn merge(&self, name: FileName, side: ObjectId) -> Answer<MergeDraft> {
        let site = self.clone();
        Box::pin(async move { divergences::merge(&site, name, side).await })
    }

    fn plan_settle(&self, items: Vec<Settle>) -> Answer<Vec<SettlePlan>> {
        let site = self.clone();
        Box::pin(async move { Ok(divergences::plan_settle(&site, items).await) })
    }

    fn settle(&self, items: Vec<Settle>) -> Answer<Vec<ItemResult>> {
        let site = self.clone();
        Box::pin(async move { Ok(divergences::settle(&site, items).await) })
    }

    fn plan_sync(&self, files: Vec<FileName>) -> Answer<Vec<SyncPlan>> {
        let site = self.clone();
        Box::pin(async move { Ok(divergences::plan_sync(&site, files).await) })
    }

    fn sync(&self, files: Vec<FileName>) -> Answer<Vec<ItemResult>> {
        let site = self.clone();
        Box::pin(async move { Ok(divergences::sync(&site, files).await) })
    }

    fn plan_node(&self, node: NodeId, action: NodeAction) -> Answer<NodeAnswer> {
        let site = self.clone();
        Box::pin(async move { site.plan_on(&node.to_string(), action).await })
    }

    fn node_action(
        &self,
        node: NodeId,
        action: NodeAction,
        reason: Option<String>,
    ) -> Answer<NodeAnswer> {
        let site = self.clone();
        Box::pin(async move { site.act_on(&node.to_string(), action, reason).await })
    }

    fn chats(&self, query: ChatsQuery) -> Answer<ChatsPage> {
        let site = self.clone();
        Box::pin(async move { chat::list(&site, query).await })
    }

    fn chat(&self, document: String, query: MessagesQuery) -> Answer<ChatPage> {
        let site = self.clone();
        Box::pin(async move { chat::one(&site, &document, &query).await })
    }

    fn visitors(&self, query: VisitorsQuery) -> Answer<VisitorsPage> {
        let site = self.clone();
        Box::pin(async move { chat::visitors(&site, query).await })
    }

    fn plan_moderate(&self, item: Moderate) -> Answer<NodeAnswer> {
        let site = self.clone();
        Box::pin(async move { chat::plan(&site, &item).await })
    }

    fn moderate(&self, item: Moderate, reason: Option<String>) -> Answer<NodeAnswer> {
        let site = self.clone();
        Box::pin(async move { chat::moderate(&site, &item, reason).await })
    }
}

fn nobody() -> Problem {
    Problem { code: "login".into(), message: "Nobody is logged in.".into() }
}

/// The program ends; nothing was changed.
pub(super) fn stopping() -> Problem {
    Problem {
        code: "unavailable".into(),
        message: "This node is stopping. Ask again when it has started.".into(),
    }
}
