//! Connections to one server, and the requests that use them.

use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ACCEPT_ENCODING, HOST, HeaderMap, HeaderValue, USER_AGENT};
use hyper::{Method, Uri};

use super::connection::Connection;
use super::exchange::{Cancel, Exchanged, MakeAnswer, Request, Setup};
use super::target::Target;
use super::tls::Trust;
use crate::api::{Answer, Head, Limits, Marks, Told};
use crate::failure::{Class, Failure};
use crate::secret::Secret;

/// Which connections requests use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Those that stand, made before a level begins where that can be.
    #[default]
    Warm,
    /// At the beginning of a level, none: its first requests connect, and the others use their connections.
    Cold,
    /// A new one for each request.
    PerRequest,
}

impl Policy {
    /// All, in the order of help texts.
    pub const ALL: [Policy; 3] = [Policy::Warm, Policy::Cold, Policy::PerRequest];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Policy::Warm => "warm",
            Policy::Cold => "cold",
            Policy::PerRequest => "per-request",
        }
    }
}

impl FromStr for Policy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Policy::ALL.into_iter().find(|policy| policy.name() == text);
        found.ok_or_else(|| "expected warm, cold or per-request".to_owned())
    }
}

/// How connections were used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections that were made.
    pub opened: u64,
    /// Requests on a connection that had served another one.
    pub reused: u64,
    /// Requests that were sent again, on a new connection, because the server had closed an idle one: no byte of an answer
    /// had come.
    pub reconnected: u64,
}

/// What a request has come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Served {
    /// What the answer holds.
    pub told: Told,
    /// What connecting took, if the request had to connect.
    pub setup: Option<Setup>,
    /// From the beginning of the request until the head of its answer had arrived.
    pub head: Duration,
}

/// Sends requests to one server. It can be shared by threads, each of which waits for its own answer.
///
/// A request must not be made from within a tokio runtime: it waits on one of its own.
pub struct Client {
    target: Target,
    addresses: Vec<SocketAddr>,
    next_address: AtomicUsize,
    trust: Option<Trust>,
    policy: Policy,
    limits: Limits,
    cancel: Cancel,
    headers: HeaderMap,
    secret: Option<Secret>,
    idle: Mutex<Vec<Connection>>,
    opened: AtomicU64,
    reused: AtomicU64,
    reconnected: AtomicU64,
}

impl Client {
    /// Resolves the host, once. `trust` is needed for `https`.
    ///
    /// # Errors
    /// When the host has no address, or a header cannot be sent.
    pub fn new(
        target: Target,
        trust: Option<Trust>,
        policy: Policy,
        limits: Limits,
        headers: &[(String, String)],
        secret: Option<Secret>,
    ) -> Result<Self, Failure> {
        if target.is_tls && trust.is_none() {
            return Err(Failure::new(Class::Tls, "https needs certificates that are trusted"));
        }
        raise_file_limit();
        let addresses = target.resolve()?;
        let wrong = |what: String| Failure::new(Class::Protocol, what);
        let mut all = HeaderMap::new();
        let host = HeaderValue::from_str(&target.authority()).map_err(|error| wrong(error.to_string()))?;
        all.insert(HOST, host);
        all.insert(USER_AGENT, HeaderValue::from_static(concat!("bench/", env!("CARGO_PKG_VERSION"))));
        all.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        for (name, value) in headers {
            let name = hyper::header::HeaderName::from_str(name)
                .map_err(|_| wrong(format!("`{name}` is not the name of a header")))?;
            let value = HeaderValue::from_str(value)
                .map_err(|_| wrong(format!("the value of `{name}` cannot be sent")))?;
            all.insert(name, value);
        }
        if let Some(secret) = &secret {
            let (name, value) = secret.header().map_err(wrong)?;
            all.insert(name, value);
        }
        Ok(Client {
            target,
            addresses,
            next_address: AtomicUsize::new(0),
            trust,
            policy,
            limits,
            cancel: Cancel::default(),
            headers: all,
            secret,
            idle: Mutex::default(),
            opened: AtomicU64::new(0),
            reused: AtomicU64::new(0),
            reconnected: AtomicU64::new(0),
        })
    }

    /// Ends requests in flight that have no answer `grace` after `is_asked` has begun to return `true`. It is asked twice a
    /// second; only the first call of this function counts.
    pub fn cancel_when(&self, grace: Duration, is_asked: impl Fn() -> bool + Send + Sync + 'static) {
        self.cancel.set(grace, is_asked);
    }

    /// Where requests go.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// How connections were used so far.
    pub fn counts(&self) -> Counts {
        Counts {
            opened: self.opened.load(Ordering::Relaxed),
            reused: self.reused.load(Ordering::Relaxed),
            reconnected: self.reconnected.load(Ordering::Relaxed),
        }
    }

    /// Makes connections until so many are idle, if the policy is [`Policy::Warm`].
    ///
    /// # Errors
    /// Why one cannot be made.
    pub fn warm(&self, count: usize) -> Result<(), Failure> {
        if self.policy != Policy::Warm {
            return Ok(());
        }
        let idle = self.idle().len();
        for _ in idle..count {
            let (connection, _) = self.connect()?;
            self.idle().push(connection);
        }
        Ok(())
    }

