//! More and more clients, for a while.

use std::time::Duration;

use bench_core::Error;

use super::{Plan, Scenario, Wanted, clients, of_clients};

/// A closed loop to which clients are added until the maximum is reached, and which continues until the time is
/// over. It shows whether the model breaks, leaks memory, or slows down.
#[derive(Clone, Copy, Debug)]
pub struct Stress {
    duration: Duration,
    most: usize,
    ramp_up: Duration,
}

impl Stress {
    /// Runs for `duration`, with up to `most` clients, which are added during the first half.
    pub fn new(duration: Duration, most: usize) -> Self {
        Stress { duration, most, ramp_up: duration / 2 }
    }

    /// Adds clients over `ramp_up` instead.
    #[must_use]
    pub fn ramp_up(mut self, ramp_up: Duration) -> Self {
        self.ramp_up = ramp_up;
        self
    }
}

impl Scenario for Stress {
    fn levels(&self, wanted: &Wanted) -> Result<Vec<Plan>, Error> {
        if self.duration.is_zero() || self.ramp_up > self.duration {
            return Err(Error::failure(format!(
                "stress for {:?} with a ramp-up of {:?}: expected a duration of more than 0, and a ramp-up that is not longer",
                self.duration, self.ramp_up
            )));
        }
        let wanted = Wanted { duration: Some(self.duration), ..wanted.clone() };
        Ok(vec![of_clients("stress", clients(self.most, "a stress concurrency")?, self.ramp_up, &wanted)])
    }
}
