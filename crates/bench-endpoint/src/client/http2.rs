//! HTTP/2: many requests at once on a connection.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::{Reason, RecvStream};
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, HOST};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::dial::Stream;
use super::exchange::{Request, within_limits};
use super::reading::{Exchanged, Reading};
use super::stamped::Stamps;
use super::target::Target;
use crate::failure::{Class, Failure};

/// The flow-control window of an answer, and of all answers of a connection, in bytes: as large as a large
/// picture, so that no stream waits until another one is read.
const WINDOW: u32 = 16 << 20;

/// The most bytes that can wait to be sent on a stream.
const LARGEST_BODY: usize = (1 << 31) - 1;

/// A handle to a connection, one for each request. A task of the event loop reads and writes for all of them.
#[derive(Clone)]
pub(super) struct Http2 {
    sender: SendRequest<Bytes>,
    pub(super) stamps: Arc<Stamps>,
}

impl Http2 {
    /// Begins HTTP/2 on a stream.
    ///
    /// # Errors
    /// If the server does not use HTTP/2.
    pub(super) async fn begin(stream: Stream, stamps: Arc<Stamps>) -> Result<Self, Failure> {
        let mut builder = Builder::new();
        builder.initial_window_size(WINDOW).initial_connection_window_size(WINDOW).enable_push(false);
        let (sender, connection) =
            builder.handshake(OneReadATurn::new(stream)).await.map_err(|error| failure(&error))?;
        // An error of the connection becomes the error of its requests.
        tokio::spawn(async { drop(connection.await) });
        Ok(Http2 { sender, stamps })
    }

    /// Whether another request can be sent, as far as is known.
    pub(super) async fn is_open(&mut self) -> bool {
        // A request that has to wait for a free stream can still be sent.
        poll_fn(|context| Poll::Ready(!matches!(self.sender.poll_ready(context), Poll::Ready(Err(_))))).await
    }

    /// Sends a request and reads its answer. If the future is dropped before it completes, the stream is cancelled.
    ///
    /// # Errors
    /// The reason why the request failed, by class.
    pub(super) async fn exchange(
        &mut self,
        unsent: Unsent,
        reading: &mut Reading<'_>,
    ) -> Result<Exchanged, Failure> {
        let mut state = State::Unsent(Box::new(unsent));
        within_limits(reading, |context, reading| {
            loop {
                state = match &mut state {
                    State::Unsent(unsent) => {
                        ready!(self.sender.poll_ready(context)).map_err(|error| lost(&error, reading))?;
                        State::Sent(self.send(unsent)?)
                    }
                    State::Sent(answer) => {
                        let response =
                            ready!(Pin::new(answer).poll(context)).map_err(|error| lost(&error, reading))?;
                        let (head, body) = response.into_parts();
                        let header =
                            |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
                        reading.head(head.status, &header, self.stamps.last_read())?;
                        State::Answered(body)
                    }
                    State::Answered(body) => match ready!(body.poll_data(context)) {
                        None => {
                            let trailers = ready!(body.poll_trailers(context));
                            let trailers = trailers.map_err(|error| reading.cut(Some(&error)))?;
                            if let Some(trailers) = trailers {
                                let header =
                                    |name: &str| trailers.get(name).and_then(|value| value.to_str().ok());
                                reading.trailers(&header)?;
                            }
                            return Poll::Ready(reading.end(self.stamps.last_read()));
                        }
                        Some(Err(error)) => return Poll::Ready(Err(reading.cut(Some(&error)))),
                        Some(Ok(piece)) => {
                            reading.piece(&piece, self.stamps.last_read())?;
                            // If the stream has failed, reading the next piece returns the error.
                            let _ = body.flow_control().release_capacity(piece.len());
                            continue;
                        }
                    },
                };
            }
        })
        .await
    }

    /// Passes a request to the task of the connection, where it waits while the server allows no further stream.
    fn send(&mut self, unsent: &mut Unsent) -> Result<ResponseFuture, Failure> {
        let request = std::mem::take(&mut unsent.request);
        let is_whole = unsent.body.is_empty();
        let (answer, mut stream) =
            self.sender.send_request(request, is_whole).map_err(|error| failure(&error))?;
        if !is_whole {
            let body = std::mem::take(&mut unsent.body);
            if body.len() > LARGEST_BODY {
                let message = format!("the request has {} bytes, more than HTTP/2 takes at once", body.len());
                return Err(Failure::new(Class::Client, message));
            }
            // A server may answer, and end the stream, before it has the body (RFC 9113, 8.1): then the answer counts.
            let _ = stream.send_data(body, true);
        }
        Ok(answer)
    }
}

/// A request that is not sent yet.
pub(super) struct Unsent {
    request: http::Request<()>,
    body: Bytes,
}

/// The progress of a request.
enum State {
    Unsent(Box<Unsent>),
    Sent(ResponseFuture),
    Answered(RecvStream),
}

impl Unsent {
    /// Creates a request to `target`, with the headers `common` in addition to its own.
    ///
    /// # Errors
    /// If the path is not valid.
    pub(super) fn new(request: &Request<'_>, target: &Target, common: &HeaderMap) -> Result<Self, Failure> {
        let scheme = if target.is_tls { "https" } else { "http" };
        let path = format!("{}{}", target.base, request.path);
        let slash = if path.starts_with('/') { "" } else { "/" };
        let uri = format!("{scheme}://{}{slash}{path}", target.authority());
        let mut made = http::Request::new(());
        *made.uri_mut() = uri
            .parse()
            .map_err(|error| Failure::new(Class::Protocol, format!("`{path}` is not a path: {error}")))?;
        *made.method_mut() = request.method.clone();
        *made.version_mut() = http::Version::HTTP_2;
        let headers = made.headers_mut();
        headers.extend(common.iter().map(|(name, value)| (name.clone(), value.clone())));
        for (name, value) in request.headers {
            headers.insert(name.clone(), value.clone());
        }
        // The address of the request contains the host.
        headers.remove(HOST);
        if !request.body.is_empty() {
            headers.insert(CONTENT_LENGTH, request.body.len().into());
        }
        Ok(Unsent { request: made, body: request.body.clone() })
    }
}

/// The failure of a request that has no answer. A server that ends a connection reports which requests it has not
/// processed.
fn lost(error: &h2::Error, reading: &mut Reading<'_>) -> Failure {
    reading.is_turned_away |= error.is_go_away();
    failure(error)
}

/// Converts an error of a connection before the answer into a failure.
fn failure(error: &h2::Error) -> Failure {
    if let Some(io) = error.get_io() {
        return Failure::io(io);
    }
    match error.reason() {
        Some(Reason::NO_ERROR | Reason::REFUSED_STREAM | Reason::CANCEL | Reason::INTERNAL_ERROR)
            if error.is_remote() =>
        {
            Failure::new(Class::Reset, format!("no answer came: {error}"))
        }
        _ => Failure::new(Class::Protocol, format!("the answer is not HTTP/2: {error}")),
    }
}

/// A stream that is read at most once in each turn of the event loop. Requests take what has arrived before more is
/// read, so that the time of the last read is the time at which their bytes arrived.
struct OneReadATurn {
    stream: Stream,
    turn: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl OneReadATurn {
    fn new(stream: Stream) -> Self {
        OneReadATurn { stream, turn: None }
    }
}

impl AsyncRead for OneReadATurn {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(turn) = &mut self.turn {
            ready!(turn.as_mut().poll(context));
            self.turn = None;
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.turn = Some(Box::pin(tokio::task::yield_now()));
        }
        read
    }
}

impl AsyncWrite for OneReadATurn {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
