//! A TCP connection that records when bytes arrived.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bench_os::{CAN_SEE_ARRIVALS, Received};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

/// When the first connection of this process asked the kernel to note arrivals.
static SINCE: OnceLock<Instant> = OnceLock::new();

/// Whether the kernel did not say when bytes arrived although it had been asked long enough before.
static IS_MISSING: AtomicBool = AtomicBool::new(false);

/// How long the kernel may take until it notes arrivals, once it is asked by the first process.
const BEGINS: Duration = Duration::from_secs(1);

/// Whether the times of outputs are those of their arrival, on all connections so far: the operating system knows them, and says
/// them. Some sandboxes accept the question and do not answer it.
pub fn arrivals_are_known() -> bool {
    CAN_SEE_ARRIVALS && SINCE.get().is_some() && !IS_MISSING.load(Ordering::Relaxed)
}

/// When bytes arrived last, and how many have arrived.
#[derive(Debug)]
pub(crate) struct Stamps {
    origin: Instant,
    arrived_ns: AtomicU64,
    bytes: AtomicU64,
}

impl Stamps {
    pub(crate) fn new() -> Arc<Self> {
        let none = || AtomicU64::new(0);
        Arc::new(Stamps { origin: Instant::now(), arrived_ns: none(), bytes: none() })
    }

    /// When the bytes of the last read had arrived.
    pub(crate) fn last_read(&self) -> Instant {
        self.origin + Duration::from_nanos(self.arrived_ns.load(Ordering::Relaxed))
    }

    /// Bytes that were read in all.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn now_ns(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn note(&self, bytes: usize, arrived_ns: u64) {
        self.arrived_ns.store(arrived_ns, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// Records in [`Stamps`] when bytes arrived. This happens below TLS and before anything is parsed.
///
/// On Linux, that is when the kernel received the packet with the last of the bytes that one read returns: whatever the client
/// was busy with in the meantime, it does not count. Elsewhere it is when the read returned.
#[derive(Debug)]
pub(crate) struct Stamped {
    inner: TcpStream,
    stamps: Arc<Stamps>,
    /// Whether the kernel notes arrivals.
    is_noted: bool,
    /// A time at which the socket had no bytes, or later ones than those that were still in it: what is read next came later.
    empty_ns: u64,
}

impl Stamped {
    pub(crate) fn new(inner: TcpStream, stamps: Arc<Stamps>) -> Self {
        let is_noted = CAN_SEE_ARRIVALS && bench_os::note_arrivals(&inner).is_ok();
        if is_noted {
            SINCE.get_or_init(Instant::now);
        } else {
            IS_MISSING.store(true, Ordering::Relaxed);
        }
        Stamped { inner, stamps, is_noted, empty_ns: 0 }
    }

    /// Reads with the time of arrival.
    fn poll_receive(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.inner.poll_read_ready(context))?;
            let began_ns = self.stamps.now_ns();
            let room = buffer.initialize_unfilled();
            let mut received: Option<Received> = None;
            let tried = self.inner.try_io(Interest::READABLE, || {
                let got = bench_os::receive(&self.inner, room)?;
                received = Some(got);
                // There is no more: so the socket need not be asked again before it is ready.
                let is_all = got.bytes > 0 && got.bytes < room.len();
                if is_all { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
            });
            match (received, tried) {
                (Some(got), tried) => {
                    buffer.advance(got.bytes);
                    if got.bytes > 0 {
                        if got.waited.is_none() && SINCE.get().is_some_and(|since| since.elapsed() > BEGINS) {
                            IS_MISSING.store(true, Ordering::Relaxed);
                        }
                        let arrived_ns = arrived_ns(self.stamps.now_ns(), got.waited, self.empty_ns);
                        self.stamps.note(got.bytes, arrived_ns);
                    }
                    if tried.is_err() {
                        self.empty_ns = began_ns;
                    }
                    return Poll::Ready(Ok(()));
                }
                (None, Err(error)) if error.kind() == io::ErrorKind::WouldBlock => self.empty_ns = began_ns,
                (None, tried) => return Poll::Ready(tried),
            }
        }
    }
}

/// When bytes arrived that were read at `now_ns` and have `waited` for it. They did not come before the socket was empty,
/// whatever a clock says that has been set in the meantime.
fn arrived_ns(now_ns: u64, waited: Option<Duration>, empty_ns: u64) -> u64 {
    let waited_ns = waited.map_or(0, |waited| u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX));
    now_ns.saturating_sub(waited_ns).max(empty_ns.min(now_ns))
}

impl AsyncRead for Stamped {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // Without room, nothing can be said of the socket.
        if this.is_noted && buffer.remaining() > 0 {
            return this.poll_receive(context, buffer);
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.inner).poll_read(context, buffer);
        let came = buffer.filled().len() - before;
        if came > 0 {
            this.stamps.note(came, this.stamps.now_ns());
        }
        read
    }
}

impl AsyncWrite for Stamped {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_changes_no_order() {
        let waited = |ns: u64| Some(Duration::from_nanos(ns));
        assert_eq!(arrived_ns(1000, waited(300), 0), 700);
        assert_eq!(arrived_ns(1000, None, 0), 1000);
        // Set ahead by an hour, after the bytes had come.
        assert_eq!(arrived_ns(1000, waited(3_600_000_000_000), 900), 900);
        assert_eq!(arrived_ns(1000, waited(0), 2000), 1000);
    }
}
