//! [`FleetError`]: the reasons why workers cannot share a load.

use std::io;

use bench_syntax::quantity::{Bytes, Seconds};

/// The reasons why workers cannot share a load.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FleetError {
    /// The first worker cannot listen.
    #[error("worker 1 cannot listen at {address}: {source}; name another address with --rendezvous")]
    Listen {
        /// The address on which it was to listen.
        address: String,
        /// The reason.
        source: io::Error,
    },
    /// Connections between workers cannot be set up.
    #[error("the connections between workers cannot be set up: {0}")]
    Setup(io::Error),
    /// Workers did not connect in time.
    #[error(
        "{} of {of} did not connect to {address} within {}: look at what they print, or give them more time with \
         --rendezvous-timeout",
        named(missing), Seconds(*patience_s)
    )]
    Missing {
        /// Their numbers.
        missing: Vec<u32>,
        /// The number of workers.
        of: u32,
        /// The address at which they were expected.
        address: String,
        /// The time waited, in seconds.
        patience_s: f64,
    },
    /// The first worker was not reached in time.
    #[error("worker 1 of {of} was not reached at {address} within {}: {why}", Seconds(*patience_s))]
    NotReached {
        /// The number of workers.
        of: u32,
        /// The expected address.
        address: String,
        /// The time during which it was tried, in seconds.
        patience_s: f64,
        /// The error of the last attempt.
        why: String,
    },
    /// A worker is not compatible with the others.
    #[error("worker {worker} was refused: {why}")]
    Refused {
        /// Its number.
        worker: u32,
        /// The reason for the refusal.
        why: String,
    },
    /// A worker is no longer connected.
    #[error("worker {worker} ({host}) is gone: {why}")]
    Gone {
        /// Its number.
        worker: u32,
        /// Its address.
        host: String,
        /// The reason why it counts as lost.
        why: String,
    },
    /// A worker has reported that it cannot go on.
    #[error("worker {worker} ({host}) has ended the run: {why}")]
    Failed {
        /// Its number.
        worker: u32,
        /// Its address.
        host: String,
        /// Its message.
        why: String,
    },
    /// The requests of a worker are larger than another worker accepts.
    #[error(
        "the requests of this worker take {} in memory, and at most {} can be handed to worker 1: make levels shorter, or \
         use more workers",
        Bytes(*bytes), Bytes(*most)
    )]
    TooMuch {
        /// Their size in bytes.
        bytes: u64,
        /// The maximum size in bytes.
        most: u64,
    },
    /// The common start had passed when this worker received it.
    #[error(
        "the time of the common start had already passed when this worker received it: the connection to worker \
         1 is too slow or too uneven"
    )]
    LateStart,
    /// An unknown message.
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
