//! A request's body that has to keep coming.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming, SizeHint};
use thiserror::Error;

use super::{limits::Limits, pace::Pace};

/// The rest of a body did not come in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the rest of the request did not come in time")]
pub(crate) struct TooSlow;

/// A body is not framed as it says, or its client is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the rest of the request cannot be read")]
pub(crate) struct Unreadable;

/// A body that ends with [`TooSlow`] when its client lets us wait.
#[derive(Debug)]
pub(super) struct Paced<B> {
    body: B,
    pace: Pace,
}

/// The body of a request for a handler.
pub(super) fn paced(body: Incoming, limits: &Limits) -> Body {
    if body.is_end_stream() {
        return Body::empty();
    }
    let pace = Pace::new(limits.window, limits.least_bytes);
    Body::new(Paced { body: body.map_err(|_| axum::BoxError::from(Unreadable)), pace })
}

/// The body of an answer that may say nothing for as long as `patience`: a query runs, a prompt waits.
pub(crate) fn patient(body: Incoming, patience: Duration) -> Body {
    Body::new(Paced { body: body.map_err(axum::BoxError::from), pace: Pace::new(patience, 1) })
}

impl<B> HttpBody for Paced<B>
where
    B: HttpBody<Data = Bytes, Error = axum::BoxError> + Unpin,
{
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => this.pace.moved(frame.data_ref().map_or(0, Bytes::len)),
            Poll::Ready(_) => {}
            Poll::Pending if this.pace.poll_late(cx).is_ready() => {
                return Poll::Ready(Some(Err(TooSlow.into())));
            }
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
