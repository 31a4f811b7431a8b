//! More and more clients, level after level.

use std::time::Duration;

use bench_core::Error;

use super::{Plan, Scenario, Wanted, clients, of_clients};

/// A closed loop whose concurrency doubles from level to level. It shows where throughput stops growing, and
/// latency starts to grow.
#[derive(Clone, Copy, Debug)]
pub struct Ramp {
    from: usize,
    to: usize,
}

impl Ramp {
    /// Creates levels of `from` clients, twice as many, and so on, and `to` itself: 1, 2, 4, ….
    pub fn new(from: usize, to: usize) -> Self {
        Ramp { from, to }
    }
}

impl Scenario for Ramp {
    fn levels(&self, wanted: &Wanted) -> Result<Vec<Plan>, Error> {
        let (from, to) = (clients(self.from, "ramp from")?, clients(self.to, "ramp to")?);
        if from > to {
            return Err(Error::failure(format!("ramp from {from} to {to}: expected a ramp that rises")));
        }
        let mut counts: Vec<u32> = std::iter::successors(Some(from), |count| count.checked_mul(2))
            .take_while(|count| *count < to)
            .collect();
        counts.push(to);
        Ok(counts.into_iter().map(|count| of_clients("ramp", count, Duration::ZERO, wanted)).collect())
    }
}
