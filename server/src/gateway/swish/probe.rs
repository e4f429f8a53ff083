//! Whether SWISH answers: a real request decides, since a stuck one keeps its port open.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use domain::words::SwishState;
use http_body_util::{BodyExt, Limited};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use serde_json::Value;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::{config, mode::Mode};
use crate::{config::SwishUrl, shutdown::Stop};

/// Between two questions while it answers.
const EVERY: Duration = Duration::from_secs(5);
/// Between two questions while it does not.
const AGAIN: Duration = Duration::from_secs(1);
/// A SWISH that needs longer for this is stuck.
const PATIENCE: Duration = Duration::from_secs(4);
const MAX_BYTES: usize = 4 << 20;

/// Asks until `stop`.
pub(super) async fn run(
    url: SwishUrl,
    client: Client<HttpConnector, Body>,
    mode: Mode,
    state: watch::Sender<SwishState>,
    stop: Stop,
) {
    while !stop.is_stopped() {
        let now = ask(&url, &client, &mode).await;
        let changed = state.send_if_modified(|state| std::mem::replace(state, now) != now);
        if changed {
            tracing::info!(swish = %url, state = ?now, "SWISH {}", now.word());
        }
        let wait = if now == SwishState::Up { EVERY } else { AGAIN };
        tokio::select! {
            () = sleep(wait) => {}
            () = stop.stopped() => return,
        }
    }
}

async fn ask(url: &SwishUrl, client: &Client<HttpConnector, Body>, mode: &Mode) -> SwishState {
    let request = Request::get(format!("{url}{}", config::PATH));
    let Ok(request) = request.body(Body::empty()) else { return SwishState::Down };
    let read = async {
        let answer = client.request(request).await.map_err(|error| error.is_connect())?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_BYTES).collect().await;
        body.map(|body| (status, body.to_bytes())).map_err(|_| false)
    };
    match timeout(PATIENCE, read).await {
        Ok(Ok((StatusCode::OK, body))) => {
            mode.learn(false);
            mode.learn_chat(protects_chat(&body));
            SwishState::Up
        }
        Ok(Ok((StatusCode::UNAUTHORIZED, _))) => {
            mode.learn(true);
            SwishState::Up
        }
        Ok(Ok(_)) => SwishState::Failing,
        Ok(Err(true)) => SwishState::Down,
        Ok(Err(false)) => SwishState::Failing,
        Err(_) => SwishState::Stuck,
    }
}

/// SWISH's `chat_spam_protection`; what is no configuration says nothing.
fn protects_chat(body: &[u8]) -> bool {
    let config = serde_json::from_slice::<Value>(body).unwrap_or_default();
    config["swish"]["chat_spam_protection"] == true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_configuration_that_says_so_wants_a_login_for_chats() {
        assert!(protects_chat(br#"{"swish":{"chat_spam_protection":true}}"#));
        for other in [r#"{"swish":{"chat_spam_protection":false}}"#, "{}", "[]", "x", ""] {
            assert!(!protects_chat(other.as_bytes()), "{other}");
        }
    }
}
