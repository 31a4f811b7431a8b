//! Marks the beginning and the end of the measured part.

use std::time::{Duration, Instant};

use super::marks;
use crate::allocation;

/// Takes the time, or places the marks that valgrind needs. If the allocations of an iteration are counted, they are
/// those between start and stop.
///
/// Both cases share one code path: a benchmark's closure is called from one place, so that the same machine code is
/// counted and timed.
pub struct Stopwatch {
    /// The start time; `None` if instructions are counted.
    start: Option<Instant>,
}

impl Stopwatch {
    /// Begins the measured part. Whether to count is decided before the clock is read.
    #[inline(always)]
    pub fn start() -> Self {
        allocation::begin();
        if marks::are_wanted() {
            marks::begin();
            Stopwatch { start: None }
        } else {
            Stopwatch { start: Some(Instant::now()) }
        }
    }

    /// Ends the measured part. Returns the time since the start, or zero if instructions were counted.
    #[inline(always)]
    pub fn stop(self) -> Duration {
        let elapsed = match self.start {
            Some(start) => start.elapsed(),
            None => {
                marks::end();
                Duration::ZERO
            }
        };
        allocation::end();
        elapsed
    }
}

/// Calls `run`. If instructions or allocations are counted, those of this call are the count of one iteration.
/// Implementations of [`Serve`](crate::bencher::Serve) use it around the actual work.
#[inline(always)]
pub fn counted<T>(run: impl FnOnce() -> T) -> T {
    let is_wanted = marks::are_wanted();
    allocation::begin();
    if is_wanted {
        marks::begin();
    }
    let output = run();
    if is_wanted {
        marks::end();
    }
    allocation::end();
    output
}
