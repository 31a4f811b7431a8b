//! One connection, driven by the task that waits for an answer on it.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::dial::{Dialled, dial};
use super::exchange::Request;
use super::http1::{self, Http1};
use super::http2::{self, Http2};
use super::reading::{Exchanged, Reading};
use super::replica::Replica;
use super::stamped::Stamps;
use super::tls::Trust;
use super::version::Version;
use crate::failure::Failure;

/// If a connection has been idle for longer, the server may have closed it while the event loop slept, which notices
/// this only when it next polls its sockets.
const UNSEEN: Duration = Duration::from_millis(1);

/// A connection. It belongs to the event loop on which it was made. With HTTP/1.1, no task of its own drives it:
/// arriving bytes wake the task that waits for the answer, without a detour through another task.
pub(super) struct Connection {
    link: Link,
    /// The index of the server among the replicas.
    pub(super) replica: usize,
    pub(super) made: Instant,
    pub(super) idle_since: Instant,
    pub(super) is_used: bool,
}

enum Link {
    Http1(Http1),
    Http2(Http2),
}

impl Connection {
    /// Connects to a replica, which is given with its index.
    ///
    /// # Errors
    /// The reason why the connection cannot be made, by class.
    pub(super) async fn open(
        (place, replica): (usize, &Replica),
        trust: Option<&Trust>,
        version: Version,
        limit: Duration,
    ) -> Result<(Self, Dialled), Failure> {
        let stamps = Stamps::new();
        let (stream, dialled) =
            dial(&replica.target, &replica.addresses(), trust, version, limit, &stamps).await?;
        let link = match version {
            Version::Http1 => Link::Http1(Http1::new(stream, stamps)),
            Version::Http2 => Link::Http2(Http2::begin(stream, stamps).await?),
        };
        let now = Instant::now();
        Ok((Connection { link, replica: place, made: now, idle_since: now, is_used: false }, dialled))
    }

    /// Sends a request and reads its answer. If the future is dropped before it completes, the connection must be
    /// dropped, too.
    ///
    /// # Errors
    /// The reason why the request failed, by class.
    pub(super) async fn exchange(
        &mut self,
        request: &Request<'_>,
        replica: &Replica,
        reading: &mut Reading<'_>,
    ) -> Result<Exchanged, Failure> {
        self.is_used = true;
        match &mut self.link {
            Link::Http1(http1) => {
                let unsent = http1::Unsent::new(request, &replica.target.base, &replica.headers)?;
                http1.exchange(unsent, reading).await
            }
            Link::Http2(http2) => {
                let unsent = http2::Unsent::new(request, &replica.target, &replica.headers)?;
                http2.exchange(unsent, reading).await
            }
        }
    }

    /// Returns the same connection for another request at the same time; `None` if it serves one request at a time.
    pub(super) fn another(&self) -> Option<Connection> {
        match &self.link {
            Link::Http1(_) => None,
            Link::Http2(http2) => Some(Connection { link: Link::Http2(http2.clone()), ..*self }),
        }
    }

    /// Whether another request can be sent, as far as is known.
    pub(super) async fn is_open(&mut self) -> bool {
        match &mut self.link {
            Link::Http1(http1) => http1.is_open(),
            Link::Http2(http2) => http2.is_open().await,
        }
    }

    /// Whether the connection is still open; the server may have closed it while it was idle.
    pub(super) async fn is_alive(&mut self) -> bool {
        self.look().await;
        if self.is_open().await && self.idle_since.elapsed() > UNSEEN {
            // The event loop polls its sockets before this continues.
            tokio::task::yield_now().await;
            self.look().await;
        }
        self.is_open().await
    }

    async fn look(&mut self) {
        if let Link::Http1(http1) = &mut self.link {
            poll_fn(|context| {
                http1.look(context);
                Poll::Ready(())
            })
            .await;
        }
    }

    /// Returns the number of bytes received so far. With HTTP/2, they include those of other requests.
    pub(super) fn received(&self) -> u64 {
        self.stamps().bytes()
    }

    fn stamps(&self) -> &Arc<Stamps> {
        match &self.link {
            Link::Http1(http1) => &http1.stamps,
            Link::Http2(http2) => &http2.stamps,
        }
    }
}
