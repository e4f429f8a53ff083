//! What every request can reach, and a node from its start to its end.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::Arc,
    time::Duration,
};

use axum::Router;
use cluster::MemberId;
use futures_util::future::{join, join_all};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::{Deserialize, Serialize};
use tokio::{
    net::{TcpListener, UnixListener},
    sync::{mpsc, watch},
    task::JoinHandle,
    time::timeout,
};

use crate::{
    config::{Config, DataLock, bind, local},
    dashboard,
    error::StartError,
    front::{self, Front, Limits},
    gateway,
    hub::{self, Hub, Moderation},
    node::{
        self, DriverLinks, Handle, NodeThread, Opened,
        identity::{Identity, read_secret},
        link::{About, Asked, HelloState, LinkConfig, Links, now_ms},
    },
    operators::Operators,
    search::Search,
    shutdown::Stop,
    telemetry,
};

/// Events of links that may wait for the driver.
const LINK_EVENTS: usize = 1024;
/// Questions of founders that may wait for the driver.
const ASKED: usize = 16;
/// Time for requests under way, and for the last writes, after the stop signal.
const GRACE: Duration = Duration::from_secs(5);
/// The metrics library wants to be told from time to time that time passes.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// What every request can reach; clones share it.
#[derive(Clone)]
pub struct App {
    /// The node: saves, reads and events.
    pub node: Handle,
    /// Chats and visitors.
    pub hub: Hub,
    /// What moderators have decided.
    pub moderation: Moderation,
    /// When chats were compared with other nodes, for the dashboard.
    pub compared: dashboard::Compared,
    /// Lists and search.
    pub search: Search,
    /// Its links to the others.
    pub links: Links,
    /// Who may use its dashboard.
    pub operators: Operators,
    /// Its settings.
    pub config: Arc<Config>,
    /// Where it really listens.
    pub addresses: Arc<Addresses>,
    /// For `/metrics`.
    pub metrics: PrometheusHandle,
    /// Start of the program, milliseconds since 1970.
    pub started_ms: u64,
    /// Streams end when this is given.
    pub stop: Stop,
}

/// Where a node listens, as its first line of output says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// Its name.
    pub node: String,
    /// What SWISH pages talk to.
    pub gateway: String,
    /// What operators open.
    pub dashboard: String,
    /// Where other nodes reach it.
    pub link: String,
    /// One-time link that makes the first account, while there is none; good for 24 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_login: Option<String>,
}

/// Everything that listens.
struct Listeners {
    gateway: TcpListener,
    dashboard: TcpListener,
    link: TcpListener,
}

/// Runs a node until `stop` is given; `started` is told where it listens.
///
/// # Errors
/// When it cannot start. Nothing was answered then.
pub async fn run(
    config: Config,
    stop: Stop,
    started: impl FnOnce(&Addresses),
) -> Result<(), StartError> {
    let _lock = DataLock::take(&config.node.data)?;
    let identity = Arc::new(Identity::open(&config.node.data)?);
    let secret = read_secret(&config.node.secret_file)?;
    let metrics = telemetry::record_metrics()?;
    let opened = open(&config, &identity).await?;
    let me = MemberId { node: identity.node(), incarnation: opened.durable().incarnation };
    let chats = hub::open(&config.node.data, (me, identity.run()), config.chat_dir.clone()).await?;
    let operators = Operators::open(&config.node.data)?;
    let listeners = Listeners::bind(&config).await?;
    let addresses = Arc::new(listeners.addresses(&config));
    let first = operators.first_link(now_ms()).await?;
    let Listeners { gateway, dashboard, link } = listeners;
    let (hub_ends, node_ends) = node::relay::ends();
    // Links end when the hub has said goodbye.
    let links_stop = Stop::new();
    let thread = NodeThread::start().map_err(system("starting the node's thread"))?;
    let (links, node, driver) = thread.enter(|| {
        let listener = moved(link).map_err(system("moving the link listener"))?;
        let sealer = Arc::clone(&identity);
        let (node_links, links) =
            start_links(&opened, &addresses, sealer, |about, hello, (events, asked)| LinkConfig {
                identity,
                secret,
                listener,
                about,
                hello,
                events,
                asked,
                stop: links_stop.clone(),
            });
        let (node, driver) = node::start(opened, (node_links, hub_ends), stop.clone())
            .map_err(system("starting the filer's thread"))?;
        Ok::<_, StartError>((links, node, driver))
    })?;
    let stops = (stop.clone(), links_stop);
    let (hub, hub_task) = hub::start(chats, node_ends, links.clone(), stops);
    let search = Search::start(&config.node.data, node.clone(), stop.clone()).await?;
    let config = Arc::new(config);
    let started_ms = now_ms();
    let moderation = Moderation::new(node.clone());
    let compared = dashboard::Compared::start(&hub, stop.clone());
    let app = App {
        node,
        hub,
        moderation,
        compared,
        search,
        links,
        operators,
        config,
        addresses,
        metrics,
        started_ms,
        stop,
    };
    let servers = [
        serve(gateway, gateway::router(app.clone(), secret), &app),
        serve(dashboard, dashboard::router(app.clone()), &app),
        serve_socket(&app)?,
        tokio::spawn(upkeep(app.clone())),
        hub_task,
    ];
    node::joining::resume(&app);
    let first_login = first.map(|link| dashboard::link(&app, &link));
    started(&Addresses { first_login, ..app.addresses.as_ref().clone() });
    tracing::info!(node.name = app.addresses.node, "node {} is serving", app.addresses.node);
    wait(&app, driver, servers).await
}

