//! As many clients as one can think of, for a while.

use std::time::Duration;

use bench_core::Error;

use super::{Plan, Scenario, Wanted, clients, of_clients};

/// A closed loop with clients that are added until there are as many as asked for, and that go on until
/// the time is over: does it break, leak, or slow down?
#[derive(Clone, Copy, Debug)]
pub struct Stress {
    duration: Duration,
    most: usize,
    ramp_up: Duration,
}

impl Stress {
    /// For `duration`, with up to `most` clients, which are added over the first half of it.
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
                "stress for {:?} with a ramp-up of {:?}: wanted a duration, and a ramp-up that fits into it",
                self.duration, self.ramp_up
            )));
        }
        let wanted = Wanted { duration: Some(self.duration), ..wanted.clone() };
        Ok(vec![of_clients("stress", clients(self.most, "stress with")?, self.ramp_up, &wanted)])
    }
}
