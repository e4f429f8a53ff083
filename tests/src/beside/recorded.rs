//! A recorded SWISH: answers what a real one was recorded to answer, in the recorded order.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::replay::recording::{Exchange, Recorded};

type Answers = HashMap<String, VecDeque<Recorded>>;

/// A server in this process; it ends when dropped.
#[derive(Debug)]
pub struct RecordedSwish {
    address: String,
    server: JoinHandle<()>,
}

impl RecordedSwish {
    /// Starts one that knows these answers; the last one of a request is given again and again.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start(exchanges: &[Exchange]) -> Result<Self> {
        let mut answers = Answers::new();
        for exchange in exchanges {
            answers.entry(exchange.request()).or_default().push_back(exchange.answer.clone());
        }
        let router = Router::new().fallback(answer).with_state(Arc::new(Mutex::new(answers)));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, server })
    }

    /// `host:port`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for RecordedSwish {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(answers): State<Arc<Mutex<Answers>>>, request: Request) -> Response {
    let asked = format!("{} {}", request.method(), request.uri());
    let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
    let known = answers.get_mut(&asked);
    let recorded = known.and_then(|answers| match answers.len() {
        0 | 1 => answers.front().cloned(),
        _ => answers.pop_front(),
    });
    let recorded = recorded.unwrap_or_else(|| Recorded { status: 404, ..Recorded::default() });
    let status = u16::try_from(recorded.status).ok();
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let mut response = Response::builder().status(status.unwrap_or(StatusCode::BAD_GATEWAY));
    for (name, value) in &recorded.headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(recorded.body())).unwrap_or_default()
}
