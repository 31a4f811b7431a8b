//! Idle connections.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::connection::Connection;
use super::policy::Policy;

/// The client that makes a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Caller {
    /// The number of the client, which sends one request after another: with [`Policy::Sticky`], a connection belongs
    /// to one client.
    pub client: u32,
    /// The time when the level began; with [`Policy::Cold`], older connections are not used. `None` outside levels.
    pub level_began: Option<Instant>,
}

/// Idle connections, in a separate list for each event loop: a connection is driven by the event loop on which it was
/// made.
pub(super) struct Pool {
    policy: Policy,
    loops: Vec<Mutex<Idle>>,
}

/// The idle connections of one event loop.
struct Idle {
    /// The connections to each replica; the one used last is used first.
    shared: Vec<Vec<Connection>>,
    /// The connections of clients that keep theirs.
    own: HashMap<u32, Connection>,
}

impl Pool {
    pub(super) fn new(policy: Policy, loops: usize, replicas: usize) -> Self {
        let idle = || Idle { shared: (0..replicas).map(|_| Vec::new()).collect(), own: HashMap::new() };
        Pool { policy, loops: (0..loops.max(1)).map(|_| Mutex::new(idle())).collect() }
    }

    pub(super) fn policy(&self) -> Policy {
        self.policy
    }

    /// Takes an open connection: the client's own, if the policy is sticky, or one to `replica`. Returns `None` if
    /// there is none, or if the policy does not allow its use.
    pub(super) async fn take(&self, caller: &Caller, replica: usize) -> Option<Connection> {
        loop {
            // The lock is not held while the connection is checked.
            let mut connection = match self.policy {
                Policy::PerRequest => return None,
                Policy::Sticky => self.idle().own.remove(&caller.client)?,
                Policy::Warm | Policy::Cold => self.idle().shared.get_mut(replica)?.pop()?,
            };
            let is_old = self.policy == Policy::Cold
                && caller.level_began.is_some_and(|began| connection.made < began);
            if is_old {
                continue;
            }
            // A connection that serves several requests at once stays in the pool.
            if let Some(another) = connection.another() {
                if connection.is_open().await {
                    connection.is_used = true;
                    self.keep(caller, connection);
                    return Some(another);
                }
            } else if connection.is_alive().await {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection for later requests, if it can serve them.
    pub(super) async fn give_back(&self, caller: &Caller, mut connection: Connection) {
        if self.policy == Policy::PerRequest || connection.another().is_some() || !connection.is_open().await
        {
            return;
        }
        connection.idle_since = Instant::now();
        self.keep(caller, connection);
    }

    /// Keeps a connection that was just made.
    pub(super) fn keep(&self, caller: &Caller, connection: Connection) {
        let mut idle = self.idle();
        match self.policy {
            Policy::Sticky => drop(idle.own.insert(caller.client, connection)),
            Policy::Warm | Policy::Cold | Policy::PerRequest => {
                if let Some(idle) = idle.shared.get_mut(connection.replica) {
                    idle.push(connection);
                }
            }
        }
    }

    /// Closes the connections that clients keep.
    pub(super) fn close_own(&self) {
        for idle in &self.loops {
            idle.lock().unwrap_or_else(PoisonError::into_inner).own.clear();
        }
    }

    /// Returns the number of idle connections on the caller's event loop.
    pub(super) fn len(&self) -> usize {
        let idle = self.idle();
        idle.own.len() + idle.shared.iter().map(Vec::len).sum::<usize>()
    }

    /// Whether a client has an idle connection of its own.
    pub(super) fn holds_own(&self, client: u32) -> bool {
        self.idle().own.contains_key(&client)
    }

    /// Returns the index of the event loop on which the caller runs.
    pub(super) fn core(&self) -> usize {
        bench_load::cores::current().unwrap_or_default() % self.loops.len()
    }

    /// Returns the idle connections of the event loop on which the caller runs.
    fn idle(&self) -> MutexGuard<'_, Idle> {
        // A list of connections is consistent after each push and pop.
        self.loops[self.core()].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
