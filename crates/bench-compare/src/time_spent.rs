//! How the time of a comparison is spent.

use serde::{Deserialize, Serialize};

/// How the wall time of a case was spent, in seconds. For programs that time only whole rounds, everything that is not
/// timed is `between`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TimeSpent {
    /// The time to start processes, to load what they need, and to make first calls.
    pub start_s: f64,
    /// The time of the search for a batch size, and of the warm-up.
    pub warm_up_s: f64,
    /// The time of the timed batches.
    pub timed_s: f64,
    /// The time from the end of a batch to the beginning of the next: receiving the result of one side, waking the
    /// other, and the iterations that run before a batch so that it is as fast as in a loop.
    pub between_s: f64,
    /// The time to end processes.
    pub end_s: f64,
    /// Everything else.
    pub rest_s: f64,
}

impl TimeSpent {
    /// Returns the time that grows with the number of batches.
    pub(super) fn batches_s(&self) -> f64 {
        self.timed_s + self.between_s
    }
}

impl std::ops::AddAssign for TimeSpent {
    fn add_assign(&mut self, more: Self) {
        self.start_s += more.start_s;
        self.warm_up_s += more.warm_up_s;
        self.timed_s += more.timed_s;
        self.between_s += more.between_s;
        self.end_s += more.end_s;
        self.rest_s += more.rest_s;
    }
}
