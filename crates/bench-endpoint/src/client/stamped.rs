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

/// The time when the first connection of this process asked the kernel for times of arrival.
static SINCE: OnceLock<Instant> = OnceLock::new();

/// Whether the kernel has not reported when bytes arrived, although it was asked long before.
static IS_MISSING: AtomicBool = AtomicBool::new(false);

/// The time that the kernel may need until it records arrivals, after the first process has asked for them.
const BEGINS: Duration = Duration::from_secs(1);

/// Whether the operating system has reported the times of arrival on all connections so far, so that the times of
/// outputs are those of arrival. Some sandboxes accept the request and do not report the times.
pub fn arrivals_are_known() -> bool {
    CAN_SEE_ARRIVALS && SINCE.get().is_some() && !IS_MISSING.load(Ordering::Relaxed)
}

/// The time when bytes last arrived, and the number of bytes so far.
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

    /// Returns the time when the bytes of the last read had arrived.
    pub(crate) fn last_read(&self) -> Instant {
        self.origin + Duration::from_nanos(self.arrived_ns.load(Ordering::Relaxed))
    }

    /// Returns the number of bytes read so far.
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
/// On Linux, the time is that at which the kernel received the packet with the last of the bytes that one read returns,
/// however long the client was busy before the read. On other systems, it is the time at which the read returned.
#[derive(Debug)]
pub(crate) struct Stamped {
    inner: TcpStream,
    stamps: Arc<Stamps>,
    /// Whether the kernel has accepted to record arrivals.
    is_noted: bool,
    /// A time before the arrival of all bytes that are not read yet.
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

    /// Reads bytes and records their time of arrival.
    fn poll_receive(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.inner.poll_read_ready(context))?;
            let began_ns = self.stamps.now_ns();
            let room = buffer.initialize_unfilled();
            let mut received: Option<Received> = None;
            let tried = self.inner.try_io(Interest::READABLE, || {
                let got = bench_os::receive(&self.inner, room)?;
                received = Some(got);
                // The socket is empty, and need not be read again before it is ready.
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

/// Returns the time of arrival of bytes that were read at `now_ns` after they had `waited` in the kernel. It is not
/// before `empty_ns`, even if the clock was set in between.
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
        // Without room, a read shows nothing about the socket.
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
        // The clock was set ahead by an hour after the bytes had arrived.
        assert_eq!(arrived_ns(1000, waited(3_600_000_000_000), 900), 900);
        assert_eq!(arrived_ns(1000, waited(0), 2000), 1000);
    }
}