/// A listener that wakes the runtime it is used in.
fn moved(listener: TcpListener) -> io::Result<TcpListener> {
    TcpListener::from_std(listener.into_std()?)
}

fn system(what: &'static str) -> impl FnOnce(io::Error) -> StartError {
    move |source| StartError::System { what, source }
}

async fn open(config: &Config, identity: &Identity) -> Result<Opened, StartError> {
    let store = &config.node.store;
    std::fs::create_dir_all(store)
        .map_err(|source| StartError::Data { path: store.clone(), source })?;
    let node = &config.node;
    Ok(node::open(&node.data, store, &node.name, identity.node()).await?)
}

fn start_links(
    opened: &Opened,
    addresses: &Addresses,
    identity: Arc<Identity>,
    config: impl FnOnce(
        About,
        watch::Receiver<HelloState>,
        (mpsc::Sender<node::link::LinkEvent>, mpsc::Sender<Asked>),
    ) -> LinkConfig,
) -> (DriverLinks, Links) {
    let about = About {
        name: addresses.node.clone(),
        address: addresses.link.clone(),
        dashboard: Some(addresses.dashboard.clone()),
        gateway: addresses.gateway_for_nodes(),
    };
    let (hello, said) = watch::channel(hello_state(opened));
    let (sender, events) = mpsc::channel(LINK_EVENTS);
    let (asking, asked) = mpsc::channel(ASKED);
    let links = Links::start(config(about, said, (sender, asking)));
    (DriverLinks { links: links.clone(), events, asked, hello, identity }, links)
}

/// What the first Hello says; the driver keeps it up to date.
pub(crate) fn hello_state(opened: &Opened) -> HelloState {
    let durable = opened.durable();
    let roster = durable.roster.as_ref();
    HelloState {
        cluster: roster.map(|roster| roster.cluster),
        incarnation: durable.incarnation,
        epoch: roster.map_or(0, |roster| roster.epoch),
        phase: roster.map(|roster| roster.phase),
        files: u64::try_from(opened.files()).unwrap_or(u64::MAX),
        durable_count: durable.count,
        remembered: durable.remembered.iter().map(|(id, count)| (*id, *count)).collect(),
        left: durable.left.clone(),
    }
}

impl App {
    /// This node, in this life of its disk.
    #[must_use]
    pub fn me(&self) -> MemberId {
        self.links.me()
    }
}

impl Addresses {
    /// Where other nodes reach the gateway: at the host of the links, unless it listens on the
    /// loopback only and they do not.
    fn gateway_for_nodes(&self) -> Option<String> {
        let gateway: SocketAddr = self.gateway.strip_prefix("http://")?.parse().ok()?;
        let (host, _) = self.link.rsplit_once(':')?;
        let is_local = host == "localhost"
            || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        (is_local || !gateway.ip().is_loopback()).then(|| format!("{host}:{}", gateway.port()))
    }
}

impl Listeners {
    async fn bind(config: &Config) -> Result<Self, StartError> {
        Ok(Self {
            gateway: bind("gateway", &config.listen.gateway).await?,
            dashboard: bind("dashboard", &config.listen.dashboard).await?,
            link: bind("links", &config.listen.link).await?,
        })
    }

    fn addresses(&self, config: &Config) -> Addresses {
        let advertised = config.listen.advertise.clone();
        Addresses {
            node: config.node.name.clone(),
            gateway: format!("http://{}", local(&self.gateway)),
            dashboard: format!("http://{}", local(&self.dashboard)),
            link: advertised.unwrap_or_else(|| local(&self.link).to_string()),
            first_login: None,
        }
    }
}

/// Serves a listener; each has its own places.
fn serve(listener: TcpListener, router: Router, app: &App) -> JoinHandle<()> {
    let trusted: Vec<_> = app.config.listen.trusted_proxy.iter().map(|it| it.net()).collect();
    let front = Front::new(Limits::here(), &trusted);
    tokio::spawn(front::serve(listener, router, front, app.stop.clone()))
}

/// Commands of this machine's operator: a file, so that the file system says who may.
fn serve_socket(app: &App) -> Result<JoinHandle<()>, StartError> {
    let path = app.config.node.socket();
    let listener = bind_socket(&path).map_err(|source| StartError::Data { path, source })?;
    let router = dashboard::commands(app.clone());
    let stopped = app.stop.clone().into_stopped();
    Ok(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
            tracing::error!(%error, "the socket file ended: {error}");
        }
    }))
}

/// The lock on the data directory is ours, so a socket file that is there is a dead one's.
fn bind_socket(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn upkeep(app: App) {
    let mut ticks = tokio::time::interval(UPKEEP_EVERY);
    loop {
        tokio::select! {
            _ = ticks.tick() => app.metrics.run_upkeep(),
            () = app.stop.stopped() => return,
        }
    }
}

/// Until the stop signal, and then until everything has ended or the time is over.
async fn wait(
    app: &App,
    mut driver: JoinHandle<()>,
    servers: [JoinHandle<()>; 5],
) -> Result<(), StartError> {
    tokio::select! {
        // Both are ready when the driver heard the signal first.
        biased;
        () = app.stop.stopped() => {}
        _ = &mut driver => {
            // A node that cannot write promises nothing more (architecture, "one rule").
            app.stop.stop();
            return Err(StartError::Ended);
        }
    }
    tracing::info!("stopping");
    if timeout(GRACE, join(join_all(servers), driver)).await.is_err() {
        tracing::warn!("what was under way was cut off after {} s", GRACE.as_secs());
    }
    let _ = std::fs::remove_file(app.config.node.socket());
    Ok(())
}
