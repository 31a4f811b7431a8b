//! The interface between the bencher, which decides what is timed, and a schedule, which decides how often.

use std::time::Duration;

use crate::error::Error;
use bench_protocol::{RequestLevels, WarmUp};

/// The purpose of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The very first iteration of the process: cold caches, page faults, kernel compilation.
    FirstCall,
    /// An iteration that is not recorded, but observed until times are steady.
    WarmUp,
    /// An iteration that is measured.
    Sample,
}

/// Iterations to be timed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    /// The purpose of the batch.
    pub phase: Phase,
    /// The number of iterations; at least 1.
    pub iterations: u64,
}

/// Decides batch by batch how often the measured closure is called. The bencher owns the loop, so that a worker that
/// samples by itself and one that receives every batch from the runner share one code path.
pub(crate) trait Schedule {
    /// Returns the next batch, or `None` when the round has enough samples.
    ///
    /// # Errors
    /// If the runner that steers the schedule can no longer be reached.
    fn next(&mut self) -> Result<Option<Batch>, Error>;

    /// Records the time of the last batch.
    ///
    /// # Errors
    /// If the runner that follows the schedule can no longer be reached.
    fn record(&mut self, batch: Batch, elapsed: Duration) -> Result<(), Error>;

    /// Records that the `load` step took `elapsed`.
    ///
    /// # Errors
    /// If the runner that follows the schedule can no longer be reached.
    fn loaded(&mut self, elapsed: Duration) -> Result<(), Error>;

    /// Announces that the following work takes the given time because of its own settings.
    ///
    /// # Errors
    /// If the runner that follows the schedule can no longer be reached.
    fn expects(&mut self, _time: Duration) -> Result<(), Error> {
        Ok(())
    }

    /// Reports measurements that were made without this schedule: requests, and the latencies of some of them as single
    /// iterations, in nanoseconds. No batch follows.
    ///
    /// # Errors
    /// If the runner can no longer be reached, or steers each batch itself.
    fn bring(
        &mut self,
        warm_up: WarmUp,
        sample_ns: Vec<u64>,
        served: Option<RequestLevels>,
    ) -> Result<(), Error>;
}
