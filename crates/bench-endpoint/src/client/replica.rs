//! [`Replica`]: one of the servers that share the requests.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::header::{HOST, HeaderMap, HeaderValue};

use super::target::Target;
use crate::failure::{Class, Failure};

/// One of the servers that share the requests, with the headers of every request to it.
pub(super) struct Replica {
    pub(super) target: Target,
    pub(super) headers: HeaderMap,
    addresses: Vec<SocketAddr>,
    next: AtomicUsize,
}

impl Replica {
    /// Resolves the addresses of the host, once.
    ///
    /// # Errors
    /// If the host has no address, or if its name cannot be sent in a header.
    pub(super) fn resolve(target: Target, mut headers: HeaderMap) -> Result<Self, Failure> {
        let host = HeaderValue::from_str(&target.authority())
            .map_err(|error| Failure::new(Class::Protocol, error.to_string()))?;
        headers.insert(HOST, host);
        let addresses = target.resolve()?;
        Ok(Replica { target, headers, addresses, next: AtomicUsize::new(0) })
    }

    /// Returns the addresses, beginning with a different one each time.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        let first = self.next.fetch_add(1, Ordering::Relaxed) % self.addresses.len().max(1);
        self.addresses[first..].iter().chain(&self.addresses[..first]).copied().collect()
    }
}
