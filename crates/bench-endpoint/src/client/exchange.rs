//! A request, and the time limits of its answer.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Method};

use super::reading::{Exchanged, Reading};
use crate::failure::Failure;

/// A request.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// The path and the query.
    pub path: &'a str,
    /// Headers in addition to those of every request.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// The times of connecting, for a request that had to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The time until the TCP connection was established.
    pub tcp: Duration,
    /// The duration of the TLS handshake; `None` without TLS.
    pub tls: Option<Duration>,
}

/// Polls the answer within its time limits. One timer serves all limits: a timer for each piece of an answer would cost
/// more than reading it.
pub(super) async fn within_limits(
    reading: &mut Reading<'_>,
    mut poll: impl FnMut(&mut Context<'_>, &mut Reading<'_>) -> Poll<Result<Exchanged, Failure>>,
) -> Result<Exchanged, Failure> {
    let mut timer = pin!(tokio::time::sleep_until(reading.limit_at().into()));
    poll_fn(|context| {
        if let Poll::Ready(exchanged) = poll(context, reading) {
            return Poll::Ready(exchanged);
        }
        // The next limit may be earlier. A later one is set when the timer ends.
        let limit_at = reading.limit_at().into();
        if limit_at < timer.deadline() {
            timer.as_mut().reset(limit_at);
        }
        while timer.as_mut().poll(context).is_ready() {
            let (at, failure) = reading.limit();
            if at <= Instant::now() {
                return Poll::Ready(Err(failure));
            }
            timer.as_mut().reset(at.into());
        }
        Poll::Pending
    })
    .await
}
