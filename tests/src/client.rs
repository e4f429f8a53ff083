//! A small HTTP client: one node, connections kept alive, every request with a deadline.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use http::{Method, Request};
use http_body_util::BodyExt;
use hyper_util::{
    client::legacy::{Client as Pool, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;

/// No request of these tests may take longer.
const DEADLINE: Duration = Duration::from_secs(30);

/// A client of one address; clones share its connections.
#[derive(Clone, Debug)]
pub struct Client {
    pool: Pool<HttpConnector, String>,
    address: String,
    /// What is sent to prove that we may read.
    token: Option<String>,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: http::HeaderMap,
    /// Body as sent.
    pub body: Vec<u8>,
    /// From the request to the end of the body.
    pub took: Duration,
}

impl Client {
    /// A client of `host:port`.
    #[must_use]
    pub fn new(address: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self {
            pool: Pool::builder(TokioExecutor::new()).build(connector),
            address: address.into(),
            token: None,
        }
    }

    /// The same with the token of a node's data directory, for its dashboard.
    ///
    /// # Errors
    /// There is none: the node was never started.
    pub fn with_token(address: &str, data: &Path) -> Result<Self> {
        let token = std::fs::read_to_string(data.join("api-token")).context("api-token")?;
        Ok(Self { token: Some(token.trim().to_owned()), ..Self::new(address) })
    }

    /// Reads `path`.
    ///
    /// # Errors
    /// No whole answer within the deadline.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send(Method::GET, path, String::new()).await
    }

    /// Reads `path`, preferring this type.
    ///
    /// # Errors
    /// No whole answer within the deadline.
    pub async fn get_as(&self, path: &str, accept: &str) -> Result<Answer> {
        let request = Request::get(format!("http://{}{path}", self.address));
        self.exchange(request.header("accept", accept).body(String::new())?).await
    }

    /// Sends a request with a JSON body.
    ///
    /// # Errors
    /// No whole answer within the deadline.
    pub async fn send_json(&self, method: Method, path: &str, body: &Value) -> Result<Answer> {
        self.send(method, path, body.to_string()).await
    }

    /// Sends a request whose body, if any, is JSON.
    ///
    /// # Errors
    /// No whole answer within the deadline; what was sent may have been carried out.
    pub async fn send(&self, method: Method, path: &str, body: String) -> Result<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address))
            .header("accept", "application/json")
            .header("content-type", "application/json");
        if let Some(token) = &self.token {
            // Whoever sends a token is no browser; it names the origin all the same, so that the
            // role alone decides.
            request = request
                .header("authorization", format!("Bearer {token}"))
                .header("origin", format!("http://{}", self.address));
        }
        self.exchange(request.body(body)?).await
    }

    /// Sends a request as it is.
    ///
    /// # Errors
    /// No whole answer within the deadline; what was sent may have been carried out.
    pub async fn exchange(&self, request: Request<String>) -> Result<Answer> {
        let began = Instant::now();
        let what = format!("{} {}", request.method(), request.uri());
        let exchange = async {
            let response = self.pool.request(request).await?;
            let (parts, body) = response.into_parts();
            anyhow::Ok((parts, body.collect().await?.to_bytes()))
        };
        let (parts, body) = tokio::time::timeout(DEADLINE, exchange)
            .await
            .with_context(|| format!("{what}: no answer within {DEADLINE:?}"))?
            .with_context(|| what.clone())?;
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.into(),
            took: began.elapsed(),
        })
    }
}

impl Answer {
    /// The body as JSON; `Null` if it is something else.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header; empty if it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body, if the status is the expected one.
    ///
    /// # Errors
    /// It is another; the text has the body.
    pub fn expect(&self, status: u16) -> Result<Value> {
        let text = String::from_utf8_lossy(&self.body);
        ensure!(self.status == status, "{} instead of {status}: {text}", self.status);
        Ok(self.json())
    }
}
