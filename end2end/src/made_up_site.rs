//! The dashboard over the made-up site, served as a node serves it: pages, API, event stream.

use std::{convert::Infallible, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use app::{App, SharedApi, made_up::MadeUp};
use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Query, RawQuery, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse, Response, Sse, sse::Event},
    routing::{get, post},
};
use domain::{
    NodeId, ObjectId,
    view::{
        ActivityQuery, ChatsQuery, DiffQuery, DivergencesQuery, FilesQuery, HistoryQuery,
        LiveEvent, MessagesQuery, ModerateRequest, NodeRequest, SettleRequest, SyncRequest,
        VisitorsQuery,
    },
    words::NodeAction,
};
use futures_util::{Stream, StreamExt as _, stream};
use leptos::{
    nonce::use_nonce,
    prelude::{expect_context, provide_context},
};
use leptos_axum::{LeptosRoutes as _, ResponseOptions, generate_route_list};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tokio_stream::wrappers::WatchStream;
use tower_http::services::ServeDir;

/// Messages of the stream so far, oldest first, with their ids.
type Log = Vec<(u64, LiveEvent)>;

/// A running site; stops when dropped.
pub struct MadeUpSite {
    /// Where it is: `http://127.0.0.1:<port>`.
    pub url: String,
    /// What it shows.
    pub site: MadeUp,
    log: watch::Sender<Log>,
    server: JoinHandle<()>,
}

impl MadeUpSite {
    /// Serves `site` on `port`; 0 is any.
    ///
    /// # Errors
    /// The port is taken.
    pub async fn start(site: MadeUp, port: u16) -> Result<Self> {
        Self::start_slow(site, port, Duration::ZERO).await
    }

    /// The same, with an API that takes its time over what changes something.
    ///
    /// # Errors
    /// The port is taken.
    pub async fn start_slow(site: MadeUp, port: u16, pause: Duration) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.context("bind")?;
        let url = format!("http://{}", listener.local_addr()?);
        let log = watch::Sender::new(Log::new());
        let api: SharedApi = Arc::new(site.clone());
        let slow = move |request: Request<Body>, next: Next| async move {
            if request.method() == Method::POST {
                tokio::time::sleep(pause).await;
            }
            next.run(request).await
        };
        let router = router(&api, log.subscribe()).layer(middleware::from_fn(slow));
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, site, log, server })
    }

    /// Sends one message to every open page.
    pub fn tell(&self, event: LiveEvent) {
        self.log.send_modify(|log| {
            let last = log.last().map_or(0, |(id, _)| *id);
            let id = if matches!(event, LiveEvent::Tick { .. }) { last } else { last + 1 };
            log.push((id, event));
        });
    }
}

impl Drop for MadeUpSite {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The folder scripts/build-web.sh writes.
#[must_use]
pub fn site_folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/site"))
}

/// All routes over `api`.
pub fn router(api: &SharedApi, log: watch::Receiver<Log>) -> Router {
    let options = app::options(package().as_deref());
    let context = {
        let api = api.clone();
        move || {
            provide_context(api.clone());
            set_policy();
        }
    };
    let shell = {
        let options = options.clone();
        move || app::shell(options.clone())
    };
    let not_found = leptos_axum::render_app_async_with_context(context.clone(), shell.clone());
    let fallback = move |request: Request<Body>| {
        let answer = not_found(request);
        async move { (StatusCode::NOT_FOUND, answer.await) }
    };
    let routes = generate_route_list(App);
    let (overview, files, file) = (api.clone(), api.clone(), api.clone());
    let (history, diff, object) = (api.clone(), api.clone(), api.clone());
    let (me, activity) = (api.clone(), api.clone());
    Router::new()
        .route("/api/v1/overview", get(async move || answer(overview.overview().await)))
        .route(
            "/api/v1/files",
            get(async move |RawQuery(query): RawQuery| {
                let query = FilesQuery::parse(&query.unwrap_or_default());
                answer(files.files(query).await)
            }),
        )
        .route(
            "/api/v1/files/{name}",
            get(async move |Path(name): Path<String>| {
                answer(file.file(name.as_str().into()).await)
            }),
        )
        .route(
            "/api/v1/files/{name}/history",
            get(async move |Path(name): Path<String>, Query(query): Query<HistoryQuery>| {
                answer(history.history(name.as_str().into(), query).await)
            }),
        )
        .route(
            "/api/v1/files/{name}/diff",
            get(async move |Path(name): Path<String>, Query(query): Query<DiffQuery>| {
                answer(diff.diff(name.as_str().into(), query).await)
            }),
        )
        .route("/api/v1/me", get(async move || answer(me.me().await)))
        .route(
            "/api/v1/activity",
            get(async move |RawQuery(query): RawQuery| {
                let query = ActivityQuery::parse(&query.unwrap_or_default());
                answer(activity.activity(query).await)
            }),
        )
        .route(
            "/api/v1/objects/{id}",
            get(async move |Path(id): Path<ObjectId>| answer(object.object(id).await)),
        )
        .route("/api/v1/events", get(events).with_state(log))
        .merge(acting(api))
        .merge(chats(api))
        .nest_service("/pkg", ServeDir::new(site_folder().join("pkg")))
        .leptos_routes_with_context(&options, routes, context, shell)
        .fallback(fallback)
        .with_state::<()>(options)
}

