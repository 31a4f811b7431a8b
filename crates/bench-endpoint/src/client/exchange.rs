//! A request and its answer.

use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use hyper::{Method, Response, StatusCode};

use super::connection::{Connection, Link};
use crate::api::{Answer, Head, Limits, Marks, Told};
use crate::failure::{Class, Failure, shortened};

/// A request.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Its method.
    pub method: Method,
    /// Its path and query.
    pub path: &'a str,
    /// Headers besides those of every request.
    pub headers: &'a HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// What connecting took, for a request that had to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Until the TCP connection stood.
    pub tcp: Duration,
    /// The TLS handshake; `None` without TLS.
    pub tls: Option<Duration>,
}

/// As much of the body of a failed request as is read for a message.
const TOLD: usize = 4 << 10;

/// How long the body of a failed request is waited for.
const TELLING: Duration = Duration::from_secs(2);

/// What came of an exchange.
pub(super) struct Exchanged {
    pub(super) told: Told,
    /// When the head had arrived.
    pub(super) head: Instant,
}

/// Makes the reader of a body from its head.
pub(super) type MakeAnswer<'a> = &'a dyn Fn(&Head) -> Box<dyn Answer>;

impl Connection {
    /// Sends a request that began at `began`, and reads its answer.
    ///
    /// # Errors
    /// Why it failed, by class. The connection may only be used again if [`Link::is_open`] says so.
    pub(super) async fn exchange(
        &mut self,
        request: hyper::Request<Full<Bytes>>,
        began: Instant,
        limits: &Limits,
        make: MakeAnswer<'_>,
        marks: &mut dyn Marks,
    ) -> Result<Exchanged, Failure> {
        self.is_used = true;
        let until = tokio::time::Instant::from_std(began + limits.total);
        // Pinned where it is made: a timer that holds it would hold it a second time.
        let exchanged = std::pin::pin!(exchange(&mut self.link, request, limits, make, marks));
        match tokio::time::timeout_at(until, exchanged).await {
            Ok(exchanged) => exchanged,
            Err(_) => Err(Failure::timeout(Class::TotalTimeout, "end of the answer", limits.total)),
        }
    }
}

/// What `future` comes to within `limit`. A timer costs more than a short wait, so there is none if that of the whole request
/// ends it as soon.
async fn within<T>(limit: Duration, limits: &Limits, future: impl Future<Output = T>) -> Option<T> {
    if limit >= limits.total { Some(future.await) } else { tokio::time::timeout(limit, future).await.ok() }
}

async fn exchange(
    link: &mut Link,
    request: hyper::Request<Full<Bytes>>,
    limits: &Limits,
    make: MakeAnswer<'_>,
    marks: &mut dyn Marks,
) -> Result<Exchanged, Failure> {
    let mut pending = Box::pin(link.sender.send_request(request));
    let head = poll_fn(|context| link.drive(context, |context| pending.as_mut().poll(context)));
    let response = within(limits.first_byte, limits, head)
        .await
        .ok_or_else(|| Failure::timeout(Class::FirstByteTimeout, "answer", limits.first_byte))?
        .map_err(|error| failure(&error, false))?;
    let head = link.stamps.last_read();
    let (parts, mut body) = response.into_parts();
    let response = Response::from_parts(parts, ());
    if let Some(refused) = refused(&response) {
        return Err(match refused.class {
            Class::Status(_) => Box::pin(explained(refused, link, &mut body, limits)).await,
            _ => refused,
        });
    }
    let mut answer = make(&head_of(response.headers()));
    let mut received = 0u64;
    while let Some(piece) = next(link, &mut body, limits.idle, limits).await? {
        received += piece.len() as u64;
        if received > limits.body_bytes {
            let message = format!("the answer is longer than {} bytes", limits.body_bytes);
            return Err(Failure::new(Class::TooLarge, message));
        }
        answer.bytes(&piece, link.stamps.last_read(), marks)?;
    }
    let told = answer.end(link.stamps.last_read(), marks)?;
    // The connection learns that the answer is over, and can be used again.
    poll_fn(|context| link.drive(context, |_| std::task::Poll::Ready(()))).await;
    Ok(Exchanged { told, head })
}

