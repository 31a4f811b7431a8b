//! Counts nothing: the standard library has no counters.

use std::io;

/// The event that would be counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event;

impl Event {
    pub(crate) const CYCLES: Event = Event;
    pub(crate) const INSTRUCTIONS: Event = Event;
    pub(crate) const CACHE_MISSES: Event = Event;
    pub(crate) const BRANCH_MISSES: Event = Event;
}

/// A counter; this system has none.
#[derive(Debug)]
pub(crate) enum Counter {}

impl Counter {
    /// Returns an error.
    ///
    /// # Errors
    /// Always.
    pub(crate) fn open(_event: Event, _thread: i32) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Reads a counter; this system has none.
    pub(crate) fn read(&self) -> io::Result<f64> {
        match *self {}
    }
}

/// Returns only the calling thread.
pub(crate) fn threads() -> Vec<i32> {
    vec![0]
}

/// Returns the reason why there is no counter.
pub(crate) fn refusal(_error: &io::Error) -> String {
    "hardware counters are read on Linux only".to_owned()
}