    /// Gets a document: for what is asked before and after measuring.
    ///
    /// # Errors
    /// Why the request failed.
    pub fn get(&self, path: &str) -> Result<Vec<u8>, Failure> {
        /// Keeps what comes.
        struct Kept(std::sync::Arc<Mutex<Vec<u8>>>);
        impl Answer for Kept {
            fn bytes(&mut self, piece: &[u8], _: Instant, _: &mut dyn Marks) -> Result<(), Failure> {
                self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(piece);
                Ok(())
            }

            fn end(&mut self, _: Instant, _: &mut dyn Marks) -> Result<Told, Failure> {
                Ok(Told::Plain)
            }
        }
        /// Nothing is measured.
        struct Unmarked;
        impl Marks for Unmarked {
            fn output(&mut self, _: Instant, _: Option<u32>) {}
            fn answer(&mut self, _: Instant) {}
            fn end(&mut self, _: Instant) {}
        }
        let kept = std::sync::Arc::new(Mutex::new(Vec::new()));
        let headers = HeaderMap::new();
        let request = Request { method: Method::GET, path, headers: &headers, body: Bytes::new() };
        let make = |_: &Head| -> Box<dyn Answer> { Box::new(Kept(std::sync::Arc::clone(&kept))) };
        self.request(&request, None, &make, &mut Unmarked)?;
        Ok(std::mem::take(&mut kept.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Sends a request and reads its answer; the time it takes begins now. `level_began` is when the level did, before
    /// which connections of [`Policy::Cold`] must not have been made.
    ///
    /// # Errors
    /// Why it failed, by class, without the secret.
    pub fn request(
        &self,
        request: &Request<'_>,
        level_began: Option<Instant>,
        make: MakeAnswer<'_>,
        marks: &mut dyn Marks,
    ) -> Result<Served, Failure> {
        self.attempt(request, level_began, make, marks).map_err(|failure| match &self.secret {
            Some(secret) => Failure::new(failure.class, secret.hidden_in(&failure.message)),
            None => failure,
        })
    }

    fn attempt(
        &self,
        request: &Request<'_>,
        level_began: Option<Instant>,
        make: MakeAnswer<'_>,
        marks: &mut dyn Marks,
    ) -> Result<Served, Failure> {
        let began = Instant::now();
        if let Some(mut connection) = self.take(level_began) {
            let was_used = connection.is_used;
            let before = connection.link.stamps.bytes();
            let exchanged =
                connection.exchange(self.made(request)?, began, &self.limits, &self.cancel, make, marks);
            let is_stale = |failure: &Failure| {
                failure.class == Class::Reset && connection.link.stamps.bytes() == before && was_used
            };
            match exchanged {
                Err(failure) if is_stale(&failure) => {
                    self.reconnected.fetch_add(1, Ordering::Relaxed);
                }
                exchanged => {
                    self.reused.fetch_add(u64::from(was_used), Ordering::Relaxed);
                    self.give_back(connection);
                    return Ok(served(exchanged?, None, began));
                }
            }
        }
        let (mut connection, setup) = self.connect()?;
        let exchanged =
            connection.exchange(self.made(request)?, began, &self.limits, &self.cancel, make, marks);
        self.give_back(connection);
        Ok(served(exchanged?, Some(setup), began))
    }

    fn connect(&self) -> Result<(Connection, Setup), Failure> {
        let first = self.next_address.fetch_add(1, Ordering::Relaxed) % self.addresses.len().max(1);
        let addresses: Vec<SocketAddr> =
            self.addresses[first..].iter().chain(&self.addresses[..first]).copied().collect();
        let (connection, dialled) =
            Connection::open(&self.target, &addresses, self.trust.as_ref(), self.limits.connect)?;
        self.opened.fetch_add(1, Ordering::Relaxed);
        Ok((connection, Setup { tcp: dialled.tcp, tls: dialled.tls }))
    }

    /// A connection that stands, if the policy lets one be used.
    fn take(&self, level_began: Option<Instant>) -> Option<Connection> {
        if self.policy == Policy::PerRequest {
            return None;
        }
        loop {
            // The lock is not held while the connection is looked at.
            let mut connection = self.idle().pop()?;
            let is_old =
                self.policy == Policy::Cold && level_began.is_some_and(|began| connection.made < began);
            if !is_old && connection.is_alive() {
                return Some(connection);
            }
        }
    }

    fn give_back(&self, connection: Connection) {
        if self.policy != Policy::PerRequest && connection.link.is_open() {
            self.idle().push(connection);
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        // A list of connections is whole after every push and pop.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn made(&self, request: &Request<'_>) -> Result<hyper::Request<Full<Bytes>>, Failure> {
        let path = format!("{}{}", self.target.base, request.path);
        let path = if path.is_empty() { "/".to_owned() } else { path };
        let uri: Uri = path
            .parse()
            .map_err(|error| Failure::new(Class::Protocol, format!("`{path}` is not a path: {error}")))?;
        let mut made = hyper::Request::new(Full::new(request.body.clone()));
        *made.method_mut() = request.method.clone();
        *made.uri_mut() = uri;
        *made.headers_mut() = self.headers.clone();
        for (name, value) in request.headers {
            made.headers_mut().insert(name.clone(), value.clone());
        }
        Ok(made)
    }
}

/// Lets the process have as many files as it may: each connection needs three, and the usual limit is 1024.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Where it is refused, the requests that find no file say so.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

fn served(exchanged: Exchanged, setup: Option<Setup>, began: Instant) -> Served {
    Served { told: exchanged.told, setup, head: exchanged.head.saturating_duration_since(began) }
}
