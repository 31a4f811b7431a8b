//! HTTP/1.1: one request after another on a connection.
//!
//! It is written here because its buffers and its readings of the clock are part of the measurement: an open stream has
//! no buffer of its own, because all streams of an event loop read into the same one, whose bytes go to the reader of
//! the answer at once.

mod chunks;
mod decoder;
mod head;

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use http::HeaderMap;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use self::decoder::Decoder;
use super::dial::Stream;
use super::exchange::{Request, within_limits};
use super::reading::{Exchanged, Reading};
use super::stamped::Stamps;
use crate::failure::{Class, Failure};

/// The size of one read, in bytes, so that a large answer comes in few pieces.
const ROOM: usize = 64 << 10;

thread_local! {
    /// The buffer of the last read. All connections of an event loop share it, since only one reads at a time.
    static READ: RefCell<Box<[u8]>> = RefCell::new(vec![0; ROOM].into_boxed_slice());
}

/// A connection.
pub(super) struct Http1 {
    stream: Stream,
    pub(super) stamps: Arc<Stamps>,
    /// Whether another request can be sent: no answer is under way, and the server has not closed it.
    is_open: bool,
}

/// A request that is not completely sent yet.
pub(super) struct Unsent {
    head: Vec<u8>,
    body: Bytes,
    written: usize,
}

impl Unsent {
    /// Creates a request to a server whose paths begin with `base`, with the headers `common` in addition to its own.
    ///
    /// # Errors
    /// If the path is not valid.
    pub(super) fn new(request: &Request<'_>, base: &str, common: &HeaderMap) -> Result<Self, Failure> {
        let line = (&request.method, base, request.path);
        let head = head::request(line, (common, request.headers), request.body.len())?;
        Ok(Unsent { head, body: request.body.clone(), written: 0 })
    }

    /// Returns the parts of the head and of the body that are not sent yet.
    fn left(&self) -> (&[u8], &[u8]) {
        let in_body = self.written.saturating_sub(self.head.len());
        (self.head.get(self.written..).unwrap_or_default(), self.body.get(in_body..).unwrap_or_default())
    }
}

impl Http1 {
    pub(super) fn new(stream: Stream, stamps: Arc<Stamps>) -> Self {
        Http1 { stream, stamps, is_open: true }
    }

    /// Whether another request can be sent, as far as is known.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Checks whether the server has closed the connection, or sent unrequested bytes, while it was idle.
    pub(super) fn look(&mut self, context: &mut Context<'_>) {
        let read = READ
            .with_borrow_mut(|room| Pin::new(&mut self.stream).poll_read(context, &mut ReadBuf::new(room)));
        self.is_open &= read.is_pending();
    }

    /// Sends a request and reads its answer. If the future is dropped before it completes, the connection must be
    /// dropped, too.
    ///
    /// # Errors
    /// The reason why the request failed, by class.
    pub(super) async fn exchange(
        &mut self,
        unsent: Unsent,
        reading: &mut Reading<'_>,
    ) -> Result<Exchanged, Failure> {
        self.is_open = false;
        let (mut unsent, mut not_sent, mut decoder) = (Some(unsent), None, Decoder::default());
        let exchanged = within_limits(reading, |context, reading| {
            // A server may answer without reading all of a request, and even close the connection: the answer counts.
            if let Some(left) = &mut unsent
                && let Poll::Ready(sent) = self.send(context, left)
            {
                (unsent, not_sent) = (None, sent.err());
            }
            let whole = ready!(self.read(context, &mut decoder, reading));
            Poll::Ready(whole.map_err(|failure| match not_sent.take() {
                // A failure in the answer itself is more informative.
                Some(error) if failure.class == Class::Reset => Failure::io(&error),
                _ => failure,
            }))
        })
        .await;
        self.is_open &= unsent.is_none();
        exchanged
    }

    /// Writes the rest of a request.
    fn send(&mut self, context: &mut Context<'_>, unsent: &mut Unsent) -> Poll<io::Result<()>> {
        let mut stream = Pin::new(&mut self.stream);
        loop {
            let (head, body) = unsent.left();
            let written = match (head, body) {
                ([], []) => return stream.poll_flush(context),
                ([], only) | (only, []) => ready!(stream.as_mut().poll_write(context, only))?,
                (head, body) => {
                    let both = [io::IoSlice::new(head), io::IoSlice::new(body)];
                    ready!(stream.as_mut().poll_write_vectored(context, &both))?
                }
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            unsent.written += written;
        }
    }

    /// Reads what has arrived, until the answer is complete.
    fn read(
        &mut self,
        context: &mut Context<'_>,
        decoder: &mut Decoder,
        reading: &mut Reading<'_>,
    ) -> Poll<Result<Exchanged, Failure>> {
        READ.with_borrow_mut(|room| {
            loop {
                let mut buffer = ReadBuf::new(room);
                let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer));
                let at = self.last_read();
                let fed = match read {
                    Err(error) if matches!(decoder, Decoder::Head(_)) => Err(Failure::io(&error)),
                    Err(error) => Err(reading.cut(Some(&error))),
                    Ok(()) if buffer.filled().is_empty() => {
                        reading.is_turned_away |= matches!(decoder, Decoder::Head(read) if read.is_empty());
                        return Poll::Ready(decoder.close(at, reading));
                    }
                    Ok(()) => decoder.feed(buffer.filled(), at, reading),
                };
                if let Some(whole) = fed? {
                    self.is_open = whole.is_kept;
                    return Poll::Ready(whole.exchanged);
                }
            }
        })
    }

    fn last_read(&self) -> Instant {
        self.stamps.last_read()
    }
}
