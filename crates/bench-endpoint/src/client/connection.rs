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

/// A connection idle for longer may have been closed while its event loop slept, which hears of that only when it next looks.
const UNSEEN: Duration = Duration::from_millis(1);

/// A connection. It belongs to the event loop on which it was made. With HTTP/1.1 no task of its own drives it: the task that
/// waits for an answer is the one that is woken when bytes arrive, and nothing is handed from one task to another in between.
pub(super) struct Connection {
    link: Link,
    /// The place of the server among the replicas.
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
    /// Connects to a replica, which has this place among them.
    ///
    /// # Errors
    /// Why there is no connection, by class.
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

    /// Sends a request and reads its answer. If this is dropped before its end, the connection must be, too.
    ///
    /// # Errors
    /// Why it failed, by class.
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

    /// The same connection for another request at the same time, if it can serve several.
    pub(super) fn another(&self) -> Option<Connection> {
        match &self.link {
            Link::Http1(_) => None,
            Link::Http2(http2) => Some(Connection { link: Link::Http2(http2.clone()), ..*self }),
        }
    }

    /// Whether another request can be sent, as far as was seen.
    pub(super) async fn is_open(&mut self) -> bool {
        match &mut self.link {
            Link::Http1(http1) => http1.is_open(),
            Link::Http2(http2) => http2.is_open().await,
        }
    }

    /// Whether the server has not closed it while it was idle.
    pub(super) async fn is_alive(&mut self) -> bool {
        self.look().await;
        if self.is_open().await && self.idle_since.elapsed() > UNSEEN {
            // The event loop looks at its sockets before this goes on.
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

    /// Bytes that have come in all. With HTTP/2 those of other requests are among them.
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
