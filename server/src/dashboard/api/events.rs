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
    shutdown::Stop,
};

pub(super) async fn show(
    State(app): State<App>,
    Extension(feed): Extension<Arc<Feed>>,
    headers: HeaderMap,
) -> Response {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let Some(reader) = Feed::read(&feed, last) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let mut response = Sse::new(events(reader, app.stop.clone())).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that gather answers would turn news into history.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// Messages until the reader leaves or the program stops.
fn events(reader: Reader, stop: Stop) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((reader, stop), |(mut reader, stop)| async move {
        let message = tokio::select! {
            () = stop.stopped() => None,
            message = reader.next() => message,
        }?;
        let event = Event::default().id(message.id).data(message.data);
        Some((Ok(event), (reader, stop)))
    })
}
