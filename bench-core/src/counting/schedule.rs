//! The schedule of a worker whose instructions are counted.

use std::time::Duration;

use crate::error::Error;
use crate::sampling::{Batch, Phase, Schedule};
use bench_protocol::{RequestLevels, WarmUp};

/// A schedule of a first call, a warm-up and one iteration. Valgrind writes the counts to files; times under valgrind
/// are meaningless, and are not reported.
pub(crate) struct Counting {
    phase: Option<Phase>,
    warm_up_left: u64,
}

impl Counting {
    /// Creates a schedule with `warm_up` iterations after the first call, whose counts are not used.
    pub(crate) fn new(warm_up: u64) -> Self {
        Counting { phase: Some(Phase::FirstCall), warm_up_left: warm_up }
    }
}

impl Schedule for Counting {
    fn next(&mut self) -> Result<Option<Batch>, Error> {
        Ok(self.phase.map(|phase| Batch { phase, iterations: 1 }))
    }

    fn record(&mut self, batch: Batch, _elapsed: Duration) -> Result<(), Error> {
        self.phase = match batch.phase {
            Phase::FirstCall | Phase::WarmUp if self.warm_up_left > 0 => {
                self.warm_up_left -= 1;
                Some(Phase::WarmUp)
            }
            Phase::FirstCall | Phase::WarmUp => Some(Phase::Sample),
            Phase::Sample => None,
        };
        Ok(())
    }

    fn loaded(&mut self, _elapsed: Duration) -> Result<(), Error> {
        Ok(())
    }

    fn bring(
        &mut self,
        _warm_up: WarmUp,
        _sample_ns: Vec<u64>,
        _served: Option<RequestLevels>,
    ) -> Result<(), Error> {
        Err(Error::failure(
            "this case cannot be measured with `--measure instructions`: it does its own measuring",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phases(warm_up: u64) -> Vec<Phase> {
        let mut schedule = Counting::new(warm_up);
        let mut phases = Vec::new();
        while let Some(batch) = schedule.next().expect("nobody steers it") {
            assert_eq!(batch.iterations, 1);
            phases.push(batch.phase);
            schedule.record(batch, Duration::ZERO).expect("nobody follows it");
        }
        phases
    }

    #[test]
    fn one_iteration_counts_and_warm_up_goes_before_it() {
        assert_eq!(phases(0), [Phase::FirstCall, Phase::Sample]);
        assert_eq!(phases(2), [Phase::FirstCall, Phase::WarmUp, Phase::WarmUp, Phase::Sample]);
    }
}
