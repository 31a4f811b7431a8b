//! One connection, with the loop that drives it.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use tokio::runtime::{Builder, Runtime};

use super::dial::{Dialled, Stream, dial};
use super::stamped::{ForHyper, Stamps};
use super::target::Target;
use super::tls::Trust;
use crate::failure::{Class, Failure};

type Driver = Pin<Box<http1::Connection<ForHyper<Stream>, Full<Bytes>>>>;

/// A connection and an event loop of its own, so that any client's thread can use it: the thread that waits for an answer
/// is the one that the system wakes when bytes arrive. Nothing is handed from one thread to another in between.
pub(super) struct Connection {
    // Before the runtime, whose socket it holds.
    pub(super) link: Link,
    pub(super) runtime: Runtime,
    pub(super) made: Instant,
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
    /// Connects to one of `addresses`.
    ///
    /// # Errors
    /// Why there is no connection, by class.
    pub(super) fn open(
        target: &Target,
        addresses: &[SocketAddr],
        trust: Option<&Trust>,
        limit: Duration,
    ) -> Result<(Self, Dialled), Failure> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| Failure::io(&error))?;
        let stamps = Stamps::new();
        let (link, dialled) = runtime.block_on(async {
            let (stream, dialled) = dial(target, addresses, trust, limit, &stamps).await?;
            let (sender, driver) = http1::handshake(ForHyper::new(stream))
                .await
                .map_err(|error| Failure::new(Class::Protocol, error.to_string()))?;
            let link = Link { sender, driver: Some(Box::pin(driver)), stamps: Arc::clone(&stamps) };
            Ok::<_, Failure>((link, dialled))
        })?;
        Ok((Connection { link, runtime, made: Instant::now(), is_used: false }, dialled))
    }

    /// Whether the server has not closed it while it was idle. Costs one look at the socket.
    pub(super) fn is_alive(&mut self) -> bool {
        let Connection { link, runtime, .. } = self;
        runtime.block_on(async {
            // The loop hears of what came while nobody listened when it is next entered.
            for _ in 0..2 {
                std::future::poll_fn(|context| link.drive(context, |_| Poll::Ready(()))).await;
                tokio::task::yield_now().await;
            }
            link.is_open()
        })
    }
}
