//! [`FleetError`]: why workers cannot share a load.

use std::io;

use bench_syntax::quantity::{Bytes, Seconds};

/// Why workers cannot share a load.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FleetError {
    /// The first worker cannot listen.
    #[error("worker 1 cannot listen at {address}: {source}; name another address with --rendezvous")]
    Listen {
        /// Where it was to listen.
        address: String,
        /// Why it cannot.
        source: io::Error,
    },
    /// Connections between workers cannot be set up.
    #[error("the connections between workers cannot be set up: {0}")]
    Setup(io::Error),
    /// Workers did not come in time.
    #[error(
        "{} of {of} did not come to {address} within {}: look at what they print, or give them longer with \
         --rendezvous-timeout",
        named(missing), Seconds(*patience_s)
    )]
    Missing {
        /// Their numbers.
        missing: Vec<u32>,
        /// How many workers there are.
        of: u32,
        /// Where they were waited for.
        address: String,
        /// For how long.
        patience_s: f64,
    },
    /// The first worker was not reached in time.
    #[error("worker 1 of {of} was not reached at {address} within {}: {why}", Seconds(*patience_s))]
    NotReached {
        /// How many workers there are.
        of: u32,
        /// Where it should be.
        address: String,
        /// For how long it was tried.
        patience_s: f64,
        /// What came of the last try.
        why: String,
    },
    /// A worker does not fit the others.
    #[error("worker {worker} was refused: {why}")]
    Refused {
        /// Its number.
        worker: u32,
        /// What differs.
        why: String,
    },
    /// A worker is gone.
    #[error("worker {worker} ({host}) is gone: {why}")]
    Gone {
        /// Its number.
        worker: u32,
        /// Its address.
        host: String,
        /// What was seen of that.
        why: String,
    },
    /// A worker has said that it cannot go on.
    #[error("worker {worker} ({host}) has ended the run: {why}")]
    Failed {
        /// Its number.
        worker: u32,
        /// Its address.
        host: String,
        /// What it said.
        why: String,
    },
    /// What a worker has seen is more than another one takes.
    #[error(
        "the requests of this worker take {} in memory, and at most {} can be handed to worker 1: make levels shorter, or \
         use more workers",
        Bytes(*bytes), Bytes(*most)
    )]
    TooMuch {
        /// How many bytes it is.
        bytes: u64,
        /// How many it may be.
        most: u64,
    },
    /// The common start was over when it was announced here.
    #[error(
        "the common start was over when this worker heard of it: the connection to worker 1 is too slow or too uneven"
    )]
    LateStart,
    /// A message that no worker of this version sends.
    #[error("a worker has sent a message that this version does not know: run the same version everywhere")]
    Garbled,
    /// There is no other worker.
    #[error("there is no other worker")]
    Alone,
}

/// `worker 2`, `workers 2 and 4`.
fn named(workers: &[u32]) -> String {
    let numbers: Vec<String> = workers.iter().map(u32::to_string).collect();
    match numbers.split_last() {
        Some((last, [])) => format!("worker {last}"),
        Some((last, others)) => format!("workers {} and {last}", others.join(", ")),
        None => "no worker".to_owned(),
    }
}
