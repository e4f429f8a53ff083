//! `GET /api/v1/events`: [`domain::view::LiveEvent`]s as server-sent events.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header::CACHE_CONTROL},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use futures_util::{Stream, stream};

use crate::{
    app::App,
    dashboard::live::{Feed, Reader},
    node::link::now_ms,
    operators::Who,
};

pub(super) async fn show(
    State(app): State<App>,
    Extension(feed): Extension<Arc<Feed>>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
) -> Response {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let Some(reader) = Feed::read(&feed, last) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let mut response = Sse::new(events(reader, app, who)).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that gather answers would turn news into history.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// Messages until the reader leaves, its login ends, or the program stops.
fn events(reader: Reader, app: App, who: Who) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((reader, app, who), |(mut reader, app, who)| async move {
        let message = tokio::select! {
            () = app.stop.stopped() => None,
            message = reader.next() => message,
        }?;
        // Ticks come each 5 s: nobody reads on for longer after a logout.
        if !app.operators.is_good(&who, now_ms()) {
            return None;
        }
        let event = Event::default().id(message.id).data(message.data);
        Some((Ok(event), (reader, app, who)))
    })
}
