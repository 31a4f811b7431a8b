//! One connection, driven by the task that waits for an answer on it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};

use super::dial::{Dialled, dial};
use super::for_hyper::ForHyper;
use super::replica::Replica;
use super::stamped::Stamps;
use super::tls::Trust;
use crate::failure::{Class, Failure};

type Driver = Pin<Box<http1::Connection<ForHyper, Full<Bytes>>>>;

/// A connection idle for longer may have been closed while its event loop slept, which hears of that only when it next looks.
const UNSEEN: Duration = Duration::from_millis(1);

/// A connection. It belongs to the event loop on which it was made. No task of its own drives it: the task that waits for an
/// answer is the one that is woken when bytes arrive, and nothing is handed from one task to another in between.
pub(super) struct Connection {
    pub(super) link: Link,
    /// The place of the server among the replicas.
    pub(super) replica: usize,
    pub(super) made: Instant,
    pub(super) idle_since: Instant,
    pub(super) is_used: bool,
}

/// What an exchange works with.
pub(super) struct Link {
    pub(super) sender: SendRequest<Full<Bytes>>,
    /// `None` once the connection has ended.
    driver: Option<Driver>,
    pub(super) stamps: Arc<Stamps>,
}

impl Link {
    /// Reads and writes what can be, and then asks `poll`: what it sees has come with the read that the stamps tell of.
    pub(super) fn drive<T>(
        &mut self,
        context: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        if let Some(driver) = &mut self.driver
            && driver.as_mut().poll(context).is_ready()
        {
            self.driver = None;
        }
        poll(context)
    }

    /// Whether another request can be sent now.
    pub(super) fn is_open(&self) -> bool {
        self.driver.is_some() && self.sender.is_ready()
    }
}

impl Connection {
    /// Connects to a replica, which has this place among them.
    ///
    /// # Errors
    /// Why there is no connection, by class.
    pub(super) async fn open(
        (place, replica): (usize, &Replica),
        trust: Option<&Trust>,
        limit: Duration,
    ) -> Result<(Self, Dialled), Failure> {
        let stamps = Stamps::new();
        let (stream, dialled) = dial(&replica.target, &replica.addresses(), trust, limit, &stamps).await?;
        let (sender, driver) = http1::handshake(ForHyper::new(stream))
            .await
            .map_err(|error| Failure::new(Class::Protocol, error.to_string()))?;
        let link = Link { sender, driver: Some(Box::pin(driver)), stamps };
        let now = Instant::now();
        Ok((Connection { link, replica: place, made: now, idle_since: now, is_used: false }, dialled))
    }

    /// Whether the server has not closed it while it was idle.
    pub(super) async fn is_alive(&mut self) -> bool {
        self.look().await;
        if self.link.is_open() && self.idle_since.elapsed() > UNSEEN {
            // The event loop looks at its sockets before this goes on.
            tokio::task::yield_now().await;
            self.look().await;
        }
        self.link.is_open()
    }

    async fn look(&mut self) {
        std::future::poll_fn(|context| self.link.drive(context, |_| Poll::Ready(()))).await;
    }
}
