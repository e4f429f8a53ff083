//! Asking a node: over the socket file of its data directory, or over TCP for reading.

use std::{io, path::Path, path::PathBuf, time::Duration};

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{
        Method, Request, Uri,
        header::{AUTHORIZATION, CONTENT_TYPE},
    },
};
use clap::Args;
use domain::view::Problem;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;
use tokio::{net::UnixStream, time::timeout};

use super::Exit;
use crate::config::SOCKET_FILE;

const PATIENCE: Duration = Duration::from_secs(30);
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// Which node a command talks to.
#[derive(Args, Clone, Debug)]
pub(super) struct Node {
    /// Data directory of the node [default: ./data].
    #[arg(
        long,
        env = "SWISH_CLUSTER_DATA",
        value_name = "DIR",
        default_value = "data",
        global = true
    )]
    data: PathBuf,
}

/// The node gave no answer, or none that this program understands.
#[derive(Debug, Error)]
pub(super) enum AskError {
    #[error("{at} does not answer: {reason}")]
    Unreachable { at: String, reason: String },
    #[error("{0}")]
    Problem(#[from] Problem),
    #[error("{at} answered something else: {reason}")]
    Malformed { at: String, reason: String },
}

impl AskError {
    /// How the command ends.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Unreachable { .. } => Exit::Unreachable,
            Self::Problem(problem) => Exit::of(problem),
            Self::Malformed { .. } => Exit::Wrong,
        }
    }
}

/// Where a node is asked.
#[derive(Clone, Debug)]
pub(super) enum At {
    /// The socket file: everything.
    Socket(PathBuf),
    /// The dashboard's address, such as `http://127.0.0.1:7050`: reading.
    Url {
        /// The address.
        url: String,
        /// What the node's token file says.
        token: Option<String>,
    },
}

impl Node {
    pub(super) fn at(&self) -> At {
        At::in_data(&self.data)
    }
}

impl At {
    pub(super) fn in_data(data: &Path) -> Self {
        Self::Socket(data.join(SOCKET_FILE))
    }

    /// Reads.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, AskError> {
        self.ask(Method::GET, path, Body::empty()).await
    }

    /// Commands.
    pub(super) async fn post<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, AskError> {
        let body = serde_json::to_vec(body).map_err(|error| self.malformed(&error))?;
        self.ask(Method::POST, path, Body::from(body)).await
    }

    /// Changes something that is there.
    pub(super) async fn put<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, AskError> {
        let body = serde_json::to_vec(body).map_err(|error| self.malformed(&error))?;
        self.ask(Method::PUT, path, Body::from(body)).await
    }

    /// Removes something.
    pub(super) async fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T, AskError> {
        self.ask(Method::DELETE, path, Body::empty()).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<T, AskError> {
        let answer = timeout(PATIENCE, self.exchange(method, path, body));
        let unreachable = |reason| AskError::Unreachable { at: self.name(), reason };
        let (is_good, bytes) = match answer.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(reason)) => return Err(unreachable(reason)),
            Err(_) => return Err(unreachable(format!("nothing for {} s", PATIENCE.as_secs()))),
        };
        if is_good {
            return serde_json::from_slice(&bytes).map_err(|error| self.malformed(&error));
        }
        let problem: Result<Problem, _> = serde_json::from_slice(&bytes);
        Err(problem.map_or_else(|_| self.malformed(&String::from_utf8_lossy(&bytes)), Into::into))
    }

    /// The answer's body, and whether its status is good.
    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<(bool, Bytes), String> {
        let base = match self {
            Self::Socket(_) => "http://localhost",
            Self::Url { url, .. } => url.trim_end_matches('/'),
        };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{base}{path}"))
            .header(CONTENT_TYPE, "application/json");
        if let Self::Url { token: Some(token), .. } = self {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(body).map_err(|error| error.to_string())?;
        let builder = Client::builder(TokioExecutor::new());
        let answer = match self {
            Self::Socket(file) => {
                let file = file.clone();
                let connect = move |_: Uri| Box::pin(connect(file.clone()));
                builder.build(tower::service_fn(connect)).request(request).await
            }
            Self::Url { .. } => builder.build(HttpConnector::new()).request(request).await,
        };
        let answer = answer.map_err(|error| super::out::chain(&error))?;
        let is_good = answer.status().is_success();
        let body = to_bytes(Body::new(answer.into_body()), MAX_ANSWER_BYTES).await;
        Ok((is_good, body.map_err(|error| error.to_string())?))
    }

    fn name(&self) -> String {
        match self {
            Self::Socket(file) => format!("the node at {}", file.display()),
            Self::Url { url, .. } => url.clone(),
        }
    }

    fn malformed(&self, reason: &impl ToString) -> AskError {
        AskError::Malformed { at: self.name(), reason: reason.to_string() }
    }
}

async fn connect(file: PathBuf) -> io::Result<TokioIo<UnixStream>> {
    Ok(TokioIo::new(UnixStream::connect(file).await?))
}
