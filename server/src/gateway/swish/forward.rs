//! One request to SWISH and its answer, streamed both ways.

use std::{error::Error, time::Duration};

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{HeaderMap, HeaderValue, Uri, header::CONNECTION, request::Parts, uri::PathAndQuery},
    response::Response,
};
use http_body_util::{LengthLimitError, Limited};
use tokio::time::timeout;

use super::{
    Swish, config, headers,
    identity::{Asked, is_user_info},
    pengine, upgrade,
};
use crate::{
    front::{self, Scheme, TooSlow, Unreadable, Visitor},
    gateway::{entry::Sent, error::Refusal},
};

/// Longest body that is passed on: programs and uploads of data are far smaller.
const MAX_BODY_BYTES: usize = 64 << 20;
const TOO_LARGE: Refusal = Refusal::TooLarge { what: "The request", limit: "64 MiB" };
/// Time until an answer begins: a query may run for five minutes, and a prompt wait for as long.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Answers what SWISH answers; errors of ours in the form this client wants.
pub(in crate::gateway) async fn forward(swish: &Swish, request: Request) -> Response {
    let asked = request.headers().clone();
    let answer = match (upgrade::is_wanted(&request), pengine::talked_to(&request)) {
        (true, _) => upgrade::pass(swish, request).await,
        (false, Some(id)) => pengine::pass(swish, &id, request).await,
        (false, None) => pass(swish, request).await,
    };
    answer.unwrap_or_else(|refusal| refusal.into_response(&asked))
}

pub(super) async fn pass(swish: &Swish, mut request: Request) -> Result<Response, Refusal> {
    headers::end_connection(request.headers_mut());
    let wants_config = config::is_config(request.uri().path());
    let asked = Asked::new(&request);
    let plain = wants_config || config::may_be_page(request.headers());
    if plain || is_user_info(request.uri().path()) {
        config::want_plain(request.headers_mut());
    }
    let session = swish.sessions.enter(request.headers_mut());
    let scheme = scheme(&request);
    let mut answer = ask(swish, request).await?;
    headers::end_connection(answer.headers_mut());
    swish.sessions.leave(session, scheme, answer.headers_mut());
    let answer = answer.map(|body| front::patient(body, PATIENCE));
    let answer = swish.follow_login(&asked, answer).await;
    match (wants_config, plain) {
        (true, _) => config::patch(answer).await,
        (false, true) => Ok(config::patch_page(answer).await),
        (false, false) => Ok(answer),
    }
}

/// Sends a request whose headers are decided but for who asks.
pub(super) async fn ask(
    swish: &Swish,
    mut request: Request,
) -> Result<Response<hyper::body::Incoming>, Refusal> {
    if request.body().size_hint().lower() > u64::try_from(MAX_BODY_BYTES).unwrap_or(u64::MAX) {
        return Err(TOO_LARGE);
    }
    let is_foreign = swish.nonces.is_foreign(request.headers());
    if !request.body().is_end_stream() {
        // What SWISH's handler leaves of a body would be the next request of this connection, and its
        // answer that of another visitor.
        request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    let visitor = request.extensions().get::<Visitor>().cloned();
    headers::name_client(request.headers_mut(), visitor.as_ref());
    let sent = request.extensions().get::<Sent>().map(|Sent(sent)| sent.clone());
    let path = sent.or_else(|| request.uri().path_and_query().cloned());
    // Nothing of a visitor is kept with the connection.
    request.extensions_mut().clear();
    *request.uri_mut() = swish.address(path)?;
    // Nothing of how the request came is for the connection that it leaves by.
    *request.version_mut() = axum::http::Version::HTTP_11;
    let request = request.map(|body| Body::new(Limited::new(body, MAX_BODY_BYTES)));
    let down = |reason: &(dyn Error + 'static)| {
        tracing::info!(error = %chain(reason), "SWISH did not answer a request");
        Refusal::SwishDown
    };
    match timeout(PATIENCE, swish.client.request(request)).await {
        Ok(Ok(mut answer)) => {
            swish.nonces.follow(is_foreign, answer.headers_mut());
            Ok(answer)
        }
        Ok(Err(error)) if was::<LengthLimitError>(&error) => Err(TOO_LARGE),
        Ok(Err(error)) if was::<TooSlow>(&error) => Err(Refusal::TooSlow),
        Ok(Err(error)) if was::<Unreadable>(&error) => {
            Err(Refusal::Malformed("The request's body cannot be read".into()))
        }
        Ok(Err(error)) => Err(down(&error)),
        Err(late) => Err(down(&late)),
    }
}

impl Swish {
    fn address(&self, path: Option<PathAndQuery>) -> Result<Uri, Refusal> {
        let uri = Uri::builder().scheme("http").authority(self.url.authority());
        let path = path.unwrap_or_else(|| PathAndQuery::from_static("/"));
        let uri = uri.path_and_query(path).build();
        uri.map_err(|_| Refusal::Malformed("This address cannot be passed on".into()))
    }
}

/// An error and what caused it, the outermost first.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

/// True if an error of this kind is behind it.
fn was<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|error| error.is::<E>())
}

/// How the browser talks, as far as somebody who is trusted says it.
pub(super) fn scheme(request: &Request) -> Scheme {
    request.extensions().get::<Visitor>().map_or(Scheme::Unknown, |visitor| visitor.scheme)
}

/// The same of a request without its body.
pub(super) fn scheme_of(parts: &Parts) -> Scheme {
    parts.extensions.get::<Visitor>().map_or(Scheme::Unknown, |visitor| visitor.scheme)
}

fn chain(error: &(dyn Error + 'static)) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// True for pages: their headers name HTML.
pub(super) fn accepts_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(axum::http::header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}
