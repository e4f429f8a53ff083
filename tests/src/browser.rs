//! What a browser sends to a dashboard: its cookie, its origin, and forms. No redirect is followed.

use anyhow::{Context, Result, ensure};
use http::{Method, Request};
use serde_json::Value;

use crate::{
    client::{Answer, Client},
    node::Node,
};

/// A browser with one tab.
#[derive(Clone, Debug)]
pub struct Browser {
    client: Client,
    address: String,
    /// Name and value.
    pub cookie: Option<(String, String)>,
    /// The last `Set-Cookie`.
    pub set_cookie: Option<String>,
}

impl Browser {
    /// One that was never here before.
    #[must_use]
    pub fn new(address: &str) -> Self {
        let client = Client::new(address);
        Self { client, address: address.to_owned(), cookie: None, set_cookie: None }
    }

    /// A new operator of a node, logged in with the link that its command line makes.
    ///
    /// # Errors
    /// There is somebody of that name, or the node does not answer.
    pub async fn operator(node: &Node, name: &str) -> Result<Self> {
        let (said, exit) = node.command(&["operator", "link", "--role", "operator"]).await?;
        let at = said.find("/invitation/").with_context(|| format!("{exit:?} {said}"))?;
        let path = said[at..].split_whitespace().next().unwrap_or_default();
        let mut browser = Self::new(&node.setup.dashboard);
        let fields = [("name", name), ("password", "correct horse battery")];
        let done = browser.form(path, &fields).await?;
        ensure!(done.status == 303, "{}: {}", done.status, done.text());
        Ok(browser)
    }

    /// Posts JSON as this dashboard's own page does.
    ///
    /// # Errors
    /// No whole answer within the deadline; what was sent may have been carried out.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        let origin = format!("http://{}", self.address);
        let headers = [("origin", &*origin), ("content-type", "application/json")];
        self.send(Method::POST, path, &headers, body.to_string()).await
    }

    /// Reads a page.
    ///
    /// # Errors
    /// No whole answer within the deadline.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.get_with(path, &[]).await
    }

    /// Reads a page with other headers.
    ///
    /// # Errors
    /// No whole answer within the deadline.
    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
        self.send(Method::GET, path, headers, String::new()).await
    }

    /// Sends a form of this dashboard's own page, and keeps the cookie that comes back.
    ///
    /// # Errors
    /// No whole answer within the deadline.
    pub async fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let pairs =
            fields.iter().map(|(name, value)| format!("{name}={}", domain::view::escape(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        let origin = format!("http://{}", self.address);
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let answer = self.send(Method::POST, path, &[("origin", &origin), kind], body).await?;
        if let Some(line) = answer.headers.get("set-cookie").and_then(|line| line.to_str().ok()) {
            let pair = line.split(';').next().unwrap_or_default();
            self.cookie = pair.split_once('=').map(|(name, value)| (name.into(), value.into()));
            self.set_cookie = Some(line.to_owned());
        }
        Ok(answer)
    }

    /// Posts JSON as a page of `origin` would, or without saying where it comes from.
    ///
    /// # Errors
    /// No whole answer within the deadline.
    pub async fn post_from(&self, origin: Option<&str>, path: &str) -> Result<Answer> {
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(origin.map(|origin| ("origin", origin)));
        self.send(Method::POST, path, &headers, "{}".to_owned()).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<Answer> {
        let mut request =
            Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some((name, value)) = &self.cookie {
            request = request.header("cookie", format!("{name}={value}"));
        }
        self.client.exchange(request.body(body)?).await
    }
}
