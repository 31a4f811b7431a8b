//! Counts failed requests of batches, which report only a time to the runner.

use std::sync::atomic::{AtomicU64, Ordering};

use bench_core::Error;

use crate::level::FAILURES;

/// The smallest number of requests that the failures are compared with, so that a single failure decides nothing.
const FEWEST: u64 = 100;

/// The number of requests of a round, and of those that failed.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    made: AtomicU64,
    failed: AtomicU64,
}

impl Refusals {
    /// Records a request.
    pub(crate) fn note(&self, has_failed: bool) {
        self.made.fetch_add(1, Ordering::Relaxed);
        self.failed.fetch_add(u64::from(has_failed), Ordering::Relaxed);
    }

    /// Checks that few enough requests have failed.
    ///
    /// # Errors
    /// When so many requests have failed that the times of the others do not describe the model, as in an invalid
    /// level.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let (made, failed) = (self.made.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed));
        if failed as f64 <= FAILURES * made.max(FEWEST) as f64 {
            return Ok(());
        }
        Err(Error::failure(format!(
            "{failed} of {made} requests failed: the times of the others are not a basis for a comparison"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_failures_than_a_level_may_have_end_a_comparison() {
        let refusals = Refusals::default();
        refusals.note(true);
        assert!(refusals.check().is_ok(), "one of one");
        refusals.note(true);
        let error = refusals.check().expect_err("two of two");
        assert!(error.to_string().starts_with("2 of 2 requests failed"), "{error}");
        (0..200).for_each(|_| refusals.note(false));
        assert!(refusals.check().is_ok(), "2 of 202");
        refusals.note(true);
        assert!(refusals.check().is_err(), "3 of 203");
    }
}
