//! [`Client`]: sends requests to one server, or to several that share them.

use std::str::FromStr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bench_load::cores;
use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt};
use http::Method;
use http::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex as Turn;

use super::connection::Connection;
use super::exchange::{Request, Setup};
use super::files::room_for_connections;
use super::policy::Policy;
use super::pool::{Caller, Pool};
use super::reading::{Exchanged, MakeAnswer, Reading};
use super::replica::Replica;
use super::target::Target;
use super::tls::Trust;
use super::version::Version;
use crate::api::{Answer, Head, Limits, Marks, Told};
use crate::failure::{Class, Failure};
use crate::secret::Secret;

/// The number of connections that one event loop makes at once. A server with a short queue of new connections could
/// refuse more.
const MADE_AT_ONCE: usize = 32;

/// The use of connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Connections that were made.
    pub opened: u64,
    /// Requests on a connection that had already served another request.
    pub reused: u64,
    /// Requests that were sent again on a new connection, because the server had closed the idle one before any
    /// byte of an answer arrived.
    pub reconnected: u64,
}

impl Counts {
    /// Adds the counts of another client.
    #[must_use]
    pub fn and(self, other: Counts) -> Self {
        Counts {
            opened: self.opened + other.opened,
            reused: self.reused + other.reused,
            reconnected: self.reconnected + other.reconnected,
        }
    }
}

/// The result of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Served {
    /// The content of the answer.
    pub told: Told,
    /// The times of connecting; `None` if the request used an existing connection.
    pub setup: Option<Setup>,
    /// The time from the beginning of the request until the head of its answer had arrived.
    pub head: Duration,
}

/// Sends requests to one server, or to several that share them in turn. It is shared by all event loops.
pub struct Client {
    replicas: Vec<Replica>,
    next_replica: AtomicUsize,
    trust: Option<Trust>,
    version: Version,
    limits: Limits,
    secret: Option<Secret>,
    pool: Pool,
    /// A lock for each event loop, held by the request that makes a connection for which others wait.
    connecting: Vec<Turn<()>>,
    opened: AtomicU64,
    reused: AtomicU64,
    reconnected: AtomicU64,
}

impl Client {
    /// Resolves the hosts of `targets`, once. `trust` is needed for `https`.
    ///
    /// # Errors
    /// If there is no target, if a host has no address, if a header cannot be sent, or if the event loops cannot be
    /// started.
    pub fn new(
        targets: impl IntoIterator<Item = Target>,
        trust: Option<Trust>,
        policy: Policy,
        limits: Limits,
        headers: &[(String, String)],
        secret: Option<Secret>,
    ) -> Result<Self, Failure> {
        let headers = all_headers(headers, secret.as_ref())?;
        let replica = |target: Target| {
            if target.is_tls && trust.is_none() {
                return Err(Failure::new(Class::Tls, "https needs certificates that are trusted"));
            }
            Replica::resolve(target, headers.clone())
        };
        let replicas: Vec<Replica> = targets.into_iter().map(replica).collect::<Result<_, _>>()?;
        if replicas.is_empty() {
            return Err(Failure::new(Class::Dns, "no address of a server is given"));
        }
        // Raises the limit as far as possible; callers that know the number of connections check it.
        let _ = room_for_connections(0);
        let loops = cores::count().map_err(no_loop)?;
        Ok(Client {
            pool: Pool::new(policy, loops, replicas.len()),
            replicas,
            next_replica: AtomicUsize::new(0),
            trust,
            version: Version::default(),
            connecting: (0..loops.max(1)).map(|_| Turn::new(())).collect(),
            limits,
            secret,
            opened: AtomicU64::new(0),
            reused: AtomicU64::new(0),
            reconnected: AtomicU64::new(0),
        })
    }

    /// Sets the version of HTTP.
    #[must_use]
    pub fn speaking(self, version: Version) -> Self {
        Client { version, ..self }
    }

    /// Returns the address of the server; the first of several.
    pub fn target(&self) -> &Target {
        &self.replicas[0].target
    }