/// Divergences, and what changes something.
fn acting<S: Clone + Send + Sync + 'static>(api: &SharedApi) -> Router<S> {
    let (list, one, merge) = (api.clone(), api.clone(), api.clone());
    let (settle, sync, node) = (api.clone(), api.clone(), api.clone());
    Router::new()
        .route(
            "/api/v1/divergences",
            get(async move |RawQuery(query): RawQuery| {
                let query = DivergencesQuery::parse(&query.unwrap_or_default());
                answer(list.divergences(query).await)
            }),
        )
        .route(
            "/api/v1/divergences/{name}",
            get(async move |Path(name): Path<String>| {
                answer(one.divergence(name.as_str().into()).await)
            }),
        )
        .route(
            "/api/v1/divergences/{name}/merge",
            get(async move |Path(name): Path<String>, Query(merging): Query<Merging>| {
                answer(merge.merge(name.as_str().into(), merging.side).await)
            }),
        )
        .route(
            "/api/v1/settle",
            post(async move |Json(asked): Json<SettleRequest>| match asked.plan {
                true => answer(settle.plan_settle(asked.items).await),
                false => answer(settle.settle(asked.items).await),
            }),
        )
        .route(
            "/api/v1/sync",
            post(async move |Json(asked): Json<SyncRequest>| match asked.plan {
                true => answer(sync.plan_sync(asked.files).await),
                false => answer(sync.sync(asked.files).await),
            }),
        )
        .route(
            "/api/v1/nodes/{id}/{action}",
            post(
                async move |Path((id, action)): Path<(NodeId, NodeAction)>,
                            Json(asked): Json<NodeRequest>| match asked.plan {
                    true => answer(node.plan_node(id, action).await),
                    false => answer(node.node_action(id, action, asked.reason).await),
                },
            ),
        )
}

/// Chats and visitors, and what is done to them.
fn chats<S: Clone + Send + Sync + 'static>(api: &SharedApi) -> Router<S> {
    let (list, one, visitors, act) = (api.clone(), api.clone(), api.clone(), api.clone());
    Router::new()
        .route(
            "/api/v1/chat",
            get(async move |RawQuery(query): RawQuery| {
                answer(list.chats(ChatsQuery::parse(&query.unwrap_or_default())).await)
            }),
        )
        .route(
            "/api/v1/chat/{document}",
            get(async move |Path(document): Path<String>, RawQuery(query): RawQuery| {
                let query = MessagesQuery::parse(&query.unwrap_or_default());
                answer(one.chat(document, query).await)
            }),
        )
        .route(
            "/api/v1/visitors",
            get(async move |RawQuery(query): RawQuery| {
                answer(visitors.visitors(VisitorsQuery::parse(&query.unwrap_or_default())).await)
            }),
        )
        .route(
            "/api/v1/moderate",
            post(async move |Json(asked): Json<ModerateRequest>| match asked.plan {
                true => answer(act.plan_moderate(asked.item).await),
                false => answer(act.moderate(asked.item, asked.reason).await),
            }),
        )
}

/// Which side is merged with the decided head.
#[derive(serde::Deserialize)]
struct Merging {
    side: ObjectId,
}

/// What comes after the stream was opened.
async fn events(
    State(log): State<watch::Receiver<Log>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut next = log.borrow().len();
    let news = WatchStream::from_changes(log).flat_map(move |log| {
        let fresh: Vec<_> = log.into_iter().skip(next).collect();
        next += fresh.len();
        stream::iter(fresh)
    });
    let hello = stream::once(async { Event::default().comment("open") });
    let event = |(id, event): (u64, LiveEvent)| {
        let data = serde_json::to_string(&event).unwrap_or_default();
        Event::default().id(format!("made-up-{id}")).data(data)
    };
    Sse::new(hello.chain(news.map(event)).map(Ok))
}

fn answer<T: serde::Serialize>(result: Result<T, domain::view::Problem>) -> Response {
    match result {
        Ok(value) => Json(value).into_response(),
        Err(problem) => (StatusCode::SERVICE_UNAVAILABLE, Json(problem)).into_response(),
    }
}

/// The policy a node sends, so that tests see what it forbids.
fn set_policy() {
    let nonce = use_nonce().map(|nonce| nonce.to_string()).unwrap_or_default();
    let policy = format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
         style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; connect-src 'self'; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    if let Ok(value) = HeaderValue::try_from(policy) {
        let name = HeaderName::from_static("content-security-policy");
        expect_context::<ResponseOptions>().insert_header(name, value);
    }
}

/// `pkg/<hash>` of the built browser half.
fn package() -> Option<String> {
    let folders = std::fs::read_dir(site_folder().join("pkg")).ok()?;
    let script = |folder: std::fs::DirEntry| {
        format!("pkg/{}/{}.js", folder.file_name().to_string_lossy(), app::OUTPUT_NAME)
    };
    app::package_dir(folders.filter_map(Result::ok).map(script))
}