/// The next piece of a body; `None` at its end.
async fn next(
    link: &mut Link,
    body: &mut Incoming,
    idle: Duration,
    limits: &Limits,
) -> Result<Option<Bytes>, Failure> {
    loop {
        let frame =
            poll_fn(|context| link.drive(context, |context| Pin::new(&mut *body).poll_frame(context)));
        let frame = within(idle, limits, frame)
            .await
            .ok_or_else(|| Failure::timeout(Class::IdleTimeout, "further byte of the answer", idle))?;
        match frame {
            None => return Ok(None),
            Some(Err(error)) => return Err(failure(&error, true)),
            // Trailers are no part of the body.
            Some(Ok(frame)) => {
                if let Ok(piece) = frame.into_data() {
                    return Ok(Some(piece));
                }
            }
        }
    }
}

/// Why an answer with this head is a failure, if it is.
fn refused(response: &Response<()>) -> Option<Failure> {
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let status = response.status();
    if status.is_redirection() {
        let to = text(LOCATION).map_or(String::new(), |_| " to another address".to_owned());
        let message =
            format!("status {} redirects{to}: use the address to which it redirects", status.as_u16());
        return Some(Failure::new(Class::Redirected, message));
    }
    if !status.is_success() {
        let wait =
            text(RETRY_AFTER).map_or(String::new(), |wait| format!(" (Retry-After: {})", shortened(wait)));
        let reason = status.canonical_reason().unwrap_or("no reason");
        return Some(Failure::new(Class::Status(status.as_u16()), format!("{reason}{wait}")));
    }
    if let Some(encoding) = text(CONTENT_ENCODING).filter(|encoding| *encoding != "identity") {
        let message = format!("the answer is compressed ({encoding}), though `identity` was asked for");
        return Some(Failure::new(Class::Compressed, message));
    }
    (status == StatusCode::NO_CONTENT).then(|| Failure::new(Class::Empty, "status 204: no content"))
}

/// The failure with what the body says of it.
async fn explained(failure: Failure, link: &mut Link, body: &mut Incoming, limits: &Limits) -> Failure {
    let mut text = Vec::new();
    let reading = async {
        while let Ok(Some(piece)) = next(link, body, TELLING, limits).await {
            text.extend_from_slice(&piece[..piece.len().min(TOLD - text.len())]);
            if text.len() == TOLD {
                break;
            }
        }
    };
    // What came until then is what is said.
    let _ = tokio::time::timeout(TELLING, reading).await;
    let json = serde_json::from_slice::<serde_json::Value>(&text).ok();
    let message = json.as_ref().and_then(|json| {
        let error = json.get("error").unwrap_or(json);
        let told = error.get("message").or_else(|| json.get("message")).or_else(|| json.get("detail"));
        told.or(Some(error)).and_then(|told| told.as_str().map(str::to_owned))
    });
    let message = message.unwrap_or_else(|| String::from_utf8_lossy(&text).into_owned());
    match shortened(&message) {
        nothing if nothing.is_empty() => failure,
        message => Failure::new(failure.class, format!("{}: {message}", failure.message)),
    }
}

/// What the head says of the body.
fn head_of(headers: &HeaderMap) -> Head {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let content_type = text(CONTENT_TYPE.as_str()).and_then(|value| value.split(';').next());
    Head {
        content_type: content_type.unwrap_or_default().trim().to_ascii_lowercase(),
        streamed: text(CONTENT_LENGTH.as_str()).is_none(),
        sample_rate: text("x-sample-rate").and_then(|rate| rate.trim().parse().ok()).filter(|rate| *rate > 0),
    }
}

/// An error of the connection, by class; `within` the body of an answer or before it.
fn failure(error: &hyper::Error, within: bool) -> Failure {
    let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    if within {
        let why = io.map_or_else(|| "the connection was closed".to_owned(), ToString::to_string);
        let class = if error.is_parse() { Class::Protocol } else { Class::Cut };
        return Failure::new(class, format!("the answer was cut: {why}"));
    }
    match io {
        Some(io) => Failure::io(io),
        None if error.is_parse() => {
            Failure::new(Class::Protocol, format!("the answer is not HTTP/1: {error}"))
        }
        None => Failure::new(Class::Reset, "the connection was closed before an answer came"),
    }
}