    /// Returns all servers that share the requests.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.replicas.iter().map(|replica| &replica.target)
    }

    /// Returns the use of connections so far.
    pub fn counts(&self) -> Counts {
        Counts {
            opened: self.opened.load(Ordering::Relaxed),
            reused: self.reused.load(Ordering::Relaxed),
            reconnected: self.reconnected.load(Ordering::Relaxed),
        }
    }

    /// With [`Policy::Sticky`], closes the connections that were made to detect the server, and resets the counts:
    /// these connections belong to client 0, which may belong to another worker.
    pub(crate) fn begin_again(&self) {
        if self.pool.policy() == Policy::Sticky {
            self.pool.close_own();
            for count in [&self.opened, &self.reused, &self.reconnected] {
                count.store(0, Ordering::Relaxed);
            }
        }
    }

    /// Opens a connection for each of `clients` clients, on the event loop of each, unless enough are idle, or the
    /// policy opens none in advance.
    ///
    /// # Errors
    /// The reason why a connection cannot be made.
    pub fn warm(&self, clients: usize) -> Result<(), Failure> {
        self.warm_share(clients, (0, 1))
    }

    /// Same as [`warm`](Self::warm), for the clients of one of `of` workers that share a load: those with the numbers
    /// `rank`, `rank + of` and so on.
    ///
    /// # Errors
    /// The reason why a connection cannot be made.
    pub fn warm_share(&self, clients: usize, (rank, of): (u32, u32)) -> Result<(), Failure> {
        if !matches!(self.pool.policy(), Policy::Warm | Policy::Sticky) {
            return Ok(());
        }
        let loops = cores::count().map_err(no_loop)?;
        let number =
            |own: usize| u32::try_from(own).unwrap_or(u32::MAX).saturating_mul(of).saturating_add(rank);
        (0..loops.min(clients)).try_for_each(|core| {
            let clients = (core..clients).step_by(loops).map(number);
            cores::block_on(core, self.warm_loop(clients)).map_err(no_loop)?
        })
    }

    /// Opens the connections of one event loop for `clients`.
    async fn warm_loop(&self, clients: impl Iterator<Item = u32>) -> Result<(), Failure> {
        let is_sticky = self.pool.policy() == Policy::Sticky;
        let idle = if is_sticky { 0 } else { self.pool.len() };
        // Each server has one connection that all clients share.
        let shared =
            if self.version == Version::Http2 && !is_sticky { self.replicas.len() } else { usize::MAX };
        let mut wanted =
            clients.take(shared).skip(idle).filter(|client| !(is_sticky && self.pool.holds_own(*client)));
        let make = |client: u32| async move {
            let (connection, _) = self.connect(self.replica_of(client)).await?;
            self.pool.keep(&Caller { client, level_began: None }, connection);
            Ok::<(), Failure>(())
        };
        let mut making: FuturesUnordered<_> = wanted.by_ref().take(MADE_AT_ONCE).map(make).collect();
        while let Some(made) = making.next().await {
            made?;
            making.extend(wanted.next().map(make));
        }
        Ok(())
    }

    /// Gets a document, and waits for it on the calling thread. This is for requests before and after measuring.
    ///
    /// # Errors
    /// The reason why the request failed.
    pub fn get(&self, path: &str) -> Result<Vec<u8>, Failure> {
        self.document(Method::GET, path, &HeaderMap::new(), Bytes::new())
    }

    /// Same as [`get`](Self::get), but sends a body.
    ///
    /// # Errors
    /// The reason why the request failed.
    pub fn post(&self, path: &str, headers: &HeaderMap, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
        self.document(Method::POST, path, headers, body.into())
    }

    fn document(
        &self,
        method: Method,
        path: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Vec<u8>, Failure> {
        /// A reader that keeps the body.
        struct Kept(Arc<Mutex<Vec<u8>>>);
        impl Answer for Kept {
            fn bytes(&mut self, piece: &[u8], _: Instant, _: &mut dyn Marks) -> Result<(), Failure> {
                self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(piece);
                Ok(())
            }

            fn end(&mut self, _: Instant, _: &mut dyn Marks) -> Result<Told, Failure> {
                Ok(Told::Plain)
            }
        }
        /// Discards the marks of requests that are not measured.
        struct Unmarked;
        impl Marks for Unmarked {
            fn output(&mut self, _: Instant, _: Option<u32>) {}
            fn answer(&mut self, _: Instant) {}
            fn end(&mut self, _: Instant) {}
        }
        let kept = Arc::new(Mutex::new(Vec::new()));
        let request = Request { method, path, headers, body };
        let make = |_: &Head| -> Box<dyn Answer> { Box::new(Kept(Arc::clone(&kept))) };
        let (caller, mut marks) = (Caller::default(), Unmarked);
        cores::block_on(0, self.request(&request, &caller, &make, &mut marks)).map_err(no_loop)??;
        Ok(std::mem::take(&mut kept.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Sends a request and reads its answer. The future must run on an event loop of `bench-load`, whose connections it
    /// uses.
    ///
    /// # Errors
    /// The reason why the request failed, by class, without the secret.
    pub async fn request(
        &self,
        request: &Request<'_>,
        caller: &Caller,
        make: MakeAnswer<'_>,
        marks: &mut dyn Marks,
    ) -> Result<Served, Failure> {
        self.attempt(request, caller, make, marks).await.map_err(|failure| match &self.secret {
            Some(secret) => Failure::new(failure.class, secret.hidden_in(&failure.message)),
            None => failure,
        })
    }

    async fn attempt(
        &self,
        request: &Request<'_>,
        caller: &Caller,
        make: MakeAnswer<'_>,
        marks: &mut dyn Marks,
    ) -> Result<Served, Failure> {
        let began = Instant::now();
        let replica = self.replica_of(caller.client);
        let (mut may_reuse, mut is_again) = (true, false);
        loop {
            let standing = if may_reuse { self.pool.take(caller, replica).await } else { None };
            let (mut connection, setup) = match standing {
                Some(connection) => (connection, None),
                // Boxed, so that an open stream does not keep the memory that connecting needs.
                None => Box::pin(self.connect_for(caller, replica, may_reuse)).await?,
            };
            let (was_used, before) = (connection.is_used, connection.received());
            let mut reading = Reading::new((began, Instant::now()), &self.limits, make, &mut *marks);
            let to = &self.replicas[connection.replica];
            let exchanged = connection.exchange(request, to, &mut reading).await;
            let is_reset = exchanged.as_ref().is_err_and(|failure| failure.class == Class::Reset);
            let is_unseen = reading.is_turned_away || connection.received() == before;
            if was_used && is_reset && is_unseen && !is_again {
                self.reconnected.fetch_add(1, Ordering::Relaxed);
                is_again = true;
                // A shared connection was lost with all its requests: one of them makes the next connection.
                may_reuse = self.version == Version::Http2;
                continue;
            }
            self.reused.fetch_add(u64::from(was_used), Ordering::Relaxed);
            self.pool.give_back(caller, connection).await;
            return Ok(served(exchanged?, setup, began));
        }
    }

    /// Makes a connection; with HTTP/2, takes the one of another request if that was faster.
    async fn connect_for(
        &self,
        caller: &Caller,
        replica: usize,
        may_reuse: bool,
    ) -> Result<(Connection, Option<Setup>), Failure> {
        let is_shared = self.version == Version::Http2 && self.pool.policy() != Policy::PerRequest;
        let limit = self.limits.connect;
        let _turn = if is_shared {
            // If no connection can be made, the waiting requests must not try one after another.
            let turn = tokio::time::timeout(limit, self.connecting[self.pool.core()].lock()).await;
            Some(turn.map_err(|_| Failure::timeout(Class::ConnectTimeout, "connection", limit))?)
        } else {
            None
        };
        if is_shared
            && may_reuse
            && let Some(made) = self.pool.take(caller, replica).await
        {
            return Ok((made, None));
        }
        let (connection, setup) = self.connect(replica).await?;
        if is_shared && let Some(mut another) = connection.another() {
            another.is_used = true;
            self.pool.keep(caller, another);
        }
        Ok((connection, Some(setup)))
    }

    async fn connect(&self, replica: usize) -> Result<(Connection, Setup), Failure> {
        let to = (replica, &self.replicas[replica]);
        let (connection, dialled) =
            Connection::open(to, self.trust.as_ref(), self.version, self.limits.connect).await?;
        self.opened.fetch_add(1, Ordering::Relaxed);
        Ok((connection, Setup { tcp: dialled.tcp, tls: dialled.tls }))
    }

    /// Returns the index of the next replica in turn. A client that keeps its connection always has the same replica.
    fn replica_of(&self, client: u32) -> usize {
        match self.replicas.len() {
            1 => 0,
            several if self.pool.policy() == Policy::Sticky => client as usize % several,
            several => self.next_replica.fetch_add(1, Ordering::Relaxed) % several,
        }
    }
}

/// Returns the headers that all requests to all replicas have.
fn all_headers(headers: &[(String, String)], secret: Option<&Secret>) -> Result<HeaderMap, Failure> {
    let wrong = |what: String| Failure::new(Class::Protocol, what);
    let mut all = HeaderMap::new();
    all.insert(USER_AGENT, HeaderValue::from_static(concat!("bench/", env!("CARGO_PKG_VERSION"))));
    all.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    for (name, value) in headers {
        let name =
            HeaderName::from_str(name).map_err(|_| wrong(format!("`{name}` is not the name of a header")))?;
        let value = HeaderValue::from_str(value)
            .map_err(|_| wrong(format!("the value of `{name}` cannot be sent")))?;
        all.insert(name, value);
    }
    if let Some(secret) = secret {
        let (name, value) = secret.header().map_err(wrong)?;
        all.insert(name, value);
    }
    Ok(all)
}

/// Returns the failure that there is no event loop.
fn no_loop(error: impl std::fmt::Display) -> Failure {
    Failure::new(Class::Client, error.to_string())
}

fn served(exchanged: Exchanged, setup: Option<Setup>, began: Instant) -> Served {
    Served { told: exchanged.told, setup, head: exchanged.head.saturating_duration_since(began) }
}
