//! A stream as hyper wants it.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::dial::Stream;

/// Room of one read: a large answer comes in few pieces.
const ROOM: usize = 64 << 10;

thread_local! {
    /// What was read last. All connections of an event loop share it, since only one reads at a time: with room of their
    /// own, thousands of streams would hold mostly that.
    static READ: RefCell<Box<[u8]>> = RefCell::new(vec![0; ROOM].into_boxed_slice());
}

/// A stream of tokio as hyper wants it.
pub(crate) struct ForHyper(Stream);

impl ForHyper {
    pub(crate) fn new(stream: Stream) -> Self {
        ForHyper(stream)
    }
}

impl hyper::rt::Read for ForHyper {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut cursor: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = &mut self.get_mut().0;
        READ.with_borrow_mut(|room| {
            let room = &mut room[..ROOM.min(cursor.remaining())];
            let mut buffer = ReadBuf::new(room);
            let read = Pin::new(stream).poll_read(context, &mut buffer);
            if let Poll::Ready(Ok(())) = read {
                cursor.put_slice(buffer.filled());
            }
            read
        })
    }
}

impl hyper::rt::Write for ForHyper {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write_vectored(context, slices)
    }
}
